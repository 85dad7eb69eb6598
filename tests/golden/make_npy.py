#!/usr/bin/env python3
"""Writes tests/golden/npy/*.npy: one small array per type that is read. NumPy 1.24.2.

Usage: python3 tests/golden/make_npy.py   (from the repository root)"""
import pathlib

import numpy as np

OUT = pathlib.Path("tests/golden/npy")

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ("f4", "f8", "i4", "i8", "u1"):
        np.save(OUT / f"{name}.npy", np.arange(6).reshape(2, 3).astype(name))
    np.save(OUT / "scalar.npy", np.float32(2.5))
    np.save(OUT / "vector.npy", np.arange(3, dtype=np.float32))
    np.save(OUT / "fortran.npy", np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))
    np.save(OUT / "complex.npy", np.arange(2).astype(np.complex64))
