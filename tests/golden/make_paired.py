#!/usr/bin/env python3
"""Writes tests/golden/paired.inc: paired tests, intervals and Holm's correction by SciPy and statsmodels. The signed-rank
test with ties or zeros goes over all signs of the differences.

Usage: python3 tests/golden/make_paired.py   (from the repository root; made with SciPy 1.17.1, statsmodels 0.15.0)"""
import collections
import fractions

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

# In eighths and hundredths, so that ties are exact: arm, baseline, level.
CASES = [
    ([0.875, 0.75], [0.5, 0.625], 0.95),
    ([0.75, 0.875, 1.0], [0.5, 0.5, 0.5], 0.95),
    ([0.91, 0.93, 0.89, 0.95, 0.90], [0.88, 0.91, 0.90, 0.89, 0.83], 0.95),
    ([0.91, 0.93, 0.89, 0.95, 0.90], [0.88, 0.91, 0.90, 0.89, 0.83], 0.5),
    ([1.5, 2.25, 1.0, 3.5, 2.0, 0.5], [1.0, 2.25, 1.5, 1.5, 1.0, 0.75], 0.9),
    ([4, 1, 2, 8, 16, 32, 64, 128], [3, 2, 1, 7, 15, 31, 63, 127], 0.99),
    ([1e-3, 3e-3, 2e-3, 7e-3], [2e-3, 1e-3, 9e-3, 3e-3], 0.999),
    ([float(i * i % 37) for i in range(24)], [float(i * 7 % 31) + 0.375 for i in range(24)], 0.95),
    ([0.5 + i * i % 17 / 64 for i in range(16)], [0.25 + i * 5 % 13 / 64 for i in range(16)], 0.95),
]
TAILS = [(0.1, 1), (1, 1), (12.7, 1), (636.6, 1), (0.5, 2), (4.3, 2), (2.1, 3), (2.776, 4), (1e-6, 4), (9, 9), (2, 29.0), (40, 29),
         (1.96, 255), (7, 255)]
LEVELS = [(0.5, 1), (0.95, 1), (0.999, 1), (0.95, 2), (0.99, 4), (0.95, 9), (0.95, 29), (0.9999, 3), (0.95, 255)]
HOLM = [[0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.5], [0.02], [0.001, 0.9, 0.001, 0.2, 0.04], [1.0, 0.0]]


def signed_rank(d):
    """Over all signs, counted in whole numbers: twice the smaller tail."""
    d = d[d != 0]
    ranks = [int(2 * r) for r in stats.rankdata(np.abs(d))]
    w = sum(r for r, v in zip(ranks, d) if v > 0)
    sums = {0: 1}
    for r in ranks:
        new = collections.Counter(sums)
        for s, count in sums.items():
            new[s + r] += count
        sums = new
    below = sum(c for s, c in sums.items() if s <= w)
    above = sum(c for s, c in sums.items() if s >= w)
    p = min(1.0, float(fractions.Fraction(2 * min(below, above), 2**len(d))))
    if len(set(np.abs(d))) == len(d) > 0:
        assert abs(p - stats.wilcoxon(d, method="exact").pvalue) < 1e-12
    return p


def text(v):
    out = f"{v:.16g}"
    return out if any(c in out for c in ".e") else out + ".0"


def row(values):
    return "{ " + ", ".join(text(float(v)) for v in values) + " }"


if __name__ == "__main__":
    with open("tests/golden/paired.inc", "w") as f:
        f.write("/* Written by make_paired.py. */\n#ifdef WANT_CASES /* n, level, { arm }, { baseline }, mean, sd, low, high of the"
                " difference, t, p, p_wilcoxon */\n")
        for arm, base, level in CASES:
            a, b = np.array(arm), np.array(base)
            d = a - b
            d[np.abs(d) < 1e-12] = 0
            test = stats.ttest_rel(a, b)
            ci = test.confidence_interval(level)
            exact = np.round(d * 1e6) / 1e6  # ties that rounding has parted
            f.write(f"{{ {len(a)}, {level}, {row(a)},\n  {row(b)},\n  {text(d.mean())}, {text(d.std(ddof=1))}, {text(ci.low)}, "
                    f"{text(ci.high)}, {text(test.statistic)}, {text(test.pvalue)}, {text(signed_rank(exact))} }},\n")
        f.write("#endif\n#ifdef WANT_TAILS /* t, degrees of freedom, P(|T| > t) */\n")
        for t, v in TAILS:
            f.write(f"{{ {text(t)}, {text(v)}, {text(2 * stats.t.sf(t, v))} }},\n")
        f.write("#endif\n#ifdef WANT_LEVELS /* level, degrees of freedom, quantile */\n")
        for level, v in LEVELS:
            f.write(f"{{ {text(level)}, {text(v)}, {text(stats.t.isf((1 - level) / 2, v))} }},\n")
        f.write("#endif\n#ifdef WANT_HOLM /* n, { p }, { adjusted } */\n")
        for p in HOLM:
            f.write(f"{{ {len(p)}, {row(p)}, {row(multipletests(p, method='holm')[1])} }},\n")
        f.write("#endif\n")
