"""What scipy's minimisers need on the functions of crates/mlp/tests/functions: evaluations, gradients, iterations, value, point.

    python scripts/reference_minimizers.py > crates/mlp/tests/reference/minimizers.json

Every method has its own default tolerances. `exact` has the gradient, `finite` (jac=None) differences of values; methods
without gradients are under `exact`.
"""

import json

import numpy as np
import scipy
from scipy.optimize import minimize


def rosenbrock(x):
    a, b = x[0::2], x[1::2]
    valley, side = b - a * a, 1 - a
    gradient = np.empty_like(x)
    gradient[0::2] = -400 * a * valley - 2 * side
    gradient[1::2] = 200 * valley
    return float(np.sum(100 * valley**2 + side**2)), gradient


def quadratic(x):
    mirror = lambda v: v - 2 * v.sum() / v.size
    y = mirror(x)
    slopes = 10.0 ** (4 * np.arange(x.size) / (x.size - 1)) * y
    return float(0.5 * slopes @ y), mirror(slopes)


def beale(x):
    value, gradient = 0.0, np.zeros(2)
    for constant, power in ((1.5, 1), (2.25, 2), (2.625, 3)):
        r = constant - x[0] * (1 - x[1] ** power)
        gradient += 2 * r * np.array([x[1] ** power - 1, x[0] * power * x[1] ** (power - 1)])
        value += r * r
    return float(value), gradient


def powell(x):
    a, b, c, d = x[0] + 10 * x[1], x[2] - x[3], x[1] - 2 * x[2], x[0] - x[3]
    gradient = [2 * a + 40 * d**3, 20 * a + 4 * c**3, 10 * b - 8 * c**3, -10 * b - 40 * d**3]
    return float(a * a + 5 * b * b + c**4 + 10 * d**4), np.array(gradient)


FUNCTIONS = {
    "rosenbrock-2": (rosenbrock, [-1.2, 1.0]),
    "rosenbrock-10": (rosenbrock, [-1.2, 1.0] * 5),
    "quadratic": (quadratic, [1.0] * 10),
    "beale": (beale, [1.0, 1.0]),
    "powell": (powell, [3.0, -1.0, 0.0, 1.0]),
}
WITH_GRADIENT = ["CG", "BFGS", "L-BFGS-B", "TNC"]
WITHOUT = ["Powell", "Nelder-Mead"]


def run(function, start, method, jac):
    options = {"L-BFGS-B": {"maxfun": 10**6}, "TNC": {"maxfun": 10**6}, "Nelder-Mead": {"maxiter": 10**5, "maxfev": 10**5}}
    objective = function if jac else lambda x: function(x)[0]
    done = minimize(objective, np.array(start), method=method, jac=jac, options=options.get(method))
    return {
        "nfev": done.nfev, "njev": done.get("njev", 0), "nit": done.nit, "fun": float(done.fun), "x": list(done.x),
        "success": bool(done.success),
    }


reference = {"scipy": scipy.__version__, "functions": {}}
for name, (function, start) in FUNCTIONS.items():
    methods = {m: {"exact": run(function, start, m, True), "finite": run(function, start, m, None)} for m in WITH_GRADIENT}
    methods |= {m: {"exact": run(function, start, m, None)} for m in WITHOUT}
    reference["functions"][name] = {"start": start, "methods": methods}
print(json.dumps(reference, indent=1))
