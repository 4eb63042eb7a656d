#!/usr/bin/env python3
"""What scipy reaches in the race of optimisers, from the very starts of `espejo reproduce race`.

    cargo build --release
    python scripts/reference_race.py [SECONDS]

Needs numpy and scipy. 35-25-2-25-35 with sigmoids, half the squared error summed over the 32 capitals, double precision, gradient
by hand; 15,000 evaluations a method (a value with its gradient is one), or SECONDS (45) of it. Writes
`tests/reference/race.json`: the least loss of each start, seeds 1 to 5.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "espejo"
EVALUATIONS, SEEDS = 15000, range(1, 6)
NAMES = ["encoder.0", "encoder.1", "decoder.0", "decoder.1"]
METHODS = {
    "conjugate gradients": ("CG", {"gtol": 0.0, "maxiter": 10**9}),
    "L-BFGS": ("L-BFGS-B", {"ftol": 0.0, "gtol": 0.0, "maxfun": 10**9, "maxiter": 10**9}),
    "BFGS": ("BFGS", {"gtol": 0.0, "maxiter": 10**9}),
    "truncated Newton": ("TNC", {"ftol": 0.0, "xtol": 0.0, "gtol": 0.0, "maxfun": 10**9}),
    "Powell": ("Powell", {"ftol": 0.0, "xtol": 1e-4, "maxfev": 10**9, "maxiter": 10**9}),
    "Nelder-Mead": ("Nelder-Mead", {"fatol": 0.0, "xatol": 0.0, "maxfev": 10**9, "maxiter": 10**9, "adaptive": True}),
}


def capitals():
    """The glyphs of font 2: `[32, 35]`, 0 or 1."""
    rows = (ROOT / "datasets/fonts7x5.csv").read_text().splitlines()
    cells = [row.split(",")[-7:] for row in rows if row.startswith("font2,")]
    return np.array([[int(cell, 0) >> column & 1 for cell in row for column in range(4, -1, -1)] for row in cells], float)


def start(seed, folder):
    """The first weights of a seed, matrices as `[inputs, outputs]`: a training of one evaluation keeps them."""
    name = f"start-{seed}"
    flags = ["--seed", str(seed), "--max-evaluations", "1", "--no-figures", "--out", folder, "--name", name]
    subprocess.run([PROGRAM, "train", "race", *flags], check=True, capture_output=True)
    data = (Path(folder) / name / "checkpoints/best/model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, values = json.loads(data[8 : 8 + length]), data[8 + length :]

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        return np.frombuffer(values[begin:end], "<f4").reshape(header[name]["shape"]).astype(float)

    return [(tensor(f"{name}.weight").T, tensor(f"{name}.bias")) for name in NAMES]


class Stop(Exception):
    pass


class Loss:
    """Counts evaluations, keeps the least loss, and raises Stop at the limits."""

    def __init__(self, layers, x, seconds):
        self.shapes, self.x, self.seconds = [w.shape for w, _ in layers], x, seconds
        self.count, self.best, self.begun = 0, np.inf, time.perf_counter()

    def layers(self, vector):
        at = 0
        for inputs, outputs in self.shapes:
            yield vector[at : at + inputs * outputs].reshape(inputs, outputs), vector[at + inputs * outputs :][:outputs]
            at += (inputs + 1) * outputs

    def forward(self, vector):
        values = [self.x]
        for w, b in self.layers(vector):
            values.append(1 / (1 + np.exp(-(values[-1] @ w + b))))
        return values

    def note(self, values):
        if self.count >= EVALUATIONS or time.perf_counter() - self.begun > self.seconds:
            raise Stop
        self.count += 1
        loss = 0.5 * float(((values[-1] - self.x) ** 2).sum())
        self.best = min(self.best, loss)
        return loss

    def value(self, vector):
        with np.errstate(over="ignore"):
            return self.note(self.forward(vector))

    def gradient(self, vector):
        with np.errstate(over="ignore"):
            values = self.forward(vector)
        loss, parts, delta = self.note(values), [], values[-1] - self.x
        for (w, _), before, after in reversed(list(zip(self.layers(vector), values, values[1:]))):
            delta = delta * after * (1 - after)
            parts += [delta.sum(0), (before.T @ delta).ravel()]
            delta = delta @ w.T
        return loss, np.concatenate(parts[::-1])


def least(method, options, layers, x, seconds):
    loss = Loss(layers, x, seconds)
    vector = np.concatenate([part.ravel() for layer in layers for part in layer])
    exact = method not in ("Powell", "Nelder-Mead")
    try:
        minimize(loss.gradient if exact else loss.value, vector, jac=exact or None, method=method, options=options)
    except Stop:
        pass
    return {"loss": loss.best, "evaluations": loss.count, "seconds": round(time.perf_counter() - loss.begun, 2)}


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 45.0
    x = capitals()
    with tempfile.TemporaryDirectory() as folder:
        starts = [start(seed, folder) for seed in SEEDS]
    found = {}
    for name, (method, options) in METHODS.items():
        found[name] = [least(method, options, layers, x, seconds) for layers in starts]
        print(name, [round(run["loss"], 2) for run in found[name]], flush=True)
    report = {"scipy": scipy.__version__, "seconds": seconds, "evaluations": EVALUATIONS, "methods": found}
    (ROOT / "tests/reference/race.json").write_text(json.dumps(report, indent=1) + "\n")


main()
