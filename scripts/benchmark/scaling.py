"""How the time of an epoch grows: with images, width, batch and threads; a table, numbers as CSV, one plot.

    scripts/bench scaling --data DATA [--runs 3] [--peers DIR]

The dense VAE of w1 (784-256-2, batches of 128, 60,000 images of Fashion-MNIST) with one of these changed at a time, and the
convolutional denoiser of w2 on few images with other batches. Seconds of an epoch are those of `scripts/bench peers`: the
median of a process's epochs without the first and the last. All points once, then all again, `--runs` times. Of each
series only runs count that are alike, as there; DIR has the program that tells. `scaling.svg` and `scaling.csv` go to
`docs/pictures`.
"""

import csv
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from . import machine
from .plot import Curve, Panel, drawn
from .runs import alike, markdown, number, spread, times, undisturbed
from .workloads import ADAM, ALL, DENSE, epoch, fashion, train

CONV_IMAGES = 6144  # three batches of the largest size


class Point(NamedTuple):
    """What one training is asked for."""

    model: str
    images: int
    width: int
    batch: int
    threads: int

    def flags(self, args):
        flags = [*fashion(args, self.images), *ADAM, "--batch-size", str(self.batch)]
        if self.model == "conv":
            return ["fashion-dae", "--conv", "32,16", "--latent", "0", "--noise", "gaussian:0.3", *flags]
        return ["fashion", "--model", "vae", "--layers", str(self.width), *DENSE, *flags]


class Series(NamedTuple):
    title: str
    axis: str  # the field of `Point` that changes
    label: str
    points: list
    slope: int  # of the ideal: time goes with this power of what changes
    ideal: str


def all_series(cpus):
    """What is measured, with so many CPUs."""
    base = Point("dense", ALL, 256, 128, cpus)
    conv = Point("conv", CONV_IMAGES, 0, 128, cpus)

    def with_each(point, axis, values):
        return [point._replace(**{axis: value}) for value in values]

    threads = [count for count in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128) if count < cpus] + [cpus]
    batches, even, same = (32, 128, 512, 2048), "in proportion", "the same work"
    conv_title = f"Batch, conv denoiser, {CONV_IMAGES:,} images"
    return [
        Series("Images", "images", "images", with_each(base, "images", (15000, 30000, ALL)), 1, even),
        Series("Width", "width", "hidden units", with_each(base, "width", (64, 256, 1024)), 1, even),
        Series("Batch", "batch", "images a batch", with_each(base, "batch", batches), 0, same),
        Series(conv_title, "batch", "images a batch", with_each(conv, "batch", batches), 0, same),
        Series("Threads", "threads", "threads", with_each(base, "threads", threads), -1, "shared out evenly"),
    ]


def measured(args, point):
    """A run with the seconds of its epoch."""
    with tempfile.TemporaryDirectory() as out, machine.first_cpus(point.threads):
        run, _ = train(args, point.flags(args), args.epochs, out, point.threads)
        return {**run, "epoch": epoch(run)}


def counted(series, runs):
    """The state of the CPUs, and for each point the seconds of the runs that count. One thread asks for no state."""
    tagged = [point for point in series.points if point.threads > 1]
    state, kept = alike([runs[point] for point in tagged])
    kept = {**{point: runs[point] for point in series.points}, **dict(zip(tagged, kept))}
    return state, {point: [run["epoch"] for run in of] for point, of in kept.items()}


def ideal(series, seconds):
    """What each point would take, from the first."""
    first = series.points[0]
    start, middle = getattr(first, series.axis), statistics.median(seconds[first])
    return {point: middle * (getattr(point, series.axis) / start) ** series.slope for point in series.points}


