"""distill-whole: a network learns the source, a copy of it the target without losing the source, that
one the source again, and beside it one is fine-tuned; everything in memory, the teacher's words kept.

  eager, compile     the networks as they are, or through torch.compile

With --values it is an epoch of SGD in each stage, over the samples, in the order and from the values that
Ferry wrote there, and gives the size of what each network says.
"""
import copy
from types import SimpleNamespace

from pytorch.common import adam, channels_last, load_values, named_after, sgd, take_values
from pytorch.digits import lenet

COUNTS = {"source": 16000, "source-val": 1600, "target": 320, "target-val": 80}
CLASSES, BATCH, TAU = 10, 64, 4
MOVES = ("conv1", "conv2", "fc2")  # of digits.lenet


def labelled(x):
    import torch
    return SimpleNamespace(x=channels_last(x), y=torch.arange(len(x)) % CLASSES)


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
        parts[name] = labelled(x)
    return parts


def data_of(a):
    """Samples, epochs of the teacher and of the student, and with --values the numbers of each batch's samples."""
    if not a.values:
        return SimpleNamespace(parts=samples(), teacher_epochs=2, epochs=3, orders={}, first=None,
                               optimiser=lambda moving, rate: adam(moving, 1e-3 * rate))
    given = load_values(a.values)
    return SimpleNamespace(parts={name: labelled(given[name]) for name in COUNTS}, teacher_epochs=1,
                           epochs=1, orders=named_after("order.", given),
                           first=named_after("teacher.", given),
                           optimiser=lambda moving, rate: sgd(moving, 1e-2 * rate))


def logits_of(net, x):
    import torch
    net.eval()
    with torch.no_grad():
        said = torch.cat([net(rows) for rows in x.split(BATCH)])
    net.train()
    return said


def accuracy(net, part):
    return (logits_of(net, part.x).argmax(1) == part.y).sum().item() / len(part.y)


def batches(lesson, side, rows, n_steps):
    """n_steps batches of row numbers, each epoch in another order."""
    import torch
    order, part, done = lesson.data.orders.get(lesson.name + "." + side), lesson.data.parts[side], 0
    if order is not None:
        yield from order.long()
        return
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
    """Epochs of one stage: before the first and after each the network is looked at, and the best one is kept."""

    def __init__(self, name, net, data, rate, n_steps):
        import torch
        self.name, self.net, self.data = name, net, data
        self.optimiser = data.optimiser([p for p in net.parameters() if p.requires_grad], rate)
        self.rate = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, n_steps)
        self.best, self.kept = -1, None

    def step(self, loss):
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.rate.step()

    def look(self, score):
        source = accuracy(self.net, self.data.parts["source-val"])
        target = accuracy(self.net, self.data.parts["target-val"])
        if score(source, target) > self.best:
            self.best, self.kept = score(source, target), copy.deepcopy(self.net.state_dict())

    def end(self):
        self.net.load_state_dict(self.kept)
        return self.net


def learn_one(lesson, side, run, n_epochs, n_steps, score):
    """Labels of one domain alone; n_steps in what counts as an epoch."""
    from torch.nn.functional import cross_entropy
    part = lesson.data.parts[side]
    lesson.look(score)
    for _ in range(n_epochs):
        for i in batches(lesson, side, BATCH, n_steps):
            lesson.step(cross_entropy(run(part.x[i]), part.y[i]))
        lesson.look(score)
    return lesson.end()


def learn_both(lesson, run, n_epochs, loss_of, score):
    """Half of a batch of each domain."""
    import torch
    half, source, target = BATCH // 2, lesson.data.parts["source"], lesson.data.parts["target"]
    n_steps = len(source.y) // half
    lesson.look(score)
    for _ in range(n_epochs):
        for s, t in zip(batches(lesson, "source", half, n_steps),
                        batches(lesson, "target", half, n_steps)):
            logits = run(torch.cat([source.x[s], target.x[t]]))
            lesson.step(loss_of(logits[:half], logits[half:], s, t))
        lesson.look(score)
    return lesson.end()


def taught(data, net, prepared):
    """From random values, by the source's labels."""
    steps = len(data.parts["source"].y) // BATCH
    lesson = Lesson("teacher", net, data, 1, data.teacher_epochs * steps)
    learn_one(lesson, "source", prepared(net), data.teacher_epochs, steps,
              lambda source, target: source)
    return net.requires_grad_(False)


def distilled(teacher, data, prepared):
    """conv1, conv2 and fc2 of a copy learn the target's labels and what the teacher says."""
    from torch.nn.functional import cross_entropy
    parts = data.parts
    net = copy.deepcopy(teacher)
    for name, layer in net.named_children():
        layer.requires_grad_(name in MOVES)
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
    steps = data.epochs * (len(parts["source"].y) * 2 // BATCH)
    return learn_both(Lesson("distil", net, data, 1, steps), prepared(net), data.epochs, loss_of,
                      lambda source, target: target if source >= floor else source - 1)


def redistilled(student, data, prepared):
    """All of a copy learns the source again, from labels and from the student."""
    from torch.nn.functional import cross_entropy
    parts = data.parts
    net = copy.deepcopy(student).requires_grad_(True)
    said = {k: logits_of(student, parts[k].x) for k in ("source", "target")}

    def loss_of(source, target, s, t):
        return (0.5 * cross_entropy(source, parts["source"].y[s])
                + 0.5 * soft(source, said["source"][s]) + soft(target, said["target"][t]))
    lesson = Lesson("redistil-1", net, data, 0.1, len(parts["source"].y) * 2 // BATCH)
    return learn_both(lesson, prepared(net), 1, loss_of,
                      lambda source, target: 2 * source * target / (source + target + 1e-9))


def finetuned(teacher, data, prepared):
    """All of a copy learns the target's labels, in as many steps as the student."""
    net = copy.deepcopy(teacher).requires_grad_(True)
    steps = len(data.parts["source"].y) * 2 // BATCH
    return learn_one(Lesson("finetune", net, data, 1, data.epochs * steps), "target",
                     prepared(net), data.epochs, steps, lambda source, target: target)


def size_of(net, parts):
    """The mean size of its logits of both domains' validation samples."""
    import torch
    return torch.cat([logits_of(net, parts[k].x) for k in ("source-val", "target-val")]).abs().mean().item()


def begin(a, put):
    import sys

    import torch
    data = data_of(a)
    prepared = torch.compile if a.variant == "compile" else lambda net: net
    net = channels_last(lenet())
    if data.first:
        take_values(net, data.first, a.values)
    teacher = taught(data, net, prepared)
    student = distilled(teacher, data, prepared)
    networks = {"teacher": teacher, "student": student,
                "redistilled": redistilled(student, data, prepared),
                "finetuned": finetuned(teacher, data, prepared)}
    for name, one in networks.items():
        print("%s %.3f/%.3f" % (name, accuracy(one, data.parts["source-val"]),
                                accuracy(one, data.parts["target-val"])), end=" ", file=sys.stderr)
        if a.values:
            put(name + "_result", size_of(one, data.parts))
    print(file=sys.stderr)
