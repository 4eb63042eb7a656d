"""Writes tests/reference/*.json: PyTorch's numbers, against which the Rust tests hold Espejo's own.

    python scripts/reference.py        needs torch and numpy, takes a few seconds

Every number is computed in float64, gradients by autograd. What goes in (weights, batches, noise) is first rounded to
float32, so that a float32 program reads the very same values. An array is {"shape": [...], "data": [...]}, row-major;
a weight is [out, in]. A loss is summed over pixels and averaged over the batch. Seeds are fixed: two runs on one
machine write the same bytes. Along the way some gradients are held against finite differences in numpy, and each
training is repeated in float32, which must give the same losses to 1e-5; a failed check stops the script.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
STEPS = 10

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}

OPTIMIZERS = {
    "adam": (torch.optim.Adam, {"lr": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8}),
    "momentum": (torch.optim.SGD, {"lr": 5e-3, "momentum": 0.9, "dampening": 0.0}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 1e-3, "alpha": 0.9, "eps": 1e-7}),
    "adamw": (torch.optim.AdamW, {"lr": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01}),
    "sgd": (torch.optim.SGD, {"lr": 5e-3}),
}


# What goes in.


def float32(values):
    """The values rounded to float32, held in float64."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def read_font(path, font):
    """The 32 glyphs of a font as 0 and 1: [32, 35], rows from the top, bit 4 is the leftmost column."""
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["font"] == font]
    rows.sort(key=lambda row: int(row["index"]))
    bits = [[int(row[f"row{y}"], 16) >> (4 - x) & 1 for y in range(7) for x in range(5)] for row in rows]
    return np.array(bits, dtype=np.float64)


def initial_weights(seed, layers):
    """Glorot uniform weights, and biases that are small but not zero. A layer is name: (inputs, outputs)."""
    rng, parameters = np.random.default_rng(seed), {}
    for name, (inputs, outputs) in layers.items():
        bound = np.sqrt(6 / (inputs + outputs))
        parameters[f"{name}.weight"] = float32(rng.uniform(-bound, bound, (outputs, inputs)))
        parameters[f"{name}.bias"] = float32(rng.uniform(-0.1, 0.1, outputs))
    return parameters


# Computing and checking.


def tensors(arrays, dtype=torch.float64, grad=False):
    return {name: torch.tensor(array, dtype=dtype, requires_grad=grad) for name, array in arrays.items()}


def dense(p, name, x):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def gradients(value, p):
    found = torch.autograd.grad(value, list(p.values()), allow_unused=True, materialize_grads=True)
    return {name: gradient.numpy() for name, gradient in zip(p, found)}


def check_gradients(value, parameters, found, seed=0):
    """Holds gradients against a central difference of `value`, a numpy function, along a random direction."""
    rng, h = np.random.default_rng(seed), 1e-6
    direction = {name: rng.standard_normal(array.shape) for name, array in parameters.items()}
    ahead, behind = (value({n: a + s * direction[n] for n, a in parameters.items()}) for s in (h, -h))
    slope = sum((found[name] * direction[name]).sum() for name in parameters)
    np.testing.assert_allclose((ahead - behind) / (2 * h), slope, rtol=1e-6)


def train(parameters, given, loss, optimizer):
    """STEPS steps on `loss(p, given, step)`, a dictionary of terms of which `loss` is descended.

    Returns each term before every step and after the last one, and the final parameters."""
    kind, settings = OPTIMIZERS[optimizer]

    def run(dtype):
        p, batch = tensors(parameters, dtype, grad=True), tensors(given, dtype)
        steps, history = kind(p.values(), **settings), []
        for step in range(STEPS + 1):
            terms = loss(p, batch, step)
            history.append({name: term.item() for name, term in terms.items()})
            if step < STEPS:
                steps.zero_grad()
                terms["loss"].backward()
                steps.step()
        return {name: np.array([terms[name] for terms in history]) for name in history[0]}, p

    history, final = run(torch.float64)
    single, final_single = run(torch.float32)
    for name in history:
        np.testing.assert_allclose(single[name], history[name], rtol=1e-5, err_msg=f"{optimizer} {name}")
    apart = {name: max(abs(single[name] / history[name] - 1)) for name in history}
    apart["weights, absolute"] = max((final[name] - final_single[name]).abs().max().item() for name in final)
    print(f"  {optimizer}: float32 apart by", ", ".join(f"{name} {value:.1e}" for name, value in apart.items()))
    return history, {name: array.detach().numpy() for name, array in final.items()}


