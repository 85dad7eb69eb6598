#!/usr/bin/env python3
"""Writes the idx fuzz corpus: tests/fuzz/corpus/idx/*. Python 3.11, its own gzip module.

Usage: python3 tests/golden/make_idx.py   (from the repository root; writes the same bytes every time)
The first byte of each file chooses how the target reads the rest: even = images, odd = labels."""
import gzip
import pathlib
import struct

OUT = pathlib.Path("tests/fuzz/corpus/idx")


def idx(magic, *sizes, values=None):
    count = 1
    for s in sizes:
        count *= s
    body = bytes((37 * i + 11) % 256 for i in range(count)) if values is None else values
    return struct.pack(">I", magic) + b"".join(struct.pack(">I", s) for s in sizes) + body


def gz(data):
    return gzip.compress(data, mtime=0)


IMAGES, LABELS = b"\0", b"\1"
images = idx(0x803, 3, 4, 2)
labels = idx(0x801, 3, values=bytes([0, 2, 1]))
FILES = {
    "images": IMAGES + images,
    "images_rank4": IMAGES + idx(0x804, 2, 3, 2, 2),
    "labels": LABELS + labels,
    "images_gz": IMAGES + gz(images),
    "labels_gz": LABELS + gz(labels),
    "two_members_gz": IMAGES + gz(images[:9]) + gz(images[9:]),
    "swapped": IMAGES + labels,
    "float_type": IMAGES + struct.pack(">I", 0xD03) + images[4:],
    "no_samples": IMAGES + idx(0x803, 0, 28, 28),
    "sizes_overflow": IMAGES + struct.pack(">IIII", 0x803, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
    "sizes_overflow_gz": IMAGES + gz(struct.pack(">IIII", 0x803, 0xFFFFFFFF, 0x7FFFFFFF, 4)),
    "one_short": IMAGES + images[:-1],
    "one_long": IMAGES + images + b"\0",
    "gz_cut": IMAGES + gz(images)[:-5],
    "gz_tail": IMAGES + gz(images) + b"tail",
    "empty": IMAGES,
}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        (OUT / name).write_bytes(data)
