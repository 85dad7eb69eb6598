"""head10: a new head on a frozen ResNet-18 for a folder of pictures, ten epochs, the whole process.

  live      the usual loop: decoding and the backbone in every epoch
  cached    the features once, then epochs over them
            each with the backbone as it is (eager), or traced and frozen (jit)
"""
from types import SimpleNamespace

from pytorch import infer, nets
from pytorch.common import load_values, sgd, take_values
from pytorch.pictures import loader_of

BATCH, EPOCHS, CLASSES = 32, 10, 10


def networks(a):
    """The backbone's forward function, and the head that moves."""
    import torch
    net = nets.resnet18(CLASSES)
    if a.values:
        take_values(net, load_values(a.values), a.values)
    head, net.fc = net.fc, torch.nn.Identity()
    cut = SimpleNamespace(variant=a.variant.split("-")[1], bf16=a.bf16)
    forward, x = infer.prepared(cut, net.eval(), torch.randn(BATCH, 3, 224, 224))
    del x

    def features(x):
        if cut.variant != "jit" or a.bf16:
            x = x.contiguous(memory_format=torch.channels_last)
        return forward(x).float().clone()
    return features, head


def cached(features, loader):
    """All features once; each epoch in another order."""
    import torch
    kept = [(features(x), y) for x, y in loader]
    x, y = (torch.cat(parts) for parts in zip(*kept))

    def epoch(shuffle):
        order = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
        return ((x[rows], y[rows]) for rows in order.split(BATCH))
    return epoch


def begin(a, put):
    from torch.nn.functional import cross_entropy
    shuffle = not a.values
    features, head = networks(a)
    loader = loader_of(a.folder, BATCH, shuffle)
    optimiser, loss = sgd(head.parameters(), 1e-2), None
    epoch = cached(features, loader) if a.variant.startswith("cached") else \
        lambda _: ((features(x), y) for x, y in loader)
    for _ in range(EPOCHS):
        for x, y in epoch(shuffle):
            optimiser.zero_grad(set_to_none=True)
            loss = cross_entropy(head(x), y)
            loss.backward()
            optimiser.step()
    if a.values:
        put("last_result", loss.item())