def bce(logits, target):
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(1).mean()


# The files, one function each: from the glyphs, where it needs them, to what the file holds.


def losses(_):
    given = {
        "logits": float32(np.random.default_rng(1).normal(0, 2, (4, 6))),
        "target01": float32(np.random.default_rng(2).uniform(0.05, 0.95, (4, 6))),
        "target_signed": np.random.default_rng(3).choice([-1.0, 1.0], (4, 6)),
    }
    # Saturated logits that are right, that are wrong, and zeros; targets at both ends and between.
    given["logits"][:, 0], given["target01"][:, 0], given["target_signed"][:, 0] = [30, 30, -30, -30], [1, 0, 0, 1], [1, -1, -1, 1]
    given["logits"][:, 1], given["target01"][:, 1], given["target_signed"][:, 1] = [0, 0, 0, 12], [0, 1, 0.25, 0.5], [1, -1, 1, -1]
    given["target01"][:, 2] = [0, 1, 1, 0]
    width = 0.5

    def entropic(z, _, t):
        # ln((1 + tanh z) / 2) is log_sigmoid(2 z), which stays finite where tanh z rounds to -1 or 1.
        up, down = (1 + t) / 2, (1 - t) / 2
        return torch.xlogy(up, up) - up * F.logsigmoid(2 * z) + torch.xlogy(down, down) - down * F.logsigmoid(-2 * z)

    pixel_losses = {
        "bce": lambda z, x, _: F.binary_cross_entropy_with_logits(z, x, reduction="none"),
        "mse": lambda z, x, _: 0.5 * (x - z.sigmoid()) ** 2,
        "mae": lambda z, x, _: (x - z.sigmoid()).abs(),
        "log_cosh": lambda z, x, _: (z.sigmoid() - x).cosh().log(),
        "correntropy": lambda z, x, _: width**2 * (1 - torch.exp(-((x - z.sigmoid()) ** 2) / (2 * width**2))),
        "entropic": entropic,
    }
    found = {}
    for name, pixel_loss in pixel_losses.items():
        t = tensors(given)
        z = t["logits"].requires_grad_()
        value = pixel_loss(z, t["target01"], t["target_signed"]).sum(1).mean()
        found[name] = {"value": value.item(), "gradient": gradients(value, {"logits": z})["logits"]}

    # By hand: the gradients are (sigmoid - x) / 4 and (tanh - t) / 4, the batch being 4.
    z, x, t = given.values()
    np.testing.assert_allclose(found["bce"]["gradient"], (1 / (1 + np.exp(-z)) - x) / 4, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found["entropic"]["gradient"], (np.tanh(z) - t) / 4, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found["entropic"]["value"], np.logaddexp(0, -2 * z * t).sum(1).mean(), rtol=1e-12)
    return {**given, "correntropy_width": width, "losses": found}


def activations(_):
    x = np.array([-6, -4.5, -3, -2, -1, -0.25, 0, 0.25, 1, 2, 3, 4.5, 6])
    found = {}
    for name, activation in ACTIVATIONS.items():
        inputs = tensors({"x": x}, grad=True)
        y = activation(inputs["x"])
        found[name] = {"value": y.detach().numpy(), "derivative": gradients(y.sum(), inputs)["x"]}
    return {"input": x, "activations": found}


