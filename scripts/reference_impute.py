"""Writes tests/reference/impute.json: what scikit-learn's KNNImputer fills in, against which crates/analysis holds its own.

    python scripts/reference_impute.py        needs numpy and scikit-learn 1.9.1, takes a second

The rows are formulas of their place, in single precision, so that no two distances are equal; which cells are missing is a formula, too.
A missing cell is null. Two runs write the same bytes.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.impute import KNNImputer, SimpleImputer

FILE = Path(__file__).resolve().parent.parent / "tests/reference/impute.json"

ROWS, COLUMNS, QUERIES = 60, 6, 20


def table():
    at = np.arange((ROWS + QUERIES) * COLUMNS, dtype=np.float64).reshape(-1, COLUMNS)
    rows = np.sin(at * 0.37) + np.cos(at[:, :1] * 0.05) * np.arange(1, COLUMNS + 1) * 0.5
    rows = rows.astype(np.float32).astype(np.float64)
    rows[(at * 7919 % 101) < 25] = np.nan
    # A row of which nothing is known.
    rows[ROWS + 3] = np.nan
    return rows[:ROWS], rows[ROWS:]


def plain(rows):
    return [None if np.isnan(value) else float(value) for value in rows.ravel()]


if __name__ == "__main__":
    train, queries = table()
    results = {
        "columns": COLUMNS,
        "train": plain(train),
        "queries": plain(queries),
        "mean": SimpleImputer().fit(train).transform(queries).ravel().tolist(),
        "nearest": {
            str(k): KNNImputer(n_neighbors=k).fit(train).transform(queries).ravel().tolist() for k in (1, 5, 100)
        },
    }
    # One line a result.
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in results.items())
    FILE.write_text(f"{{\n{lines}\n}}\n")
