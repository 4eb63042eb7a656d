"""Espejo beside other programs on one machine, in one run: medians, ranges, ratios, and what was to be reached.

    scripts/bench peers --peers DIR --python VENV/bin/python --data DATA [--workload w1,w5] [--runs 5] [PEER ...]

DIR holds `bench_peers.py`, which times the peers; VENV has them installed; DATA is the data folder (ESPEJO_DATA), with
`fashion-mnist` and, for w7, `mnist` in it. Peers that a workload does not have are left out of it.

w1  VAE 784-256-2-256-784, relu, cross-entropy, Adam 1e-3, batches of 128, Fashion-MNIST: 60,000 images, 5 epochs
w2  convolutional denoising autoencoder 32-16-16-32-1, Gaussian noise 0.3, the same images and batches, 3 epochs: minutes a
    run; `--samples 9600` or `--runs 2` is a look
w3  35-16-2-16-35, tanh, 32 glyphs in one batch, momentum 0.9 at rate 0.005, 2,000 steps
w5  VAE 3200-1024-2-1024-3200, batches of 32, 165 made-up faces of 64x50 pixels, 12 epochs
w6  the model of w1 in use: 70,000 images to codes, 400 codes to images
w7  a classifier: conv 32, max pool, batch norm, conv 16, max pool, batch norm, dense 10; relu, Adam 1e-3, batches of 128, MNIST:
    60,000 images, 3 epochs; its peers are in `peer_classifier.py`, beside this script

Our program runs, then each peer, and so on `--runs` times. A number of a run is the median of its epochs (or calls). The tables
of the workloads have the median and range of all runs, and ours over theirs: below 1 we take less. The last table has the best
peer of each row, and counts only runs that are alike (`pingpong`, below). What is measured:

epoch   Seconds of an epoch after the first. Theirs: their loop. Ours: the column `seconds` of `metrics.csv`, without the last
        epoch, the only one with an evaluation in it; logs and checkpoints between epochs are not in it, and a line under the
        table says what an epoch takes with them.
step    w3: ours is the wall time of a whole process of 22,000 steps less that of one of 2,000, over 20,000: logs and
        checkpoints are in it. Theirs is what their loop of 2,000 takes.
start   Seconds from the start of the process to the end of its first epoch. Ours: until its line `ep 1/...` arrives here.
        Theirs: by their own clock, from when the kernel started them. The images are read from gzip files where they lie so;
        where they do not, `--gz` packs copies for both sides.
encode, decode
        Calls of the library in one process, after a first one (`examples/infer.rs`). Ours start from bytes and end in one
        vector a sample; theirs start from float32 arrays, ready made, and end in arrays.
memory  Peak resident memory of the process, in MiB; the data, and whatever is measured after training, included. With fewer
        images than all, ours holds these, theirs all. Ours is the kernel's count when it has ended, and at least what this
        script takes itself, some 20 MiB. Theirs is that just before they end: their way out may take 100 MiB more.
loss    After the last epoch, over the test part; a speed-up that trains worse does not count. w1, w5: cross-entropy with the
        posterior mean as code + KL, nats an image. w2: cross-entropy a pixel, ours of 10,000 test images (with
        `--samples` no more than that), theirs of the first 2,000. w3: cross-entropy of the 32 glyphs. First weights differ.
        w5 has no test part: it is that of what was learned. w7 has the part of the 10,000 test images whose class is found.
others  The part of the machine that other processes took meanwhile, of whole processes of more than half a second, median and
        most. A run with more than 5 % is done again, twice at most; then the least disturbed is kept with a `*`.
        `nice -n -20 scripts/bench peers ...` helps (root). `--json` has the peers' own count of each epoch.
pingpong
        Nanoseconds between the first two CPUs, least and most of before and after each process: below 150 they share a cache,
        near; else they do not, far, and work shared between them takes 1.2 to 1.7 times as long. On a virtual machine it may
        change at any time. The program is PINGPONG, or `DIR/pingpong.c` compiled with `cc`.
floor   See `scripts/bench floor --help`; it is measured first.
"""

