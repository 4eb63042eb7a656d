"""Anomalies of the SKAB and NAB series: windows through Espejo's autoencoders and through PyOD's, side by side.

    python scripts/peers_series.py cut OUT --skab DIR --nab DIR     each series as OUT/NAME-train.csv and OUT/NAME-test.csv
    python scripts/peers_series.py ours OUT --espejo PROGRAM        trains and scores with Espejo, into OUT/ours.json
    python scripts/peers_series.py theirs OUT                       PyOD's AutoEncoder and VAE, into OUT/theirs.json
    python scripts/peers_series.py table OUT                        both as a table of docs/results.md

needs numpy, pandas, scikit-learn and pyod (3.6.7 was used) with torch. One protocol for all series:

- Learned from, without labels: of a NAB series what NAB calls probationary, the first 15 % of the rows and at most 750; of a SKAB series
  the first 400 rows. Measured on all rows behind them. Series without a labelled row have no area under the curve and are left out.
- Columns are standardised by the rows that are learned from. Windows of 25 rows, one for each row that one can begin with; none crosses a
  step of time of over 5 usual ones, or back. The score of a row is the mean of those of the windows that cover it.
- Area under the ROC curve over the rows, median of seeds 1 to 5. PyOD's models have their own defaults, but for its scaling by place in
  the window, which is off. Espejo's have one configuration each for all series, chosen before any was measured.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

WINDOW = 25
SEEDS = range(1, 6)
ENDS = {"skab": 400, "nab": (0.15, 750)}
COMMON = ["--time", "time", "--window", str(WINDOW), "--layers", "64", "--latent", "8", "--device", "cpu", "--no-figures"]
OURS = {"ae": ("ae", ["--score", "squared-error"]), "vae": ("vae", ["--score", "elbo", "--draws", "16"])}


def series(skab, nab):
    """Name, columns with the time first, labels, and how many rows are learned from."""
    for file in [skab / "anomaly-free/anomaly-free.csv", *sorted(skab.glob("valve2/*.csv"))]:
        rows = pd.read_csv(file, sep=";").rename(columns={"datetime": "time"})
        labels = rows.get("anomaly", pd.Series(np.zeros(len(rows)))).astype(int)
        rows = rows.drop(columns=["anomaly", "changepoint"], errors="ignore")
        yield f"skab-{file.stem}", rows, labels, ENDS["skab"]
    windows = json.loads((nab / "labels/combined_windows.json").read_text())
    for file in sorted(nab.glob("data/*/*.csv")):
        rows = pd.read_csv(file).rename(columns={"timestamp": "time"})
        time, labels = pd.to_datetime(rows.time), np.zeros(len(rows), dtype=int)
        for start, end in windows[f"{file.parent.name}/{file.name}"]:
            labels[((time >= start) & (time <= end)).to_numpy()] = 1
        share, most = ENDS["nab"]
        yield f"nab-{file.stem}", rows, pd.Series(labels), min(int(share * len(rows)), most)


def cut(args):
    for name, rows, labels, end in series(args.skab, args.nab):
        if not labels[end:].any():
            print(f"{name}: no labelled row, left out")
            continue
        assert not labels[:end].any(), f"{name}: an anomaly among the rows to learn from"
        table = rows.assign(anomaly=labels)
        table[:end].drop(columns="anomaly").to_csv(args.out / f"{name}-train.csv", index=False)
        table[end:].to_csv(args.out / f"{name}-test.csv", index=False)


def names(out):
    return sorted(file.name.removesuffix("-train.csv") for file in out.glob("*-train.csv"))


def begun(file):
    """What an earlier call has measured: series by series, so that an interrupted one goes on."""
    return json.loads(file.read_text()) if file.exists() else {}


def ours(args):
    from sklearn.metrics import roc_auc_score

    found = begun(args.out / "ours.json")
    environment = dict(os.environ, RAYON_NUM_THREADS="1")
    program = str(args.espejo.resolve())

    def run(*words):
        done = subprocess.run([program, *words], cwd=args.out, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done

    for name in names(args.out):
        if name in found:
            continue
        found[name] = {}
        labels = pd.read_csv(args.out / f"{name}-test.csv").anomaly.to_numpy()
        for kind, (model, score) in OURS.items():
            for seed in SEEDS:
                folder = f"{name}-{kind}-{seed}"
                if not (args.out / "runs" / folder).exists():
                    run("train", "table", "--data", f"{name}-train.csv", "--model", model, "--seed", str(seed), "--name", folder, *COMMON)
                scored = ["score", folder, "--data", f"{name}-test.csv", "--to", "scores.csv", *score]
                run(*scored)
                scores = pd.read_csv(args.out / "scores.csv").set_index("row").score
                auc = roc_auc_score(labels[scores.index], scores)
                found[name].setdefault(kind, []).append(float(auc))
                if (kind, seed) != ("ae", 1):
                    continue
                # The other detectors are no matter of our seed. What is printed must be what is worked out here.
                for line in json.loads(run(*scored[:4], *score, "--label", "anomaly", "--json").stdout)["detectors"]:
                    if line["detector"] == "this run":
                        assert abs(line["roc_auc"] - auc) < 1e-9, (name, line, auc)
                    else:
                        found[name][line["detector"]] = [line["roc_auc"]]
        print(name, {which: round(statistics.median(values), 3) for which, values in found[name].items()}, flush=True)
        (args.out / "ours.json").write_text(json.dumps(found))


def cut_windows(rows, time):
    """Windows over rows, and the place of the first row of each."""
    step = pd.to_datetime(time).diff().dt.total_seconds().to_numpy()
    forward = np.sort(step[step > 0])
    gap = (step > 5 * forward[len(forward) // 2]) | (step < 0)
    stretch = np.cumsum(gap)
    starts = [at for at in range(len(rows) - WINDOW + 1) if stretch[at] == stretch[at + WINDOW - 1]]
    return np.stack([rows[at : at + WINDOW].ravel() for at in starts]), starts


def theirs(args):
    import pyod
    import sklearn
    import torch
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.vae import VAE
    from sklearn.metrics import roc_auc_score

    torch.set_num_threads(1)
    versions = {"pyod": pyod.__version__, "torch": torch.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}
    print(versions)
    found = {**begun(args.out / "theirs.json"), "versions": versions}
    for name in names(args.out):
        if name in found:
            continue
        train, test = (pd.read_csv(args.out / f"{name}-{part}.csv") for part in ("train", "test"))
        labels = test.pop("anomaly").to_numpy()
        values = train.drop(columns="time")
        mean, spread = values.mean(), values.std(ddof=0).replace(0, 1)
        scaled = lambda table: ((table.drop(columns="time") - mean) / spread).to_numpy(dtype=np.float32)
        known, _ = cut_windows(scaled(train), train.time)
        asked, starts = cut_windows(scaled(test), test.time)
        found[name] = {}
        for which, model in {"AutoEncoder": AutoEncoder, "VAE": VAE}.items():
            for seed in SEEDS:
                detector = model(preprocessing=False, random_state=seed, device="cpu", verbose=0)
                detector.fit(known)
                scores = detector.decision_function(asked)
                sums, counts = np.zeros(len(test)), np.zeros(len(test))
                for start, score in zip(starts, scores):
                    sums[start : start + WINDOW] += score
                    counts[start : start + WINDOW] += 1
                covered = counts > 0
                auc = roc_auc_score(labels[covered], sums[covered] / counts[covered])
                found[name].setdefault(which, []).append(float(auc))
        print(name, {which: round(statistics.median(values), 3) for which, values in found[name].items()}, flush=True)
        (args.out / "theirs.json").write_text(json.dumps(found))


def table(args):
    own, other = (json.loads((args.out / f"{which}.json").read_text()) for which in ("ours", "theirs"))
    columns = ["ae", "vae", "AutoEncoder", "VAE", "isolation forest", "PCA of as many dimensions", "k-nearest neighbours", "Mahalanobis distance"]
    heads = ["`ae`", "`vae`", "PyOD AutoEncoder", "PyOD VAE", "isolation forest", "PCA-8", "5th nearest", "Mahalanobis"]
    print(f"| series | {' | '.join(heads)} |")
    print("| --- " * (len(heads) + 1) + "|")
    medians = {column: [] for column in columns}
    for name in names(args.out):
        if name not in own or name not in other:
            continue
        lists = {**own[name], **other[name]}
        values = [statistics.median(lists[column]) for column in columns]
        for column, value in zip(columns, values):
            medians[column].append(value)
        best = max(round(value, 3) for value in values)
        cells = [f"**{value:.3f}**" if round(value, 3) == best else f"{value:.3f}" for value in values]
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"| median of the series | {' | '.join(f'{statistics.median(medians[column]):.3f}' for column in columns)} |")
    for one, another in [("ae", "AutoEncoder"), ("vae", "VAE")]:
        pairs = list(zip(medians[one], medians[another]))
        better = sum(mine >= peer for mine, peer in pairs)
        print(f"{one} at or above PyOD's {another} on {better} of {len(pairs)} series")
    print(other["versions"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cut", "ours", "theirs", "table"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--skab", type=Path)
    parser.add_argument("--nab", type=Path)
    parser.add_argument("--espejo", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    {"cut": cut, "ours": ours, "theirs": theirs, "table": table}[args.what](args)


if __name__ == "__main__":
    main()
