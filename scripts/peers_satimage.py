"""Anomalies of Statlog satimage: Espejo's autoencoders and PyOD's, side by side on the same rows and scaling.

    python scripts/peers_satimage.py DATA/satimage --espejo PROGRAM [--seeds 5]

needs numpy, pandas, scikit-learn and pyod (3.6.7 was used) with torch. Two tasks, both learned without labels and measured by the area
under the ROC curve:

three classes   The official parts: classes 2, 4 and 5 of the test part are the anomalies, all of the training part is learned from.
rare class      All 6,435 rows, of class 2 only 71 (drawn with seed 0), which are the anomalies: learned from and measured on the same rows,
                as collections of anomaly sets have it.

Columns are standardised by the rows that are learned from. PyOD's models have their own defaults, but for their scaling, which is off. Espejo's
have one configuration each for both tasks. Prints a table of docs/results.md: median (least to greatest) over the seeds.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

OURS = {
    "`espejo train table --epochs 40`, 36-12-2-12-36": (["--layers", "12", "--latent", "2"], []),
    "the same with `--layers 24 --latent 8`": (["--layers", "24", "--latent", "8"], []),
    "`--model vae --layers 24 --latent 8`, `--score elbo --draws 16`": (
        ["--model", "vae", "--layers", "24", "--latent", "8"],
        ["--score", "elbo", "--draws", "16"],
    ),
}


def tasks(folder):
    """Name, rows to learn from, rows to measure on, and which of these are anomalies."""
    train, test = (np.loadtxt(folder / f"sat.{part}", dtype=int) for part in ("trn", "tst"))
    yield "three classes", train[:, :36], test[:, :36], np.isin(test[:, 36], [2, 4, 5])
    rows = np.vstack([train, test])
    rare = np.flatnonzero(rows[:, 36] == 2)
    kept = np.random.default_rng(0).choice(rare, 71, replace=False)
    rows = rows[np.sort(np.concatenate([np.flatnonzero(rows[:, 36] != 2), kept]))]
    yield "rare class", rows[:, :36], rows[:, :36], rows[:, 36] == 2


def ours(program, room, known, asked, labels, seeds):
    """Areas of our configurations by seed, and those of the other detectors that `espejo score` sets beside them."""
    from sklearn.metrics import roc_auc_score

    columns = [f"c{place}" for place in range(36)]
    pd.DataFrame(known, columns=columns).to_csv(room / "known.csv", index=False)
    pd.DataFrame(asked, columns=columns).assign(anomaly=labels.astype(int)).to_csv(room / "asked.csv", index=False)

    def run(*words):
        done = subprocess.run([program, *words], cwd=room, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    found, others = {}, {}
    for name, (model, score) in OURS.items():
        for seed in seeds:
            flags = ["--epochs", "40", "--seed", str(seed), "--no-figures", "--device", "cpu"]
            folder = json.loads(run("train", "table", "--data", "known.csv", *model, *flags, "--json"))["run"]
            run("score", folder, "--data", "asked.csv", "--to", "scores.csv", *score)
            scores = pd.read_csv(room / "scores.csv").set_index("row").score
            found.setdefault(name, []).append(roc_auc_score(labels[scores.index], scores))
            if not others:
                report = json.loads(run("score", folder, "--data", "asked.csv", "--label", "anomaly", "--outliers", "1", "--json", *score))
                others = {line["detector"]: [line["roc_auc"]] for line in report["detectors"] if line["detector"] != "this run"}
    return {**found, **others}


def theirs(known, asked, labels, seeds):
    """Areas of PyOD's models by seed."""
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.vae import VAE
    from sklearn.metrics import roc_auc_score

    mean, spread = known.mean(0), known.std(0)
    known, asked = ((rows - mean) / spread for rows in (known, asked))
    found = {}
    for name, model in {"AutoEncoder": AutoEncoder, "VAE": VAE}.items():
        for seed in seeds:
            detector = model(preprocessing=False, random_state=seed, device="cpu", verbose=0)
            detector.fit(known.astype(np.float32))
            found.setdefault(f"PyOD {name}", []).append(roc_auc_score(labels, detector.decision_function(asked.astype(np.float32))))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--espejo", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    seeds = range(1, args.seeds + 1)
    found = {}
    for task, known, asked, labels in tasks(args.data):
        print(f"{task}: {len(known)} rows to learn from, {labels.sum()} anomalies of {len(asked)}")
        with tempfile.TemporaryDirectory() as room:
            own = ours(str(args.espejo.resolve()), Path(room), known, asked, labels, seeds)
        found[task] = {**own, **theirs(known, asked, labels, seeds)}
    spread = lambda values: f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else f"{values[0]:.3f}"
    print(f"\n| what | {' | '.join(found)} |\n| --- | {' | '.join('---' for _ in found)} |")
    for name in next(iter(found.values())):
        print(f"| {name} | {' | '.join(spread(of[name]) for of in found.values())} |")


if __name__ == "__main__":
    main()
