"""The defaults beside those of another build and beside PCA of the same size, on samples held out."""

import statistics
from typing import Optional

from .program import Program

SETS = {
    "photos, 48x48": ("photos", "--size", "48x48", "--skip-bad"),
    "spots": ("spots.npy",),
    "sensors": ("sensors.csv", "--index", "time"),
    "sensors, `vae`": ("sensors.csv", "--index", "time", "--model", "vae"),
}


def trained(program: Program, words: tuple, seed: int) -> tuple:
    """Squared error of the model and of PCA on the test part, seconds by the clock and of the processor."""
    out = program.room / "compared"
    ran = program.run("train", *words, "--test-fraction", ".2", "--seed", str(seed), "--json", "--out", str(out))
    if ran.code != 0:
        raise SystemExit(f"{' '.join(words)}: {ran.stderr}")
    report = ran.json()
    return report["metrics"]["test"]["squared_error"], report["baselines"]["pca"]["squared_error"], ran.wall, ran.cpu


def spread(values: list) -> str:
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def compare(program: Program, before: Optional[Program], seeds: range) -> list:
    """Prints the table; says where the defaults did not beat PCA with every seed, or took more than twice as long as before."""
    wrong = []
    print("| own data, `--test-fraction .2` | before | now | PCA, as many numbers | better than PCA, before; now | s before | s now | CPU s before | CPU s now |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, words in SETS.items():
        # One seed of each build after the other, so that both meet the same load.
        pairs = [(trained(before, words, seed) if before else None, trained(program, words, seed)) for seed in seeds]
        now = [after for _, after in pairs]
        old = [earlier for earlier, _ in pairs if earlier]
        won = sum(model < pca for model, pca, *_ in now)
        had = f"{sum(model < pca for model, pca, *_ in old)}; " if old else ""
        cell = lambda runs, place: spread([run[place] for run in runs]) if runs else "–"
        print(
            f"| {name} | {cell(old, 0)} | {cell(now, 0)} | {cell(now, 1)} | {had}{won} of {len(now)} "
            f"| {cell(old, 2)} | {cell(now, 2)} | {cell(old, 3)} | {cell(now, 3)} |",
            flush=True,
        )
        if won < len(now):
            wrong.append(f"{name}: better than PCA with {won} of {len(now)} seeds")
        if old:
            ratio = statistics.median(run[3] for run in now) / statistics.median(run[3] for run in old)
            if ratio > 2:
                wrong.append(f"{name}: {ratio:.1f} times the processor's seconds of before")
    return wrong
