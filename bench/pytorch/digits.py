"""adda, supervised and distill: small networks on constant batches of 28x28."""
from types import SimpleNamespace

from pytorch import nets
from pytorch.common import Work, channels_last, halves, sgd, training

BATCH = 64


def encoder():
    """[n, 1, 28, 28] -> [n, 512]; Ferry's family digits_encoder."""
    from torch import nn
    return nn.Sequential(nn.Conv2d(1, 32, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Conv2d(32, 64, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Flatten(), nn.Linear(1024, 512))


def critic():
    """[n, 512] -> [n, 2]; Ferry's family critic."""
    from torch import nn
    return nn.Sequential(nn.Linear(512, 512), nn.ReLU(inplace=True), nn.Linear(512, 512),
                         nn.ReLU(inplace=True), nn.Linear(512, 2))


def images():
    import torch
    return channels_last(torch.randn(BATCH, 1, 28, 28))


def adda_parts():
    w = SimpleNamespace(source=channels_last(encoder()).eval(), target=channels_last(encoder()),
                        critic=critic(), xs=images(), xt=images(),
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
    return nn.Sequential(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.ReLU(inplace=True),
                         nn.Flatten(), nn.Linear(800, 500), nn.ReLU(inplace=True),
                         nn.Linear(500, 10))


def teacher_of(a, x):
    """What says the teacher's logits of x: rows kept before, a network, or nobody."""
    import torch
    if a.variant == "alone":
        return None
    if a.variant == "cached":
        kept = torch.randn(256, 10)
        rows = torch.arange(BATCH) * 17
        return lambda step: kept[(rows + step * 37) % 256]
    net = channels_last(nets.cnn(10)).eval()
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
    net, x, y = channels_last(lenet()), images(), halves(BATCH, BATCH // 2)
    teacher, optimiser, steps = teacher_of(a, x), sgd(net.parameters()), [0]

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
    return Work(step, BATCH, None)
