"""What dann, cdan, mcd and mmd share: a batch of both domains through one encoder, classifiers, a critic, SGD.

  eager     as written well
  classic   as usually written, where that is another thing; the workload's file says how
  plain     eager, with contiguous tensors in place of channels_last
  jit       eager, its networks traced
  compile   eager, its losses through torch.compile
"""
from pytorch import nets
from pytorch.common import (Work, channels_last, halves, learning, load_values, moment, sgd, spread,
                            take_values)

BATCH, CLASSES, FEATURES, HIDDEN = 64, 10, 256, 500
RAMP = 0.5  # the gradient reversal's strength
WAYS = ("eager", "plain", "jit", "compile")
CLASSIC = ("classic",) + WAYS


def reversal():
    """The same forward, RAMP times the gradient turned round backward (Ganin et al. 2016)."""
    import torch

    class Reversal(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x.view_as(x)

        @staticmethod
        def backward(_, gradient):
            return -RAMP * gradient
    return Reversal.apply


class Domains:
    """Networks, samples and what of a step is the same for all. critic: how wide what it sees is, or 0."""

    def __init__(self, a, critic=0, has_second=False):
        import torch
        from torch import nn
        parts = {"encoder": nets.digits_bn(0 if a.values else 0.5),
                 "classifier": nets.linear(FEATURES, CLASSES)}
        if has_second:
            parts["second"] = nets.linear(FEATURES, CLASSES)
        if critic:
            parts["critic"] = nets.critic(critic, HIDDEN)
        self.nets, self.domains = nn.ModuleDict(parts), halves(2 * BATCH, BATCH)
        self.source, self.target = torch.randn(BATCH, 1, 28, 28), torch.randn(BATCH, 1, 28, 28)
        self.labels = spread(BATCH, CLASSES)
        if a.values:
            self.take(a.values)
        if a.variant != "plain":
            self.nets = channels_last(self.nets)
            self.source, self.target = channels_last(self.source), channels_last(self.target)
        self.run = dict(self.nets.items())
        if a.variant == "jit":
            self.trace(critic)

    def take(self, path):
        given = load_values(path)
        self.source, self.target = given.pop("source"), given.pop("target")
        self.labels = given.pop("labels").long()
        take_values(self.nets, given, path)

    def trace(self, critic):
        import torch
        seen = {"encoder": self.both(), "critic": torch.randn(2 * BATCH, critic or 1)}
        for name, net in self.nets.items():
            x = seen.get(name, torch.randn(BATCH, FEATURES))
            self.run[name] = torch.jit.trace(net, x, check_trace=False)

    def both(self):
        import torch
        return torch.cat([self.source, self.target])

    def features(self):
        return self.run["encoder"](self.both())

    def task(self, features, classifier="classifier"):
        """The source's cross-entropy."""
        return self.of_source(self.run[classifier](features[:BATCH]))

    def of_source(self, logits):
        from torch.nn.functional import cross_entropy
        return cross_entropy(logits[:BATCH], self.labels)

    def told_apart(self, seen):
        from torch.nn.functional import cross_entropy
        return cross_entropy(self.run["critic"](seen), self.domains)

    def optimiser(self, *names):
        return sgd([p for name in names or self.nets for p in self.nets[name].parameters()], 0.01, 1e-3)

    def work(self, step, last, optimiser):
        """last: the sum, the source's loss and the other one; optimiser: the last to move the encoder."""
        def reached(name):
            return moment(optimiser, self.nets[name].fc1.weight, "momentum_buffer")
        more = {"transfer": lambda: last[2].item(), "moment": reached("encoder")}
        if "critic" in self.nets:
            more["critic_moment"] = reached("critic")
        return Work(step, 2 * BATCH, lambda: last[1].item(), more)

    def learn(self, a, losses):
        """All networks, by one sum."""
        optimiser, last = self.optimiser(), []
        return self.work(learning(a, optimiser, losses, last), last, optimiser)
