"""Writes tests/reference/codes.json: scikit-learn's numbers, against which crates/analysis holds its own.

    python scripts/reference_codes.py        needs numpy, scipy and scikit-learn 1.9.1, takes seconds

The rows are the iris data in single precision: real, overlapping, with many equal distances. Where scikit-learn leaves the order of
equal distances open, the indices are those of a stable sort. Two runs write the same bytes.
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.metrics.cluster import contingency_matrix
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

FILE = Path(__file__).resolve().parent.parent / "tests/reference/codes.json"

iris = load_iris()
ROWS = iris.data.astype(np.float32)
LABELS = iris.target
DOUBLE = ROWS.astype(np.float64)
# Every third row is a query.
QUERY = np.arange(len(ROWS)) % 3 == 0


def stable_neighbors(train, queries, k):
    """Indices and distances, equal distances by index."""
    squared = ((queries[:, None] - train[None]) ** 2).sum(axis=2)
    order = np.argsort(squared, axis=1, kind="stable")[:, :k]
    return order, np.sqrt(np.take_along_axis(squared, order, axis=1))


def neighbors():
    out = {}
    for columns in (2, 4, 12):
        rows = np.tile(DOUBLE, 3)[:, :columns]
        train, queries = rows[~QUERY], rows[QUERY]
        _, distances = stable_neighbors(train, queries, 5)
        theirs, _ = NearestNeighbors(n_neighbors=5).fit(train).kneighbors(queries)
        assert np.allclose(theirs, distances, rtol=0, atol=1e-6)
        out[str(columns)] = theirs.tolist()
    return out


def accuracies():
    out = {}
    for k in (1, 3, 7):
        # Equal distances at the k-th place and equal votes are settled differently: not so here, as is seen to.
        order, _ = stable_neighbors(DOUBLE[~QUERY], DOUBLE[QUERY], k)
        votes = np.array([np.bincount(LABELS[~QUERY][near], minlength=3) for near in order])
        top = np.sort(votes, axis=1)
        assert (top[:, -1] > top[:, -2]).all(), k
        model = KNeighborsClassifier(k).fit(DOUBLE[~QUERY], LABELS[~QUERY])
        assert (model.predict(DOUBLE[QUERY]) == votes.argmax(axis=1)).all(), k
        out[str(k)] = model.score(DOUBLE[QUERY], LABELS[QUERY])
    return out


def hamming():
    bits = DOUBLE / DOUBLE.max(axis=0) > 0.5
    codes = np.concatenate([bits, np.roll(bits, 50, axis=0), bits[:, ::-1]], axis=1)
    found, _ = NearestNeighbors(n_neighbors=7, metric="hamming", algorithm="brute").fit(codes).kneighbors(codes)
    return np.rint(found * codes.shape[1]).astype(int).tolist()


def k_means():
    out = {}
    for count in (2, 3, 5):
        model = KMeans(count, n_init=200, tol=0, random_state=0).fit(DOUBLE)
        out[str(count)] = {
            "inertia": model.inertia_,
            "centers": sorted(model.cluster_centers_.tolist()),
            "labels": model.labels_.tolist(),
            "silhouette": silhouette_score(DOUBLE, model.labels_),
            "adjusted_rand_index": adjusted_rand_score(LABELS, model.labels_),
            "normalized_mutual_information": normalized_mutual_info_score(LABELS, model.labels_),
            "contingency": contingency_matrix(LABELS, model.labels_).tolist(),
        }
    return out


def mixtures():
    out = {}
    for kind in ("full", "diag"):
        for count in (1, 2, 3):
            model = GaussianMixture(count, covariance_type=kind, tol=1e-9, max_iter=5000, n_init=5, random_state=0).fit(DOUBLE)
            order = np.lexsort(model.means_.T[::-1])
            out[f"{kind} {count}"] = {
                "log_likelihood": model.score(DOUBLE) * len(DOUBLE),
                "bic": model.bic(DOUBLE),
                "means": model.means_[order].tolist(),
                "weights": model.weights_[order].tolist(),
            }
    return out


def two_sample():
    """Versicolor beside virginica."""
    first, second = DOUBLE[LABELS == 1], DOUBLE[LABELS == 2]
    difference = np.abs(np.corrcoef(first.T) - np.corrcoef(second.T))[np.triu_indices(4, 1)]
    nearest, _ = NearestNeighbors(n_neighbors=1).fit(first).kneighbors(second)
    return {
        "kolmogorov_smirnov": [ks_2samp(a, b).statistic for a, b in zip(first.T, second.T)],
        "correlation_largest": difference.max(),
        "correlation_mean": difference.mean(),
        "distance_quantiles": np.quantile(nearest, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist(),
    }


if __name__ == "__main__":
    results = {
        "rows": [round(float(value), 1) for value in ROWS.ravel()],
        "labels": LABELS.tolist(),
        "neighbors": neighbors(),
        "accuracies": accuracies(),
        "hamming": hamming(),
        "silhouette": silhouette_score(DOUBLE, LABELS),
        "k_means": k_means(),
        "mixtures": mixtures(),
        "two_sample": two_sample(),
    }
    # One line a result.
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in results.items())
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(f"{{\n{lines}\n}}\n")
