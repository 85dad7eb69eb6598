"""cdan: as dann.py, with a critic that sees features times predictions, without gradient through these (Long et al.
2018).

  classic   the product by torch.bmm, as in the authors' program; the other ways multiply by broadcasting
"""
from pytorch.carry import CLASSES, FEATURES, Domains, reversal


def multiplied(f, p):
    return (f.unsqueeze(2) * p.unsqueeze(1)).flatten(1)


def multiplied_by_bmm(f, p):
    import torch
    return torch.bmm(f.unsqueeze(2), p.unsqueeze(1)).flatten(1)


def begin(a):
    import torch
    domains, reverse = Domains(a, critic=FEATURES * CLASSES), reversal()
    product = multiplied_by_bmm if a.variant == "classic" else multiplied

    def losses():
        f = domains.features()
        logits = domains.run["classifier"](f)
        p = torch.softmax(logits.detach(), 1)
        task, apart = domains.of_source(logits), domains.told_apart(product(reverse(f), p))
        return task + apart, task, apart
    return domains.learn(a, losses)
