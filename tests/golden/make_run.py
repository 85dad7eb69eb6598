#!/usr/bin/env python3
"""make_run.py DIR [kind]: an invented run directory with plausible curves, to look at its report.

kind: plain (the default), fallback, two (two classes), unlabelled, broken. Needs nothing but Python 3;
the same arguments give the same files.
"""
import base64
import json
import math
import os
import random
import sys

STEPS = 10000
FONT = {  # 5x7, a row per letter, a bit per column
    0: "0E 11 13 15 19 11 0E", 1: "04 0C 04 04 04 04 0E", 2: "0E 11 01 02 04 08 1F",
    3: "1F 02 04 02 01 11 0E", 4: "02 06 0A 12 1F 02 02", 5: "1F 10 1E 01 01 11 0E",
    6: "06 08 10 1E 11 11 0E", 7: "1F 01 02 04 08 08 08", 8: "0E 11 11 0E 11 11 0E",
    9: "0E 11 11 0F 01 02 0C",
}
rng = random.Random(7)


def rise(step, lo, hi, tau):
    return hi + (lo - hi) * math.exp(-step / tau)


def noise(s):
    return rng.gauss(0, s)


def clamp(v, lo=0.0, hi=1.0):
    return max(lo, min(hi, v))


def target_accuracy(step, kind):
    if kind == "fallback":
        return clamp(rise(step, 0.743, 0.36, 2500) + noise(0.01))
    late = 0.00001 * max(0, step - 9500)
    return clamp(rise(step, 0.743, 0.905, 2200) - late + noise(0.006))


def metrics(kind):
    lines = []
    for step in range(50, 4001, 50):
        lines.append({"stage": "source", "step": step,
                      "source.loss": max(0.004, 2.3 * math.exp(-step / 420) + 0.03 + noise(0.012)),
                      "source.accuracy": clamp(rise(step, 0.1, 0.992, 380) + noise(0.004))})
    marks = []
    for step in range(0, STEPS + 1, 50):
        if step > 0:
            lines.append({"stage": "adapt", "step": step,
                          "critic.loss": rise(step, 0.55, 0.682, 1800) + noise(0.02),
                          "critic.accuracy": clamp(rise(step, 0.93, 0.53, 2000) + noise(0.012)),
                          "target.loss": None if step == 5250 else rise(step, 1.6, 0.72, 1500) + noise(0.06)})
        if step % 500 == 0:
            acc = target_accuracy(step, kind)
            spoilt = 1 - acc
            marks.append((step, acc))
            line = {"stage": "adapt", "step": step}
            if kind != "unlabelled":
                line["target.accuracy"] = acc
                line["target.matched"] = acc if kind != "two" else max(acc, 1 - acc)
                line["target.swapped"] = 1 - acc if kind == "two" else None
            line.update({"signs.entropy": clamp(0.02 + 0.55 * spoilt + noise(0.004)),
                         "signs.diversity": clamp(0.985 - 0.1 * spoilt + noise(0.002)),
                         "signs.largest": clamp(0.11 + 0.2 * spoilt + noise(0.003)),
                         "signs.smallest": clamp(0.09 - 0.15 * spoilt + noise(0.003)),
                         "source_test.accuracy": clamp(0.989 - 0.000002 * step + noise(0.001))})
            line["signs.information"] = line["signs.diversity"] - line["signs.entropy"]
            lines.append(line)
    return lines, marks


def result(kind, marks):
    first, last = marks[0][1], marks[-1][1]
    chosen_step, chosen = (0, first) if kind == "fallback" else marks[-2]
    r = {"method": "adda", "recipe": "adda-mnist-usps", "run_dir": "runs/adda-mnist-usps-3", "seed": 3,
         "seconds": 754.2, "source_accuracy": 0.9893, "chosen_step": chosen_step, "last_step": STEPS, "target_count": 1800,
         "fell_back": kind == "fallback",
         "reason": "the most information among 11 steady candidates of the last half: 0.951 at step 9,500"}
    if kind == "fallback":
        r["reason"] = "every candidate after step 500 lost classes: the least predicted one has 0.8% of all"
    two = kind == "two"
    for suffix, count, known in (("", lambda a: a, True), ("_matched", lambda a: max(a, 1 - a) if two else a, True),
                                 ("_swapped", lambda a: 1 - a, two)):
        known = known and kind != "unlabelled"
        oracle_step, oracle = max(marks, key=lambda m: count(m[1]))
        for key, value in zip(("source_only", "last", "chosen", "oracle"), (first, last, chosen, oracle)):
            r[key + suffix] = count(value) if known else None
        r["oracle_step" + suffix] = oracle_step if known else None
    return r


