"""distill-whole: a network learns the source, a copy of it the target without losing the source, that
one the source again, and beside it one is fine-tuned; everything in memory, the teacher's words kept.

  eager, compile     the networks as they are, or through torch.compile
"""
import copy
from types import SimpleNamespace

from pytorch.common import adam, channels_last
from pytorch.digits import lenet

COUNTS = {"source": 16000, "source-val": 1600, "target": 320, "target-val": 80}
CLASSES, BATCH, TAU = 10, 64, 4
MOVES = (0, 3, 9)  # conv1, conv2, fc2 of digits.lenet


def samples():
    """Noise around a picture of each class; the target's are turned for half of the classes."""
    import torch
    pictures = 0.4 * torch.randn(CLASSES, 1, 28, 28)
    turned = pictures.clone()
    turned[1::2] = torch.rot90(pictures[1::2], 1, (2, 3))
    parts = {}
    for name, n in COUNTS.items():
        y = torch.arange(n) % CLASSES
        x = torch.randn(n, 1, 28, 28) + (turned if name.startswith("target") else pictures)[y]
        parts[name] = SimpleNamespace(x=channels_last(x), y=y)
    return parts


def logits_of(net, x):
    import torch
    net.eval()
    with torch.no_grad():
        said = torch.cat([net(rows) for rows in x.split(BATCH)])
    net.train()
    return said


def accuracy(net, part):
    return (logits_of(net, part.x).argmax(1) == part.y).float().mean().item()


def epochs_of(part, rows, n_steps):
    """Batches of row numbers without end, each epoch in another order; n_steps of them."""
    import torch
    done = 0
    while done < n_steps:
        for batch in torch.randperm(len(part.y)).split(rows):
            if len(batch) == rows and done < n_steps:
                done += 1
                yield batch


def soft(logits, said):
    from torch.nn.functional import kl_div, log_softmax
    return TAU * TAU * kl_div(log_softmax(logits / TAU, 1), log_softmax(said / TAU, 1),
                              reduction="batchmean", log_target=True)


class Lesson:
    """Epochs of one stage: after each the network is looked at, and the best one is kept."""

    def __init__(self, net, parts, lr, n_steps):
        import torch
        self.net, self.parts = net, parts
        self.optimiser = adam(net.parameters(), lr)
        self.rate = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, n_steps)
        self.best, self.kept = -1, None

    def step(self, loss):
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.rate.step()

    def look(self, score):
        source = accuracy(self.net, self.parts["source-val"])
        target = accuracy(self.net, self.parts["target-val"])
        if score(source, target) > self.best:
            self.best, self.kept = score(source, target), copy.deepcopy(self.net.state_dict())

    def end(self):
        self.net.load_state_dict(self.kept)
        return self.net


def learn_one(lesson, part, run, n_epochs, n_steps, score):
    """Labels of one domain alone; n_steps in what counts as an epoch."""
    from torch.nn.functional import cross_entropy
    for _ in range(n_epochs):
        for i in epochs_of(part, BATCH, n_steps):
            lesson.step(cross_entropy(run(part.x[i]), part.y[i]))
        lesson.look(score)
    return lesson.end()


def learn_both(lesson, parts, run, n_epochs, loss_of, score):
    """Half of a batch of each domain."""
    import torch
    half = BATCH // 2
    n_steps = len(parts["source"].y) // half
    for _ in range(n_epochs):
        for s, t in zip(epochs_of(parts["source"], half, n_steps),
                        epochs_of(parts["target"], half, n_steps)):
            logits = run(torch.cat([parts["source"].x[s], parts["target"].x[t]]))
            lesson.step(loss_of(logits[:half], logits[half:], s, t))
        lesson.look(score)
    return lesson.end()


def distilled(teacher, parts, prepared):
    """conv1, conv2 and fc2 of a copy learn the target's labels and what the teacher says."""
    from torch.nn.functional import cross_entropy
    net = copy.deepcopy(teacher)
    for i, layer in enumerate(net):
        layer.requires_grad_(i in MOVES)
    moving = [p for p in net.parameters() if p.requires_grad]
    start = [p.detach().clone() for p in moving]
    said = {k: logits_of(teacher, parts[k].x) for k in ("source", "target")}
    floor = accuracy(teacher, parts["source-val"]) - 0.01
    teaches = accuracy(teacher, parts["target-val"]) > 1 / CLASSES

    def loss_of(source, target, s, t):
        loss = 0.9 * cross_entropy(target, parts["target"].y[t])
        loss = loss + 0.05 * soft(source, said["source"][s])
        if teaches:
            loss = loss + 0.05 * soft(target, said["target"][t])
        pull = sum((p - q).square().sum() for p, q in zip(moving, start))
        return loss + 0.5e-3 * pull
    lesson = Lesson(net, parts, 1e-3, 3 * (len(parts["source"].y) * 2 // BATCH))
    return learn_both(lesson, parts, prepared(net), 3, loss_of,
                      lambda source, target: target if source >= floor else source - 1)


def redistilled(student, parts, prepared):
    """All of a copy learns the source again, from labels and from the student."""
    from torch.nn.functional import cross_entropy
    net = copy.deepcopy(student).requires_grad_(True)
    said = {k: logits_of(student, parts[k].x) for k in ("source", "target")}

    def loss_of(source, target, s, t):
        return (0.5 * cross_entropy(source, parts["source"].y[s])
                + 0.5 * soft(source, said["source"][s]) + soft(target, said["target"][t]))
    lesson = Lesson(net, parts, 1e-4, len(parts["source"].y) * 2 // BATCH)
    return learn_both(lesson, parts, prepared(net), 1, loss_of,
                      lambda source, target: 2 * source * target / (source + target + 1e-9))


def begin(a, put):
    import sys

    import torch
    del put
    parts = samples()
    prepared = torch.compile if a.variant == "compile" else lambda net: net
    net = channels_last(lenet())
    steps = len(parts["source"].y) // BATCH
    teacher = learn_one(Lesson(net, parts, 1e-3, 2 * steps), parts["source"], prepared(net), 2,
                        steps, lambda source, target: source)
    teacher.requires_grad_(False)
    student = distilled(teacher, parts, prepared)
    again = redistilled(student, parts, prepared)
    tuned = copy.deepcopy(teacher).requires_grad_(True)
    tuned = learn_one(Lesson(tuned, parts, 1e-3, 6 * steps), parts["target"], prepared(tuned), 3,
                      2 * steps, lambda source, target: target)
    for name, one in (("teacher", teacher), ("student", student), ("again", again),
                      ("fine-tuned", tuned)):
        print("%s %.3f/%.3f" % (name, accuracy(one, parts["source-val"]),
                                accuracy(one, parts["target-val"])), end=" ", file=sys.stderr)
    print(file=sys.stderr)