def table(series, state, seconds, runs):
    head = [series.label, "epoch, s: median (range)", "images a second", f"ideal ({series.ideal}), s", "epoch / ideal"]
    head.append("CPUs, runs counted")
    rows = []
    for point, expected in ideal(series, seconds).items():
        middle = statistics.median(seconds[point])
        mark = "*" if any(run["disturbed"] for run in runs[point]) else ""
        row = [f"{getattr(point, series.axis):,}", spread(seconds[point]) + mark, number(point.images / middle)]
        count = f"{state}, {len(seconds[point])} of {len(runs[point])}"
        rows.append([*row, number(expected), f"{middle / expected:.2f}", count])
    return f"### {series.title}\n\n{markdown(head, rows)}"


def write_csv(path, found):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["series", *Point._fields, "epoch_seconds", "least", "most", "ideal", "cpus", "runs"])
        for series, state, seconds in found:
            expected = ideal(series, seconds)
            for point, of in seconds.items():
                values = [statistics.median(of), min(of), max(of), expected[point]]
                rows.writerow([series.title, *point, *(f"{value:.5g}" for value in values), state, len(of)])


def panels(found):
    """The two series over batches share one."""
    curves = {}
    for series, _, seconds in found:
        values = {getattr(point, series.axis): of for point, of in seconds.items()}
        places = [(value, statistics.median(of), min(of), max(of)) for value, of in values.items()]
        name = "conv denoiser" if series.points[0].model == "conv" else "dense VAE"
        curves.setdefault((series.axis, series.label), []).append(Curve(name, places, series.slope, series.ideal))
    titles = {"images": "Images", "width": "Width of the hidden layer", "threads": "Threads"}
    titles["batch"] = f"Batch (conv: {CONV_IMAGES:,} images)"
    return [Panel(titles[axis], label, "seconds an epoch", of) for (axis, label), of in curves.items()]


# ------------------------------------------------------------------ command line


def arguments(parser):
    parser.add_argument("--data", default=os.environ.get("ESPEJO_DATA", "data"), help="the data folder; else ESPEJO_DATA")
    parser.add_argument("--peers", help="the folder of pingpong.c, where PINGPONG names no program")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4, help="of each training, at least 3; by default %(default)s")
    parser.add_argument("--device", default="cpu", help="as for `espejo train`")
    parser.add_argument("--espejo", help="the program; by default the release build of this tree")
    pictures = str(machine.ROOT / "docs" / "pictures")
    parser.add_argument("--out", default=pictures, help="the folder for the plot and its numbers")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all runs here")


def run(args):
    if args.epochs < 3:
        args.fail(f"--epochs {args.epochs}: the first and the last are not counted, expected at least 3")
    args.programs = machine.program(args, "espejo")
    chosen = all_series(len(os.sched_getaffinity(0)))
    points = list(dict.fromkeys(point for series in chosen for point in series.points))
    runs = {point: [] for point in points}
    with tempfile.TemporaryDirectory() as out:
        if args.peers:
            machine.provide_pingpong(Path(args.peers) / "pingpong.c", out)
        line, raw = machine.described()
        line = f"{line}, {times(args.runs)}"
        print(line, flush=True)
        for number_of_run in range(args.runs):
            for point in points:
                told = ", ".join(f"{name} {value}" for name, value in zip(Point._fields, point))
                print(f"run {number_of_run + 1}/{args.runs}: {told}", file=sys.stderr)
                runs[point].append(undisturbed(lambda: measured(args, point)))
    found = [(series, *counted(series, runs)) for series in chosen]
    for series, state, seconds in found:
        print(f"\n{table(series, state, seconds, runs)}")
    if any(run["disturbed"] for of in runs.values() for run in of):
        print("\n\\* other processes took more than 5 % of the machine during one of these runs, each time it was repeated.")
    Path(args.out).mkdir(parents=True, exist_ok=True)
    write_csv(Path(args.out) / "scaling.csv", found)
    foot = "Dense VAE 784-256-2, 60,000 images, batches of 128, all threads, where the axis does not say otherwise."
    (Path(args.out) / "scaling.svg").write_text(drawn(panels(found), [foot, f"{line}; bars: least to most"]))
    if args.json:
        raw["points"] = [{**point._asdict(), "runs": of} for point, of in runs.items()]
        Path(args.json).write_text(json.dumps(raw, indent=1) + "\n")
