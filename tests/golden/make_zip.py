#!/usr/bin/env python3
"""Writes tests/golden/zip: archives that are as they should be, and archives made to do harm. Python 3.11.

Usage: python3 tests/golden/make_zip.py   (from the repository root)"""
import io
import pathlib
import warnings
import zipfile

OUT = pathlib.Path("tests/golden/zip")
TEXT = b"Whatever is written here is read back.\n" * 8


def archive(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as z:
        warnings.simplefilter("ignore")
        for name, data in entries:
            z.writestr(zipfile.ZipInfo(name), data, method)
    return bytearray(out.getvalue())


def directory(data):
    """Where the first entry of the central directory lies."""
    return data.index(b"PK\1\2")


def patched(data, offset, value, size=4):
    at = directory(data) + offset
    data[at:at + size] = value.to_bytes(size, "little")
    return data


def broken_sum():
    data = archive(("a", TEXT), method=zipfile.ZIP_STORED)
    data[data.index(b"Whatever")] ^= 1
    return data


def overlapping():
    """The second entry's place in the directory is the first's, sizes and all: bytes are counted twice."""
    data = archive(("a", TEXT), ("b", TEXT), method=zipfile.ZIP_STORED)
    first, second = directory(data), data.rindex(b"PK\1\2")
    data[second + 20:second + 24] = (len(TEXT) * 2).to_bytes(4, "little")
    data[second + 24:second + 28] = data[second + 20:second + 24]
    data[second + 42:second + 46] = data[first + 42:first + 46]
    return data


FILES = {
    "whole": archive(("a", TEXT), ("dir/b", b""), ("c", b"\0" * 100000)),
    "stored": archive(("a", TEXT), ("dir/b", b""), method=zipfile.ZIP_STORED),
    "empty": archive(),
    "up": archive(("data/../../a", TEXT)),
    "up_by_backslash": archive(("..\\a", TEXT)),
    "absolute": archive(("/etc/a", TEXT)),
    "twice": archive(("a", TEXT), ("a", TEXT)),
    "bzip2": archive(("a", TEXT), method=zipfile.ZIP_BZIP2),
    "bomb": patched(archive(("a", b"\0" * 100000)), 24, 2**31),
    "encrypted": patched(archive(("a", TEXT)), 8, 1, 2),
    "broken_sum": broken_sum(),
    "overlapping": overlapping(),
}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        (OUT / f"{name}.zip").write_bytes(data)
