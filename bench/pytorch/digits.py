"""adda, supervised and distill: small networks on constant batches of 28x28."""
from collections import OrderedDict
from types import SimpleNamespace

from pytorch import nets
from pytorch.common import (Work, channels_last, halves, load_values, named_after, sgd, take_values,
                            training)

BATCH = 64


def encoder():
    """[n, 1, 28, 28] -> [n, 512]; Ferry's family digits_encoder."""
    from torch import nn
    return nn.Sequential(nn.Conv2d(1, 32, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Conv2d(32, 64, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Flatten(), nn.Linear(1024, 512))


def images():
    import torch
    return channels_last(torch.randn(BATCH, 1, 28, 28))


def adda_parts():
    w = SimpleNamespace(source=channels_last(encoder()).eval(), target=channels_last(encoder()),
                        critic=nets.critic(512, 512), xs=images(), xt=images(),
                        domains=halves(2 * BATCH, BATCH), inverted=halves(BATCH, BATCH))
    w.critic_sgd, w.target_sgd = sgd(w.critic.parameters()), sgd(w.target.parameters())
    return w


def adda_classic(_):
    import torch
    from torch.nn.functional import cross_entropy
    w = adda_parts()

    def step():
        features = torch.cat([w.source(w.xs), w.target(w.xt)]).detach()
        w.critic_sgd.zero_grad(set_to_none=True)
        cross_entropy(w.critic(features), w.domains).backward()
        w.critic_sgd.step()
        w.critic_sgd.zero_grad(set_to_none=True)
        w.target_sgd.zero_grad(set_to_none=True)
        cross_entropy(w.critic(w.target(w.xt)), w.inverted).backward()
        w.target_sgd.step()
    return Work(step, 2 * BATCH, None)


def adda_lean(_):
    import torch
    from torch.nn.functional import cross_entropy
    w = adda_parts()

    def step():
        with torch.no_grad():
            fs = w.source(w.xs)
        ft = w.target(w.xt)
        w.critic_sgd.zero_grad(set_to_none=True)
        cross_entropy(w.critic(torch.cat([fs, ft.detach()])), w.domains).backward()
        w.critic_sgd.step()
        w.target_sgd.zero_grad(set_to_none=True)
        w.critic.requires_grad_(False)
        cross_entropy(w.critic(ft), w.inverted).backward()
        w.critic.requires_grad_(True)
        w.target_sgd.step()
    return Work(step, 2 * BATCH, None)


def supervised(a):
    from torch import nn
    net = nn.Sequential(encoder(), nn.ReLU(inplace=True), nn.Linear(512, 2))
    return training(a, channels_last(net), images(), halves(BATCH, BATCH // 2))


def lenet():
    """[n, 1, 28, 28] -> [n, 10]; Ferry's family lenet."""
    from torch import nn
    return nn.Sequential(OrderedDict([
        ("conv1", nn.Conv2d(1, 20, 5)), ("pool1", nn.MaxPool2d(2)), ("relu1", nn.ReLU(inplace=True)),
        ("conv2", nn.Conv2d(20, 50, 5)), ("pool2", nn.MaxPool2d(2)), ("relu2", nn.ReLU(inplace=True)),
        ("flatten", nn.Flatten()), ("fc1", nn.Linear(800, 500)), ("relu3", nn.ReLU(inplace=True)),
        ("fc2", nn.Linear(500, 10))]))


def teacher_of(a, x, given):
    """What says the teacher's logits of x: rows kept before, a network, or nobody."""
    import torch
    if a.variant == "alone":
        return None
    if a.variant == "cached":
        kept = given["kept"] if given else torch.randn(256, 10)
        rows = torch.arange(BATCH) * 17
        return lambda step: kept[(rows + step * 37) % 256]
    net = channels_last(nets.cnn(10)).eval()
    if given:
        take_values(net, named_after("teacher.", given), a.values)
    if a.variant == "live-jit":
        with torch.no_grad():
            net = torch.jit.optimize_for_inference(torch.jit.trace(net, x))

    def says(_):
        with torch.no_grad():
            return net(x)
    return says


def distill(a):
    """0.9 tau^2 KL(T || S) + 0.1 CE, tau 4."""
    from torch.nn.functional import cross_entropy, kl_div, log_softmax
    given = load_values(a.values) if a.values else {}
    net, y = channels_last(lenet()), halves(BATCH, BATCH // 2)
    if given:
        take_values(net, named_after("student.", given), a.values)
    x = channels_last(given["x"]) if given else images()
    teacher, optimiser, steps, last = teacher_of(a, x, given), sgd(net.parameters()), [0], []

    def step():
        optimiser.zero_grad(set_to_none=True)
        logits = net(x)
        loss = cross_entropy(logits, y)
        if teacher:
            said = log_softmax(teacher(steps[0]) / 4, 1)
            soft = kl_div(log_softmax(logits / 4, 1), said, reduction="batchmean", log_target=True)
            loss = 0.1 * loss + 0.9 * 16 * soft
        loss.backward()
        optimiser.step()
        steps[0] += 1
        last[:] = [loss]
    return Work(step, BATCH, lambda: last[0].item())
