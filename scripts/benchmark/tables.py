"""Tables and folders of images beside other programs: reading, the first epoch, scores; seconds, memory and ratios in one run.

    scripts/bench tables --python VENV/bin/python [--rows 1000000] [--runs 3] [TASK ...]

VENV has PyTorch, torchvision, polars, pandas, PyOD and scikit-learn. Ours, then each peer, and so on `--runs` times; medians, and
ours over theirs: below 1 we take less. The files are made first: standard normal numbers, correlated, with 6 decimals.

parquet The same table read from Parquet, as pandas writes it, beside its own CSV: seconds of `examples/load`, built by `cargo build --release -p espejo-data
        --features parquet --example load`. Not among the tasks of a run without names, for the program as it is built by default reads no Parquet.
csv     A table of 20 columns from CSV to the end of the first epoch of 20-12-2-12-20 (tanh, Adam, batches of 1,024), from the start of
        the process: beside polars and pandas, each with PyTorch.
folder  20,000 PNG images of 28x28 in 10 folders, to the end of the first epoch of 784-64-8-64-784 (batches of 128): beside torchvision's
        ImageFolder and a DataLoader with two workers.
fit     The same table through the first epoch of 20-12-2-12-20 in batches of 32, its default, by PyOD's AutoEncoder with pandas, of
        whose `fit` scores of the training rows are a part.
score   The same table from CSV to scores in a CSV file, by a model of the first 10,000 rows: beside PyOD's AutoEncoder and scikit-learn's
        isolation forest (100 trees, all cores), each with pandas. Theirs begins when the model is fitted and all is imported, ours with the
        process.
memory  Peak resident memory of the process in MiB, of two worker processes not counted.
others  The part of the machine that other processes took meanwhile; see `scripts/bench peers --help`.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from . import machine
from .runs import HEAD, compared, markdown, times, undisturbed

PEER = Path(__file__).resolve().parent / "peer_tables.py"
PEERS = {"csv": ["polars", "pandas"], "folder": ["folder"], "fit": ["fit-pyod"], "score": ["score-pyod", "score-forest"], "parquet": ["own CSV"]}
WITHOUT_NAMES = ["csv", "folder", "fit", "score"]
TRAIN = "--optimizer adam --lr 1e-3 --schedule constant --epochs 2 --no-figures --samples-every 0 --set train.eval_every=1000000".split()
NET = "--layers 12 --latent 2 --activation tanh".split()

MAKE = """
import sys
import numpy as np
path, rows = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(0)
mixing = random.standard_normal((20, 20))
with open(path, "w") as out:
    out.write(",".join(f"c{place}" for place in range(20)) + "\\n")
    for start in range(0, rows, 100_000):
        np.savetxt(out, random.standard_normal((min(100_000, rows - start), 20)) @ mixing, "%.6f", ",")
"""
MAKE_FOLDER = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
random = np.random.default_rng(0)
for number in range(20_000):
    folder = Path(sys.argv[1]) / f"class{number % 10}"
    folder.mkdir(parents=True, exist_ok=True)
    smooth = random.integers(0, 255, (7, 7), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
    Image.fromarray(smooth).save(folder / f"{number}.png")
"""


def arguments(parser):
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="the first so many CPUs, for all")
    parser.add_argument("--espejo", help="the program; by default the release build of this tree")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all runs here")
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"some of {', '.join(PEERS)}; by default {', '.join(WITHOUT_NAMES)}")


def files(args, folder):
    """The files of the tasks, and for scores a model of ours."""
    table, images, model = folder / "table.csv", folder / "images", folder / "runs" / "model"
    if set(args.tasks) - {"folder"}:
        subprocess.run([args.python, "-c", MAKE, table, str(args.rows)], check=True)
    if "parquet" in args.tasks:
        write = "import sys, pandas; pandas.read_csv(sys.argv[1]).to_parquet(sys.argv[2])"
        subprocess.run([args.python, "-c", write, table, table.with_suffix(".parquet")], check=True)
    if "folder" in args.tasks:
        subprocess.run([args.python, "-c", MAKE_FOLDER, images], check=True)
    if "score" in args.tasks:
        first = folder / "first.csv"
        with open(table) as lines, open(first, "w") as out:
            out.writelines(line for line, _ in zip(lines, range(10_001)))
        train = ["train", first, *NET, *TRAIN, "--out", model.parent, "--name", model.name]
        subprocess.run([args.programs["espejo"], *train], check=True, capture_output=True)
    return {"csv": table, "folder": images, "fit": table, "score": table, "parquet": table.with_suffix(".parquet")}, model


def process(*command):
    return machine.process([str(word) for word in command])


def loaded(args, path):
    text, taken = process(args.programs["load"], path)
    return {**taken, "seconds": float(re.search(r"([0-9.]+) s,", text)[1])}


def ours(args, task, path, model, out):
    if task == "parquet":
        return loaded(args, path)
    if task == "score":
        _, taken = process(
            args.programs["espejo"], "score", model, "--data", path, "--threshold", "quantile:.99", "--to", f"{out}/ours.csv"
        )
        return {**taken, "seconds": taken["wall"]}
    flags = {
        "csv": [*NET, "--batch-size", "1024"],
        "fit": [*NET, "--batch-size", "32"],
        "folder": "--layers 64 --latent 8 --activation tanh --batch-size 128".split(),
    }
    _, taken = process(args.programs["espejo"], "train", path, *flags[task], *TRAIN, "--out", out, "--name", task)
    return {**taken, "seconds": taken["start"]}


def theirs(args, name, path, out):
    if name == "own CSV":
        return loaded(args, path.with_suffix(".csv"))
    text, taken = process(args.python, "-B", PEER, name, path, f"{out}/theirs.csv")
    return {**taken, "seconds": json.loads(text)["seconds"] if text.strip() else taken["start"]}


def measured(args, task, path, model):
    runs = {}
    for run in range(args.runs):
        for name in ["espejo", *PEERS[task]]:
            print(f"{task} run {run + 1}/{args.runs}: {name}", file=sys.stderr)
            with tempfile.TemporaryDirectory() as out:
                measure = (lambda: ours(args, task, path, model, out)) if name == "espejo" else lambda: theirs(args, name, path, out)
                runs.setdefault(name, []).append(undisturbed(measure))
    return runs


def run(args):
    for task in args.tasks:
        if task not in PEERS:
            args.fail(f"task `{task}`: expected some of {', '.join(PEERS)}")
    args.tasks = args.tasks or WITHOUT_NAMES
    args.programs = machine.program(args, *{"load" if task == "parquet" else "espejo" for task in args.tasks})
    with tempfile.TemporaryDirectory() as folder, machine.first_cpus(args.threads):
        line, raw = machine.described()
        print(f"{line}, {times(args.runs)}, {args.rows:,} rows\n", flush=True)
        paths, model = files(args, Path(folder))
        print(markdown(HEAD, []), flush=True)
        raw["runs"] = {}
        for task in args.tasks:
            # What is measured is printed, whatever comes after it.
            of = raw["runs"][task] = measured(args, task, paths[task], model)
            for name, runs in of.items():
                print(f"| {' | '.join(compared(task, name, of['espejo'], runs))} |", flush=True)
    if args.json:
        Path(args.json).write_text(json.dumps(raw, indent=1))