def critic(kind):
    moments = []
    for step in range(0, STEPS + 1, 1000):
        apart = 2.2 * math.exp(-step / 2500) + 0.12 if step else 0.05
        counts = []
        for side in (-1, 1):
            bins = [0] * 20
            for _ in range(1000):
                p = 1 / (1 + math.exp(-(side * apart + noise(0.9 if step else 0.12))))
                bins[min(19, int(p * 20))] += 1
            counts.append(bins)
        moments.append({"step": step, "source": counts[0], "target": counts[1]})
    return {"bins": 20, "moments": moments}


def features(k):
    views = []
    for when in ("before", "last"):
        for domain in ("source", "target"):
            view = {"when": when, "domain": domain, "x": [], "y": [], "class": []}
            for i in range(700):
                c = i % k
                angle, spread = 2 * math.pi * c / k, 0.9
                cx, cy = 9 * math.cos(angle), 7 * math.sin(angle)
                if domain == "target" and when == "before":
                    cx, cy, spread = cx * 0.55 + 3, cy * 0.6 - 2.5, 1.5
                elif domain == "target":
                    spread = 1.1
                view["x"].append(round(cx + noise(spread), 4))
                view["y"].append(round(cy + noise(spread), 4))
                view["class"].append(c)
            views.append(view)
    return {"views": views}


def digit(d):
    rows = [int(v, 16) for v in FONT[d].split()]
    px = []
    for y in range(28):
        for x in range(28):
            r, c = (y - 3) // 3, (x - 6) // 3
            on = 0 <= r < 7 and 0 <= c < 5 and rows[r] >> (4 - c) & 1
            px.append(int(clamp((200 if on else 18) + noise(18), 0, 255)))
    return base64.b64encode(bytes(px)).decode()


def samples(k):
    out = []
    for i in range(32):
        d = rng.randrange(k)
        wrong = rng.random() < 0.28
        before = rng.randrange(k) if wrong else d
        last = d if rng.random() < 0.9 else before
        out.append({"index": rng.randrange(2007), "pixels": digit(d),
                    "before": {"class": before, "p": clamp(0.55 + 0.45 * rng.random() - 0.2 * wrong)},
                    "last": {"class": last, "p": clamp(0.8 + 0.2 * rng.random())}})
    return {"shape": [1, 28, 28], "classes": [str(i) for i in range(k)], "samples": out}


RECIPE = """# adda-mnist-usps.yaml, resolved
name: adda-mnist-usps
method: adda
seed: 3
source:
  format: idx
  images: data/mnist/train-images-idx3-ubyte.gz
  limit: 2000
target:
  format: idx
  images: data/usps/train-images.gz
  limit: 1800
adda:
  encoder: lenet
  critic_lr: 0.0002
  target_lr: 0.0002   # per update
  steps: 10000
"""


def main():
    where, kind = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "plain"
    k = 2 if kind == "two" else 10
    os.makedirs(os.path.join(where, "data"), exist_ok=True)

    def put(name, text):
        with open(os.path.join(where, name), "w", encoding="utf-8") as f:
            f.write(text if isinstance(text, str) else json.dumps(text) + "\n")

    lines, marks = metrics(kind)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    put("recipe.yaml", RECIPE)
    put("result.json", result(kind, marks))
    put("critic.json", critic(kind))
    put("features.json", features(k))
    put("samples.json", samples(k))
    put("versions.json", {"ferry": "0.1.0", "compiler": "gcc 12.2.0", "onednn": "2.6.3", "cpu": "x86-64 avx512"})
    put("data.json", {"source": {"text": "digits drawn with strokes, 28x28", "count": 2000, "source_sha256": "%064x" % 77},
                      "warnings": ["source and target differ in brightness: mean 0.13 and 0.25"]})
    for side, n in (("source", 2000), ("source_test", 1000), ("target", 1800), ("target_eval", 1800)):
        put("data/%s.json" % side, {"dataset": "%064x" % rng.getrandbits(256), "name": side, "n": n,
                                    "indices": list(range(n))})
    if kind == "broken":
        text = text.replace('"step": 1000', '"step": "ten"', 1) + '{"stage": "adapt", "st'
        put("critic.json", '{"bins": 20, "moments": [')
        put("features.json", {"views": [{"when": "<b>before</b>", "domain": 3}]})
    put("metrics.jsonl", text)


main()
