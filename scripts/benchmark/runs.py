"""What is common to measured runs, whosever: which of them are disturbed, which are alike, how they are printed.

A run is a dictionary: its numbers, `others` and `pingpong` of its process, and `processes`, further ones that it needed.
"""

import statistics
import sys

from . import machine

DISTURBED = 0.05  # of the machine, taken by other processes
AGAIN = 2  # times a disturbed run is repeated


def every_process(runs):
    return [process for run in runs for process in [run, *run.get("processes", [])]]


def others(run):
    """The most that other processes took of the machine meanwhile, from 0 to 1."""
    return max((process["others"] for process in every_process([run]) if process["others"] is not None), default=0.0)


def undisturbed(measure):
    """What `measure` gives, taken again where others took part; then the least disturbed, with the others beside it."""
    taken = [measure()]
    while others(taken[-1]) > DISTURBED and len(taken) <= AGAIN:
        print(f"  other processes took {100 * others(taken[-1]):.0f} % of the machine: again", file=sys.stderr)
        taken.append(measure())
    best = min(taken, key=others)
    return {**best, "disturbed": others(best) > DISTURBED, "discarded": [run for run in taken if run is not best]}


def state(run):
    return machine.state([tag for process in every_process([run]) for tag in process["pingpong"]])


def alike(sides):
    """The runs of each side with the CPUs near, or far: whichever leaves the side with fewest runs more of them.

    Where neither leaves each side one, all runs, and the state is `mixed`; without tags, `untagged`.
    """
    states = {state(run) for runs in sides for run in runs}
    if states <= {"untagged"}:
        return "untagged", sides
    kept = {wanted: [[run for run in runs if state(run) == wanted] for runs in sides] for wanted in ("near", "far")}
    fewest = {wanted: min(map(len, of)) for wanted, of in kept.items()}
    wanted = max(fewest, key=fewest.get)
    return (wanted, kept[wanted]) if fewest[wanted] else ("mixed", sides)


# ------------------------------------------------------------------ as text


def times(runs):
    return "1 run" if runs == 1 else f"{runs} runs"


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def spread(values):
    return f"{number(statistics.median(values))} ({number(min(values))} to {number(max(values))})"


def ratio(value):
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def markdown(head, rows):
    """A table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


HEAD = ["task", "program", "seconds: median (range)", "espejo / it", "peak memory, MiB", "espejo / it", "others (most)"]


def compared(task, name, own, runs):
    """A row below HEAD of a program's runs beside our own: medians of `seconds` and `memory`."""
    cells = [task, name]
    for key in ("seconds", "memory"):
        values = [run[key] for run in runs]
        cells += [spread(values), ratio(statistics.median(run[key] for run in own) / statistics.median(values))]
    busy = [process["others"] for process in every_process(runs) if process["others"] is not None]
    mark = "*" if any(run["disturbed"] for run in runs) else ""
    if not busy:
        return cells + ["too short to tell"]
    return cells + [f"{100 * statistics.median(busy):.0f} % ({100 * max(busy):.0f} %){mark}"]
