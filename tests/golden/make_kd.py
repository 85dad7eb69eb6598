#!/usr/bin/env python3
"""Writes tests/golden/kd.inc: distillation losses and the norm of their gradients, by PyTorch in double.

Usage: python3 tests/golden/make_kd.py   (from the repository root; made with PyTorch 1.13.1)
The losses are written from their papers' equations, with the constants of their authors' programs; the values that go in
are those of tests/ops/test_kd_losses.c."""
import math

import torch
import torch.nn.functional as F

N = 6
WIDTH = 8  # of hidden layers and embeddings
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
        for name in ("maps", "logits", "features"):
            if name in self.s:
                self.first = self.s[name]
        if isinstance(self.first, list):
            self.first = self.first[0]
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


def fsp(c):
    def of(pair):
        a, b = (x.flatten(2) for x in meet(*pair))
        return a @ b.transpose(1, 2) / a.shape[2]

    s, t = c.s["maps"], c.t["maps"]
    return sum((of(s[i:i + 2]) - of(t[i:i + 2])).pow(2).mean() for i in range(len(s) - 1))


def nst(c):
    def kernel(a, b):
        return torch.einsum("nap,nbp->nab", a, b).pow(2).mean()

    total = 0
    for pair in c.layers():
        s, t = (F.normalize(x.flatten(2), dim=2) for x in meet(*pair))
        total = total + kernel(t, t) + kernel(s, s) - 2 * kernel(s, t)
    return total


def vid(c):
    total = 0
    for s, t in c.layers():
        if s.dim() == 4:
            s, t = meet(s, t)
        s, t = (x.movedim(1, -1) for x in (s, t))
        a = c.adapter(t.shape[-1])
        x = F.relu(s @ c.adapter(WIDTH, s.shape[-1]).T)
        x = F.relu(x @ c.adapter(WIDTH, WIDTH).T)
        x = x @ c.adapter(t.shape[-1], WIDTH).T
        v = F.softplus(a) + 1e-5
        total = total + (0.5 * ((x - t)**2 / v + v.log())).mean()
    return total


def off_diagonal(d):
    return d[~torch.eye(N, dtype=torch.bool)]


def rkd_distance(c):
    def of(x):
        d = (x[:, None] - x[None]).pow(2).sum(2)
        d = (d + torch.eye(N)).sqrt() * (1 - torch.eye(N))
        return d / off_diagonal(d).mean()

    return F.smooth_l1_loss(of(c.s["features"]), of(c.t["features"]))


def rkd_angle(c):
    def of(x):
        e = F.normalize(x[None] - x[:, None], dim=2)
        return torch.einsum("jid,jkd->jik", e, e)

    return F.smooth_l1_loss(of(c.s["features"]), of(c.t["features"]))


def correlation(c, gamma=0.4):
    def of(x):
        g = F.normalize(x) @ F.normalize(x).T
        return math.exp(-2 * gamma) * sum((2 * gamma)**p / math.factorial(p) * g**p for p in range(3))

    return F.mse_loss(of(c.s["features"]), of(c.t["features"]))


def pkt(c, eps=1e-7):
    def of(x):
        g = (F.normalize(x) @ F.normalize(x).T + 1) / 2
        return g / g.sum(1, keepdim=True)

    s, t = of(c.s["features"]), of(c.t["features"])
    return (t * ((t + eps) / (s + eps)).log()).mean()


def dist(c):
    def pearson(a, b):
        return F.cosine_similarity(a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True))

    s, t = c.s["logits"].softmax(1), c.t["logits"].softmax(1)
    return (1 - pearson(s, t)).mean() + (1 - pearson(s.T, t.T)).mean()


def dkd(c, tau=4, alpha=1, beta=8):
    own = F.one_hot(c.y, 5).bool()

    def two(x):
        p = (x / tau).softmax(1)[own]
        return torch.stack([p, 1 - p], 1)

    def others(x):
        return (x / tau)[~own].reshape(N, 4)

    s, t = c.s["logits"], c.t["logits"]
    target = F.kl_div(two(s).log(), two(t), reduction="batchmean")
    other = F.kl_div(others(s).log_softmax(1), others(t).softmax(1), reduction="batchmean")
    return tau**2 * (alpha * target + beta * other)


def crd(c, tau=0.07):
    def embed(x):
        return F.normalize(F.linear(x, c.adapter(WIDTH, x.shape[1]), c.adapter(WIDTH)))

    near = embed(c.s["features"]) @ embed(c.t["features"]).T / tau
    if c.y is not None:
        near = near.masked_fill((c.y[:, None] == c.y[None]) & ~torch.eye(N, dtype=torch.bool), -math.inf)
    return F.cross_entropy(near, torch.arange(N)) + F.cross_entropy(near.T, torch.arange(N))


def adversarial(c):
    x = c.s["logits"]
    x = F.leaky_relu(F.linear(x, c.adapter(WIDTH, 5), c.adapter(WIDTH)), 0.2)
    x = F.leaky_relu(F.linear(x, c.adapter(WIDTH, WIDTH), c.adapter(WIDTH)), 0.2)
    return F.softplus(-F.linear(x, c.adapter(1, WIDTH), c.adapter(1))).mean()


CASES = [
    (soft, "LOGITS"),
    (hint, "MAPS"),
    (hint, "FEATURES"),
    (attention, "MAPS"),
    (similarity, "MAPS"),
    (similarity, "FEATURES"),
    (fsp, "MAPS | ALIKE"),
    (nst, "MAPS"),
    (vid, "MAPS"),
    (vid, "FEATURES"),
    (rkd_distance, "FEATURES"),
    (rkd_angle, "FEATURES"),
    (correlation, "FEATURES"),
    (pkt, "FEATURES"),
    (dist, "LOGITS"),
    (dkd, "LOGITS | LABELS"),
    (crd, "FEATURES"),
    (crd, "LOGITS | FEATURES | LABELS"),
    (adversarial, "LOGITS"),
]

if __name__ == "__main__":
    with open("tests/golden/kd.inc", "w") as f:
        f.write("/* Written by make_kd.py. { loss, what is given, value, norm of the gradient } */\n")
        for loss, gives in CASES:
            c = Scene(eval(gives))
            value = loss(c)
            value.backward()
            f.write(f'{{ "{loss.__name__}", {gives}, {value.item():.12g}, {c.first.grad.norm().item():.12g} }},\n')
