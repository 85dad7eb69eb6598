#!/usr/bin/env python3
"""Ferry against PyTorch: runs both sides in turn (A B A B ...), each time as a new process, and
prints medians over the rounds with the smallest and the largest. ratio is how much better Ferry is:
ferry/peer for a rate, peer/ferry for time and memory.

  adda         steps per second of adversarial adaptation; 64 + 64 images a step
  supervised   steps per second of plain training; 64 images a step
  startup      seconds from starting the process to the end of its first step
  memory       the most memory the processes of the above ever held
  resnet18-train, mobilenet-train, cnn-train
               images per second of training, and the most memory held
  resnet18-features, mobilenet-infer
               images per second in evaluation mode
  head10       seconds of a process that learns a new head on a frozen ResNet-18
  distill      steps per second of a student, with a teacher whose words are kept, a live one, and none
  dgl          steps per second of learning from two modalities, jointly, disentangled, and with what
               only one of them knows; and what the latter two cost beside the one before
  dann, cdan, mcd, mmd
               steps per second of a method that carries a network to another domain; 64 + 64 images a step
  distill-epoch
               seconds per epoch of a student whose teacher's word is kept, and what that costs beside the student alone
  distill-whole
               seconds of a process that carries a network to another domain and back
  search-head  seconds of a process that tries 100 heads on a frozen ResNet-18, beside Ferry's own three
               epochs of all of it
  jpeg         images per second from a folder of JPEG files to batches

Where PyTorch's side can be written in several ways, all of them run and the best counts.
With --json the last line of stdout is one JSON object: the main figure, and all of them under
"figures". docs/benchmarks.md tells what each side does. Usually run as: ./dev bench
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from workloads import MORE_IS_BETTER, UNITS, WORKLOADS

HERE = os.path.dirname(os.path.abspath(__file__))
FERRY_PROGRAM = os.path.join(HERE, "..", "build", "release", "bench", "bench")


class Failure(Exception):
    """One sentence for the user."""


# ---- who else is at work -----------------------------------------------------------------------

def busy_s():
    """Seconds of processor time since the machine started, all cores; none where nobody counts."""
    try:
        with open("/proc/stat", encoding="ascii") as f:
            user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_s():
    return sum(os.times()[:4])


class Watch:
    """How much of the machine others took while we measured: on few cores the figure to look at."""

    def __init__(self):
        self.load = os.getloadavg()[0]
        self.wall, self.busy, self.own = time.monotonic(), busy_s(), own_s()

    def others(self):
        """Share of the cores' time, 0 to 1."""
        now = busy_s()
        if now is None or self.busy is None:
            return None
        spent = (now - self.busy) - (own_s() - self.own)
        return max(0.0, spent / ((time.monotonic() - self.wall) * os.cpu_count()))

    def warning_before(self):
        if self.load > 0.25 * os.cpu_count():
            return ("the load average is %.1f on %d cores: something else is running or has just "
                    "been, and figures taken beside it mislead, PyTorch's most of all"
                    % (self.load, os.cpu_count()))
        return None

    def warning_after(self):
        share = self.others()
        if share is not None and share > 0.05:
            return ("other processes took %.0f %% of the machine meanwhile: repeat this when it is "
                    "quiet, and do not quote these figures" % (100 * share))
        return None


# ---- the two sides -----------------------------------------------------------------------------

