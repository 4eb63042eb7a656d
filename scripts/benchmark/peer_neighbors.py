"""Nearest neighbours and Hamming search beside scikit-learn's, ours and theirs by turns on the same rows.

    cargo build --release -p espejo-analysis --example neighbors
    python scripts/benchmark/peer_neighbors.py target/release/examples/neighbors [--rounds 3] [--only rows:64 codes:64]

needs numpy and scikit-learn. Rows: the five nearest of 60,000 for each of 10,000 queries, standard normal numbers in single precision.
Codes: the five nearest of 50,000 binary codes for each of 10,000, random bits. Ours works on all cores, theirs with n_jobs=-1. The
time of either begins with the rows in memory and includes building a tree. Sums of the distances must agree to six digits.
Prints the median seconds of the rounds and ours over theirs.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.neighbors import NearestNeighbors

NEIGHBORS = 5
CASES = [f"rows:{columns}" for columns in (2, 3, 4, 5, 6, 8, 12, 16, 32, 64)] + ["codes:32", "codes:64", "codes:128"]


def data(kind, columns):
    """Rows to search and queries."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((60_000 if kind == "rows" else 50_000, columns)).astype(np.float32)
    return rows, random.standard_normal((10_000, columns)).astype(np.float32)


def ours(program, kind, columns, files):
    text = subprocess.run([program, kind, str(columns), *files], capture_output=True, text=True, check=True).stdout
    return tuple(float(word) for word in text.split())


def theirs(kind, train, queries):
    options = {} if kind == "rows" else {"metric": "hamming", "algorithm": "brute"}
    if kind == "codes":
        train, queries = train > 0.5, queries > 0.5
    start = time.perf_counter()
    distances, _ = NearestNeighbors(n_neighbors=NEIGHBORS, n_jobs=-1, **options).fit(train).kneighbors(queries)
    seconds = time.perf_counter() - start
    return seconds, distances.sum(dtype=np.float64) * (1 if kind == "rows" else train.shape[1])


def compare(program, case, rounds, folder):
    kind, columns = case.split(":")
    train, queries = data(kind, int(columns))
    files = []
    for name, rows in (("train", train), ("queries", queries)):
        files.append(str(Path(folder) / name))
        rows.tofile(files[-1])
    times = {"ours": [], "theirs": []}
    for _ in range(rounds):
        (our_seconds, our_sum), (their_seconds, their_sum) = ours(program, kind, columns, files), theirs(kind, train, queries)
        assert abs(our_sum / their_sum - 1) < 1e-6, f"{case}: distances sum to {our_sum} here and {their_sum} there"
        times["ours"].append(our_seconds)
        times["theirs"].append(their_seconds)
    mine, other = statistics.median(times["ours"]), statistics.median(times["theirs"])
    print(f"{case:10} {mine:8.3f} s {other:8.3f} s {mine / other:7.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=CASES, metavar="CASE")
    args = parser.parse_args()
    print(f"{'case':10} {'ours':>10} {'theirs':>10} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for case in args.only:
            compare(args.program, case, args.rounds, folder)


if __name__ == "__main__":
    main()
