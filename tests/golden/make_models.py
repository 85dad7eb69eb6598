"""Makes models.inc and model_training.inc: what PyTorch's model families compute, and how they learn.

Weights, inputs and labels are functions of names and positions, written down here and again in
tests/unit/test_model_golden.c, so that only results are kept.

    pip install torch torchvision && python make_models.py
"""

import math
import pathlib

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

N_CLASSES = 10
HERE = pathlib.Path(__file__).parent


def fill(name, shape):
    """Numbers in [-1, 1) from 24 bits each: exact in float32, the same everywhere."""
    seed = 2166136261
    for c in name.encode():
        seed = (seed ^ c) * 16777619 & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.arange(math.prod(shape), dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return ((x >> np.uint32(8)).astype(np.float64) / 2**23 - 1).reshape(shape)


def value(name, shape):
    """He's variance for weights; statistics and scales around where training puts them."""
    v = fill(name, shape)
    leaf = name.rsplit(".", 1)[-1]
    if len(shape) > 1:
        return math.sqrt(6 / math.prod(shape[1:])) * v
    if leaf == "weight":
        return 1 + 0.2 * v
    if leaf == "running_var":
        return 1 + 0.3 * v
    return 0.1 * v


def fill_model(m):
    for name, p in m.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            p.copy_(torch.from_numpy(value(name, tuple(p.shape))))
    return m


class Cnn(nn.Module):
    def __init__(self, c, side, hidden):
        super().__init__()
        conv = lambda i, o: nn.Conv2d(i, o, 3, padding=1)
        pool = lambda: nn.MaxPool2d(2, 2)
        self.features = nn.Sequential(
            conv(c, 64), nn.ReLU(), pool(), conv(64, 128), nn.ReLU(), pool(),
            conv(128, 256), nn.ReLU(), conv(256, 256), nn.ReLU(), pool())
        self.classifier = nn.Module()
        self.classifier.fc1 = nn.Linear(256 * (side // 8) ** 2, hidden)
        self.classifier.fc2 = nn.Linear(hidden, N_CLASSES)

    def forward(self, x):
        x = F.relu(self.classifier.fc1(self.features(x).flatten(1)))
        return self.classifier.fc2(x)


class CifarBlock(nn.Module):
    def __init__(self, c, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.pad = planes // 4 if stride != 1 or c != planes else 0

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.pad:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    def __init__(self, n):
        super().__init__()
        stage = lambda c, planes, stride: nn.Sequential(
            *[CifarBlock(planes if k else c, planes, 1 if k else stride) for k in range(n)])
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1, self.layer2 = stage(16, 16, 1), stage(16, 32, 2)
        self.layer3 = stage(32, 64, 2)
        self.linear = nn.Linear(64, N_CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class M5(nn.Module):
    def __init__(self, c, n):
        super().__init__()
        self.conv1 = nn.Conv1d(c, n, 80, 4, 38, bias=False)
        self.bn1 = nn.BatchNorm1d(n)
        self.conv2 = nn.Conv1d(n, n, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm1d(n)
        self.conv3 = nn.Conv1d(n, 2 * n, 3, 1, 1, bias=False)
        self.bn3 = nn.BatchNorm1d(2 * n)
        self.conv4 = nn.Conv1d(2 * n, 4 * n, 3, 1, 1, bias=False)
        self.bn4 = nn.BatchNorm1d(4 * n)
        self.fc1 = nn.Linear(4 * n, N_CLASSES)

    def forward(self, x):
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3), (self.conv4, self.bn4)):
            x = F.max_pool1d(F.relu(norm(conv(x))), 4)
        return self.fc1(x.mean(2))


class Pool(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        if self.kind == "max":
            return x.amax((2, 3), keepdim=True)
        return x.square().mean((2, 3), keepdim=True).sqrt()


def build(family, pool, width, hidden, shape):
    if family == "cnn":
        return Cnn(shape[0], shape[1], hidden or 512)
    if family == "m5":
        return M5(shape[0], int(128 * width))
    if family.endswith("_cifar"):
        return CifarResNet((int(family[6:8]) - 2) // 6)
    options = {"width_mult": width} if width != 1 else {}
    if family == "googlenet":
        options = {"aux_logits": False, "init_weights": False}
    m = getattr(torchvision.models, family)(num_classes=N_CLASSES, **options)
    if hidden:
        c = m.classifier
        first, second, last = [i for i, layer in enumerate(c) if isinstance(layer, nn.Linear)]
        c[first] = nn.Linear(c[first].in_features, hidden)
        c[second] = nn.Linear(hidden, hidden)
        c[last] = nn.Linear(hidden, N_CLASSES)
    if pool:
        m.avgpool = Pool(pool)
    for layer in m.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0
    return m


PHOTO = (3, 70, 76)  # odd sizes on the way down, and an image that is not square
FORWARD = [
    ("cnn", None, 1, 0, (1, 28, 28)),
    ("alexnet", None, 1, 64, PHOTO),
    ("vgg11", None, 1, 64, PHOTO),
    ("vgg11_bn", None, 1, 64, PHOTO),
    ("vgg16", None, 1, 64, PHOTO),
    ("vgg16_bn", None, 1, 64, PHOTO),
    ("resnet18", None, 1, 0, PHOTO),
    ("resnet18", "max", 1, 0, PHOTO),
    ("resnet18", "l2", 1, 0, PHOTO),
    ("resnet34", None, 1, 0, PHOTO),
    ("resnet50", None, 1, 0, PHOTO),
    ("resnet20_cifar", None, 1, 0, (3, 32, 32)),
    ("resnet56_cifar", None, 1, 0, (3, 32, 32)),
    ("mobilenet_v2", None, 1, 0, PHOTO),
    ("mobilenet_v2", None, 0.35, 0, PHOTO),
    ("squeezenet1_1", None, 1, 0, PHOTO),
    ("googlenet", None, 1, 0, PHOTO),
    ("densenet121", None, 1, 0, PHOTO),
    ("m5", None, 1, 0, (1, 3001)),
    ("m5", None, 0.125, 0, (2, 2600)),
]
# Small steps: with large ones the difference of float32 and float64 is soon as large as the loss.
TRAINING = [("cnn", (3, 32, 32), 2e-4), ("resnet18", (3, 64, 64), 1e-4),
            ("mobilenet_v2", (3, 64, 64), 2e-5), ("m5", (1, 2000), 1e-3)]


def numbers(v):
    return ", ".join(f"{x:.9g}" for x in v)


def text(s):
    return f'"{s}"' if s else "NULL"


def braces(shape):
    return f"{{ {len(shape)}, {{ {', '.join(map(str, shape))} }} }}"


def forward_row(family, pool, width, hidden, shape):
    m = fill_model(build(family, pool, width, hidden, shape).double()).eval()
    x = torch.from_numpy(fill("x", (2,) + shape))
    with torch.no_grad():
        y = m(x).flatten().tolist()
    return (f'{{ "{family}", {text(pool)}, {width}, {hidden}, {braces(shape)},\n'
            f"  {{ {numbers(y)} }} }},\n")


def losses(family, shape, lr, dtype):
    m = fill_model(build(family, None, 1, 0, shape).to(dtype)).train()
    sgd = torch.optim.SGD(m.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    found = []
    for step in range(10):
        x = torch.from_numpy(fill(f"x{step}", (8,) + shape)).to(dtype)
        loss = F.cross_entropy(m(x), torch.arange(8) * (step + 3) % N_CLASSES)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        found.append(loss.item())
    m.eval()
    with torch.no_grad():  # the running statistics
        y = m(torch.from_numpy(fill("x", (2,) + shape)).to(dtype)).flatten().tolist()
    return found, y


def training_row(family, shape, lr):
    """What float64 finds, and how far float32 is off: a network multiplies rounding errors from step to step."""
    exact, y = losses(family, shape, lr, torch.float64)
    rounded, y32 = losses(family, shape, lr, torch.float32)
    off = np.maximum.accumulate(np.abs(np.subtract(exact, rounded)))
    off_y = np.abs(np.subtract(y, y32)).max()
    return (f'{{ "{family}", {braces(shape)}, {lr}f,\n  {{ {numbers(exact)} }},\n'
            f"  {{ {', '.join(f'{x:.1e}' for x in off)} }},\n"
            f"  {{ {numbers(y)} }}, {off_y:.1e} }},\n")


def main():
    with torch.no_grad():
        rows = [forward_row(*c) for c in FORWARD]
    versions = f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, in float64"
    head = f"/* Made by make_models.py with {versions}. */\n/* clang-format off */\n"
    (HERE / "models.inc").write_text(head + "".join(rows))
    rows = [training_row(*c) for c in TRAINING]
    (HERE / "model_training.inc").write_text(head + "".join(rows))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
