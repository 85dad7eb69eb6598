#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/safetensors: small valid and broken files for the fuzzer to start from.

Usage: python3 tests/golden/make_safetensors_corpus.py   (from the repository root)"""
import hashlib
import os

DIR = "tests/fuzz/corpus/safetensors"


def pack(header, data=b"", length=None):
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def tensor(name, dtype, shape, begin, end):
    return b'"%s":{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}' % (name, dtype, shape, begin, end)


def sealed():
    head = b'{"__metadata__":{"ferry.sha256":"%s","ferry.version":"0.1.0"},' + tensor(b"w", b"F32", b"[1]", 0, 4) + b"}"
    zeros = pack(head % (b"0" * 64), b"\0\0\x80\x3f")
    return pack(head % hashlib.sha256(zeros).hexdigest().encode(), b"\0\0\x80\x3f")


two = b"{" + tensor(b"a", b"U8", b"[3]", 0, 3) + b"," + tensor(b"b", b"F32", b"[1,2]", 3, 11) + b"}"
FILES = {
    "empty": b"",
    "no_tensors": pack(b"{}"),
    "two": pack(two, bytes(range(11))),
    "padded": pack(two + b"   ", bytes(range(11))),
    "metadata": pack(b'{"__metadata__":{"format":"pt","x":""}}'),
    "sealed": sealed(),
    "sealed_broken": sealed()[:-1] + b"\x40",
    "huge_length": pack(b"{}", length=2**63 + 7),
    "limit_length": pack(b"{}", length=100000000),
    "hole": pack(b"{" + tensor(b"a", b"U8", b"[1]", 1, 2) + b"}", b"ab"),
    "overflow": pack(b"{" + tensor(b"a", b"F32", b"[4294967296,4294967296]", 0, 0) + b"}"),
    "scalar": pack(b"{" + tensor(b"a", b"I64", b"[]", 0, 8) + b"}", bytes(8)),
    "half": pack(b"{" + tensor(b"a", b"F16", b"[1]", 0, 2) + b"}", bytes(2)),
    "deep": pack(b'{"a":' + b"[" * 3000),
    "surrogate": pack(b'{"\\ud800":1}'),
    "twice": pack(b'{"a":1,"a":2}'),
}

if __name__ == "__main__":
    os.makedirs(DIR, exist_ok=True)
    for name, data in FILES.items():
        with open(f"{DIR}/{name}", "wb") as f:
            f.write(data)
