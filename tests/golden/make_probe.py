#!/usr/bin/env python3
"""Writes tests/golden/probe.inc: multinomial logistic regressions by scikit-learn, on features that the test draws with the same
whole-number formulas.

Usage: python3 tests/golden/make_probe.py   (from the repository root; made with scikit-learn 1.9.1)"""
import numpy as np
from sklearn.linear_model import LogisticRegression

# classes, samples to learn from, to test on, features, l2
CASES = [(2, 40, 30, 3, 0.1), (3, 60, 40, 5, 0.01), (5, 120, 80, 6, 1e-3), (10, 300, 100, 12, 1e-4), (4, 80, 60, 4, 1.0)]


def draw(k, n, d, first):
    """Quarters, so that f32 holds them: a pattern of the class, and what hashes of the numbers add."""
    i = np.arange(first, first + n)
    y = i * 7 % 11 * (i % 5 + 1) % k
    x = np.empty((n, d))
    for j in range(d):
        x[:, j] = (y * (j + 3) % 7 + (i * i * (j + 1) + 31 * i * j) % 23) / 4 - 3
    return x.astype(np.float64), y


with open("tests/golden/probe.inc", "w") as f:
    f.write("/* Written by make_probe.py: classes, n_train, n_test, features, l2, loss, accuracy, train accuracy. */\n")
    for k, n, m, d, l2 in CASES:
        x, y = draw(k, n, d, 0)
        tx, ty = draw(k, m, d, n)
        model = LogisticRegression(C=1 / (l2 * n), solver="newton-cg" if k > 2 else "newton-cholesky", tol=1e-12, max_iter=100000)
        model.fit(x, y)
        w = model.coef_
        # Two classes have one row there; two rows of half its size are the same model with half of the penalty.
        if k == 2:
            model = LogisticRegression(C=2 / (l2 * n), solver="newton-cholesky", tol=1e-12, max_iter=100000).fit(x, y)
            w = np.vstack([-model.coef_ / 2, model.coef_ / 2])
        p = model.predict_proba(x)
        loss = -np.log(p[np.arange(n), y]).mean() + l2 / 2 * (w**2).sum()
        f.write("{ %d, %d, %d, %d, %r, %r, %r, %r },\n" % (k, n, m, d, l2, float(loss), float(model.score(tx, ty)),
                                                           float(model.score(x, y))))
