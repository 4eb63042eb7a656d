"""Seconds of an epoch, ours beside the peers'."""

import csv
import json
import statistics
from pathlib import Path

from benchmark.runs import number

from . import works
from .checks import training
from .process import problem
from .record import say

PEER = Path(__file__).resolve().parent / "peer.py"
PEERS = ["torch", "torch-compile", "jax"]
NEEDS = {"torch": "torch", "torch-compile": "torch", "jax": "jax"}
SLOW = ["torch-compile"]
ENOUGH = 5  # seconds, to begin a training at all
HALF = "espejo, half precision"  # of nets with dense layers; others would be the same training
HALVED = ["w1", "alexnet"]


def available(args, record):
    """The peers that the Python has."""
    if not args.python:
        return []
    test = "import importlib.util, sys; print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))"
    taken = record.run([args.python, "-c", test, "torch", "jax", "numpy"], 30)
    there = taken["text"].split()
    if "numpy" not in there:
        record.wrong("epochs", f"`{args.python}` has no NumPy: {problem(taken) or 'peers are left out'}")
        return []
    return [name for name in args.peers if NEEDS[name] in there]


def ours(args, record, work, batch, name, more=()):
    """Seconds of each epoch that counts, of the first, and what went wrong; of a training whose time was up those that it came to."""
    taken = record.run([*training(args, work, batch, works.EPOCHS[args.small], name), *more], args.limit)
    log = args.runs_folder / name / "metrics.csv"
    rows = list(csv.DictReader(log.read_text().splitlines())) if log.is_file() else []
    seconds = [float(row["seconds"]) for row in rows]
    # The last one evaluates.
    counted = seconds[1 : works.EPOCHS[args.small] - 1]
    said = json.loads(taken["text"]) if taken["code"] == 0 else {}
    device = said.get("device", {}).get("used", args.device)
    return {"first": seconds[:1], "seconds": counted, "device": device, "problem": problem(taken)}


def theirs(args, record, peer, work, batch):
    # Without the evaluation that ours ends with.
    epochs = works.EPOCHS[args.small] - 1
    net = json.dumps(works.net(work, args.small))
    command = [args.python, "-B", PEER, peer, net, args.data, "--batch", batch, "--epochs", epochs]
    taken = record.run(command, args.limit)
    lines = [json.loads(line) for line in taken["text"].splitlines() if line.startswith("{") and line.endswith("}")]
    about = lines[0] if lines else {}
    seconds = [line["seconds"] for line in lines[1:]]
    found = {"first": seconds[:1], "seconds": seconds[1:], "device": about.get("device", "?"), "problem": problem(taken)}
    return {**found, "versions": about.get("versions", {})}


def epochs(args, record):
    """Ours, then each peer, and so on `--runs` times, for every net and size of batch; afterwards what compiles for long, if time is left."""
    peers = available(args, record)
    slow = [peer for peer in peers if peer in SLOW]
    for programs in (["espejo", *(peer for peer in peers if peer not in SLOW)], slow):
        for batch in works.BATCHES[args.small]:
            for work in args.works:
                own = [HALF] if work in HALVED and programs is not slow else []
                for count in range(args.runs):
                    for program in [*programs, *own]:
                        measure(args, record, {"work": work, "batch": batch, "program": program, "run": count + 1})


def measure(args, record, what):
    work, batch, program = what["work"], what["batch"], what["program"]
    if record.left() < ENOUGH:
        return record.wrong("epochs", "no time was left", **what)
    say(f"{work}, batches of {batch}: {program}")
    if program == HALF and "no half precision" in record.found.get("device", ""):
        return record.note("epochs", {**what, "left_out": "the device has none"}, "left out: the device has no half precision")
    if program == "espejo":
        found = ours(args, record, work, batch, f"{work}-{batch}-{what['run']}")
    elif program == HALF:
        found = ours(args, record, work, batch, f"{work}-{batch}-{what['run']}-half", ["--precision", "half"])
    else:
        found = theirs(args, record, program, work, batch)
    note(record, what, found)


def note(record, what, found):
    if not found["seconds"]:
        return record.wrong("epochs", found["problem"] or "no epoch after the first", **what)
    if found["problem"]:
        # It counts, and so does what went wrong afterwards.
        found["note"] = found["problem"]
    found.pop("problem")
    median = statistics.median(found["seconds"])
    told = f"{what['work']}, batches of {what['batch']}, {what['program']} on {found['device']}: {number(median)} s an epoch"
    record.note("epochs", {**what, **found}, told + (f" ({found['note']})" if found.get("note") else ""))
