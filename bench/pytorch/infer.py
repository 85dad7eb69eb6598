"""resnet18-features and mobilenet-infer: evaluation mode, a constant batch.

  eager     channels_last under inference_mode
  jit       traced and frozen, batch norms folded; in f32 with oneDNN's own layouts
  compile   torch.compile, frozen
"""
from pytorch import nets
from pytorch.common import Work, channels_last, images, precision


def settle(a, net):
    """Running statistics as a trained network has them, so that no activation dies or grows."""
    import torch
    if not a.values:
        with torch.no_grad():
            net.train()(torch.randn(8, 3, 224, 224))


def traced(a, net, x):
    """optimize_for_inference is for f32; in some builds what it makes fails at its first run."""
    import torch

    def trace():
        return torch.jit.freeze(torch.jit.trace(net, x, check_trace=False))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.bf16,
                                         cache_enabled=False):
        run = trace()
        if a.bf16:
            return run
        try:
            run = torch.jit.optimize_for_inference(run)
            run(x)
            run(x)
        except RuntimeError:
            run = trace()
    return run


def compiled(net):
    import torch
    import torch._inductor.config as inductor
    inductor.freezing = True
    return torch.compile(net)


def prepared(a, net, x):
    """A callable without gradients, and the batch in the layout it likes."""
    import torch
    if a.variant != "jit" or a.bf16:
        net, x = channels_last(net), channels_last(x)
    run = {"eager": lambda: net, "jit": lambda: traced(a, net, x),
           "compile": lambda: compiled(net)}[a.variant]()

    def forward(batch):
        with torch.inference_mode() if a.variant == "eager" else torch.no_grad():
            with precision(a):
                return run(batch)
    return forward, x


def begin(a, net):
    x = images(a, net, (a.batch or 32, 3, 224, 224))
    settle(a, net)
    forward, x = prepared(a, net.eval(), x)
    last = []

    def step():
        last[:] = [forward(x)]
    return Work(step, len(x), lambda: last[0].float().abs().mean().item())


def resnet18(a):
    return begin(a, nets.resnet18(0))


def mobilenet(a):
    return begin(a, nets.mobilenet_v2(1000))
