"""joint, dgl and dgl-unique: two modalities, one Adam step on a constant batch; Ferry's dgl.c has the losses.

  eager      all losses in one backward pass: an encoder's own loss reads the fusion's values, detached, and of them
             the columns of its features only
  classic    as the method's authors wrote it: the whole fusion on zeros in place of the other features, backward, the
             fusion's gradients thrown away, then the loss of both together, backward
  plain      eager, with contiguous tensors in place of channels_last
  compile    eager, its losses through torch.compile
"""
from collections import OrderedDict

from pytorch import nets
from pytorch.common import (Work, adam, channels_last, learning, load_values, moment, precision, spread,
                            take_values)

SIDES = {"image": 28, "sound": 64}
BATCH, FEATURES, CLASSES = 64, 64, 10
BETA, TEMPERATURE, EPSILON = 0.5, 2, 0.1
WAYS = ("classic", "eager", "plain", "compile")


class Lesson:
    """The networks, the batch, and the losses of one step."""

    def __init__(self, a, has_experts):
        import torch
        from torch import nn
        dropout = 0 if a.values else 0.5
        parts = [(name, nets.conv4(FEATURES, dropout)) for name in SIDES]
        parts.append(("fusion", single("head", len(SIDES) * FEATURES)))
        if has_experts:
            parts += [(name + "_expert", single("fc", FEATURES)) for name in SIDES]
        self.nets, self.has_experts = nn.ModuleDict(parts), has_experts
        self.x = {name: torch.randn(BATCH, 1, side, side) for name, side in SIDES.items()}
        if a.values:
            state = load_values(a.values)
            self.x = {name: state.pop(name) for name in SIDES}
            take_values(self.nets, state, a.values)
        if a.variant != "plain":
            self.nets = channels_last(self.nets)
            self.x = {name: channels_last(x) for name, x in self.x.items()}
        self.y, self.head = spread(BATCH, CLASSES), self.nets["fusion"].head

    def features(self):
        return [self.nets[name](x) for name, x in self.x.items()]

    def loss(self, logits):
        from torch.nn.functional import cross_entropy
        return cross_entropy(logits, self.y)

    def together(self, z):
        import torch
        return self.loss(self.head(torch.cat(z, 1)))

    def alone(self, z):
        """The logits of each part by itself, through a head that learns nothing from them."""
        from torch.nn.functional import linear
        columns = self.head.weight.detach().split(FEATURES, 1)
        return [linear(part, w, self.head.bias.detach()) for part, w in zip(z, columns)]

    def unique(self, z, said):
        """What each part knows and the other one, said[-1 - i], does not; the encoders learn BETA of it."""
        import torch
        total = 0
        for i, name in enumerate(SIDES):
            known = torch.softmax(said[-1 - i].detach() / TEMPERATURE, 1)
            known = torch.log((1 - EPSILON) * known + EPSILON / CLASSES)
            part = torch.lerp(z[i].detach(), z[i], BETA)
            total = total + self.loss(self.nets[name + "_expert"](part) + known)
        return total

    def own(self, z, said):
        """What encoders and experts learn from."""
        total = self.loss(said[0]) + self.loss(said[1])
        return total + self.unique(z, said) if self.has_experts else total


def single(name, width):
    from torch import nn
    return nn.Sequential(OrderedDict([(name, nn.Linear(width, CLASSES))]))


def work(lesson, optimiser, step, last):
    """Adam's steps are all of one size: the losses hardly tell what else has reached the fusion."""
    reached = moment(optimiser, lesson.head.weight, "exp_avg")
    return Work(step, BATCH, lambda: last[0].item(), {"moment": reached})


def stepping(a, lesson, loss):
    """loss: all of them in one scalar, for one backward pass."""
    optimiser, last = adam(lesson.nets.parameters()), []
    return work(lesson, optimiser, learning(a, optimiser, lambda: (loss(),), last), last)


def joint(a):
    lesson = Lesson(a, False)
    return stepping(a, lesson, lambda: lesson.together(lesson.features()))


def classic(a, lesson):
    import torch
    optimiser, last = adam(lesson.nets.parameters()), []
    fusion = list(lesson.nets["fusion"].parameters())

    def step():
        optimiser.zero_grad(set_to_none=True)
        with precision(a):
            z = lesson.features()
            nothing = torch.zeros_like(z[0])
            said = [lesson.head(torch.cat(parts, 1)) for parts in ((z[0], nothing), (nothing, z[1]))]
            fused = lesson.together([part.detach() for part in z])
            own = lesson.own(z, said)
        own.backward()
        for p in fusion:
            p.grad = None
        fused.backward()
        optimiser.step()
        last[:] = [own.detach() + fused.detach()]
    return work(lesson, optimiser, step, last)


def disentangled(a, has_experts):
    lesson = Lesson(a, has_experts)

    def losses():
        z = lesson.features()
        fused = lesson.together([part.detach() for part in z])
        return fused + lesson.own(z, lesson.alone(z))
    return classic(a, lesson) if a.variant == "classic" else stepping(a, lesson, losses)


def dgl(a):
    return disentangled(a, False)


def dgl_unique(a):
    return disentangled(a, True)
