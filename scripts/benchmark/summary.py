"""The last table of `scripts/bench peers`: what was to be reached, beside the best peer of this very run and the floor."""

import statistics
from typing import NamedTuple

from . import floor
from .runs import alike, markdown, number, ratio, spread
from .workloads import SAMPLES


class Target(NamedTuple):
    workload: str
    key: str
    title: str
    unit: str
    scale: float
    most: float  # ours over the best peer's
    stretch: float = None


TARGETS = [
    Target("w1", "epoch", "W1 dense VAE 784-256-2, batch 128, {:,} images, an epoch", "s", 1, 1.0, 0.9),
    Target("w2", "epoch", "W2 conv denoiser, batch 128, {:,} images, an epoch", "s", 1, 1.0, 0.5),
    Target("w3", "step", "W3 35-16-2-16-35, 32 glyphs, a step", "µs", 1e6, 2.0, 1.0),
    Target("w5", "epoch", "W5 faces VAE 3200-1024-2, 165 images, an epoch", "ms", 1e3, 1.0, 0.7),
    Target("w6", "encode", "W6 encode 70,000 images", "s", 1, 1.0),
    Target("w6", "decode", "W6 decode a 20x20 grid", "ms", 1e3, 1.0),
    Target("w7", "epoch", "W7 conv classifier with batch norm, batch 128, {:,} images, an epoch", "s", 1, 0.5),
    Target("w1", "start", "W1 process start to the end of the first epoch, {data}", "s", 1, 0.6, 0.45),
    Target("w1", "memory", "W1 peak resident memory", "MiB", 1, 0.6, 0.4),
]
HEAD = ["work", "espejo: median (range)", "best peer", "it: median (range)", "espejo / it", "at or under (stretch)", "result"]
HEAD += ["CPUs, runs counted", "floor", "espejo / floor"]


def result(reached, target):
    """Met or missed, and by how much of the target."""
    off = 100 * (reached / target.most - 1)
    if reached > target.most:
        return f"**missed by {off:.0f} %**"
    stretch = ", stretch too" if target.stretch and reached <= target.stretch else ""
    return f"met, {-off:.0f} % under{stretch}"


def compared(key, own, peers):
    """Beside each peer: ours over it, the state of the CPUs, and the runs that count, ours and its; the hardest peer first."""
    found = []
    for name, runs in peers.items():
        # Memory does not ask how far apart the CPUs are.
        state, (ours, its) = ("any", [own, runs]) if key == "memory" else alike([own, runs])
        medians = [statistics.median(run[key] for run in side) for side in (ours, its)]
        found.append((medians[0] / medians[1], name, state, ours, its))
    return sorted(found, key=lambda one: one[0], reverse=True)


def rows(workloads, count, data, rates):
    """What is told of each target whose workload was measured, as cells and as numbers."""
    least = {key: sum(floor.seconds(work, rates)) for key, work in floor.works(count).items()} if rates else {}
    for target in TARGETS:
        runs = workloads.get(target.workload, {})
        peers = {name: of for name, of in runs.items() if name != "espejo"}
        if not peers:
            continue
        reached, name, state, ours, its = compared(target.key, runs["espejo"], peers)[0]
        values = [[run[target.key] * target.scale for run in side] for side in (ours, its)]
        images = count(target.workload) if target.workload in SAMPLES else 0
        title = f"{target.title.format(images, data=data)}, {target.unit}"
        limits = number(target.most) + (f" ({number(target.stretch)})" if target.stretch else "")
        marks = ["*" if any(run["disturbed"] for run in side) else "" for side in (ours, its)]
        counted = f"{state}, {len(ours)} of {len(runs['espejo'])} and {len(its)} of {len(runs[name])}"
        row = [title, spread(values[0]) + marks[0], name, spread(values[1]) + marks[1], ratio(reached), limits]
        row += [result(reached, target), counted]
        bound = least.get((target.workload, target.key))
        middle = statistics.median(values[0]) / target.scale
        row += [number(bound * target.scale), f"{middle / bound:.3g}"] if bound else ["–", "–"]
        numbers = {"work": title, "ours": middle, "peer": name, "theirs": statistics.median(values[1]) / target.scale}
        numbers.update(ratio=reached, target=target.most, stretch=target.stretch, floor=bound)
        numbers.update(state=state, counted=[len(ours), len(its)])
        yield row, numbers


def summary(workloads, count, data, rates):
    """The table with its notes, and its numbers; the floor is left out where its `rates` are unknown."""
    found = list(rows(workloads, count, data, rates))
    text = markdown(HEAD, [row for row, _ in found])
    if any("*" in row[1] + row[3] for row, _ in found):
        text += "\n\n\\* other processes took more than 5 % of the machine during one of these runs, each time it was repeated."
    note = "The best peer is the one beside which we do worst. Only runs with the CPUs in the same state are compared:"
    text += f"\n\n{note} near (they share a cache) or far."
    return text + (f" The floor is made of {floor.told(rates)}." if rates else ""), [numbers for _, numbers in found]
