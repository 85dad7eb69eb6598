#!/usr/bin/env python3
"""Writes tests/golden/kd.inc: distillation losses and the norm of their gradients, by PyTorch in double.

Usage: python3 tests/golden/make_kd.py   (from the repository root; made with PyTorch 1.13.1)
The losses are written from their papers' equations, with the constants of their authors' programs; the values that go in
are those of tests/ops/test_kd_losses.c."""
import math

import torch
import torch.nn.functional as F

N = 6
LOGITS, FEATURES, MAPS, ALIKE, LABELS = 1, 2, 4, 8, 16


def values(shape, salt):
    i = torch.arange(math.prod(shape), dtype=torch.int64)
    v = ((i + 1) * (i + 7 * salt + 3) * 37 + i * 11 + salt * 101) % 1009
    return (v.double() / 512 - 1).reshape(shape)


class Scene:
    def __init__(self, gives):
        alike = gives & ALIKE
        self.y = torch.arange(N) % 3 if gives & LABELS else None
        self.salt = 20
        self.s, self.t = {}, {}
        if gives & LOGITS:
            self.s["logits"], self.t["logits"] = values((N, 5), 1), values((N, 5), 5)
        if gives & FEATURES:
            self.s["features"], self.t["features"] = values((N, 7), 2), values((N, 7 if alike else 9), 6)
        if gives & MAPS:
            self.s["maps"] = [values((N, 4, 4, 4), 3), values((N, 6, 2, 3), 4)]
            self.t["maps"] = [values((N, 4, 4, 4) if alike else (N, 5, 2, 2), 7),
                              values((N, 6, 2, 3) if alike else (N, 3, 4, 4), 8)]
        self.first = self.s.get("logits", self.s.get("features"))
        if self.first is None:
            self.first = self.s["maps"][0]
        self.first.requires_grad_()

    def adapter(self, *shape):
        self.salt += 1
        return values(shape, self.salt - 1) / 2

    def layers(self):
        if "maps" in self.s:
            return list(zip(self.s["maps"], self.t["maps"]))
        return [(self.s["features"], self.t["features"])]


def meet(s, t):
    size = [min(a, b) for a, b in zip(s.shape[2:], t.shape[2:])]
    return F.adaptive_avg_pool2d(s, size), F.adaptive_avg_pool2d(t, size)


def soft(c, tau=4):
    p, q = (c.t["logits"] / tau).softmax(1), (c.s["logits"] / tau).log_softmax(1)
    return tau**2 * F.kl_div(q, p, reduction="batchmean")


def hint(c):
    total = 0
    for s, t in c.layers():
        if s.dim() == 4:
            s, t = meet(s, t)
            weight, bias = c.adapter(t.shape[1], s.shape[1], 1, 1), c.adapter(t.shape[1])
            total = total + F.mse_loss(F.conv2d(s, weight, bias), t)
        else:
            weight, bias = c.adapter(t.shape[1], s.shape[1]), c.adapter(t.shape[1])
            total = total + F.mse_loss(F.linear(s, weight, bias), t)
    return total


def attention(c):
    def of(x):
        return F.normalize(x.pow(2).mean(1).flatten(1))

    return sum((of(s) - of(t)).pow(2).mean() for s, t in (meet(*pair) for pair in c.layers()))


def similarity(c):
    def of(x):
        return F.normalize(x.flatten(1) @ x.flatten(1).T)

    return sum((of(s) - of(t)).pow(2).sum() / N**2 for s, t in c.layers())


CASES = [
    (soft, "LOGITS"),
    (hint, "MAPS"),
    (hint, "FEATURES"),
    (attention, "MAPS"),
    (similarity, "MAPS"),
    (similarity, "FEATURES"),
]

if __name__ == "__main__":
    with open("tests/golden/kd.inc", "w") as f:
        f.write("/* Written by make_kd.py. { loss, what is given, value, norm of the gradient } */\n")
        for loss, gives in CASES:
            c = Scene(eval(gives))
            value = loss(c)
            value.backward()
            f.write(f'{{ "{loss.__name__}", {gives}, {value.item():.12g}, {c.first.grad.norm().item():.12g} }},\n')