def has_module(python, name):
    ask = "import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)"
    try:
        return subprocess.run([python, "-c", ask, name], stdin=subprocess.DEVNULL, check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def find_python(wanted):
    """The Python that runs PyTorch: the one asked for, else ours, else the distribution's."""
    places = [wanted] if wanted else [sys.executable, "/usr/bin/python3"]
    for python in places:
        if has_module(python, "torch"):
            return python
    raise Failure("PyTorch is missing: no torch in %s; install the distribution's package "
                  "(apt-get install python3-torch libopenblas0-openmp), name a Python that has it "
                  "with --python PATH, or time Ferry alone with --no-peer" % " or ".join(places))


def commands(a):
    """System -> the words its command lines begin with."""
    if not os.access(a.ferry, os.X_OK):
        raise Failure("no program at %s; build it with ./dev build release, or name it with "
                      "--ferry PATH" % os.path.normpath(a.ferry))
    found = {"ferry": [a.ferry]}
    if not a.no_peer:
        found["peer"] = [find_python(a.python), os.path.join(HERE, "peer.py"),
                         "--threads", str(a.threads)]
    return found


def picture_folder(a):
    """Pictures that both sides read, made once by Ferry's program and kept beside it."""
    folder = os.path.join(os.path.dirname(os.path.abspath(a.ferry)), "pictures-%d" % a.images)
    if not os.path.isdir(folder):
        run([a.ferry, "pictures", "--folder", folder, "--images", str(a.images)], a.threads)
    return folder


def options_of(a, workload):
    return list(workload.options) + (["--folder", picture_folder(a)] if workload.folder else [])


def can_run(a, side, systems):
    """torch.compile only where it is asked for, torchvision's own decoder only where it is."""
    if side.system not in systems or ("compile" in side.args and not a.compile):
        return False
    return "tensor" not in side.args or has_module(systems["peer"][0], "torchvision")


def run(command, threads):
    """One process: metric -> value, and what it says of itself."""
    env = dict(os.environ, OMP_NUM_THREADS=str(threads))
    start = time.monotonic()
    command = command + ["--spawned", str(time.monotonic_ns())]
    done = subprocess.run(command, env=env, text=True, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    took_s = time.monotonic() - start
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Failure("'%s' ended with code %d: %s"
                      % (" ".join(command), done.returncode, said[-1]))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        raise Failure("'%s' printed no figures" % " ".join(command))
    values = {line["metric"]: line["value"] for line in lines}
    return {**values, "process_s": took_s}, lines[-1]


def in_turn(a, workload, systems):
    """The sides of a workload, each once, Ferry and peer alternating."""
    sides = [side for f in workload.figures for side in (f.ferry,) + f.peers]
    return [side for side in dict.fromkeys(sides) if can_run(a, side, systems)]


def command_of(a, side, systems, options):
    """Ferry keeps the times of its kernels beside its program, as the command does for its users."""
    command = systems[side.system] + list(side.args) + options
    if side.system == "ferry":
        command += ["--kernel-times", os.path.join(os.path.dirname(os.path.abspath(a.ferry)), "kernel-times.txt")]
    return command


def run_rounds(a, name, systems, about):
    """Side -> one dictionary of values per round. `about` gets what the systems call themselves."""
    workload = WORKLOADS[name]
    sides = in_turn(a, workload, systems)
    block_s = str(min(a.block_s, workload.longest_block_s))
    options = options_of(a, workload)
    results = {side: [] for side in sides}
    for side in sides:
        if side.system == "ferry":  # tries its kernels, where that was not done before
            run(command_of(a, side, systems, options) + ["--first"], a.threads)
    n_warm_up = 1 if workload.warm_up else 0  # the first start reads the files from disk
    for i in range(n_warm_up + a.rounds):
        for side in sides:
            when = "round %d of %d" % (i - n_warm_up + 1, a.rounds) if i >= n_warm_up else "warm-up"
            print("%s: %s, %s, %s" % (name, when, side.system, side.words), file=sys.stderr)
            command = command_of(a, side, systems, options)
            values, last = run(command + ["--block-s", block_s, "--blocks", str(a.blocks)],
                               a.threads)
            about[side.system] = last
            if i >= n_warm_up:
                results[side].append(values)
    return results


# ---- figures -----------------------------------------------------------------------------------

def ratio(metric, ferry, peer):
    if peer is None:
        return None
    return ferry / peer if metric in MORE_IS_BETTER else peer / ferry


def values_of(results, side, metric):
    return [values[metric] for values in results[side]] if side in results else None


def span(values):
    return [min(values), max(values)] if values else None


def best_peer(f, results):
    """The side whose median is best, and its values; none and none without a peer."""
    ran = {side: values_of(results, side, f.metric) for side in f.peers if side in results}
    if not ran:
        return f.peers[0], None
    best = max if f.metric in MORE_IS_BETTER else min
    side = best(ran, key=lambda side: statistics.median(ran[side]))
    return side, ran[side]


def figure(name, f, results):
    """One row of the table, as a JSON object. The ratio is that of the medians."""
    ferry = values_of(results, f.ferry, f.metric)
    peer_side, peer = best_peer(f, results)
    pairs = list(zip(ferry, peer or [None] * len(ferry)))
    middle = statistics.median(ferry), statistics.median(peer) if peer else None
    ratios = [ratio(f.metric, *pair) for pair in pairs] if peer else None
    return {"workload": name, "metric": f.metric, "ferry": middle[0], "peer": middle[1],
            "ratio": round(ratio(f.metric, *middle), 3) if peer else None,
            "ferry_side": f.ferry.words, "peer_side": peer_side.words, "ferry_range": span(ferry),
            "peer_range": span(peer), "ratio_range": span(ratios),
            "rounds": [{"ferry": x, "peer": y} for x, y in pairs],
            "peers": {side.words: statistics.median(values_of(results, side, f.metric))
                      for side in f.peers if side in results}}


def cost(name, c, results):
    """How many times as long one of Ferry's sides takes as another, as a JSON object."""
    if c.metric:
        ratios = values_of(results, c.of, c.metric)
        middle = statistics.median(ratios)
    else:
        of, than = (values_of(results, side, "steps_per_s") for side in (c.of, c.than))
        ratios = [y / x for x, y in zip(of, than)]
        middle = statistics.median(than) / statistics.median(of)
    return {"workload": name, "of": c.of.words, "than": c.than.words, "ratio": round(middle, 4),
            "ratio_range": span(ratios), "most": c.most}


def cell(value, values):
    if value is None:
        return "-"
    digits = 3 if value < 10 else 1
    return "%.*f (%.*f to %.*f)" % (digits, value, digits, values[0], digits, values[1])


def table_row(f):
    sides = f["ferry_side"] if f["ferry_side"] == f["peer_side"] else \
        "%s / %s" % (f["ferry_side"], f["peer_side"])
    times = "%.2f (%.2f to %.2f)" % (f["ratio"], *f["ratio_range"]) if f["ratio"] else "-"
    return (UNITS[f["metric"]], sides, cell(f["ferry"], f["ferry_range"]),
            cell(f["peer"], f["peer_range"]), times)


def print_table(name, figures):
    rows = [("", "Ferry / PyTorch", "Ferry", "PyTorch", "ratio")] + [table_row(f) for f in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    print("\n%s: %s" % (name, WORKLOADS[name].about))
    for row in rows:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    sys.stdout.flush()


def print_costs(costs):
    for c in costs:
        print("  %s takes %.3f (%.3f to %.3f) times as long as %s; at most %.2f is wanted"
              % (c["of"], c["ratio"], *c["ratio_range"], c["than"], c["most"]))
    sys.stdout.flush()


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            return next(x.split(":", 1)[1].strip() for x in f if x.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown"


def summary(a, figures, costs, about, watch, warnings):
    main_one = {key: figures[0][key] for key in ("workload", "metric", "ferry", "peer", "ratio")}
    others = watch.others()
    return {**main_one, "n_rounds": a.rounds, "threads": a.threads, "block_s": a.block_s,
            "versions": {system: last["version"] for system, last in about.items()},
            "processor": processor(), "cores": os.cpu_count(), "load_before": watch.load,
            "others": None if others is None else round(others, 3), "warnings": warnings,
            "figures": figures, "costs": costs}


# ---- do both sides compute the same? -----------------------------------------------------------

def results_of(a, systems, workload, f, values):
    """What the first two steps of a figure's sides come to, from the same values and images: Ferry's, and
    those of PyTorch's that are checked with it."""
    w = WORKLOADS[workload]
    options = options_of(a, w) + ["--values", values]
    sides = [f.ferry] + [side for side in f.peers if can_run(a, side, systems)][:w.check.n_peers]
    return [(side, run(systems[side.system] + list(side.args) + options, a.threads)[0])
            for side in sides]


def check_figure(a, systems, workload, f):
    """What lies apart."""
    apart = []
    with tempfile.TemporaryDirectory() as folder:
        (_, ferry), *peers = results_of(a, systems, workload, f, os.path.join(folder, "values.npz"))
    for which in (metric for metric in ferry if metric.endswith("_result")):
        for side, peer in peers:
            x, y, words = ferry[which], peer[which], which.replace("_", " ")
            print("%s, %s: %s %.7g, PyTorch's %.7g" % (workload, side.words, words, x, y), flush=True)
            if not abs(x - y) <= WORKLOADS[workload].check.tolerance * abs(y):
                apart.append("%s's %s, %s" % (workload, words, side.words))
    return apart


def check(a):
    systems, apart = commands(a), []
    for name in (name for name in a.workloads if WORKLOADS[name].check):
        for f in WORKLOADS[name].figures[:WORKLOADS[name].check.n_figures]:
            apart += check_figure(a, systems, name, f)
    if apart:
        raise Failure("the two sides do not compute the same: " + "; ".join(apart))


# ---- the command -------------------------------------------------------------------------------

def arguments():
    p = argparse.ArgumentParser(prog="compare.py", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("workloads", nargs="*", metavar="workload",
                   help="%s (default: all of them)" % ", ".join(WORKLOADS))
    p.add_argument("--json", action="store_true", help="one JSON object as the last line")
    p.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    p.add_argument("--block-s", type=float, default=1.0, metavar="S",
                   help="seconds of a timed block, of which a process runs seven (default: 1)")
    p.add_argument("--threads", type=int, default=2, metavar="N", help="of both sides; default: 2")
    p.add_argument("--quick", action="store_true",
                   help="one round of short blocks: shows that everything runs, measures nothing")
    p.add_argument("--python", metavar="PATH", help="the Python that has PyTorch")
    p.add_argument("--ferry", metavar="PATH", default=FERRY_PROGRAM, help="Ferry's bench program")
    p.add_argument("--no-peer", action="store_true", help="time Ferry alone")
    p.add_argument("--compile", action="store_true",
                   help="let PyTorch try torch.compile, too; it needs a C++ compiler and minutes")
    p.add_argument("--check", action="store_true",
                   help="only see whether both sides compute the same from the same values")
    p.add_argument("--has-peer", action="store_true",
                   help="only say by the exit code whether there is a PyTorch")
    return check_arguments(p, p.parse_args())


def check_arguments(p, a):
    a.workloads = list(dict.fromkeys(a.workloads)) or list(WORKLOADS)
    for name in a.workloads:
        if name not in WORKLOADS:
            p.error("there is no workload '%s'; expected one of %s" % (name, ", ".join(WORKLOADS)))
    a.blocks, a.images = 7, 256
    if a.quick:
        a.rounds, a.block_s, a.blocks = 1, 0.02, 1
    if a.quick or a.check:
        a.images = 64
    if a.rounds < 1 or a.threads < 1 or not 0 < a.block_s <= 60:
        p.error("--rounds and --threads begin at 1, --block-s lies between 0 and 60")
    return a


def warn(warnings, text):
    if text and text not in warnings:
        warnings.append(text)
        print("compare: warning: " + text, file=sys.stderr)


def compare(a):
    systems, about, figures, costs, warnings = commands(a), {}, [], [], []
    watch = Watch()
    warn(warnings, watch.warning_before())
    for name in a.workloads:
        results = run_rounds(a, name, systems, about)
        rows = [figure(name, f, results) for f in WORKLOADS[name].figures]
        print_table(name, rows)
        figures += rows
        spent = [cost(name, c, results) for c in WORKLOADS[name].costs]
        print_costs(spent)
        costs += spent
    if about.get("peer", {}).get("blas") == "default":
        warn(warnings, "PyTorch ran on an OpenBLAS that fights with OpenMP for the cores; install "
                       "libopenblas0-openmp for a fair comparison")
    warn(warnings, watch.warning_after())
    if a.json:
        print(json.dumps(summary(a, figures, costs, about, watch, warnings)))


def main():
    a = arguments()
    try:
        if a.has_peer:
            find_python(a.python)
        elif a.check:
            check(a)
        else:
            compare(a)
    except Failure as sentence:
        print("compare: %s" % sentence, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
