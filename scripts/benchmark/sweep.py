"""A sweep of twenty small trainings beside the same runs one after the other, and beside Optuna with PyTorch.

    scripts/bench sweep --python VENV/bin/python [--data DATA] [--runs 5] [--epochs 5000]

VENV has PyTorch and Optuna. The preset `letters` (32 glyphs of 35 pixels, 35-25-L-25-35, all in one batch) with codes of 1, 2, 3 and 4 numbers
and five seeds each: ours by `espejo sweep` and by `espejo train` twenty times, theirs as twenty trials of a study by one process, by
two threads and by two processes. Ours writes runs with checkpoints, measures and a table of the results; theirs keeps the losses. Programs take turns,
`--runs` times; seconds are of whole processes, memory is of the largest of one. The last lines hold ours against the best of theirs.
"""

import json
import os
import shlex
import statistics
import sys
import tempfile
from pathlib import Path

from . import machine
from .runs import HEAD, compared, markdown, ratio, times, undisturbed

PEER = Path(__file__).resolve().parent / "peer_sweep.py"
LATENTS, SEEDS = [1, 2, 3, 4], 5
WAYS = ["one", "threads", "processes"]
MOST = {"train": 0.55, "optuna": 0.1}  # of a sweep over it, at most


def arguments(parser):
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--data", default=os.environ.get("ESPEJO_DATA", "data"), help="the data folder; else ESPEJO_DATA")
    parser.add_argument("--epochs", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="the first so many CPUs, for all")
    parser.add_argument("--espejo", help="the program; by default the release build of this tree")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all runs here")


def glyphs(data):
    """The capitals, as rows of 35 pixels; the leftmost of a row of five is its highest bit."""
    found = []
    with open(Path(data) / "fonts7x5" / "fonts7x5.csv") as lines:
        for line in lines:
            cells = line.strip().split(",")
            if cells[0] == "font2":
                rows = [int(cell, 16) for cell in cells[-7:]]
                found.append([row >> bit & 1 for row in rows for bit in (4, 3, 2, 1, 0)])
    return found


def taken(command):
    text, found = machine.process([str(word) for word in command])
    return text, {**found, "seconds": found["wall"]}


def swept(args, out):
    vary = f"model.latent={','.join(map(str, LATENTS))}"
    command = ["sweep", "letters", "--device", "cpu", "--epochs", args.epochs, "--vary", vary, "--seeds", SEEDS]
    return taken([args.programs["espejo"], *command, "--out", f"{out}/sweep"])[1]


def trained(args, out):
    """The same runs one after the other, each on all threads."""
    lines = []
    for latent in LATENTS:
        for seed in range(1, SEEDS + 1):
            command = ["train", "letters", "--device", "cpu", "--epochs", args.epochs, "--no-figures", "--set", f"model.latent={latent}"]
            command += ["--seed", seed, "--out", out, "--name", f"{latent}-{seed}"]
            lines.append(shlex.join(str(word) for word in [args.programs["espejo"], *command]))
    return taken(["sh", "-c", " && ".join(lines)])[1]


def optuna(args, way, path):
    latents = ",".join(map(str, LATENTS))
    text, found = taken([args.python, "-B", PEER, way, path, args.epochs, latents, SEEDS])
    said = json.loads(text)
    if said["different"] != len(LATENTS) * SEEDS:
        sys.exit(f"error: Optuna has done {said['different']} of {len(LATENTS) * SEEDS} trainings")
    return {**found, **said}


def run(args):
    args.programs = machine.program(args, "espejo")
    sides = {"espejo sweep": lambda out: swept(args, out), "espejo train": lambda out: trained(args, out)}
    runs = {}
    with tempfile.TemporaryDirectory() as folder, machine.first_cpus(args.threads):
        line, raw = machine.described()
        path = Path(folder) / "glyphs.json"
        path.write_text(json.dumps(glyphs(args.data)))
        sides |= {f"optuna, {way}": lambda _, way=way: optuna(args, way, path) for way in WAYS}
        for count in range(args.runs):
            for name, measure in sides.items():
                print(f"run {count + 1}/{args.runs}: {name}", file=sys.stderr)
                with tempfile.TemporaryDirectory() as out:
                    runs.setdefault(name, []).append(undisturbed(lambda: measure(out + "/one")))
    print(f"{line}, {times(args.runs)}, {args.epochs:,} epochs\n")
    own = runs["espejo sweep"]
    print(markdown(HEAD, [compared("sweep", name, own, of) for name, of in runs.items()]) + "\n")
    seconds = {name: statistics.median(run["seconds"] for run in of) for name, of in runs.items()}
    best = min((name for name in seconds if name.startswith("optuna")), key=seconds.get)
    for name, most in [("espejo train", MOST["train"]), (best, MOST["optuna"])]:
        reached = seconds["espejo sweep"] / seconds[name]
        print(f"sweep over {name}: {ratio(reached)}, at or under {most}: {'met' if reached <= most else '**missed**'}")
    if args.json:
        raw["runs"] = runs
        Path(args.json).write_text(json.dumps(raw, indent=1))
