#!/usr/bin/env python3
"""Writes optim.inc: what PyTorch's optimisers do to two small parameters in six steps.

    python3 tests/golden/optim.py > tests/golden/optim.inc

Everything is computed in double from settings rounded to float, as Ferry holds them, so that the reference
device agrees to the last digits. Gradients are fed, not derived. Made with PyTorch 1.13.
"""
import struct
import torch

torch.set_default_dtype(torch.float64)
STEPS = 6


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


# name, why, rule, lr of a, lr of b, settings, clip_norm
CASES = [
    ("sgd", "the bare step", "sgd", 0.1, 0.1, {}, 0),
    ("sgd, momentum", "the first step moves by the gradient", "sgd", 0.1, 0.1, {"momentum": 0.9}, 0),
    ("sgd, nesterov", "looks ahead", "sgd", 0.05, 0.05, {"momentum": 0.9, "nesterov": True}, 0),
    ("sgd, decay", "L2 enters the momentum", "sgd", 0.1, 0.1, {"momentum": 0.5, "weight_decay": 0.125}, 0),
    ("sgd, clipped", "the whole gradient's norm counts", "sgd", 0.1, 0.1, {"momentum": 0.9}, 1.5),
    ("sgd, clipped and decay", "clipping comes before decay", "sgd", 0.1, 0.1, {"weight_decay": 0.25}, 1.0),
    ("sgd, two groups", "each parameter at its own rate", "sgd", 0.1, 0.001, {"momentum": 0.9}, 0),
    ("adam", "bias correction", "adam", 0.01, 0.01, {}, 0),
    ("adam, other betas", "short memory", "adam", 0.02, 0.02, {"beta1": 0.5, "beta2": 0.75}, 0),
    ("adam, decay", "decay enters the moments", "adam", 0.01, 0.01, {"weight_decay": 0.125}, 0),
    ("adam, large eps", "eps stands outside the root", "adam", 0.01, 0.01, {"eps": 0.5}, 0),
    ("adam, clipped, two groups", "everything at once", "adam", 0.01, 0.1, {"weight_decay": 0.01}, 0.75),
    ("adamw", "decay stays out of the moments", "adamw", 0.01, 0.01, {}, 0),
    ("adamw, decay", "a decay that shows", "adamw", 0.05, 0.01, {"weight_decay": 0.5}, 0),
    ("adagrad", "steps shrink", "adagrad", 0.1, 0.1, {}, 0),
    ("adagrad, decay", "decay enters the sum", "adagrad", 0.1, 0.05, {"weight_decay": 0.125}, 0),
]
STATES = {"sgd": ["momentum_buffer"], "adam": ["exp_avg", "exp_avg_sq"],
          "adamw": ["exp_avg", "exp_avg_sq"], "adagrad": ["sum"]}
SETTINGS = ["momentum", "weight_decay", "beta1", "beta2", "eps"]
DEFAULTS = {"sgd": {}, "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
            "adamw": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
            "adagrad": {"eps": 1e-10}}


class Stream:
    """Multiples of 1/64 in [-2, 2): exact in float."""

    def __init__(self, seed):
        self.x = seed

    def tensor(self, *shape):
        n = 1
        for d in shape:
            n *= d
        out = []
        for _ in range(n):
            self.x = (self.x * 1103515245 + 12345) % 2**31
            out.append(((self.x >> 16) % 256 - 128) / 64)
        return torch.tensor(out).reshape(shape)


def make(rule, groups, s):
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
            "adagrad": torch.optim.Adagrad}[rule]
    s = {k: v if isinstance(v, bool) else f32(v) for k, v in s.items()}
    if "beta1" in s:
        s["betas"] = (s.pop("beta1"), s.pop("beta2"))
    return kind(groups, lr=groups[0]["lr"], **s)


def number(x):
    """A float constant of C."""
    s = "%.9g" % x
    return s + ("f" if "." in s or "e" in s else ".0f")


def row(v):
    return "{ " + ", ".join("%.17g" % x for x in v) + " }"


def main():
    r = Stream(7)
    a0, b0 = r.tensor(4), r.tensor(2, 3)
    grads = [(r.tensor(4), r.tensor(2, 3)) for _ in range(STEPS)]
    print("/* Written by optim.py with PyTorch %s; do not edit. */" % torch.__version__)
    print("enum { GOLDEN_STEPS = %d, GOLDEN_A = 4, GOLDEN_B = 6, GOLDEN_ALL = 10 };" % STEPS)
    print("/* a [4], then b [2, 3] */")
    print("static const float golden_start[GOLDEN_ALL] = %s;"
          % row(torch.cat([a0, b0.flatten()]).tolist()))
    print("static const float golden_gradients[GOLDEN_STEPS][GOLDEN_ALL] = {")
    for ga, gb in grads:
        print("    %s," % row(torch.cat([ga, gb.flatten()]).tolist()))
    print("};\n")
    print("static const struct golden_case {")
    print("    const char *name, *why, *rule;")
    print("    float lr_a, lr_b, momentum, weight_decay, beta1, beta2, eps, clip_norm;")
    print("    bool nesterov;")
    print("    int n_states;")
    print("    double after[GOLDEN_STEPS][GOLDEN_ALL];")
    print("    double states[2][GOLDEN_ALL]; /* after the last step */")
    print("} golden_cases[] = {")
    for name, why, rule, lr_a, lr_b, changed, clip in CASES:
        s = dict(DEFAULTS[rule], **changed)
        a, b = a0.clone().requires_grad_(), b0.clone().requires_grad_()
        groups = [{"params": [a], "lr": f32(lr_a)}, {"params": [b], "lr": f32(lr_b)}]
        opt = make(rule, groups, s)
        kept = [w for w in STATES[rule] if rule != "sgd" or s.get("momentum")]
        numbers = [lr_a, lr_b] + [s.get(k, 0) for k in SETTINGS] + [clip]
        print('    { "%s", "%s", "%s", %s, %s, %d,'
              % (name, why, rule, ", ".join(map(number, numbers)),
                 "true" if s.get("nesterov") else "false", len(kept)))
        print("      {")
        for ga, gb in grads:
            a.grad, b.grad = ga.clone(), gb.clone()
            if clip:
                torch.nn.utils.clip_grad_norm_([a, b], f32(clip))
            opt.step()
            print("          %s," % row(torch.cat([a, b.flatten()]).tolist()))
        print("      },")
        states = [row(torch.cat([opt.state[p][w].flatten() for p in (a, b)]).tolist()) for w in kept]
        print("      { %s } }," % (", ".join(states) or "{ 0 }"))
    print("};")


main()
