#!/usr/bin/env python3
"""The PyTorch side of the comparison: one workload a run, constant synthetic batches, and the same
figures as bench.c, one JSON line each: steps_per_s and images_per_s (median over timed blocks),
startup_s (process start until the first step is done), peak_rss_mib.

  peer.py adda --variant classic   the usual loop: target features computed twice a step, gradients
                                   into everything that can be reached
  peer.py adda --variant lean      the same updates, nothing computed that they do not need: one
                                   target forward, no gradients into the frozen encoder, nor into
                                   the critic during the encoder's step
  peer.py supervised               encoder and classifier, plain SGD step

PyTorch 1.13 and 2.x. It gets every setting known to make it faster here; docs/benchmarks.md lists
them. bench/compare.py runs this file in turn with Ferry's side.
"""
import argparse
import ctypes
import glob
import importlib.util
import json
import os
import resource
import statistics
import time
from types import SimpleNamespace

BATCH = 64
BLOCKS = 7
IMAGE = (BATCH, 1, 28, 28)


# ---- before torch is loaded --------------------------------------------------------------------

def keep_memory():
    """glibc gives freed tensors back to the system and faults them in again, each step anew."""
    m_trim_threshold, m_top_pad, m_mmap_max = -1, -2, -4
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return
    libc.mallopt(m_mmap_max, 0)
    libc.mallopt(m_trim_threshold, (1 << 31) - 1)
    libc.mallopt(m_top_pad, 64 << 20)


def has_avx512():
    """What ATen itself asks for before it takes these kernels."""
    wanted = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"}
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            return any(wanted <= set(line.split()) for line in f if line.startswith("flags"))
    except OSError:
        return False


def is_distribution_torch():
    spec = importlib.util.find_spec("torch")
    return bool(spec and spec.origin and spec.origin.startswith("/usr/lib/python3/"))


