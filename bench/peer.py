#!/usr/bin/env python3
"""The PyTorch side of the comparison: one workload a run, and the same figures as Ferry's program,
one JSON line each: steps_per_s and images_per_s (median over timed blocks), startup_s (process start
until the first step is done), peak_rss_mib.

  peer.py WORKLOAD --variant NAME   a way to write it; the first is what most people do
  peer.py adda --variant lean       pytorch/digits.py: what each does
  peer.py resnet18-train --bf16     pytorch/train.py
  peer.py resnet18-features         pytorch/infer.py
  peer.py dgl                       pytorch/dgl.py
  peer.py dann                      pytorch/carry.py; dann, cdan, mcd, mmd .py
  peer.py jpeg, peer.py head10      pytorch/pictures.py, pytorch/head10.py

PyTorch 1.13 and 2.x. It gets every setting known to make it faster here; docs/benchmarks.md lists
them. bench/compare.py runs this file in turn with Ferry's side.
"""
import argparse
import json
import resource
import statistics
import time

from pytorch import (carry, cdan, dann, dgl, digits, distill_whole, head10, infer, jpeg, mcd, mmd, process,
                     train)

INFER = ("eager", "jit", "compile")
TRAIN = ("eager", "compile")

# Workload -> how it begins, by variant; the first is the default.
WORKLOADS = {
    "adda": {"classic": digits.adda_classic, "lean": digits.adda_lean},
    "supervised": {"classic": digits.supervised},
    "distill": dict.fromkeys(("cached", "live", "live-jit", "alone"), digits.distill),
    "resnet18-train": dict.fromkeys(TRAIN, train.resnet18),
    "mobilenet-train": dict.fromkeys(TRAIN, train.mobilenet),
    "cnn-train": dict.fromkeys(TRAIN, train.cnn),
    "resnet18-features": dict.fromkeys(INFER, infer.resnet18),
    "mobilenet-infer": dict.fromkeys(INFER, infer.mobilenet),
    "joint": dict.fromkeys(("eager", "plain", "compile"), dgl.joint),
    "dgl": dict.fromkeys(dgl.WAYS, dgl.dgl),
    "dgl-unique": dict.fromkeys(dgl.WAYS, dgl.dgl_unique),
    "dann": dict.fromkeys(carry.WAYS, dann.begin),
    "cdan": dict.fromkeys(carry.CLASSIC, cdan.begin),
    "mcd": dict.fromkeys(carry.CLASSIC, mcd.begin),
    "mmd": dict.fromkeys(carry.CLASSIC, mmd.begin),
    "jpeg": dict.fromkeys(("pillow", "tensor"), jpeg.begin),
}

# The same for what is no sequence of equal steps: the whole process is timed from outside.
WHOLE = {
    "head10": dict.fromkeys(("live-eager", "live-jit", "cached-eager", "cached-jit"),
                            head10.begin),
    "distill-whole": dict.fromkeys(("eager", "compile"), distill_whole.begin),
}


# ---- measuring, as bench.c does ----------------------------------------------------------------

def median_rate(step, a):
    """Steps per second: warm up for one and a half blocks, then the median of the timed ones."""
    start, n = time.monotonic(), 0
    while n < min(3, a.blocks) or time.monotonic() - start < 1.5 * a.block_s:
        step()
        n += 1
    reps = 1 + int(a.block_s * n / (time.monotonic() - start))
    rates = []
    for _ in range(a.blocks):
        start = time.monotonic()
        for _ in range(reps):
            step()
        rates.append(reps / (time.monotonic() - start))
    return statistics.median(rates)


def put_results(work, which, put):
    put(which + "_result", work.result())
    for name, read in work.more.items():
        put("%s_%s_result" % (which, name), read())


def compare_results(work, put):
    """Of the first step, which sees the values as they were, and the second, which sees the update."""
    put_results(work, "first", put)
    work.step()
    put_results(work, "second", put)


def measure_steps(a, put):
    work = WORKLOADS[a.workload][a.variant](a)
    work.step()
    if a.spawned:
        put("startup_s", 1e-9 * (time.monotonic_ns() - a.spawned))
    if a.values and work.result:
        compare_results(work, put)
    elif not a.first:
        rate = median_rate(work.step, a)
        put("steps_per_s", rate)
        put("images_per_s", rate * work.n_images)


def measure(a, put):
    if a.workload in WHOLE:
        WHOLE[a.workload][a.variant](a, put)
    else:
        measure_steps(a, put)
    put("peak_rss_mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    workloads = {**WORKLOADS, **WHOLE}
    p.add_argument("workload", choices=list(workloads))
    p.add_argument("--variant", help="; ".join(
        "%s: %s" % (name, ", ".join(ways)) for name, ways in workloads.items()))
    p.add_argument("--bf16", action="store_true", help="autocast to bf16")
    p.add_argument("--batch", type=int, help="images of a step")
    p.add_argument("--folder", metavar="PATH", help="of pictures: for head10 and jpeg")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--blocks", type=int, default=7, help="timed blocks")
    p.add_argument("--block-s", type=float, default=1.0, metavar="S", help="seconds a block")
    p.add_argument("--first", action="store_true", help="stop after the first step")
    p.add_argument("--spawned", type=int, metavar="NS",
                   help="the parent's monotonic clock when it started this process")
    p.add_argument("--values", metavar="FILE",
                   help="begin with the values and images that Ferry wrote there, and give the "
                   "first two steps' results")
    a = p.parse_args()
    ways = workloads[a.workload]
    a.variant = a.variant or next(iter(ways))
    if a.workload in ("head10", "jpeg") and not a.folder:
        p.error("%s needs pictures; add --folder PATH" % a.workload)
    if a.variant not in ways:
        p.error("%s has no variant '%s'; expected one of %s"
                % (a.workload, a.variant, ", ".join(ways)))
    return a


def main():
    a = arguments()
    blas = process.prepare(a.threads)
    import torch
    base = {"workload": a.workload, "system": "pytorch", "version": torch.__version__}

    def put(metric, value):
        print(json.dumps({**base, "metric": metric, "value": float("%.9g" % value),
                          "variant": a.variant, "threads": a.threads, "blas": blas}), flush=True)
    measure(a, put)


if __name__ == "__main__":
    main()
