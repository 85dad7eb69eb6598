#!/usr/bin/env python3
"""Writes tests/golden/maps.inc: features of a source mapped to a target's, by NumPy in double: subspace alignment from singular vectors,
and optimal transport by Sinkhorn's rows and columns on logarithms, with and without classes.

Usage: python3 tests/golden/make_maps.py   (from the repository root)"""
import numpy as np

N, M, D, K = 12, 9, 5, 3


def values(n, d, a):
    i = np.arange(n * d, dtype=np.int64)
    return ((i * i * 37 + i * a) % 1009).reshape(n, d) / 512.0 - 1


def labels():
    return np.arange(N) * 7 % K


def domains():
    s = values(N, D, 11) + 0.8 * np.eye(D)[labels()]
    t = values(M, D, 23) * np.array([1, 0.5, 2, 1, 1]) + 0.7
    return s.astype(np.float32), t.astype(np.float32)


def subspace(s, t, q):
    s, t = s.astype(float), t.astype(float)
    p = [np.linalg.svd(x - x.mean(0), full_matrices=False)[2][:q] for x in (s, t)]
    return t.mean(0) + (s - s.mean(0)) @ p[0].T @ (p[0] @ p[1].T) @ p[1]


def plan(cost, entropy):
    f, g = np.zeros(N), np.zeros(M)
    kernel = -cost / entropy
    for _ in range(20000):
        g = -np.log(M) - np.logaddexp.reduce(kernel + f[:, None], 0)
        f = -np.log(N) - np.logaddexp.reduce(kernel + g[None, :], 1)
    return np.exp(kernel + f[:, None] + g[None, :])


def transport(s, t, entropy, classes):
    s, t, y = s.astype(float), t.astype(float), labels()
    cost = ((s[:, None] - t[None]) ** 2).sum(2)
    cost /= cost.max()
    p = plan(cost, entropy)
    for _ in range(10 if classes > 0 else 0):
        mass = np.stack([p[y == c].sum(0) for c in range(K)])
        p = plan(cost + classes * (0.5 / np.sqrt(mass + 1e-3 / M))[y], entropy)
    return p @ t / p.sum(1, keepdims=True)


def numbers(v):
    flat = [f"{float(np.float32(x)):.9g}" for x in v.ravel()]
    flat = [x if "." in x or "e" in x else x + ".0" for x in flat]
    return "".join("    " + ", ".join(x + "f" for x in flat[i:i + 6]) + ",\n" for i in range(0, len(flat), 6))


if __name__ == "__main__":
    s, t = domains()
    with open("tests/golden/maps.inc", "w") as f:
        f.write("/* Written by make_maps.py. */\n")
        f.write(f"enum {{ N = {N}, M = {M}, D = {D}, K = {K} }};\n")
        f.write(f"static const float source[N * D] = {{\n{numbers(s)}}};\n")
        f.write(f"static const float target[M * D] = {{\n{numbers(t)}}};\n")
        f.write("static const int32_t label[N] = { " + ", ".join(str(v) for v in labels()) + " };\n")
        f.write("/* axes; entropy, classes; the source mapped */\nstatic const struct golden_map maps[] = {\n")
        for q in (1, 2, 4):
            f.write(f"{{ {q}, 0, 0, {{\n{numbers(subspace(s, t, q))}}} }},\n")
        for e, c in ((0.05, 0), (0.5, 0), (0.05, 0.1), (0.2, 1)):
            f.write(f"{{ 0, {e}, {c}, {{\n{numbers(transport(s, t, e, c))}}} }},\n")
        f.write("};\n")
