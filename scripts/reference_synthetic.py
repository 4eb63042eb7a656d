"""Writes tests/reference/synthetic.json: scipy's and numpy's numbers, against which crates/analysis holds its comparisons of real and
synthetic rows.

    python scripts/reference_synthetic.py        needs numpy and scipy 1.17.1, takes seconds

Columns with ties, large offsets and missing cells are among them. Two runs write the same bytes.
"""

import json
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp

FILE = Path(__file__).resolve().parent.parent / "tests/reference/synthetic.json"
RANDOM = np.random.default_rng(20_261)


def columns():
    """Pairs of lists: real, synthetic."""
    whole = RANDOM.poisson(3, 200).astype(float), RANDOM.poisson(4, 150).astype(float)
    heavy = RANDOM.standard_cauchy(120), RANDOM.standard_cauchy(90) + 0.5
    seconds = 1.7e9 + RANDOM.integers(0, 1_000, 80), 1.7e9 + RANDOM.integers(100, 1_100, 70)
    apart = np.array([1.0, 2.0]), np.array([3.0])
    return [whole, heavy, tuple(map(np.asarray, seconds)), apart]


def statistic(real, synthetic):
    return {
        "real": real.tolist(),
        "synthetic": synthetic.tolist(),
        "ks": float(ks_2samp(real, synthetic).statistic),
    }


def shares():
    words = RANDOM.integers(0, 5, 60), RANDOM.integers(1, 6, 40)
    first, second = (np.bincount(found, minlength=6) / len(found) for found in words)
    return {
        "first": first.tolist(),
        "second": second.tolist(),
        "total_variation": float(np.abs(first - second).sum() / 2),
    }


def tables():
    """Single precision, as Espejo has them."""
    mix = RANDOM.normal(size=(3, 3))
    rows = [(RANDOM.normal(size=(count, 3)) @ mix).astype(np.float32) for count in (300, 200, 250)]
    train, held_out, synthetic = rows
    synthetic[:40] = train[:40]
    double = [found.astype(np.float64) for found in rows]
    tree = cKDTree(double[0])
    real, new = (tree.query(found)[0] for found in double[1:])
    others = tree.query(double[0], k=2)[0][:, 1]
    correlations = np.abs(np.corrcoef(double[0].T) - np.corrcoef(double[2].T))
    quantiles = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]
    at = lambda found: float(np.sort(found)[int(len(found) * 0.05)])
    return {
        "train": train.tolist(),
        "held_out": held_out.tolist(),
        "synthetic": synthetic.tolist(),
        "largest": float(correlations.max()),
        "mean": float(correlations[np.triu_indices(3, 1)].mean()),
        "real_quantiles": np.quantile(real, quantiles).tolist(),
        "synthetic_quantiles": np.quantile(new, quantiles).tolist(),
        "other_quantiles": np.quantile(others, quantiles).tolist(),
        "nearer": float((new < at(real)).mean()),
        "nearer_than_others": float((new < at(others)).mean()),
        "copies": float((new == 0).mean()),
    }


reference = {
    "columns": [statistic(*pair) for pair in columns()],
    "shares": shares(),
    "tables": tables(),
}
FILE.write_text(json.dumps(reference, indent=None, separators=(",", ":")) + "\n")
