#!/usr/bin/env python3
"""Writes tests/golden/validate.inc: what two validators say of a target that has moved, on samples that the test draws with the same
whole-number formulas: deep embedded validation (You et al. 2019, equations 5 to 8) and reverse validation (Zhong et al. 2010), both by
logistic regressions that Newton's method brings to their minima.

Usage: python3 tests/golden/make_validate.py   (from the repository root; made with NumPy 2.4.6)"""
import numpy as np

K, D, L2, GRADIENT = 3, 2, 1e-2, 1e-3
# samples of the source, of the target; by how many quarters the target has moved
CASES = [(50, 40, 5), (40, 90, 4), (70, 40, -4)]


def draw(n, salt, shift):
    """Features in quarters, so that f32 holds them, labels, and what the model says: wrong more often on the right."""
    i = np.arange(n, dtype=np.int64)
    y = i * 7 % 11 % K
    quarters = np.stack([y * (j + 3) % 5 * 4 + (i * i * (j + 2) + salt * i + 31 * i * j) % 23 for j in range(D)], 1)
    wrong = quarters[:, 0] > 15 + i * 5 % 17
    return (quarters + shift * np.array([1, 0])) * np.array([1, 4]) / 4.0, y, np.where(wrong, (y + 1) % K, y)


def standardise(of, by):
    return (of - by.mean(0)) / by.std(0)


def newton(x, y, k):
    """argmin_w  mean -log softmax(x w)_y + l2 / 2 |w|^2 with a bias that is not punished, and the Hessian there."""
    a, one = np.hstack([x, np.ones((len(x), 1))]), np.eye(k)[y]
    m = a.shape[1]
    w, weight = np.zeros((k, m)), np.tile(np.r_[np.full(m - 1, L2), 0], k)
    for _ in range(100):
        p = np.exp(a @ w.T - (a @ w.T).max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        slope = ((p - one).T @ a / len(x)).ravel() + weight * w.ravel()
        inner = p[:, :, None] * (np.eye(k)[None] - p[:, None, :])
        hessian = np.einsum("nab,ni,nj->aibj", inner, a, a).reshape(k * m, k * m) / len(x) + np.diag(weight)
        if abs(slope).max() < 1e-14:
            break
        w -= (np.linalg.pinv(hessian) @ slope).reshape(k, m)
    assert abs(slope).max() < 1e-12
    return w, hessian


def risk_by(u, x, loss, prior):
    """u: the difference of the two classes' weights."""
    w = prior * np.exp(x @ u[:-1] + u[-1])
    eta = -np.cov(w * loss, w, bias=True)[0, 1] / w.var()
    return (w * loss).mean() + eta * w.mean() - eta


def risk(s, t):
    """The value, and by how much it may be off where the slope of the regression is at most GRADIENT."""
    both = standardise(np.vstack([s[0], t[0]]), np.vstack([s[0], t[0]]))
    w, hessian = newton(both, np.repeat([0, 1], [len(s[0]), len(t[0])]), 2)
    u, x, loss, prior = w[1] - w[0], both[:len(s[0])], (s[1] != s[2]).astype(float), len(s[0]) / len(t[0])
    steps = 1e-6 * np.eye(D + 1)
    slope = np.array([risk_by(u + e, x, loss, prior) - risk_by(u - e, x, loss, prior) for e in steps]) / 2e-6
    off = GRADIENT * abs(np.linalg.pinv(hessian) @ np.r_[-slope, slope]).sum()
    return risk_by(u, x, loss, prior), off


def reverse(t, said, s, y):
    """The accuracy on s of what learns t, and how near the nearest sample lies to a border."""
    w, _ = newton(standardise(t, t), said, K)
    scores = np.hstack([standardise(s, t), np.ones((len(s), 1))]) @ w.T
    order = np.sort(scores, 1)
    return (scores.argmax(1) == y).mean(), (order[:, -1] - order[:, -2]).min()


if __name__ == "__main__":
    with open("tests/golden/validate.inc", "w") as f:
        f.write("/* Written by make_validate.py: samples of the source, of the target, shift, risk, how far off it may be, reverse. */\n")
        for n, m, shift in CASES:
            s, t = draw(n, 3, 0), draw(m, 10, shift)
            value, off = risk(s, t)
            back, room = reverse(t[0], t[2], s[0], s[1])
            assert room > 0.03, "a sample so near to a border that the optimiser would decide"
            assert back != reverse(s[0], s[1], t[0], t[2])[0]
            f.write(f"{{ {n}, {m}, {shift}, {value:.9g}, {off:.2g}, {back:.9g} }},\n")