def use_openmp_blas():
    """The distribution's torch takes the default OpenBLAS, whose own threads fight with OpenMP's
    for the cores. The OpenMP build, loaded first, is what torch then binds to. Wheels bring their
    own BLAS."""
    if not is_distribution_torch():
        return "own"
    found = "default"
    for folder in glob.glob("/usr/lib/*/openblas-openmp"):
        for name in ("libopenblas.so.0", "libblas.so.3", "liblapack.so.3"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
                found = "openmp"
    return found


def prepare(threads):
    """All fairness settings that belong to the process; returns which BLAS is in use."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    if has_avx512():
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512")
    keep_memory()
    blas = use_openmp_blas()
    import torch
    torch.set_flush_denormal(True)  # first: threads inherit it when they are started
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    return blas


# ---- workloads ---------------------------------------------------------------------------------

def encoder():
    """[n, 1, 28, 28] -> [n, 512]; Ferry's family digits_encoder."""
    from torch import nn
    return nn.Sequential(nn.Conv2d(1, 32, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Conv2d(32, 64, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Flatten(), nn.Linear(1024, 512))


def critic():
    """[n, 512] -> [n, 2]; Ferry's family critic."""
    from torch import nn
    return nn.Sequential(nn.Linear(512, 512), nn.ReLU(inplace=True), nn.Linear(512, 512),
                         nn.ReLU(inplace=True), nn.Linear(512, 2))


def channels_last(thing):
    import torch
    return thing.to(memory_format=torch.channels_last)


def images():
    import torch
    return channels_last(torch.randn(*IMAGE))


def sgd(model):
    import torch
    return torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)


def labels(n, n_first):
    """n_first zeros, then ones."""
    import torch
    return (torch.arange(n) >= n_first).long()


def adda_parts():
    w = SimpleNamespace(source=channels_last(encoder()).eval(), target=channels_last(encoder()),
                        critic=critic(), xs=images(), xt=images(),
                        domains=labels(2 * BATCH, BATCH), inverted=labels(BATCH, BATCH))
    w.critic_sgd, w.target_sgd = sgd(w.critic), sgd(w.target)
    return w


def adda_classic():
    import torch
    from torch.nn.functional import cross_entropy
    w = adda_parts()

    def step():
        features = torch.cat([w.source(w.xs), w.target(w.xt)]).detach()
        w.critic_sgd.zero_grad(set_to_none=True)
        cross_entropy(w.critic(features), w.domains).backward()
        w.critic_sgd.step()
        w.critic_sgd.zero_grad(set_to_none=True)
        w.target_sgd.zero_grad(set_to_none=True)
        cross_entropy(w.critic(w.target(w.xt)), w.inverted).backward()
        w.target_sgd.step()
    return step, 2 * BATCH


def adda_lean():
    import torch
    from torch.nn.functional import cross_entropy
    w = adda_parts()

    def step():
        with torch.no_grad():
            fs = w.source(w.xs)
        ft = w.target(w.xt)
        w.critic_sgd.zero_grad(set_to_none=True)
        cross_entropy(w.critic(torch.cat([fs, ft.detach()])), w.domains).backward()
        w.critic_sgd.step()
        w.target_sgd.zero_grad(set_to_none=True)
        w.critic.requires_grad_(False)
        cross_entropy(w.critic(ft), w.inverted).backward()
        w.critic.requires_grad_(True)
        w.target_sgd.step()
    return step, 2 * BATCH


def supervised():
    from torch import nn
    from torch.nn.functional import cross_entropy
    net = channels_last(nn.Sequential(encoder(), nn.ReLU(inplace=True), nn.Linear(512, 2)))
    optimiser, x, y = sgd(net), images(), labels(BATCH, BATCH // 2)

    def step():
        optimiser.zero_grad(set_to_none=True)
        cross_entropy(net(x), y).backward()
        optimiser.step()
    return step, BATCH


WORKLOADS = {
    ("adda", "classic"): adda_classic,
    ("adda", "lean"): adda_lean,
    ("supervised", "classic"): supervised,
}


# ---- measuring, as bench.c does ----------------------------------------------------------------

def median_rate(step, block_s):
    """Steps per second: warm up for one and a half blocks, then the median of the timed ones."""
    start, n = time.monotonic(), 0
    while n < 3 or time.monotonic() - start < 1.5 * block_s:
        step()
        n += 1
    reps = 1 + int(block_s * n / (time.monotonic() - start))
    rates = []
    for _ in range(BLOCKS):
        start = time.monotonic()
        for _ in range(reps):
            step()
        rates.append(reps / (time.monotonic() - start))
    return statistics.median(rates)


def measure(a, put):
    step, n_images = WORKLOADS[a.workload, a.variant]()
    step()
    if a.spawned:
        put("startup_s", 1e-9 * (time.monotonic_ns() - a.spawned))
    if not a.first:
        rate = median_rate(step, a.block_s)
        put("steps_per_s", rate)
        put("images_per_s", rate * n_images)
    put("peak_rss_mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("workload", choices=["adda", "supervised"])
    p.add_argument("--variant", choices=["classic", "lean"], default="classic", help="of adda")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--block-s", type=float, default=1.0, metavar="S", help="seconds a block")
    p.add_argument("--first", action="store_true", help="stop after the first step")
    p.add_argument("--spawned", type=int, metavar="NS",
                   help="the parent's monotonic clock when it started this process")
    a = p.parse_args()
    if a.workload == "supervised":
        a.variant = "classic"
    return a


def main():
    a = arguments()
    blas = prepare(a.threads)
    import torch
    base = {"workload": a.workload, "system": "pytorch", "version": torch.__version__}

    def put(metric, value):
        print(json.dumps({**base, "metric": metric, "value": round(value, 4),
                          "variant": a.variant, "threads": a.threads, "blas": blas}), flush=True)
    measure(a, put)


if __name__ == "__main__":
    main()
