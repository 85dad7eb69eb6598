#!/usr/bin/env python3
"""Writes tests/golden/scores.inc: figures of small tables of logits by scikit-learn and, for the calibration error and
Brier's score, by NumPy.

Usage: python3 tests/golden/make_scores.py   (from the repository root; made with scikit-learn 1.9.1, NumPy 2.4.6)"""
import numpy as np
from sklearn import metrics

# samples, classes, how much the label's logit is lifted, which labels there are
CASES = [(40, 3, 1.0, 3), (200, 10, 2.0, 10), (60, 8, 0.5, 5), (25, 2, 0.0, 2), (300, 7, 6.0, 7)]
BINS = 15


def logits_of(n, k, lift, n_labels):
    i = np.arange(n * k, dtype=np.int64)
    x = (((i * i * 37 + i * 11) % 1009) / 252.0 - 2).astype(np.float32).reshape(n, k)
    j = np.arange(n, dtype=np.int64)
    label = (j * 7 + j * j // 3) % n_labels
    x[j, label] += np.float32(lift)
    return x, label


def ece_of(p, label):
    confidence, right = p.max(1), p.argmax(1) == label
    b = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = [abs(right[b == i].sum() - confidence[b == i].sum()) for i in range(BINS)]
    return sum(gaps) / len(label), np.bincount(b, minlength=BINS)


def figures(x, label, k):
    x = x.astype(np.float64)
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    guess = p.argmax(1)
    ece, counts = ece_of(p, label)
    macro = metrics.precision_recall_fscore_support(label, guess, average="macro", zero_division=0)
    top5 = metrics.top_k_accuracy_score(label, p, k=5, labels=np.arange(k)) if k > 5 else float("nan")
    values = [
        metrics.accuracy_score(label, guess), top5,
        metrics.balanced_accuracy_score(label, guess), macro[0], macro[1], macro[2],
        metrics.f1_score(label, guess, average="weighted", zero_division=0),
        metrics.log_loss(label, p, labels=np.arange(k)), ((p - np.eye(k)[label])**2).sum(1).mean(), ece, p.max(1).mean(),
    ]
    return values, counts, metrics.confusion_matrix(label, guess, labels=np.arange(k))


def text(v):
    return "NAN" if np.isnan(v) else f"{v:.12g}" if "." in f"{v:.12g}" else f"{v:.12g}.0"


if __name__ == "__main__":
    with open("tests/golden/scores.inc", "w") as f:
        f.write("/* Written by make_scores.py. { n, k, lift, n_labels, { accuracy, top5, balanced_accuracy, macro_precision,\n"
                " * macro_recall, macro_f1, weighted_f1, nll, brier, ece, confidence }, { samples by bin }, { confusion } } */\n")
        for case in CASES:
            n, k, lift, n_labels = case
            values, counts, confusion = figures(*logits_of(*case), k)
            f.write(f"{{ {n}, {k}, {lift}f, {n_labels},\n  {{ {', '.join(text(v) for v in values)} }},\n"
                    f"  {{ {', '.join(map(str, counts))} }},\n  {{ {', '.join(map(str, confusion.ravel()))} }} }},\n")
