#!/usr/bin/env python3
"""Writes tests/golden/npy: one small array per type, order and version that is read or refused. NumPy 1.24.2.

Usage: python3 tests/golden/make_npy.py   (from the repository root)"""
import pathlib

import numpy as np
from numpy.lib import format as npy

OUT = pathlib.Path("tests/golden/npy")
SIX = np.arange(6).reshape(2, 3)


def write(name, array, version):
    with open(OUT / name, "wb") as f:
        npy.write_array(f, array, version)


def by_python2():
    """(2L, 3L), as NumPy under Python 2 wrote it on Windows."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }"
    header += b" " * (-(10 + len(header) + 1) % 16) + b"\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + SIX.astype("<f4").tobytes()


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        np.save(OUT / f"{name}.npy", SIX.astype(name))
    for name in ("f2", "f4", "f8", "i2", "u8"):
        np.save(OUT / f"big_{name}.npy", SIX.astype(">" + name))
    np.save(OUT / "scalar.npy", np.float32(2.5))
    np.save(OUT / "vector.npy", np.arange(3, dtype=np.float32))
    np.save(OUT / "empty.npy", np.zeros((3, 0), np.float32))
    np.save(OUT / "rank6.npy", np.arange(4, dtype=np.float32).reshape(1, 2, 1, 2, 1, 1))
    np.save(OUT / "bool.npy", np.array([True, False, True]))
    np.save(OUT / "fortran.npy", np.asfortranarray(SIX.astype(np.float32)))
    np.save(OUT / "fortran3.npy", np.asfortranarray((np.arange(24) + 60000).reshape(2, 3, 4).astype(">u2")))
    np.save(OUT / "complex.npy", np.arange(2).astype(np.complex64))
    np.save(OUT / "object.npy", np.array([None, {}], dtype=object))
    np.save(OUT / "fields.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
    np.save(OUT / "large_u8.npy", np.array([1, 2**63], np.uint64))
    write("version2.npy", SIX.astype("<f4"), (2, 0))
    write("version3.npy", SIX.astype("<f4"), (3, 0))
    (OUT / "python2.npy").write_bytes(by_python2())
    arrays = {"half": np.array([1, -2, 65504], np.float16), "zeros": np.zeros((64, 64), np.float32)}
    np.savez(OUT / "plain.npz", **arrays)
    np.savez_compressed(OUT / "packed.npz", **arrays)
