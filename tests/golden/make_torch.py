#!/usr/bin/env python3
"""Writes tests/golden/torch: files by torch.save in both forms, what is in them (expected.npz, all as float64), and
files that ask for what must not be done. PyTorch 1.13.0, NumPy 1.24.2.

Usage: python3 tests/golden/make_torch.py   (from the repository root)

later.pth is put together by hand as PyTorch 2.3 writes it (byteorder, .format_version, _rebuild_tensor_v3), on a
big-endian machine."""
import collections
import io
import os
import pathlib
import pickle
import zipfile

import numpy as np
import torch

OUT = pathlib.Path("tests/golden/torch")


def tensors():
    base = torch.arange(24, dtype=torch.float32) / 4 - 2
    d = collections.OrderedDict()
    d["f64"] = torch.tensor([1e300, -0.1], dtype=torch.float64)
    d["f32"] = base.reshape(2, 3, 4)
    d["f16"] = torch.tensor([1.5, -65504, 6e-8]).half()
    d["bf16"] = torch.tensor([1.5, -3e38, 1e-40]).bfloat16()
    d["i64"] = torch.tensor([[2**40, -1]])
    d["i32"] = torch.tensor([-2**31], dtype=torch.int32)
    d["i16"] = torch.tensor([-32768, 5], dtype=torch.int16)
    d["i8"] = torch.tensor([-128, 127], dtype=torch.int8)
    d["u8"] = torch.tensor([0, 255], dtype=torch.uint8)
    d["bool"] = torch.tensor([True, False])
    d["scalar"] = torch.tensor(2.5)
    d["empty"] = torch.zeros(3, 0)
    d["view.transposed"] = d["f32"].permute(2, 0, 1)
    d["view.rows"] = d["f32"][1]
    d["view.column"] = d["f32"][:, 1:, 2]
    d["view.steps"] = base[1::5]
    d["view.repeated"] = torch.tensor([[7.0], [8.0]]).expand(2, 3)
    d["parameter"] = torch.nn.Parameter(torch.tensor([[3.0, 4.0]]))
    d["bn.num_batches_tracked"] = torch.tensor(9)
    d["é"] = torch.tensor([1.0])
    return d


def save(name, obj, **how):
    torch.save(obj, OUT / name, **how)


OLD = {"_use_new_zipfile_serialization": False}


class Evil:
    def __reduce__(self):
        return os.system, ("echo harm",)


def nested():
    weight = torch.tensor([[1.0, 2.0]])
    return {"epoch": 3, "best_prec1": 91.75, "arch": "tiny", "done": True, "note": None,
            "state_dict": {"module.fc.weight": weight, "module.fc.bias": torch.tensor([0.5])},
            "state_dict_ema": {"module.fc.weight": weight + 1, "module.fc.bias": torch.tensor([1.5])},
            "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(1, 2)}}, "param_groups": [{"lr": 0.1}]}}


def linear(prefix, best):
    """A linear layer of three classes for 28 x 28 values that always takes class `best`."""
    return {prefix + "fc.weight": torch.zeros(1, 1).expand(3, 784),
            prefix + "fc.bias": torch.tensor([float(i == best) for i in range(3)])}


def parts():
    return {"epoch": 7, "state_dict": linear("", 0), "ema": {**linear("student.", 1), **linear("teacher.", 2)}}


def os_system():
    """A pickle that names os.system itself; Python would have written posix.system."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo("a/data.pkl"), b"\x80\x02cos\nsystem\nX\x09\x00\x00\x00echo harm\x85R.")
        z.writestr(zipfile.ZipInfo("a/version"), b"3\n")
    (OUT / "os_system.pth").write_bytes(out.getvalue())


def later():
    """uint16 and float32 of a big-endian machine. The pickle is put together opcode by opcode."""
    out = io.BytesIO()
    v3 = b"ctorch._utils\n_rebuild_tensor_v3\n"
    head = b"\x80\x02}(X\x06\x00\x00\x00counts"
    storage = b"(X\x07\x00\x00\x00storagectorch.storage\nUntypedStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQ"
    counts = v3 + b"(" + storage + b"K\x00K\x03\x85K\x01\x85\x89ccollections\nOrderedDict\n)Rctorch\nuint16\ntR"
    floats = (b"X\x06\x00\x00\x00floatsctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
              b"X\x01\x00\x00\x001X\x03\x00\x00\x00cpuK\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR")
    with zipfile.ZipFile(out, "w") as z:
        for name, data in (("later/data.pkl", head + counts + floats + b"u."), ("later/.format_version", b"1"),
                           ("later/.storage_alignment", b"64"), ("later/byteorder", b"big"),
                           ("later/data/0", np.array([1, 256, 65535], ">u2").tobytes()),
                           ("later/data/1", np.array([1.5, -2.0], ">f4").tobytes()),
                           ("later/version", b"3\n"), ("later/.data/serialization_id", b"0" * 40)):
            z.writestr(zipfile.ZipInfo(name), data)
    (OUT / "later.pth").write_bytes(out.getvalue())


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    save("zip.pth", tensors())
    save("legacy.pth", tensors(), **OLD)
    save("protocol4.pth", tensors(), pickle_protocol=4)
    save("legacy4.pth", tensors(), pickle_protocol=4, **OLD)
    np.savez(OUT / "expected.npz", **{k: v.detach().double().numpy() for k, v in tensors().items()})
    save("nested.pth", nested())
    save("nested_legacy.pth", nested(), **OLD)
    save("pair.pth", {"encoder": {"fc.weight": torch.ones(1, 2)}, "heads": [{"bias": torch.zeros(2)}]})
    save("tensor.pth", torch.ones(2))
    save("evil.pth", {"w": Evil()})
    save("evil_legacy.pth", {"w": Evil()}, **OLD)
    save("module.pth", torch.nn.Linear(1, 1))
    save("no_tensors.pth", {"epoch": 3})
    save("complex.pth", {"w": torch.ones(1, dtype=torch.complex64)})
    (OUT / "plain_pickle.pth").write_bytes(pickle.dumps({"w": [1.0]}, protocol=2))
    save("parts.pth", parts())
    os_system()
    later()
