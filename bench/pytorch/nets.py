"""ResNet-18, MobileNetV2 and Ferry's small networks, with torchvision's names; torchvision is not needed."""
from collections import OrderedDict


def conv_norm(ic, oc, kernel, stride=1, groups=1):
    from torch import nn
    return [nn.Conv2d(ic, oc, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(oc)]


def basic_block(ic, oc, stride):
    """Two 3x3 and a shortcut (He et al. 2015, figure 2)."""
    from torch import nn

    class BasicBlock(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = conv_norm(ic, oc, 3, stride)
            self.conv2, self.bn2 = conv_norm(oc, oc, 3)
            self.relu = nn.ReLU(inplace=True)
            self.downsample = None
            if stride != 1 or ic != oc:
                self.downsample = nn.Sequential(*conv_norm(ic, oc, 1, stride))

        def forward(self, x):
            short = x if self.downsample is None else self.downsample(x)
            y = self.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            y += short
            return self.relu(y)
    return BasicBlock()


def resnet18(n_classes):
    """n_classes 0: no head, 512 features."""
    from torch import nn
    conv1, bn1 = conv_norm(3, 64, 7, 2)
    layers = [("conv1", conv1), ("bn1", bn1), ("relu", nn.ReLU(inplace=True)),
              ("maxpool", nn.MaxPool2d(3, 2, 1))]
    for i, (ic, oc) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)]):
        blocks = basic_block(ic, oc, 1 if i == 0 else 2), basic_block(oc, oc, 1)
        layers.append(("layer%d" % (i + 1), nn.Sequential(*blocks)))
    layers += [("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten())]
    if n_classes:
        layers.append(("fc", nn.Linear(512, n_classes)))
    return nn.Sequential(OrderedDict(layers))


def norm_relu6(*sizes, **more):
    from torch import nn
    return nn.Sequential(*conv_norm(*sizes, **more), nn.ReLU6(inplace=True))


def inverted_residual(ic, oc, stride, expand):
    """1x1 up, 3x3 each channel alone, 1x1 down (Sandler et al. 2018, table 1)."""
    from torch import nn
    wide = ic * expand
    layers = [norm_relu6(ic, wide, 1)] if expand != 1 else []
    layers += [norm_relu6(wide, wide, 3, stride, groups=wide), *conv_norm(wide, oc, 1)]

    class InvertedResidual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Sequential(*layers)

        def forward(self, x):
            return x + self.conv(x) if stride == 1 and ic == oc else self.conv(x)
    return InvertedResidual()


def mobilenet_v2(n_classes, dropout=0.2):
    from torch import nn
    features, ic = [norm_relu6(3, 32, 3, 2)], 32
    for expand, oc, n, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                  (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(n):
            features.append(inverted_residual(ic, oc, stride if i == 0 else 1, expand))
            ic = oc
    features.append(norm_relu6(320, 1280, 1))
    return nn.Sequential(OrderedDict([
        ("features", nn.Sequential(*features)), ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flatten", nn.Flatten()),
        ("classifier", nn.Sequential(nn.Dropout(dropout), nn.Linear(1280, n_classes)))]))


def cnn(n_classes, dropout=0.5):
    """[n, 1, 28, 28] -> [n, n_classes]; Ferry's family cnn."""
    from torch import nn

    def conv(ic, oc):
        return [nn.Conv2d(ic, oc, 3, padding=1), nn.ReLU(inplace=True)]
    features = [*conv(1, 64), nn.MaxPool2d(2), *conv(64, 128), nn.MaxPool2d(2), *conv(128, 256),
                *conv(256, 256), nn.MaxPool2d(2)]
    classifier = [("fc1", nn.Linear(2304, 512)), ("relu", nn.ReLU(inplace=True)),
                  ("dropout", nn.Dropout(dropout)), ("fc2", nn.Linear(512, n_classes))]
    return nn.Sequential(OrderedDict([
        ("features", nn.Sequential(*features)), ("flatten", nn.Flatten()),
        ("classifier", nn.Sequential(OrderedDict(classifier)))]))


def conv4(n_features, dropout=0.5):
    """[n, 1, h, w] -> [n, n_features]; Ferry's family conv4."""
    from torch import nn
    layers, ic = [], 1
    for i in "1234":
        conv, norm = conv_norm(ic, 64, 3)
        layers += [("conv" + i, conv), ("bn" + i, norm), ("relu" + i, nn.ReLU(inplace=True)),
                   ("pool" + i, nn.MaxPool2d(2))]
        ic = 64
    layers += [("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()),
               ("dropout", nn.Dropout(dropout)), ("fc", nn.Linear(64, n_features))]
    return nn.Sequential(OrderedDict(layers))


def digits_bn(dropout=0.5):
    """[n, 1, 28, 28] -> [n, 256]; Ferry's family digits_bn."""
    from torch import nn
    return nn.Sequential(OrderedDict([
        ("conv1", nn.Conv2d(1, 20, 5)), ("bn1", nn.BatchNorm2d(20)),
        ("pool1", nn.MaxPool2d(2)), ("relu1", nn.ReLU(inplace=True)),
        ("conv2", nn.Conv2d(20, 50, 5)), ("bn2", nn.BatchNorm2d(50)), ("dropout", nn.Dropout(dropout)),
        ("pool2", nn.MaxPool2d(2)), ("relu2", nn.ReLU(inplace=True)),
        ("flatten", nn.Flatten()), ("fc1", nn.Linear(800, 256)), ("bn3", nn.BatchNorm1d(256))]))


def linear(width, n_classes):
    from torch import nn
    return nn.Sequential(OrderedDict([("fc", nn.Linear(width, n_classes))]))


def critic(width, hidden):
    """[n, width] -> [n, 2]; Ferry's family critic."""
    from torch import nn
    return nn.Sequential(OrderedDict([
        ("fc1", nn.Linear(width, hidden)), ("relu1", nn.ReLU(inplace=True)),
        ("fc2", nn.Linear(hidden, hidden)), ("relu2", nn.ReLU(inplace=True)),
        ("fc3", nn.Linear(hidden, 2))]))
