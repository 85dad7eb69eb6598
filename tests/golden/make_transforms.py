#!/usr/bin/env python3
"""Writes tests/golden/transforms.inc: a small picture after operations with given amounts, by torchvision and Pillow.

Usage: python3 tests/golden/make_transforms.py   (from the repository root; made with torchvision 0.15.2, Pillow 13.0)"""
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, RandAugment
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import _apply_op

H, W = 9, 11
TALL = 29  # enough pixels to equalise
LEVELS = 10  # RandAugment's operations from here on are of bytes
BILINEAR = InterpolationMode.BILINEAR


def picture(h=H):
    c, y, x = np.meshgrid(np.arange(3), np.arange(h), np.arange(W), indexing="ij")
    return ((x * 13 + y * 11 + c * 67 + x * y * (c + 1)) % 256).astype(np.uint8)


def pil(p):
    return Image.fromarray(p.transpose(1, 2, 0))


def back(image):
    return np.asarray(image).transpose(2, 0, 1)


def rounded(t):
    return (t.clamp(0, 1) * 255 + 0.5).floor().byte().numpy()


def affine(p, pad, amounts):
    turn, dx, dy, scale, shear = amounts
    t = torch.from_numpy(np.pad(p, ((0, 0), (pad, pad), (pad, pad)), mode="edge")).float() / 255
    out = F.affine(t, turn, [dx, dy], scale, [shear, 0.0], interpolation=BILINEAR)
    return rounded(out)[:, pad : pad + H, pad : pad + W]


def rand_ops(p):
    space = RandAugment()._augmentation_space(31, (H, W))
    for k, (name, (magnitudes, signed)) in enumerate(space.items()):
        m = float(magnitudes[9].item()) if magnitudes.ndim > 0 else 0.0
        for sign in (1, -1) if signed else (1,):
            image = torch.from_numpy(p) if k >= LEVELS else torch.from_numpy(p).float() / 255
            out = _apply_op(image, name, sign * m, interpolation=BILINEAR, fill=None)
            out = out.numpy() if k >= LEVELS else rounded(out)
            yield f"rand_op, {{ {k}, {0 if sign > 0 else 1} }}", f"{name}{'' if sign > 0 else ' the other way'}", out


def cases(p):
    values = torch.from_numpy(p).float() / 255
    for f in (0.4, 1.7):
        yield f"brightness, {{ {f} }}", f"brightness {f}", rounded(F.adjust_brightness(values, f))
        yield f"contrast, {{ {f} }}", f"contrast {f}", rounded(F.adjust_contrast(values, f))
        yield f"saturation, {{ {f} }}", f"saturation {f}", rounded(F.adjust_saturation(values, f))
        yield f"sharpness, {{ {f} }}", f"sharpness {f}", back(F.adjust_sharpness(pil(p), f))
    for f in (-0.3, 0.1, 0.5):
        yield f"hue, {{ {f} }}", f"hue {f}", rounded(F.adjust_hue(values, f))
    yield "grey, { 0 }", "grey", back(F.to_grayscale(pil(p), 3))
    yield "posterize, { 3 }", "posterize to 3 bits", back(F.posterize(pil(p), 3))
    yield "solarize, { 0.5 }", "solarize above a half", back(F.solarize(pil(p), 128))
    half = (picture(TALL) // 2 + 30).astype(np.uint8)
    yield "autocontrast, { 0 }", "autocontrast of a flat picture", back(F.autocontrast(pil(half)))
    yield "equalize, { 0 }", "equalize of a flat picture", back(F.equalize(pil(half)))
    for box in ((1, 2, 7, 5), (0, 0, H, W), (5, 7, 3, 4)):
        out = F.resized_crop(pil(p), *box, [5, 6], BILINEAR)
        yield f"resized_crop, {{ {', '.join(map(str, box))} }}", f"crop {box} to 5x6", back(out)
    for amounts in ((0, 3, -2, 1, 0), (25, 0, 0, 1, 0), (-10, 1, 2, 1.3, 12), (0, 0, 0, 0.7, 0)):
        text = ", ".join(map(str, amounts))
        yield f"warp_in_black, {{ {text} }}", f"warp {amounts}", affine(p, 0, amounts)
        yield f"warp_nearest, {{ {text} }}", f"warp {amounts}, nearest outside", affine(p, 40, amounts)
    yield from rand_ops(p)


if __name__ == "__main__":
    with open("tests/golden/transforms.inc", "w") as f:
        f.write("/* Written by make_transforms.py: { name, operation, { its amounts }, h, w, { [c, h, w] } } */\n")
        for operation, name, out in cases(picture()):
            flat = [str(v) for v in np.asarray(out).ravel()]
            f.write(f'{{ "{name}", {operation}, {out.shape[1]}, {out.shape[2]}, {{\n')
            for i in range(0, len(flat), 25):
                f.write(",".join(flat[i : i + 25]) + ",\n")
            f.write("} },\n")
