"""Writes tests/reference/mlp.json: numpy's losses, gradients and descents, against which crates/mlp holds its own.

    python scripts/reference_mlp.py        needs numpy, takes a second

Everything is float64, the gradients by hand, formula by formula as they stand in books; each is held against differences
here, and a failed check stops the script. Weights, inputs and targets are formulas of their place, the same in the Rust
test, so that the file holds results alone. A loss is summed over outputs and averaged over samples. Two runs write the
same bytes.
"""

import json
import math
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent

ERF = np.vectorize(math.erf)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def normal(a):
    return (1 + ERF(a / math.sqrt(2))) / 2


# Each with its slope.
ACTIVATIONS = {
    "linear": (lambda a: a, np.ones_like),
    "relu": (lambda a: np.maximum(a, 0), lambda a: np.where(a > 0, 1.0, 0.0)),
    "leaky-relu": (lambda a: np.where(a > 0, a, 0.01 * a), lambda a: np.where(a > 0, 1.0, 0.01)),
    "elu": (lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))), lambda a: np.where(a > 0, 1.0, np.exp(np.minimum(a, 0)))),
    "gelu": (lambda a: a * normal(a), lambda a: normal(a) + a * np.exp(-a * a / 2) / math.sqrt(2 * math.pi)),
    "silu": (lambda a: a * sigmoid(a), lambda a: sigmoid(a) * (1 + a * (1 - sigmoid(a)))),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (sigmoid, lambda a: sigmoid(a) * (1 - sigmoid(a))),
}


def xlogy(p, q):
    return np.where(p > 0, p * np.log(np.where(p > 0, q, 1.0)), 0.0)


WIDTH = 0.7

# Of the outputs y and the targets t, each with its slope by y.
LOSSES = {
    "bce": (lambda y, t: -xlogy(t, y) - xlogy(1 - t, 1 - y), lambda y, t: (y - t) / (y * (1 - y))),
    "mse": (lambda y, t: (y - t) ** 2 / 2, lambda y, t: y - t),
    "mae": (lambda y, t: np.abs(y - t), lambda y, t: np.sign(y - t)),
    "log-cosh": (lambda y, t: np.log(np.cosh(y - t)), lambda y, t: np.tanh(y - t)),
    "correntropy": (
        lambda y, t: WIDTH**2 * -np.expm1(-((y - t) ** 2) / (2 * WIDTH**2)),
        lambda y, t: (y - t) * np.exp(-((y - t) ** 2) / (2 * WIDTH**2)),
    ),
    "entropic": (
        lambda y, t: sum(xlogy((1 + s * t) / 2, (1 + s * t) / (1 + s * y)) for s in (1, -1)),
        lambda y, t: (y - t) / (1 - y * y),
    ),
}


def weights(count):
    k = np.arange(count)
    return (k * 7919 % 1000 - 499.5) / 600


def inputs(samples, columns):
    return (np.arange(samples * columns) * 37 % 101 / 101).reshape(samples, columns)


def targets(loss, samples, columns):
    t = (np.arange(samples * columns) * 53 % 89 / 88).reshape(samples, columns)
    return 2 * t - 1 if loss == "entropic" else t


def parameters(sizes):
    return sum((i + 1) * o for i, o in zip(sizes, sizes[1:]))


def layers(w, sizes):
    at = 0
    for i, o in zip(sizes, sizes[1:]):
        yield w[at : at + i * o].reshape(i, o), w[at + i * o : at + i * o + o]
        at += i * o + o


def value(w, case, x, t):
    for (m, b), name in zip(layers(w, case["sizes"]), case["activations"]):
        x = ACTIVATIONS[name][0](x @ m + b)
    return LOSSES[case["loss"]][0](x, t).sum() / len(x)


