"""What compare.py runs: for each workload its figures, and for each figure Ferry's side and PyTorch's."""
from collections import namedtuple

# args: of the program. words: which way it is written, for tables.
Side = namedtuple("Side", "system words args")
# peers: the same work written in several ways, of which the best counts.
Figure = namedtuple("Figure", "metric ferry peers")
# How many figures' sides are checked against each other, with how many of the peers, and how far their
# results may lie apart, relative to their size.
Check = namedtuple("Check", "n_figures n_peers tolerance")
# How many times as long as `than` one of Ferry's sides takes; at most `most` is wanted. metric: where `of` runs both
# by turns and says it itself.
Cost = namedtuple("Cost", "of than most metric", defaults=(None,))
# options: of both sides. check: None where the sides cannot be. folder: they read a folder of pictures.
Workload = namedtuple("Workload", "about options longest_block_s warm_up check folder figures costs",
                      defaults=((),))

ONE = Check(1, 1, 1e-3)

MORE_IS_BETTER = {"steps_per_s", "images_per_s"}
UNITS = {"steps_per_s": "steps/s", "images_per_s": "images/s", "startup_s": "s to first step",
         "epoch_s": "s, an epoch",
         "peak_rss_mib": "MiB at most", "process_s": "s, whole process"}

TRAIN = "eager", "compile"
INFER = "eager", "jit", "compile"
WAYS = "eager", "plain", "jit", "compile"
CLASSIC_WAYS = ("classic",) + WAYS
LIVE = "live-eager", "live-jit"
CACHED = "cached-eager", "cached-jit"

FERRY_CACHED = Side("ferry", "cached features", ("adda",))
FERRY_LIVE = Side("ferry", "live features", ("adda", "--live"))
FERRY_SUPERVISED = Side("ferry", "supervised", ("supervised",))
CLASSIC = Side("peer", "classic loop", ("adda", "--variant", "classic"))
LEAN = Side("peer", "lean loop", ("adda", "--variant", "lean"))
PEER_SUPERVISED = Side("peer", "supervised", ("supervised",))


def alike(metric, workload, variants, words="f32", args=()):
    """The same arithmetic on both sides, which take the same options."""
    return Figure(metric, Side("ferry", words, (workload,) + args),
                  tuple(Side("peer", "%s, %s" % (words, variant),
                             (workload, "--variant", variant) + args) for variant in variants))


def steps_of(workload, variants):
    """A step of a workload and of its namesake."""
    return alike("steps_per_s", workload, variants, workload)


def adapting(method, about, variants):
    """Of one SGD step that carries a network to another domain."""
    return Workload("one step: %s; 64 + 64 images of 28x28" % about, (), 60, False,
                    Check(1, len(variants), 2e-5), False,
                    (steps_of(method, variants), alike("peak_rss_mib", method, variants, method)))


JOINT = steps_of("joint", ("eager", "plain", "compile"))
DGL = steps_of("dgl", ("classic", "eager", "plain", "compile"))
DGL_UNIQUE = steps_of("dgl-unique", ("classic", "eager", "plain", "compile"))

KEPT_EPOCH = Side("ferry", "kept teacher", ("distill-epoch",))

