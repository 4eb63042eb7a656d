"""Writes tests/reference/analysis.json: scikit-learn's, statsmodels' and scipy's numbers, against which crates/analysis holds its own.

    python scripts/reference_analysis.py        needs scikit-learn, statsmodels, scipy, numpy; takes some seconds

Scores, labels and rows are formulas of their place, the same in the Rust test, so that the file holds results alone. Two runs
write the same bytes.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.covariance import EmpiricalCovariance
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tsa.stattools import acf

ROOT = Path(__file__).resolve().parent.parent


def ranked(count, ties):
    """Scores, of which anomalies have higher ones, and labels."""
    k = np.arange(count)
    labels = k * 53 % 89 < 13
    scores = k * 7919 % 1009 / 1009 + 0.4 * labels
    return (np.floor(scores * 10) if ties else scores), labels


def delong(scores, labels):
    """The interval by its definition, every anomaly against every normal row."""
    a, b = scores[labels][:, None], scores[~labels][None, :]
    wins = (a > b) + 0.5 * (a == b)
    value = wins.mean()
    error = math.sqrt(wins.mean(1).var(ddof=1) / len(a) + wins.mean(0).var(ddof=1) / b.size)
    half = stats.norm.ppf(0.975) * error
    return [value, max(value - half, 0.0), min(value + half, 1.0)]


def ranking(count, ties):
    scores, labels = ranked(count, ties)
    across, up, _ = roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    assert abs(delong(scores, labels)[0] - roc_auc_score(labels, scores)) < 1e-12
    return {
        "count": count,
        "ties": ties,
        "ranks": stats.rankdata(-scores, method="min").astype(int).tolist(),
        "auc": delong(scores, labels),
        "average_precision": average_precision_score(labels, scores),
        "best_f1": f1.max(),
        "roc": np.stack([across, up], 1).tolist(),
        # From the highest score on, without the point (0, 1) at its end.
        "precision_recall": np.stack([recall, precision], 1)[:-1][::-1].tolist(),
    }


def limits(scores):
    return {
        "quantile:.99": np.quantile(scores, 0.99),
        "quantile:.333": np.quantile(scores, 0.333),
        "mean+sd": scores.mean() + scores.std(),
        "mean+3sd": scores.mean() + 3 * scores.std(),
        "mad:3.5": np.median(scores) + 3.5 * 1.4826 * stats.median_abs_deviation(scores),
    }


def discoveries(count):
    k = np.arange(count)
    p = (k * 37 % 101 + 1) / 102 * np.where(k % 5 == 0, 0.02, 1.0)
    flagged, adjusted, _, _ = multipletests(p, alpha=0.1, method="fdr_bh")
    return {"count": count, "adjusted": adjusted.tolist(), "flagged": flagged.tolist()}


def uniform(place):
    """SplitMix64 at a place, as a number from 0 to 1."""
    mask = 2**64 - 1
    z = (place + 1) * 0x9E3779B97F4A7C15 & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    return ((z ^ z >> 31) >> 11) / 2**53


COLUMNS, TRAINING, QUERIES, ANOMALIES = 5, 600, 400, 80


def table(first, count, anomalies):
    """About normal, each column leaning on the one before; the first rows spread more."""
    rows = np.zeros((count, COLUMNS), dtype=np.float32)
    for row in range(count):
        before = 0.0
        for column in range(COLUMNS):
            place = ((first + row) * COLUMNS + column) * 4
            value = uniform(place) + uniform(place + 1) + uniform(place + 2) + uniform(place + 3) - 2
            before = 0.6 * before + value * (1.6 if row < anomalies else 1.0)
            rows[row, column] = before
    return rows


def detectors():
    training, queries = table(0, TRAINING, 0), table(TRAINING, QUERIES, ANOMALIES)
    labels = np.arange(QUERIES) < ANOMALIES
    nearest = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(training.astype(float))
    distance = nearest.kneighbors(queries.astype(float))[0][:, 4]
    scatter = EmpiricalCovariance().fit(training.astype(float))
    mahalanobis = np.sqrt(scatter.mahalanobis(queries.astype(float)))
    forests = [-IsolationForest(max_samples=256, random_state=seed).fit(training).score_samples(queries) for seed in range(20)]
    return {
        "nearest": distance[::20].tolist(),
        "nearest_auc": roc_auc_score(labels, distance),
        "mahalanobis": mahalanobis[::20].tolist(),
        "mahalanobis_auc": roc_auc_score(labels, mahalanobis),
        "forest": np.mean(forests, 0)[::20].tolist(),
        "forest_auc": float(np.mean([roc_auc_score(labels, scores) for scores in forests])),
        "paths": _average_path_length(np.array([3, 5, 256, 600])).tolist(),
    }


def main():
    k = np.arange(300)
    series = np.sin(k / 7) + k * 37 % 101 / 101
    shares = [(0, 10), (3, 10), (10, 10), (47, 1000)]
    everything = {
        "rankings": [ranking(300, False), ranking(300, True), ranking(40, True)],
        "limits": {str(count): limits(ranked(count, False)[0]) for count in (5, 300)},
        "discoveries": [discoveries(count) for count in (1, 7, 100)],
        "wilson": [[*share, *map(float, proportion_confint(*share, method="wilson"))] for share in shares],
        "acf": acf(series, nlags=60, fft=False, adjusted=False).tolist(),
        "detectors": detectors(),
    }
    lines = [f'"{key}": {json.dumps(value, allow_nan=False)}' for key, value in everything.items()]
    (ROOT / "tests/reference/analysis.json").write_text("{" + ",\n".join(lines) + "}\n")


main()