def regularisers(_):
    parameters = initial_weights(11, {"encoder.0": (6, 5), "encoder.1": (5, 3)})
    inputs = float32(np.random.default_rng(12).uniform(0, 1, (4, 6)))
    rho, x = 0.1, torch.tensor(inputs)

    def code(p, x, hidden="tanh", latent="sigmoid"):
        return ACTIVATIONS[latent](dense(p, "encoder.1", ACTIVATIONS[hidden](dense(p, "encoder.0", x))))

    def sparsity(p):
        mean = code(p, x).mean(0)
        return (rho * (rho / mean).log() + (1 - rho) * ((1 - rho) / (1 - mean)).log()).sum()

    def contractive(p, *pair):
        jacobian = torch.func.vmap(torch.func.jacrev(lambda one: code(p, one, *pair)))(x)  # [batch, latent, input]
        return jacobian.pow(2).sum((1, 2)).mean()

    def entry(function, *arguments):
        p = tensors(parameters, grad=True)
        value = function(p, *arguments)
        return {"value": value.item(), "gradients": gradients(value, p)}

    def contractive_by_hand(p):  # tanh and sigmoid, the Jacobian written out
        a = np.tanh(inputs @ p["encoder.0.weight"].T + p["encoder.0.bias"])
        b = 1 / (1 + np.exp(-(a @ p["encoder.1.weight"].T + p["encoder.1.bias"])))
        jacobian = np.einsum("bl,lh,bh,hi->bli", b * (1 - b), p["encoder.1.weight"], 1 - a**2, p["encoder.0.weight"])
        return (jacobian**2).sum((1, 2)).mean()

    found = {
        "l1": entry(lambda p: code(p, x).abs().sum(1).mean()),
        "sparsity": entry(sparsity),
        "contractive": entry(contractive),
        "weight_decay": entry(lambda p: 0.5 * sum(w.pow(2).sum() for name, w in p.items() if name.endswith("weight"))),
    }
    np.testing.assert_allclose(found["contractive"]["value"], contractive_by_hand(parameters), rtol=1e-12)
    check_gradients(contractive_by_hand, parameters, found["contractive"]["gradients"])
    pairs = [("relu", "linear"), ("sigmoid", "sigmoid"), ("elu", "tanh"), ("gelu", "silu")]
    return {
        "input": inputs,
        "parameters": parameters,
        "code": code(tensors(parameters), x).numpy(),
        "rho": rho,
        "regularisers": found,
        "contractive": {f"{hidden}-{latent}": entry(contractive, hidden, latent) for hidden, latent in pairs},
    }


VAE_LAYERS = {"encoder.0": (35, 16), "mean": (16, 2), "log_variance": (16, 2), "decoder.0": (2, 16), "decoder.1": (16, 35)}
BETA = 1.5


def vae_forward(p, x, eps):
    hidden = torch.relu(dense(p, "encoder.0", x))
    mean, log_variance = dense(p, "mean", hidden), dense(p, "log_variance", hidden)
    code = mean + (log_variance / 2).exp() * eps
    logits = dense(p, "decoder.1", torch.relu(dense(p, "decoder.0", code)))
    kl = (0.5 * (log_variance.exp() + mean**2 - 1 - log_variance)).sum(1).mean()
    terms = {"reconstruction": bce(logits, x), "kl": kl}
    terms["loss"] = terms["reconstruction"] + BETA * kl
    return terms, {"mean": mean, "log_variance": log_variance, "code": code, "logits": logits}