# The first figure of a workload is its main one.
WORKLOADS = {
    "adda": Workload(
        "one step: the critic's SGD step, then the target encoder's; 64 + 64 images of 28x28",
        (), 60, False, None, False,
        (Figure("steps_per_s", FERRY_CACHED, (CLASSIC,)),
         Figure("steps_per_s", FERRY_LIVE, (LEAN,)),
         Figure("steps_per_s", FERRY_CACHED, (LEAN,)))),
    "supervised": Workload(
        "one step: SGD on encoder and classifier; 64 images of 28x28",
        (), 60, False, None, False,
        (Figure("steps_per_s", FERRY_SUPERVISED, (PEER_SUPERVISED,)),
         alike("steps_per_s", "supervised", ("classic",), "bf16", ("--bf16",)))),
    "startup": Workload(
        "from starting the process to the end of its first step of adda",
        ("--first",), 60, True, None, False,
        (Figure("startup_s", FERRY_CACHED, (CLASSIC,)),)),
    # A few dozen steps: no side holds more after them.
    "memory": Workload(
        "the most memory held by a process that trains",
        (), 0.1, False, None, False,
        (Figure("peak_rss_mib", FERRY_CACHED, (CLASSIC,)),
         Figure("peak_rss_mib", FERRY_SUPERVISED, (PEER_SUPERVISED,)))),
    "resnet18-train": Workload(
        "ResNet-18, SGD on all of it; 32 images of 224x224 a step",
        (), 60, False, ONE, False,
        (alike("images_per_s", "resnet18-train", TRAIN),
         alike("images_per_s", "resnet18-train", TRAIN, "bf16", ("--bf16",)),
         alike("peak_rss_mib", "resnet18-train", TRAIN),
         alike("peak_rss_mib", "resnet18-train", TRAIN, "bf16", ("--bf16",)))),
    "resnet18-features": Workload(
        "ResNet-18 without its head, evaluation mode; images of 224x224",
        (), 60, False, ONE, False,
        (alike("images_per_s", "resnet18-features", INFER, "f32, batch 32"),
         alike("images_per_s", "resnet18-features", INFER, "bf16, batch 32", ("--bf16",)),
         alike("images_per_s", "resnet18-features", INFER, "f32, batch 1", ("--batch", "1")),
         alike("images_per_s", "resnet18-features", INFER, "bf16, batch 1",
               ("--batch", "1", "--bf16")))),
    "mobilenet-train": Workload(
        "MobileNetV2, SGD on all of it; 32 images of 224x224 a step",
        (), 60, False, ONE, False,
        (alike("images_per_s", "mobilenet-train", TRAIN),
         alike("peak_rss_mib", "mobilenet-train", TRAIN))),
    "mobilenet-infer": Workload(
        "MobileNetV2, evaluation mode; 32 images of 224x224",
        (), 60, False, ONE, False,
        (alike("images_per_s", "mobilenet-infer", INFER),
         alike("images_per_s", "mobilenet-infer", INFER, "bf16", ("--bf16",)))),
    "cnn-train": Workload(
        "four convolutions and two products, SGD on all of it; 64 images of 28x28 a step",
        (), 60, False, ONE, False,
        (alike("images_per_s", "cnn-train", TRAIN),
         alike("images_per_s", "cnn-train", TRAIN, "bf16", ("--bf16",)),
         alike("peak_rss_mib", "cnn-train", TRAIN))),
    "head10": Workload(
        "a new head on a frozen ResNet-18, ten epochs over a folder of pictures, whole process",
        (), 60, False, ONE, True,
        (alike("process_s", "head10", LIVE),
         alike("process_s", "head10", CACHED),
         alike("process_s", "head10", CACHED, "bf16", ("--bf16",)))),
    "distill": Workload(
        "one step: LeNet from labels and a CNN's soft targets, SGD; 64 images of 28x28",
        (), 60, False, Check(3, 2, 1e-3), False,
        (Figure("steps_per_s", Side("ferry", "kept teacher", ("distill",)),
                (Side("peer", "kept teacher", ("distill", "--variant", "cached")),)),
         Figure("steps_per_s", Side("ferry", "live teacher", ("distill", "--live")),
                (Side("peer", "live teacher", ("distill", "--variant", "live")),
                 Side("peer", "live teacher, jit", ("distill", "--variant", "live-jit")))),
         Figure("steps_per_s", Side("ferry", "no teacher", ("student",)),
                (Side("peer", "no teacher", ("distill", "--variant", "alone")),)))),
    # Ferry beside itself: what a teacher costs whose word is kept.
    "distill-epoch": Workload(
        "an epoch of LeNet on 4,096 images of 28x28, from labels and a CNN's soft targets",
        (), 60, False, None, False,
        (Figure("epoch_s", KEPT_EPOCH, (Side("ferry", "live teacher", ("distill-epoch", "--live")),)),),
        (Cost(KEPT_EPOCH, Side("ferry", "the student alone", ()), 1.1, "epoch_cost"),)),
    "distill-whole": Workload(
        "a teacher, a student of it on another domain, re-distillation and fine-tuning, whole process",
        (), 60, False, ONE, False,
        (Figure("process_s", Side("ferry", "kept teacher", ("distill-whole",)),
                (Side("peer", "kept teacher", ("distill-whole", "--variant", "eager")),
                 Side("peer", "kept teacher, compile",
                      ("distill-whole", "--variant", "compile")))),)),
    "dgl": Workload(
        "one step: Adam on two encoders and a fusion; 64 images of 28x28, 64 spectrograms of 64x64",
        (), 60, False, Check(3, 4, 1e-4), False,
        (DGL, JOINT, DGL_UNIQUE, Figure("peak_rss_mib", DGL.ferry, DGL.peers)),
        (Cost(DGL.ferry, JOINT.ferry, 1.15), Cost(DGL_UNIQUE.ferry, DGL.ferry, 1.05))),
    "dann": adapting("dann", "SGD on encoder, classifier and a critic of domains", WAYS),
    "cdan": adapting("cdan", "SGD on encoder, classifier and a critic of features times predictions",
                     CLASSIC_WAYS),
    "mcd": adapting("mcd", "SGD on all, on two classifiers, and four times on the encoder", CLASSIC_WAYS),
    "mmd": adapting("mmd", "SGD on encoder and classifier, five kernels", CLASSIC_WAYS),
    # Ferry beside itself: what a search of a head saves.
    "search-head": Workload(
        "100 trials of a new head on a frozen ResNet-18, beside three epochs of all of it, whole processes",
        (), 0.1, False, None, False,
        (Figure("process_s", Side("ferry", "100 trials of a head", ("search-head",)),
                (Side("ferry", "3 epochs of all", ("backbone-3",)),)),)),
    "jpeg": Workload(
        "JPEG files of 500x375 to batches of 3x224x224, two workers",
        (), 60, False, ONE, True,
        (alike("images_per_s", "jpeg", ("pillow", "tensor"), "u8 to f32"),)),
}