def gradient(w, case, x, t):
    stages, values = list(layers(w, case["sizes"])), [x]
    logits = []
    for (m, b), name in zip(stages, case["activations"]):
        logits.append(values[-1] @ m + b)
        values.append(ACTIVATIONS[name][0](logits[-1]))
    d = LOSSES[case["loss"]][1](values[-1], t) / len(x)
    parts = []
    for (m, _), name, a, h in reversed(list(zip(stages, case["activations"], logits, values))):
        d = d * ACTIVATIONS[name][1](a)
        parts.append(np.concatenate([(h.T @ d).ravel(), d.sum(0)]))
        d = d @ m.T
    return np.concatenate(parts[::-1])


def check(w, case, x, t, g):
    for k in range(0, len(w), max(1, len(w) // 40)):
        h = np.zeros_like(w)
        h[k] = 1e-6
        slope = (value(w + h, case, x, t) - value(w - h, case, x, t)) / 2e-6
        assert abs(slope - g[k]) < 1e-6 * max(1, np.abs(g).max()), (case, k, slope, g[k])


def evaluation(loss, sizes, activations, samples, every=1):
    case = {"loss": loss, "sizes": sizes, "activations": activations, "samples": samples}
    x, t = inputs(samples, sizes[0]), targets(loss, samples, sizes[-1])
    w = weights(parameters(sizes))
    g = gradient(w, case, x, t)
    check(w, case, x, t, g)
    return {**case, "every": every, "value": value(w, case, x, t), "gradient": g[::every].tolist()}


def descent(rule, batch, rate, epochs):
    """The losses after each epoch of batches, before each epoch of all samples."""
    case = {"loss": "bce", "sizes": [35, 16, 2, 16, 35], "activations": ["tanh", "tanh", "tanh", "sigmoid"], "samples": 32}
    x, t = inputs(32, 35), targets("bce", 32, 35)
    w = weights(parameters(case["sizes"]))
    first, second, losses = np.zeros_like(w), np.zeros_like(w), []
    steps = 0
    if rule == "rprop":
        second[:] = rate
    for _ in range(epochs):
        if not batch:
            losses.append(value(w, case, x, t))
        for begin in range(0, 32, batch or 32):
            rows = slice(begin, begin + (batch or 32))
            g = gradient(w, case, x[rows], t[rows])
            steps += 1
            if rule == "momentum":
                first = 0.9 * first + g
                w = w - rate * first
            elif rule == "rprop":
                turned = first * g
                second = np.clip(second * np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1.0)), 1e-9, 5.0)
                first = np.where(turned < 0, 0.0, g)
                w = w - np.sign(first) * second
            else:
                first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
                w = w - rate * (first / (1 - 0.9**steps)) / (np.sqrt(second / (1 - 0.999**steps)) + 1e-8)
        if batch:
            losses.append(value(w, case, x, t))
    return {"rule": rule, "batch": batch, "rate": rate, "losses": losses}


def main():
    evaluations = [evaluation("mse", [5, 6, 3], [hidden, "linear"], 9) for hidden in ACTIVATIONS]
    evaluations += [evaluation("mse", [4, 3], [last], 7) for last in ACTIVATIONS]
    lasts = {"bce": "sigmoid", "entropic": "tanh"}
    evaluations += [evaluation(loss, [3, 4, 5], ["tanh", lasts.get(loss, "linear")], 11) for loss in LOSSES]
    evaluations += [
        evaluation("bce", [35, 16, 2, 16, 35], ["tanh", "tanh", "tanh", "sigmoid"], 32, 7),
        evaluation("mse", [35, 25, 2, 25, 35], ["sigmoid"] * 4, 32, 11),
        evaluation("entropic", [35, 35, 25, 2, 25, 35], ["tanh"] * 5, 100, 17),
        evaluation("log-cosh", [60, 50, 70], ["elu", "gelu"], 33, 41),
    ]
    descents = [descent("momentum", batch, rate, 10) for batch, rate in ((0, 0.005), (1, 0.001), (10, 0.005))]
    descents += [descent("adam", batch, 0.01, 10) for batch in (0, 1, 10)]
    descents.append(descent("rprop", 0, 0.01, 20))
    text = json.dumps({"width": WIDTH, "evaluations": evaluations, "descents": descents})
    (ROOT / "tests/reference/mlp.json").write_text(text.replace('}, {"', '},\n{"') + "\n")


main()
