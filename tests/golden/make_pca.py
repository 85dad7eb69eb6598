#!/usr/bin/env python3
"""Writes tests/golden/pca.inc: deviations and axes of small matrices by NumPy's svd in double.

Usage: python3 tests/golden/make_pca.py   (from the repository root; made with NumPy 2.4.6)"""
import numpy as np

CASES = [(30, 6, 3), (12, 40, 4), (50, 9, 9)]


def values(n, d):
    i = np.arange(n * d, dtype=np.int64)
    x = ((i * i * 37 + i * 11) % 1009) / 512.0 - 1
    return x.reshape(n, d) * (1 + np.arange(d) % 7)


def numbers(v):
    flat = [f"{float(np.float32(x)):.9g}" for x in v.ravel()]
    flat = [x if "." in x or "e" in x else x + ".0" for x in flat]
    return "".join("    " + ", ".join(x + "f" for x in flat[i:i + 6]) + ",\n" for i in range(0, len(flat), 6))


if __name__ == "__main__":
    with open("tests/golden/pca.inc", "w") as f:
        f.write("/* Written by make_pca.py. { n, d, k, { deviations }, { axes } } */\n")
        for n, d, k in CASES:
            x = values(n, d)
            _, s, vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
            axes = vt[:k] * np.sign(vt[np.arange(k), np.abs(vt[:k]).argmax(1)])[:, None]
            f.write(f"{{ {n}, {d}, {k}, {{\n{numbers(s[:k] / np.sqrt(n - 1))}}}, {{\n{numbers(axes)}}} }},\n")
