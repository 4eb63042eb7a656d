"""Classical training in double precision beside other programs, and how sweeps over seeds grow with the cores.

    scripts/bench classical --peers DIR --python VENV/bin/python [--runs 5]

DIR holds `bench_peers.py`, VENV has JAX, numpy and scipy.

w3      A step of 35-16-2-16-35 by all 32 glyphs, with momentum: ours in double precision on one thread, JAX's compiled scan in
        single precision on its threads. Microseconds, the median of the loops of one process.
w4      A value with its gradient of 35-25-2-25-35 on 32 glyphs: ours, and an evaluation of scipy's L-BFGS-B and CG with numpy's
        gradient, the method's own work included.
sweep   Seconds of `espejo reproduce S10 --fresh`, 75 trainings, figures and report, on one thread and on all: `RAYON_NUM_THREADS`.

Ours runs, then each peer, and so on `--runs` times; the table has median and range of the runs, and ours over theirs.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from . import machine
from .runs import markdown, ratio, spread
from .workloads import peer

EVALUATIONS = 3000  # of scipy's methods


def ours(args, workload):
    """Microseconds of one, by `examples/peers.rs`."""
    text = subprocess.run([args.programs["peers"], workload], capture_output=True, text=True, check=True).stdout
    return json.loads(text)["us"]["median"]


def jax(args):
    return peer(args, "w3", "jax-scan", "--steps", 2000, "--repeats", 5)["us_per_step"]["median"]


def scipy(args, name):
    return peer(args, "w4", name, "--max-evals", EVALUATIONS, "--repeats", 3)["us_per_evaluation"]


def sweep(args, threads):
    """Seconds of the sweep on so many threads."""
    with tempfile.TemporaryDirectory() as out:
        command = [args.programs["espejo"], "reproduce", "S10", "--fresh", "--out", out]
        begun = time.perf_counter()
        done = subprocess.run(command, env={**os.environ, "RAYON_NUM_THREADS": str(threads)}, capture_output=True, check=False)
        if done.returncode not in (0, 6):
            sys.exit(f"{command}: {done.stderr.decode()}")
        return time.perf_counter() - begun


def arguments(parser):
    parser.add_argument("--peers", required=True, help="the folder of bench_peers.py")
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--data", default=os.environ.get("ESPEJO_DATA", "data"), help="the data folder; else ESPEJO_DATA")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for the peers, and for the sweep")
    parser.add_argument("--espejo", help="the program; by default the release build of this tree")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all runs here")


def run(args):
    args.programs = machine.program(args, "espejo", "peers")
    line, facts = machine.described()
    sides = {
        ("w3, a step, µs", "espejo"): lambda: ours(args, "w3"),
        ("w3, a step, µs", "jax-scan"): lambda: jax(args),
        ("w4, value and gradient, µs", "espejo"): lambda: ours(args, "w4-evaluation"),
        ("w4, value and gradient, µs", "scipy L-BFGS-B"): lambda: scipy(args, "scipy-L-BFGS-B"),
        ("w4, value and gradient, µs", "scipy CG"): lambda: scipy(args, "scipy-CG"),
        ("sweep, s", f"espejo, {args.threads} threads"): lambda: sweep(args, args.threads),
        ("sweep, s", "espejo, 1 thread"): lambda: sweep(args, 1),
    }
    found = {key: [] for key in sides}
    for _ in range(args.runs):
        for key, measure in sides.items():
            found[key].append(measure())
            print(f"  {key[0]} {key[1]}: {found[key][-1]:.3g}", file=sys.stderr)
    rows, own = [], None
    for (what, who), values in found.items():
        own = values if who.startswith("espejo") and not (own and what == "sweep, s" and who.endswith("1 thread")) else own
        rows.append([what, who, spread(values), ratio(statistics.median(own) / statistics.median(values))])
    print(line + "\n")
    print(markdown(["work", "program", "median (range)", "espejo / it"], rows))
    if args.json:
        with open(args.json, "w") as out:
            json.dump({**facts, "runs": [[*key, values] for key, values in found.items()]}, out, indent=1)