def vae(glyphs):
    parameters = initial_weights(21, VAE_LAYERS)
    x, eps = glyphs[1:9], float32(np.random.default_rng(22).standard_normal((8, 2)))
    p = tensors(parameters, grad=True)
    terms, outputs = vae_forward(p, torch.tensor(x), torch.tensor(eps))
    found = gradients(terms["loss"], p)

    def by_hand(p):
        def layer(name, x):
            return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

        hidden = np.maximum(layer("encoder.0", x), 0)
        mean, log_variance = layer("mean", hidden), layer("log_variance", hidden)
        z = layer("decoder.1", np.maximum(layer("decoder.0", mean + np.exp(log_variance / 2) * eps), 0))
        kl = 0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance)
        return (np.logaddexp(0, z) - x * z).sum(1).mean() + BETA * kl.sum(1).mean()

    np.testing.assert_allclose(terms["loss"].item(), by_hand(parameters), rtol=1e-12)
    check_gradients(by_hand, parameters, found)
    return {
        "input": x,
        "eps": eps,
        "beta": BETA,
        "parameters": parameters,
        **{name: term.item() for name, term in terms.items()},
        "outputs": {name: output.detach().numpy() for name, output in outputs.items()},
        "gradients": found,
    }


def training_ae(glyphs):
    parameters = initial_weights(31, {"encoder.0": (35, 16), "encoder.1": (16, 2), "decoder.0": (2, 16), "decoder.1": (16, 35)})
    given = {"input": glyphs}

    def loss(p, given, _):
        code = dense(p, "encoder.1", torch.tanh(dense(p, "encoder.0", given["input"])))
        return {"loss": bce(dense(p, "decoder.1", torch.tanh(dense(p, "decoder.0", code))), given["input"])}

    p = tensors(parameters, grad=True)
    found = gradients(loss(p, tensors(given), 0)["loss"], p)
    runs = {}
    for name, (_, settings) in OPTIMIZERS.items():
        history, final = train(parameters, given, loss, name)
        runs[name] = {"settings": settings, "losses": history["loss"]}
        if name == "adam":
            runs[name]["final"] = final
    return {**given, "parameters": parameters, "gradients": found, "runs": runs}


def training_vae(glyphs):
    parameters = initial_weights(41, VAE_LAYERS)
    given = {"input": glyphs, "eps": float32(np.random.default_rng(42).standard_normal((STEPS + 1, 32, 2)))}
    history, _ = train(parameters, given, lambda p, g, step: vae_forward(p, g["input"], g["eps"][step])[0], "adam")
    return {**given, "beta": BETA, "parameters": parameters, "settings": OPTIMIZERS["adam"][1], "losses": history}


def training_dae(glyphs):
    parameters = initial_weights(51, {"encoder.0": (35, 12), "decoder.0": (12, 35)})
    flips = (np.random.default_rng(52).uniform(size=glyphs.shape) < 0.1).astype(np.float64)
    given = {"input": abs(glyphs - flips), "target": glyphs}

    def loss(p, given, _):
        return {"loss": bce(dense(p, "decoder.0", torch.tanh(dense(p, "encoder.0", given["input"]))), given["target"])}

    history, _ = train(parameters, given, loss, "adam")
    return {**given, "flips": flips, "parameters": parameters, "settings": OPTIMIZERS["adam"][1], "losses": history["loss"]}


# What comes out.


def to_json(value, indent=""):
    """JSON with an array to a line and 12 digits to a number."""
    if isinstance(value, np.ndarray):
        data = ",".join(f"{number:.12g}" for number in value.ravel().tolist())
        return f'{{"shape": {json.dumps(list(value.shape))}, "data": [{data}]}}'
    if isinstance(value, dict):
        inner = indent + " "
        return "{\n" + ",\n".join(f'{inner}"{key}": {to_json(item, inner)}' for key, item in value.items()) + f"\n{indent}}}"
    if isinstance(value, list):
        return json.dumps(value)
    return f"{value:.12g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, default=ROOT / "datasets" / "fonts7x5.csv", help="the glyphs")
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "reference", help="the folder to write to")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    glyphs = read_font(arguments.fonts, "font2")
    assert glyphs.shape == (32, 35) and len(np.unique(glyphs, axis=0)) == 32

    arguments.out.mkdir(parents=True, exist_ok=True)
    for make in (losses, activations, regularisers, vae, training_ae, training_vae, training_dae):
        print(make.__name__)
        (arguments.out / f"{make.__name__}.json").write_text(to_json(make(glyphs)) + "\n")


if __name__ == "__main__":
    main()
