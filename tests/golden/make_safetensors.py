#!/usr/bin/env python3
"""Writes tests/golden/python.safetensors with the safetensors package.

Usage: python3 tests/golden/make_safetensors.py   (from the repository root; made with safetensors 0.8.0, NumPy 2.4.6)"""
import numpy as np
from safetensors.numpy import save_file

V = [1.5, -2.0, 0.25]

if __name__ == "__main__":
    save_file({
        "a.f32": np.array([V], np.float32),
        "b.f64": np.array(V, np.float64),
        "bytes": np.array([1, 2, 255], np.uint8),
        "num_batches_tracked": np.array(1234567890123, np.int64),
    }, "tests/golden/python.safetensors", metadata={"format": "np"})
