"""dann: a critic learns to tell domains apart by features, which through a reversed gradient learn to make it
fail (Ganin et al. 2016), beside the source's cross-entropy; all in one SGD step. carry.py has the ways."""
from pytorch.carry import FEATURES, Domains, reversal


def begin(a):
    domains, reverse = Domains(a, critic=FEATURES), reversal()

    def losses():
        f = domains.features()
        task, apart = domains.task(f), domains.told_apart(reverse(f))
        return task + apart, task, apart
    return domains.learn(a, losses)
