"""mcd: two classifiers learn to disagree about the target, and the encoder to end that (Saito et al. 2018): A, all by
the source's labels; B, the classifiers, away from each other; C, the encoder, N times, to where they agree.
Momentum is kept for each of the six updates by itself, as in Ferry.

  classic   the encoder runs anew in every part, and gradients go wherever they can, as in the authors' program
  eager     B and the first of C share the encoder's features; gradients only towards what is moved
"""
import functools

from pytorch.carry import BATCH, Domains

N = 4
HEADS = ("classifier", "second")


def apart_of(first, second):
    import torch
    return (torch.softmax(first, 1) - torch.softmax(second, 1)).abs().mean()


class Lesson(Domains):
    def __init__(self, a):
        super().__init__(a, has_second=True)
        self.all, self.heads = self.optimiser(), self.optimiser(*HEADS)
        self.towards = [self.optimiser("encoder") for _ in range(N)]

    def source_losses(self, f):
        return self.task(f), self.task(f, "second")

    def disagreement(self, f):
        return apart_of(*(self.run[name](f[BATCH:]) for name in HEADS))

    def part_a(self):
        own, other = self.source_losses(self.features())
        return own + other, own

    def part_b(self, f):
        logits = [self.run[name](f) for name in HEADS]
        apart = apart_of(*(said[BATCH:] for said in logits))
        return sum(self.of_source(said) for said in logits) - apart, apart

    def part_c(self):
        return self.disagreement(self.features())

    def forget(self):
        for p in self.nets.parameters():
            p.grad = None

    def hold_heads(self, is_held):
        for name in HEADS:
            self.nets[name].requires_grad_(not is_held)

    def update(self, optimiser, loss):
        loss.backward()
        optimiser.step()
        self.forget()


def classic(lesson, last):
    def step():
        total, task = lesson.part_a()
        lesson.update(lesson.all, total)
        total, apart = lesson.part_b(lesson.features())
        lesson.update(lesson.heads, total)
        for optimiser in lesson.towards:
            lesson.update(optimiser, lesson.part_c())
        last[:] = total, task.detach(), apart.detach()
    return step


def eager(lesson, last, prepared):
    part_a, part_b, part_c = map(prepared, (lesson.part_a, lesson.part_b, lesson.part_c))
    features, disagreement = map(prepared, (lesson.features, lesson.disagreement))

    def step():
        total, task = part_a()
        lesson.update(lesson.all, total)
        f = features()
        total, apart = part_b(f.detach())
        lesson.update(lesson.heads, total)
        lesson.hold_heads(True)
        lesson.update(lesson.towards[0], disagreement(f))
        for optimiser in lesson.towards[1:]:
            lesson.update(optimiser, part_c())
        lesson.hold_heads(False)
        last[:] = total, task.detach(), apart.detach()
    return step


def begin(a):
    import torch
    lesson, last = Lesson(a), []
    prepared = torch.compile if a.variant == "compile" else lambda part: part
    way = classic if a.variant == "classic" else functools.partial(eager, prepared=prepared)
    return lesson.work(way(lesson, last), last, lesson.towards[-1])
