"""Makes fusions.inc: what fusions compute, in double, written from their definitions.

Values are functions of names and positions, those of make_models.py. The first sample has all three parts, of the second the
second part is missing, of the third all but the last.

    python make_fusions.py
"""
import math
import pathlib

import numpy as np

from make_models import fill, value

M, D, K, N, HEADS = 3, 8, 4, 3, 4
THERE = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 1]], dtype=np.float64)
HERE = pathlib.Path(__file__).parent


def linear(name, x, width):
    """fc with PyTorch's names."""
    w = value(name + ".weight", (width, x.shape[-1]))
    return x @ w.T + value(name + ".bias", (width,))


def or_neutral(v, m, neutral):
    there = THERE[:, m:m + 1]
    return v * there + (1 - there) * neutral


def head(f):
    return linear("head", f, K)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def concat(z):
    return head(np.concatenate([or_neutral(v, m, 0) for m, v in enumerate(z)], 1))


def summed(z):
    return head(sum(or_neutral(linear(f"part.{m}", v, D), m, 0) for m, v in enumerate(z)))


def gated(z):
    h = [linear(f"part.{m}", v, D) for m, v in enumerate(z)]
    h = [sigmoid(v) for v in h[:-1]] + h[-1:]
    return head(math.prod(or_neutral(v, m, 1) for m, v in enumerate(h)))


def film(z):
    f = or_neutral(linear(f"content.{M - 1}", z[-1], D), M - 1, 1)
    for m, v in enumerate(z[:-1]):
        f = (f * (1 + or_neutral(linear(f"scale.{m}", v, D), m, 0))
             + or_neutral(linear(f"shift.{m}", v, D), m, 0))
    return head(f)


def low_rank(z):
    return head(math.prod(linear(f"factor.{m}", or_neutral(v, m, 0), D) for m, v in enumerate(z)))


def norm(name, x):
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x * value(name + ".weight", (D,)) + value(name + ".bias", (D,))


def split(x):
    """[n, M, D] -> [n, heads, M, D / heads]"""
    return x.reshape(N, M, HEADS, D // HEADS).transpose(0, 2, 1, 3)


def attention(z):
    t = np.stack([linear(f"token.{m}", v, D) for m, v in enumerate(z)], 1)
    x = norm("norm1", t)
    query, key, seen = (split(linear(name, x, D)) for name in ("query", "key", "value"))
    scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(D // HEADS)
    weights = np.exp(scores - scores.max()) * THERE[:, None, None, :]
    weights /= weights.sum(-1, keepdims=True)
    t = t + linear("attended", (weights @ seen).transpose(0, 2, 1, 3).reshape(N, M, D), D)
    x = linear("mlp1", norm("norm2", t), 4 * D)
    t = t + linear("mlp2", x * sigmoid(1.702 * x), D)
    return head((t * THERE[:, :, None]).sum(1) / THERE.sum(1, keepdims=True))


def late(z):
    return sum(or_neutral(linear(f"head.{m}", v, K), m, 0) for m, v in enumerate(z))


FUSIONS = {"concat": concat, "sum": summed, "gated": gated, "film": film, "low_rank": low_rank,
           "attention": attention, "late": late}


def main():
    x = fill("x", (N, M, D + 1))
    z = [x[:, m, :D] for m in range(M)]
    rows = [f'{{ "fusion_{name}", {{ {", ".join(f"{v:.9g}" for v in f(z).flatten())} }} }},\n'
            for name, f in FUSIONS.items()]
    (HERE / "fusions.inc").write_text(
        f"/* Made by make_fusions.py with NumPy {np.__version__}. */\n/* clang-format off */\n"
        + "".join(rows))


if __name__ == "__main__":
    main()
