#!/usr/bin/env python3
"""Writes tests/golden/domains.inc: losses that bring two domains together and the norm of their gradients, by PyTorch in double.

Usage: python3 tests/golden/make_domains.py   (from the repository root; made with PyTorch 1.13.1)
The losses are written from their papers' equations, with the constants of their authors' programs; the values that go in
are those of tests/ops/test_domain_losses.c."""
import math

import torch

N, M, D, K = 6, 5, 7, 4


def values(shape, salt):
    i = torch.arange(math.prod(shape), dtype=torch.int64)
    v = ((i + 1) * (i + 7 * salt + 3) * 37 + i * 11 + salt * 101) % 1009
    return (v.double() / 512 - 1).reshape(shape).requires_grad_()


def cov(x):
    one = torch.ones(1, len(x), dtype=x.dtype)
    return (x.T @ x - (one @ x).T @ (one @ x) / len(x)) / (len(x) - 1)


def coral(s, t):
    return ((cov(s) - cov(t)) ** 2).sum() / (4 * s.shape[1] ** 2)


def kernel(s, t, width=None, single=False):
    z = torch.cat([s, t])
    d = ((z[:, None] - z[None]) ** 2).sum(2)
    if width is None:
        width = (d.sum() / (len(z) ** 2 - len(z))).detach()
    return sum(torch.exp(-d / (width * f)) for f in ([1] if single else [0.25, 0.5, 1, 2, 4]))


def discrepancy_of(k, n):
    return k[:n, :n].mean() + k[n:, n:].mean() - 2 * k[:n, n:].mean()


def entropy(p):
    return -(p * p.log()).sum(1)


def confusion(logits, temperature, weights):
    y = (logits / temperature).softmax(1)
    c = y.T @ torch.diag(weights) @ y
    c = c / c.sum(1, keepdim=True)
    return (c.sum() - c.trace()) / len(c)


def margin(s, cs, t, ct, gamma):
    ce = torch.nn.functional.cross_entropy(s, cs)
    return gamma * ce - torch.log(1 - t.softmax(1).gather(1, ct[:, None])).mean()


def rows():
    s, t = values((N, D), 1), values((M, D), 2)
    a, b = values((N, K), 3), values((M, K), 4)
    c = values((N, K), 5)
    yield "coral", coral(s, t), s
    yield "mmd", discrepancy_of(kernel(s, t), N), s
    p, q = a.softmax(1), b.softmax(1)
    yield "joint_mmd", discrepancy_of(kernel(s, t) * kernel(p, q, 1.68, True), N), s
    yield "lengths", s.norm(dim=1).mean(), s
    yield "multilinear", ((s[:, :, None] * p[:, None, :]) ** 2).sum(), s
    yield "certainty", (1 + torch.exp(-entropy(p))).mean(), a
    yield "class_confusion", confusion(a, 2.5, torch.ones(N, dtype=a.dtype)), a
    w = torch.tensor([1, 0.5, 0, 0.25, 1, 2], dtype=a.dtype)
    yield "class_confusion, rows", confusion(a, 2.5, w), a
    yield "nuclear_norm", torch.linalg.matrix_norm(p, "nuc"), a
    yield "discrepancy", (p - c.softmax(1)).abs().mean(), a
    m = p.mean(0)
    yield "information", entropy(p).mean() + (m * m.log()).sum(), a
    yield "margin_disparity", margin(a, torch.arange(N) % K, b, torch.arange(M) % K, 4), a


with open("tests/golden/domains.inc", "w") as out:
    out.write("/* Written by make_domains.py. { loss, value, norm of the gradient } */\n")
    for name, loss, x in rows():
        (grad,) = torch.autograd.grad(loss, x, retain_graph=True)
        out.write(f'{{ "{name}", {loss.item():.12g}, {grad.norm().item():.12g} }},\n')
