"""mmd: the domains' features come to the same mean under five kernels (Long et al. 2015), beside the source's
cross-entropy; all in one SGD step.

  classic   as in the authors' program: differences of all pairs of rows, [N, N, features], and an exponential a kernel
  eager     distances by a product, and kernels as powers of the widest one
"""
from pytorch.carry import BATCH, Domains

TIMES = (4, 2, 1, 0.5, 0.25)  # kernels' widths, of the mean square of a distance


def width_of(squares):
    n = len(squares)
    return squares.detach().sum() / (n * n - n)


def classic(f):
    import torch
    squares = (f.unsqueeze(0) - f.unsqueeze(1)).square().sum(2)
    width = width_of(squares)
    k = sum(torch.exp(-squares / (width * times)) for times in TIMES)
    return torch.mean(k[:BATCH, :BATCH] + k[BATCH:, BATCH:] - k[:BATCH, BATCH:] - k[BATCH:, :BATCH])


def lean(f, signs):
    """Squares of distances are differences: of rows seen from their mean they lose least."""
    import torch
    f = f - f.detach().mean(0)
    own = f.square().sum(1)
    squares = torch.addmm(own + own.unsqueeze(1), f, f.T, alpha=-2).clamp(min=0)
    power = torch.exp(squares * (-1 / (TIMES[0] * width_of(squares))))
    k = power
    for _ in TIMES[1:]:
        power = power * power
        k = k + power
    return signs @ k @ signs


def begin(a):
    import torch
    domains = Domains(a)
    signs = torch.cat([torch.ones(BATCH), -torch.ones(BATCH)]) / BATCH

    def losses():
        f = domains.features()
        task = domains.task(f)
        apart = classic(f) if a.variant == "classic" else lean(f, signs)
        return task + apart, task, apart
    return domains.learn(a, losses)
