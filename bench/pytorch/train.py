"""resnet18-train, mobilenet-train, cnn-train: everything moves, a constant batch.

  eager     as most people train
  compile   torch.compile, for those who have a compiler and seconds to spare
"""
from pytorch import nets
from pytorch.common import channels_last, images, spread, training


def begin(a, net, shape, n_classes):
    import torch
    x = images(a, net, shape)
    net, x = channels_last(net.train()), channels_last(x)
    run = torch.compile(net) if a.variant == "compile" else net
    return training(a, run, x, spread(len(x), n_classes))


def resnet18(a):
    return begin(a, nets.resnet18(1000), (a.batch or 32, 3, 224, 224), 1000)


def mobilenet(a):
    """Dropout is left out where results are to be compared: masks differ."""
    net = nets.mobilenet_v2(1000, 0 if a.values else 0.2)
    return begin(a, net, (a.batch or 32, 3, 224, 224), 1000)


def cnn(a):
    return begin(a, nets.cnn(10, 0 if a.values else 0.5), (a.batch or 64, 1, 28, 28), 10)
