"""The nets of document 004 beside other programs: seconds of an epoch, memory, and ratios in one run.

    scripts/bench document4 --python VENV/bin/python --data DATA [--runs 3] [TASK ...]

VENV has PyTorch, Keras, JAX, optax and scikit-learn; DATA is the data folder (ESPEJO_DATA), with `imdb` and `pima` in it. Ours, then each
peer, and so on `--runs` times; medians, and ours over theirs: below 1 we take less. An epoch is the median of those after the first.

alexnet  S36's net for 32x32 images with 100 classes, batches of 128, on made-up images in CIFAR-100's format, without augmentation: a step
vgg      the same of S36's deeper net
conv     S39: 25,000 reviews as 500 tokens, an embedding and two convolutions, batches of 128: an epoch
bow      S39: the same reviews as counts of 10,000 words, 100-10-concat-1, batches of 512: an epoch. Theirs is a dense matrix.
folds    S37: 5 folds, 3 repeats, 100 epochs each: the whole command, with what each program reads, prints and draws
memory   Peak resident memory of the process in MiB.
others   The part of the machine that other processes took meanwhile; see `scripts/bench peers --help`.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from . import machine
from .runs import HEAD, compared, markdown, times, undisturbed
from .workloads import train

PEER = Path(__file__).resolve().parent / "peer_document4.py"
PEERS = {"alexnet": ["torch", "keras"], "vgg": ["torch", "keras"], "conv": ["torch", "keras"], "bow": ["torch", "keras", "jax"]}
PEERS["folds"] = ["keras"]
IMAGES, EPOCHS = 1280, 3  # 10 steps an epoch
PLAIN = ["--schedule", "constant", *(word for key in ("shift=0", "rotate=0", "flip=false") for word in ("--set", f"augment.{key}"))]
FLAGS = {
    "alexnet": ["s36-alexnet", *PLAIN],
    "vgg": ["s36-vgg", *PLAIN],
    "conv": ["s39-conv"],
    "bow": ["s39-bow"],
}
MAKE = """
import sys
from pathlib import Path
import numpy as np
folder, count = Path(sys.argv[1], "cifar-100-binary"), int(sys.argv[2])
folder.mkdir(parents=True)
random = np.random.default_rng(0)
for name, count in (("train.bin", count), ("test.bin", 100)):
    records = random.integers(0, 256, (count, 3074), np.uint8)
    records[:, 0], records[:, 1] = np.arange(count) % 20, np.arange(count) % 100
    records.tofile(folder / name)
"""


def arguments(parser):
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--data", default=os.environ.get("ESPEJO_DATA", "data"), help="the data folder; else ESPEJO_DATA")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="the first so many CPUs, for all")
    parser.add_argument("--device", default="cpu", help="ours, as for `espejo train`")
    parser.add_argument("--espejo", help="the program; by default the release build of this tree")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all runs here")
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"by default all: {', '.join(PEERS)}")


def ours(args, task, data):
    with tempfile.TemporaryDirectory() as out:
        if task == "folds":
            command = [args.programs["espejo"], "train", "s37", "--data-dir", data, "--out", out, "--name", "folds"]
            _, taken = machine.process(command)
            return {**taken, "seconds": taken["wall"]}
        run, _ = train(args, [*FLAGS[task], "--data-dir", data], EPOCHS + 1, out)
        # Neither the first epoch nor the last, which evaluates.
        return {**run, "seconds": per_unit(task, run["seconds"][1:-1])}


def theirs(args, task, name, data):
    data = next(Path(data, "imdb").glob("*.tar.gz")) if task in ("conv", "bow") else data
    epochs = 100 if task == "folds" else EPOCHS
    text, taken = machine.process([args.python, "-B", str(PEER), task, name, str(data), "--epochs", str(epochs)])
    said = json.loads(text.splitlines()[-1])
    return {**taken, "seconds": said["whole"] if task == "folds" else per_unit(task, said["epochs"][1:])}


def per_unit(task, epochs):
    """Of epochs, or of steps where the images are few."""
    return statistics.median(epochs) / (IMAGES / 128 if task in ("alexnet", "vgg") else 1)


def measured(args, task, data):
    runs = {}
    for run in range(args.runs):
        for name in ["espejo", *PEERS[task]]:
            print(f"{task} run {run + 1}/{args.runs}: {name}", file=sys.stderr)
            measure = (lambda: ours(args, task, data)) if name == "espejo" else lambda: theirs(args, task, name, data)
            runs.setdefault(name, []).append(undisturbed(measure))
    return runs


def run(args):
    for task in args.tasks:
        if task not in PEERS:
            args.fail(f"task `{task}`: expected some of {', '.join(PEERS)}")
    args.programs = machine.program(args, "espejo")
    with tempfile.TemporaryDirectory() as made, machine.first_cpus(args.threads):
        line, raw = machine.described()
        print(f"{line}, {times(args.runs)}\n", flush=True)
        subprocess.run([args.python, "-c", MAKE, made, str(IMAGES)], check=True)
        print(markdown(HEAD, []), flush=True)
        raw["runs"] = {}
        for task in args.tasks or PEERS:
            of = raw["runs"][task] = measured(args, task, made if task in ("alexnet", "vgg") else args.data)
            for name, runs in of.items():
                print(f"| {' | '.join(compared(task, name, of['espejo'], runs))} |", flush=True)
    if args.json:
        Path(args.json).write_text(json.dumps(raw, indent=1))