import gzip
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from . import floor, machine
from .runs import every_process, markdown, number, ratio, spread, times, undisturbed
from .summary import summary
from .workloads import EPOCHS, PEERS, known, model_of_w1, ours, samples, theirs

EPOCH, START, MEMORY = ("epoch", "epoch, s", 1), ("start", "start to first epoch, s", 1), ("memory", "peak memory, MiB", 1)
# What has a ratio: its key, the head of its column, and what it is multiplied by there.
COLUMNS = {
    "w1": [EPOCH, START, MEMORY],
    "w2": [EPOCH, START, MEMORY],
    "w3": [("step", "step, µs", 1e6), START, MEMORY],
    "w5": [("epoch", "epoch, ms", 1e3), START, MEMORY],
    "w7": [EPOCH, START, MEMORY],
    "w6": [("encode", "encode 70,000, s", 1), ("decode", "decode 400, ms", 1e3), MEMORY],
}
IDX = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


# ------------------------------------------------------------------ data


def reads_gz(data):
    """Whether both sides read gzip files there: each takes a plain file first where there are both."""
    return not any((Path(data) / "fashion-mnist" / name).is_file() for name in IDX)


def packed(data, folder):
    """A data folder within `folder`, with the same images as gzip files."""
    source, target = Path(data).resolve() / "fashion-mnist", Path(folder) / "data" / "fashion-mnist"
    target.mkdir(parents=True)
    for name in IDX:
        if (source / name).is_file():
            # Piece by piece: what this process holds at most counts as its children's memory.
            with open(source / name, "rb") as plain, gzip.open(target / f"{name}.gz", "wb") as out:
                shutil.copyfileobj(plain, out)
        else:
            (target / f"{name}.gz").symlink_to(source / f"{name}.gz")
    return str(target.parent)


# ------------------------------------------------------------------ tables


def cells(workload, own, runs):
    """A row of the table, without its name; `own` are our runs."""
    row = []
    for key, _, scale in COLUMNS[workload]:
        values = [run[key] * scale for run in runs]
        row += [spread(values), ratio(statistics.median(run[key] * scale for run in own) / statistics.median(values))]
    if workload == "w7":
        row.append(f"{statistics.median(run['accuracy'] for run in runs):.4f}")
    elif workload != "w6":
        terms = [statistics.median(of) for of in zip(*(run["loss"] for run in runs))]
        row.append(" + ".join(f"{term:.4g}" for term in terms))
    busy = [process["others"] for process in every_process(runs) if process["others"] is not None]
    mark = "*" if any(run["disturbed"] for run in runs) else ""
    row.append(f"{100 * statistics.median(busy):.0f} % ({100 * max(busy):.0f} %){mark}" if busy else "")
    tags = [tag for process in every_process(runs) for tag in process["pingpong"]]
    return row + ([f"{min(tags)} to {max(tags)}"] if tags else [])


def table(workload, runs):
    """What is told of a workload; `runs` has a list for each program."""
    head = ["program"]
    for _, title, _ in COLUMNS[workload]:
        head += [f"{title}: median (range)", "espejo / it"]
    head += {"w6": [], "w7": ["test accuracy"]}.get(workload, ["test loss"])
    head += ["others (most)"] + (["pingpong, ns"] if machine.tagged() else [])
    text = markdown(head, [[name, *cells(workload, runs["espejo"], of)] for name, of in runs.items()])
    if workload in EPOCHS:
        with_logs = spread([run["report"]["per_epoch_median"] for run in runs["espejo"]])
        text += f"\n\nespejo with its logs and checkpoints: {with_logs} s an epoch"
    versions = {name: version for of in runs.values() for name, version in of[0].get("versions", {}).items()}
    versions.pop("backend", None)
    return text + "\n\n" + ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


# ------------------------------------------------------------------ command line


