#!/usr/bin/env python3
"""Writes tests/golden/resize_bilinear.inc: small images resized by Pillow's BILINEAR in float mode.

Usage: python3 tests/golden/make_resize.py   (from the repository root; made with Pillow 9.4.0)"""
import numpy as np
from PIL import Image

CASES = [(4, 4, 7, 7), (7, 5, 3, 2), (5, 6, 5, 3), (3, 3, 8, 2), (16, 16, 28, 28), (1, 1, 3, 3)]


def values(h, w):
    return ((np.arange(h * w, dtype=np.float64) * 37 + 11) % 101 / 128).astype(np.float32).reshape(h, w)


if __name__ == "__main__":
    with open("tests/golden/resize_bilinear.inc", "w") as f:
        f.write("/* Written by make_resize.py. { h, w, to h, to w, { values } } */\n")
        for h, w, oh, ow in CASES:
            out = np.asarray(Image.fromarray(values(h, w), "F").resize((ow, oh), Image.BILINEAR))
            flat = [f"{v:.7g}f" if "." in f"{v:.7g}" or "e" in f"{v:.7g}" else f"{v:.7g}.0f"
                    for v in out.ravel()]
            f.write(f"{{ {h}, {w}, {oh}, {ow}, {{\n")
            for i in range(0, len(flat), 8):
                f.write("    " + ", ".join(flat[i:i + 8]) + ",\n")
            f.write("} },\n")
