#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/npy: NumPy's own files and headers that are nearly right. NumPy 1.24.2.

Usage: python3 tests/golden/make_npy_corpus.py   (from the repository root)"""
import io
import pathlib
import struct

import numpy as np

OUT = pathlib.Path("tests/fuzz/corpus/npy")


def saved(array, version=None):
    f = io.BytesIO()
    np.lib.format.write_array(f, array, version=version)
    return f.getvalue()


def with_header(text, values=b"", version=1, length=None):
    n = len(text) if length is None else length
    size = struct.pack("<H", n) if version == 1 else struct.pack("<I", n)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode("latin1") + values


def dictionary(descr="<f4", order="False", shape="(2,)"):
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    two = np.arange(2, dtype=np.float32)
    whole = saved(two)
    inputs = {
        "version1": whole,
        "version2": saved(two, (2, 0)),
        "version3": saved(two, (3, 0)),
        "scalar": saved(np.int64(3)),
        "no_values": saved(np.zeros((0, 5), np.uint8)),
        "big_endian": saved(two.astype(">f4")),
        "fortran": saved(np.asfortranarray(np.arange(6.0).reshape(2, 3))),
        "text": saved(np.array(["a", "bc"])),
        "record": saved(np.zeros(2, [("a", "<f4"), ("b", "<i4")])),
        "empty": b"",
        "magic_only": b"\x93NUMPY",
        "cut_header": whole[:40],
        "cut_values": whole[:-1],
        "tail": whole + b"\0",
        "long_header": with_header(dictionary(), length=65535),
        "longer_header": with_header(dictionary(), version=2, length=0xFFFFFFFF),
        "sizes_overflow": with_header(dictionary(shape="(4611686018427387904, 4)"), b"\0" * 8),
        "size_overflow": with_header(dictionary(shape="(99999999999999999999,)"), b"\0" * 8),
        "many_axes": with_header(dictionary(shape="(" + "1, " * 40 + ")"), b"\0" * 4),
        "negative": with_header(dictionary(shape="(-1,)")),
        "twice": with_header(dictionary()[:-2] + dictionary()[1:], b"\0" * 8),
        "open": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", b"\0" * 8),
        "not_a_dictionary": with_header("['descr']\n"),
        "nul": with_header("{\0'descr': '<f4'}"),
    }
    for name, data in inputs.items():
        (OUT / name).write_bytes(data)