def arguments(parser):
    parser.add_argument("--peers", required=True, help="the folder of bench_peers.py")
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--data", default=os.environ.get("ESPEJO_DATA", "data"), help="the data folder; else ESPEJO_DATA")
    parser.add_argument("--gz", action="store_true", help="w1, w2: where DATA has plain files, both sides read gzip copies")
    parser.add_argument("--workload", default=",".join(PEERS), help="which, with commas; by default %(default)s")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="w1, w2, w5, w7: in place of theirs; at least 3")
    parser.add_argument("--samples", type=int, metavar="N", help="w1, w2, w7: N images; the first N for the peers, any for us")
    parser.add_argument("--repeats", type=int, default=5, help="w6: calls in a process, at least 1")
    parser.add_argument("--threads", type=int, default=2, help="the first so many CPUs, for all")
    parser.add_argument("--device", default="cpu", help="ours, as for `espejo train`")
    parser.add_argument("--espejo", help="the program; by default the release build of this tree")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all runs here")
    parser.add_argument("names", nargs="*", metavar="PEER", help="by default some of each workload")


def checked(args):
    """The arguments, once everything they name is there."""
    args.workload = args.workload.split(",")
    for workload in args.workload:
        if workload not in PEERS:
            args.fail(f"workload `{workload}`: expected some of {', '.join(PEERS)}")
    if args.epochs and args.epochs < 3:
        args.fail(f"--epochs {args.epochs}: the first and the last are not counted, expected at least 3")
    if not Path(args.peers, "bench_peers.py").is_file():
        args.fail(f"no `bench_peers.py` in `{args.peers}`")
    args.programs = machine.program(args, "espejo", *(["infer"] if {"w1", "w5", "w6"} & set(args.workload) else []))
    all_known = {workload: known(args, workload) for workload in args.workload}
    for name in args.names:
        if not any(name in names for names in all_known.values()):
            args.fail(f"peer `{name}`: expected some of {', '.join(sorted(set(sum(all_known.values(), []))))}")
    args.names = {w: [n for n in args.names if n in all_known[w]] if args.names else PEERS[w] for w in args.workload}
    return args


def measured(args, workload):
    """All runs of a workload, a list for each program; the sides alternate."""
    runs = {}
    for run in range(args.runs):
        for name in ["espejo", *args.names[workload]]:
            print(f"{workload} run {run + 1}/{args.runs}: {name}", file=sys.stderr)
            measure = (lambda: ours(args, workload)) if name == "espejo" else (lambda: theirs(args, workload, name))
            runs.setdefault(name, []).append(undisturbed(measure))
    return runs


def run(args):
    args = checked(args)
    with tempfile.TemporaryDirectory() as out, machine.first_cpus(args.threads):
        machine.provide_pingpong(Path(args.peers) / "pingpong.c", out)
        line, raw = machine.described()
        print(f"{line}, {times(args.runs)}", flush=True)
        if args.gz and not reads_gz(args.data):
            args.data = packed(args.data, out)
            print("\nThe images lie there as plain files: both sides read gzip copies, made for this run.", flush=True)
        source = "data read from gz" if reads_gz(args.data) else "data read from plain files"
        rates, raw["runs"] = None, {}
        if Path(args.programs["floor"]).is_file():
            print("floor", file=sys.stderr)
            rates = raw["rates"] = floor.measured(args.programs["floor"])
        else:
            print(f"no program `{args.programs['floor']}`: the floor is left out", file=sys.stderr)
        for workload in args.workload:
            if workload == "w6":
                print("w6: espejo trains what it will use", file=sys.stderr)
                args.model = model_of_w1(args, out)
            runs = raw["runs"][workload] = measured(args, workload)
            title = workload.upper()
            if workload in EPOCHS:
                title += f", {samples(args, workload):,} images, {args.epochs or EPOCHS[workload]} epochs"
            print(f"\n### {title}\n\n{table(workload, runs)}", flush=True)
            text, raw["summary"] = summary(raw["runs"], lambda workload: samples(args, workload), source, rates)
            if args.json:
                Path(args.json).write_text(json.dumps(raw, indent=1) + "\n")
    print(f"\n### What was to be reached\n\n{text}")
