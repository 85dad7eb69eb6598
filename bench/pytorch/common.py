"""What the workloads share: layouts, the optimiser, precision, and values that Ferry wrote."""
import contextlib
from collections import namedtuple

# step: a callable; n_images: that one step sees; result: reads what a step came to, to be compared
# with Ferry's, or None; more: what else is, by name.
Work = namedtuple("Work", "step n_images result more", defaults=({},))


def channels_last(thing):
    import torch
    return thing.to(memory_format=torch.channels_last)


def version():
    import torch
    return tuple(int(word) for word in torch.__version__.split("+")[0].split(".")[:2])


def sgd(parameters, lr=1e-3, weight_decay=0):
    """In one pass over all parameters where torch has that for processors."""
    import torch
    fused = {"fused": True} if version() >= (2, 4) else {}
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9, weight_decay=weight_decay, **fused)


def adam(parameters, lr=1e-3):
    import torch
    fused = {"fused": True} if version() >= (2, 4) else {}
    return torch.optim.Adam([p for p in parameters if p.requires_grad], lr=lr, **fused)


def precision(a):
    import torch
    if not a.bf16:
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def halves(n, n_first):
    """n_first zeros, then ones."""
    import torch
    return (torch.arange(n) >= n_first).long()


def spread(n, n_classes):
    """Sample i is of class 37 i, in the ring of the classes."""
    import torch
    return torch.arange(n) * 37 % n_classes


def load_values(path):
    """Name -> tensor, as Ferry wrote them."""
    import numpy
    import torch
    with numpy.load(path) as values:
        return {name: torch.from_numpy(values[name]) for name in values.files}


def named_after(prefix, values):
    """Those of one of several models."""
    return {name[len(prefix):]: v for name, v in values.items() if name.startswith(prefix)}


def take_values(net, state, path):
    lacking = net.load_state_dict(state, strict=False)
    missing = [name for name in lacking.missing_keys if not name.endswith(".num_batches_tracked")]
    if missing or lacking.unexpected_keys:
        raise SystemExit("peer: '%s' is of another network: %s" %
                         (path, ", ".join(missing + lacking.unexpected_keys)))


def moment(optimiser, parameter, state):
    """Reads what gradients have come to so far: the mean size of an optimiser's state, in thousandths."""
    return lambda: 1e3 * optimiser.state[parameter][state].abs().mean().item()


def learning(a, optimiser, losses, last):
    """A step of one backward pass. losses: the sum first, then what is to be compared; last gets them."""
    import torch
    if a.variant == "compile":
        losses = torch.compile(losses)

    def step():
        optimiser.zero_grad(set_to_none=True)
        with precision(a):
            found = losses()
        found[0].backward()
        optimiser.step()
        last[:] = found
    return step


def images(a, net, shape):
    """A constant batch. With --values, it and the network's values are those that Ferry wrote."""
    import torch
    if not a.values:
        return torch.randn(*shape)
    state = load_values(a.values)
    x = state.pop("x")
    take_values(net, state, a.values)
    return x


def training(a, net, x, y):
    """All of net moves: one SGD step on a constant batch."""
    from torch.nn.functional import cross_entropy
    optimiser, last = sgd(net.parameters()), []

    def step():
        optimiser.zero_grad(set_to_none=True)
        with precision(a):
            loss = cross_entropy(net(x), y)
        loss.backward()
        optimiser.step()
        last[:] = [loss]
    return Work(step, len(x), lambda: last[0].item())
