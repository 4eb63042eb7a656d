"""Writes tests/reference/*.json: PyTorch's numbers, against which the Rust tests hold Espejo's own.

    python scripts/reference.py        needs torch and numpy, takes a few seconds

Every number is computed in float64, gradients by autograd. What goes in (weights, batches, noise) is first rounded to
float32, so that a float32 program reads the very same values. An array is {"shape": [...], "data": [...]}, row-major;
a weight is as in torch.nn: [out, in] of a Linear, [out, in, k, k] of a Conv2d, [in, out, k, k] of a ConvTranspose2d. A
loss is summed over pixels and averaged over the batch. Seeds are fixed: two runs on one machine write the same bytes.
Along the way some gradients are held against finite differences in numpy, and each training is repeated in float32,
which must give the same losses to 1e-5; a failed check stops the script.

In one thing the numbers are Burn's and not PyTorch's: batch normalisation moves the running variance towards the
batch's biased variance (divided by n), where nn.BatchNorm2d takes the unbiased one (divided by n - 1).
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
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


def initial_state(seed, net):
    """Weights for every name of a net's state_dict, in its shapes: none of them 0 or 1, so that each must be loaded."""
    rng, state = np.random.default_rng(seed), {}
    for name, value in net.state_dict().items():
        shape, kind = tuple(value.shape), name.rsplit(".", 1)[1]
        if kind == "num_batches_tracked":  # a counter that load_state_dict can do without
            continue
        if len(shape) > 1:
            bound = np.sqrt(6 / ((shape[0] + shape[1]) * np.prod(shape[2:])))
            state[name] = float32(rng.uniform(-bound, bound, shape))
        elif kind in ("weight", "running_var"):
            state[name] = float32(rng.uniform(0.5, 1.5, shape))
        else:
            state[name] = float32(rng.uniform(-0.1, 0.1, shape))
    return state


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
    return vae_terms(x, eps, mean, log_variance, lambda code: dense(p, "decoder.1", torch.relu(dense(p, "decoder.0", code))))


def vae_terms(x, eps, mean, log_variance, decode):
    code = mean + (log_variance / 2).exp() * eps
    logits = decode(code)
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


class BiasedVariance:
    """Burn's running variance: the biased one, where PyTorch takes the unbiased one (correction 1)."""

    correction = 0

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        measured = [dimension for dimension in range(x.dim()) if dimension != 1]
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(measured), self.momentum)
            self.running_var.lerp_(x.var(measured, correction=self.correction), self.momentum)
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)


class BatchNorm(BiasedVariance, nn.BatchNorm2d):
    pass


class BatchNorm1d(BiasedVariance, nn.BatchNorm1d):
    pass


def conv3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


def halve():
    return nn.MaxPool2d(2, ceil_mode=True)


class ConvVae(nn.Module):
    """`conv = "4,3"`, latent 2, relu, on pictures of 1x7x5: halved by pooling, doubled by repeating. Activations have no index."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([conv3(1, 4), halve(), conv3(4, 3), halve()])
        self.mean, self.log_variance = nn.Linear(12, 2), nn.Linear(12, 2)
        up = [nn.Upsample(size=size, mode="nearest") for size in ((4, 3), (7, 5))]
        self.decoder = nn.ModuleList([nn.Linear(2, 12), conv3(3, 3), up[0], conv3(3, 4), up[1], conv3(4, 1)])

    def decode(self, code):
        layers = self.decoder
        maps = torch.relu(layers[0](code)).unflatten(1, (3, 2, 2))
        maps = layers[2](torch.relu(layers[1](maps)))  # [batch, 3, 4, 3]
        maps = layers[4](torch.relu(layers[3](maps)))  # [batch, 4, 7, 5]
        return layers[5](maps).flatten(1)

    def forward(self, x, eps):
        layers = self.encoder
        maps = layers[1](torch.relu(layers[0](x.unflatten(1, (1, 7, 5)))))  # [batch, 4, 4, 3]
        hidden = layers[3](torch.relu(layers[2](maps))).flatten(1)  # [batch, 12]
        return vae_terms(x, eps, self.mean(hidden), self.log_variance(hidden), self.decode)


class ConvDae(nn.Module):
    """`conv = "4,3"`, `latent = 0`, `down = "stride"`, `up = "transpose"`, `batch_norm = true`, tanh, on pictures of 2x6x9."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([conv3(2, 4, 2), BatchNorm(4), conv3(4, 3, 2), BatchNorm(3)])
        up = [nn.ConvTranspose2d(3, 3, 3, 2, 1), nn.ConvTranspose2d(3, 4, 3, 2, 1, output_padding=(1, 0))]
        self.decoder = nn.ModuleList([up[0], BatchNorm(3), up[1], BatchNorm(4), conv3(4, 2)])

    def forward(self, noisy):
        maps = noisy.unflatten(1, (2, 6, 9))
        for layers in (self.encoder, self.decoder):  # 4x3x5, the code 3x2x3, 3x3x5, 4x6x9
            maps = torch.tanh(layers[1](layers[0](maps)))
            maps = torch.tanh(layers[3](layers[2](maps)))
        return self.decoder[4](maps).flatten(1)


def conv_vae(glyphs):
    # Shaded, not two-valued: where blank parts of a picture give equal maxima, which of them has the gradient is anyone's choice.
    shade = np.random.default_rng(62).uniform(0, 0.3, (8, 35))
    given = {"input": float32(abs(glyphs[1:9] - shade)), "eps": float32(np.random.default_rng(63).standard_normal((STEPS + 1, 8, 2)))}
    net = ConvVae()
    parameters = initial_state(61, net)

    def forward(p, given, step):
        return functional_call(net, p, (given["input"], given["eps"][step]))

    p = tensors(parameters, grad=True)
    terms, outputs = forward(p, tensors(given), 0)
    history, _ = train(parameters, given, lambda *arguments: forward(*arguments)[0], "adam")
    return {
        **given,
        "beta": BETA,
        "parameters": parameters,
        "outputs": {name: output.detach().numpy() for name, output in outputs.items()},
        "gradients": gradients(terms["loss"], p),
        "settings": OPTIMIZERS["adam"][1],
        "losses": history,
    }


def conv_dae(correction):
    rng, net = np.random.default_rng(72), ConvDae()
    target = float32(rng.uniform(0, 1, (6, 108)))
    given = {"input": float32(target + rng.normal(0, 0.3, target.shape)), "target": target}
    parameters = initial_state(71, net)
    for layer in net.modules():
        layer.correction = correction

    def loss(p, given, _):
        training = bce(functional_call(net.train(), p, given["input"]), given["target"])
        with torch.no_grad():
            evaluation = bce(functional_call(net.eval(), p, given["input"]), given["target"])
        return {"loss": training, "evaluation": evaluation}

    p = tensors(parameters, grad=True)
    found = gradients(loss(p, tensors(given), 0)["loss"], p)
    # Before batch normalisation a bias changes nothing, and what is measured is not trained: no gradients but rounding.
    for name in [name for name in found if "running_" in name or found[name].ndim == 1 and abs(found[name]).max() < 1e-12]:
        del found[name]
    history, final = train(parameters, given, loss, "momentum")
    return {
        **given,
        "parameters": parameters,
        "gradients": found,
        "settings": OPTIMIZERS["momentum"][1],
        "losses": history["loss"],
        "evaluation": history["evaluation"],
        "final": final,
    }


def resampling():
    """7x5 halved to 4x3 to 2x2, and 2x2 doubled to 4x3 to 7x5; the gradients are of the sum of outputs times weights."""
    rng = np.random.default_rng(81)
    given = {"input": float32(rng.normal(size=(2, 3, 7, 5))), "small": float32(rng.normal(size=(2, 3, 2, 2)))}
    weights = {"halved": float32(rng.normal(size=(2, 3, 2, 2))), "doubled": float32(rng.normal(size=(2, 3, 7, 5)))}
    t = tensors(given, grad=True)
    first = F.max_pool2d(t["input"], 2, ceil_mode=True)
    halved = F.max_pool2d(first, 2, ceil_mode=True)
    second = F.interpolate(t["small"], size=(4, 3), mode="nearest")
    doubled = F.interpolate(second, size=(7, 5), mode="nearest")
    value = (halved * torch.tensor(weights["halved"])).sum() + (doubled * torch.tensor(weights["doubled"])).sum()
    # Up to twice the size, or one less, PyTorch's rule is that pixel o comes of o / 2, rounded down.
    for size in range(1, MAX_DOUBLED + 1):
        for wanted in {2 * size, max(2 * size - 1, 1)}:
            found = F.interpolate(torch.arange(size, dtype=torch.float64).reshape(1, 1, 1, size), size=(1, wanted), mode="nearest")
            np.testing.assert_array_equal(found.flatten().numpy(), np.arange(wanted) // 2)
    outputs = {"half": first, "halved": halved, "double": second, "doubled": doubled}
    return {
        **given,
        "weights": weights,
        "outputs": {name: output.detach().numpy() for name, output in outputs.items()},
        "gradients": gradients(value, t),
    }


MAX_DOUBLED = 1024


def conv(glyphs):
    burn, torch_own = conv_dae(0), conv_dae(1)
    apart = burn["evaluation"] / torch_own["evaluation"] - 1
    print(f"  evaluation with PyTorch's own running variance: apart by {max(abs(apart)):.1e}")
    np.testing.assert_array_equal(burn["losses"], torch_own["losses"])
    return {"vae": conv_vae(glyphs), "dae": burn, "resampling": resampling()}


class Classifier(nn.Module):
    """`5, bn, 4, 3` on rows of 6 values, relu, logits at the end. Activations have no index."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(6, 5), BatchNorm1d(5), nn.Linear(5, 4), nn.Linear(4, 3)])

    def forward(self, x):
        layers = self.layers
        hidden = layers[1](torch.relu(layers[0](x)))  # [batch, 5]
        return layers[3](torch.relu(layers[2](hidden)))  # [batch, 3]


class Regressor(nn.Module):
    """`5, 2` on rows of 6 values, tanh, linear at the end. Activations have no index."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(6, 5), nn.Linear(5, 2)])

    def forward(self, x):
        return self.layers[1](torch.tanh(self.layers[0](x)))  # [batch, 2]


def supervised(seed, net, given, loss_of):
    """A net that learns targets: what it starts from, one look, and ten steps of two optimisers."""
    parameters = initial_state(seed, net)

    def loss(p, given, _):
        return {"loss": loss_of(functional_call(net.train(), p, given["input"]), given["target"])}

    def evaluate(state):
        with torch.no_grad():
            return functional_call(net.eval(), tensors(state), torch.tensor(given["input"])).numpy()

    p = tensors(parameters, grad=True)
    value = loss(p, tensors(given), 0)["loss"]
    found = gradients(value, p)
    found = {name: gradient for name, gradient in found.items() if "running_" not in name}
    check_gradients(lambda q: loss(tensors(q), tensors(given), 0)["loss"].item(), parameters, {**{n: 0 * a for n, a in parameters.items()}, **found})
    runs = {}
    for name in ("adam", "momentum"):
        history, final = train(parameters, given, loss, name)
        runs[name] = {"settings": OPTIMIZERS[name][1], "losses": history["loss"], "final": final, "evaluation": evaluate(final)}
    return {
        **given,
        "parameters": parameters,
        "output": functional_call(net.train(), tensors(parameters), torch.tensor(given["input"])).numpy(),
        "evaluation": evaluate(parameters),
        "loss": value.item(),
        "gradients": found,
        "runs": runs,
    }


def classifier(_):
    """Softmax cross-entropy in nats, mean over the rows; every class occurs."""
    rng = np.random.default_rng(91)
    given = {"input": float32(rng.normal(size=(12, 6))), "target": np.eye(3)[np.arange(12) % 3]}
    found = supervised(92, Classifier(), given, lambda z, t: -(t * z.log_softmax(1)).sum(1).mean())
    z = found["output"]
    by_hand = (np.log(np.exp(z).sum(1)) - (z * given["target"]).sum(1)).mean()
    np.testing.assert_allclose(found["loss"], by_hand, rtol=1e-12)
    torch_own = F.cross_entropy(torch.tensor(z), torch.tensor(given["target"]).argmax(1)).item()
    np.testing.assert_allclose(found["loss"], torch_own, rtol=1e-12)
    return found


def regressor(_):
    """Half the squared error, summed over the outputs, mean over the rows."""
    rng = np.random.default_rng(93)
    given = {"input": float32(rng.normal(size=(10, 6))), "target": float32(rng.normal(size=(10, 2)))}
    found = supervised(94, Regressor(), given, lambda y, t: 0.5 * (y - t).pow(2).sum(1).mean())
    by_hand = 0.5 * ((found["output"] - given["target"]) ** 2).sum(1).mean()
    np.testing.assert_allclose(found["loss"], by_hand, rtol=1e-12)
    return found


def around(x, kernel, stride, value, odd_evenly):
    """What stands around the last dimensions of x, so that a size n becomes ceil(n / stride): the odd place comes after, as in Keras.

    With `odd_evenly` an odd kernel has as many before as after, as Espejo's convolutions have with any stride."""
    pads = []
    for size, k in zip(reversed(x.shape[2:]), reversed(kernel)):
        missing = max((-(-size // stride) - 1) * stride + k - size, 0)
        pads += [k // 2, k // 2] if odd_evenly and k % 2 else [missing // 2, missing - missing // 2]
    return F.pad(x, pads, value=value)


def conv_layer(p, name, x, stride=1, valid=False):
    weight = p[f"{name}.weight"]
    kernel = weight.shape[2:]
    y = F.conv2d(x if valid else around(x, kernel, stride, 0.0, True), weight, p[f"{name}.bias"], stride)
    if stride == 1 and not valid:  # PyTorch's own rule
        own = F.conv2d(x, weight, p[f"{name}.bias"], padding="same")
        np.testing.assert_allclose(y.detach().numpy(), own.detach().numpy(), rtol=1e-12, atol=1e-12)
    return y


def pool_layer(x, kernel, stride, valid=False):
    return F.max_pool2d(x if valid else around(x, kernel, stride, -torch.inf, False), kernel, stride)


def layer_case(seed, shape, shapes, forward, ids=None):
    """Layers on a batch of this shape (channels, height, width; or token ids below `ids`): outputs and gradients of their weighted sum."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, ids, shape).astype(np.float64) if ids else float32(rng.normal(size=shape))
    parameters = {name: float32(rng.uniform(-0.6, 0.6, size)) for name, size in shapes.items()}
    p = tensors({"input": x, **parameters}, grad=True)
    output = forward(p, p["input"]).flatten(1)
    weights = float32(rng.normal(size=output.shape))
    found = gradients((output * torch.tensor(weights)).sum(), p)
    if ids:
        del found["input"]

    def value(q):
        return (forward(tensors(q), torch.tensor(q.get("input", x))).flatten(1).numpy() * weights).sum()

    check_gradients(value, {name: array for name, array in {"input": x, **parameters}.items() if name in found}, found)
    return {"input": x, "parameters": parameters, "output": output.detach().numpy(), "weights": weights, "gradients": found}


def weights_of(name, *shape):
    return {f"layers.{name}.weight": shape, f"layers.{name}.bias": (shape[0],)}


def layers(_):
    """Every kind of layer that is in no other file, behind or before others where gradients must pass through it."""

    def conv1d(p, x):
        y = torch.relu(conv_layer(p, "layers.0", x))  # [batch, 3, 1, 9]
        own = F.conv1d(x.squeeze(2), p["layers.0.weight"].squeeze(2), p["layers.0.bias"], padding="same")
        np.testing.assert_allclose(y.squeeze(2).detach().numpy(), torch.relu(own).detach().numpy(), rtol=1e-12, atol=1e-12)
        return conv_layer(p, "layers.2", pool_layer(y, (1, 3), 3))

    def embedded(p, ids):
        vectors = F.embedding(ids.long(), p["layers.0.weight"])  # [batch, length, dimension]
        return conv_layer(p, "layers.1", vectors.transpose(1, 2).unsqueeze(2))

    def concat(p, x):
        inner = torch.tanh(dense(p, "layers.0.inner.0", x))
        return dense(p, "layers.1", torch.cat([x, dense(p, "layers.0.inner.1", inner)], 1))

    def add(p, x):
        y = torch.relu(conv_layer(p, "layers.0", x))
        return torch.tanh(y + conv_layer(p, "layers.1.inner.0", y))

    def concat_maps(p, x):
        y = torch.cat([x, conv_layer(p, "layers.0.inner.0", x)], 1)
        return conv_layer(p, "layers.1", y, valid=True)

    first = weights_of(0, 3, 2, 3, 3)
    return {
        "conv_even": layer_case(101, (2, 2, 5, 4), weights_of(0, 3, 2, 2, 2), lambda p, x: conv_layer(p, "layers.0", x)),
        "conv_even_strided": layer_case(102, (2, 1, 7, 6), weights_of(0, 2, 1, 4, 4), lambda p, x: conv_layer(p, "layers.0", x, 2)),
        "conv_odd_strided_by_3": layer_case(103, (2, 2, 7, 8), weights_of(0, 2, 2, 3, 3), lambda p, x: conv_layer(p, "layers.0", x, 3)),
        "conv_valid_strided": layer_case(104, (2, 3, 9, 8), weights_of(0, 2, 3, 4, 4), lambda p, x: conv_layer(p, "layers.0", x, 2, True)),
        "conv_valid": layer_case(105, (2, 2, 5, 6), weights_of(0, 3, 2, 3, 3), lambda p, x: conv_layer(p, "layers.0", x, 1, True)),
        "conv_oblong": layer_case(106, (2, 2, 4, 5), weights_of(0, 2, 2, 2, 3), lambda p, x: conv_layer(p, "layers.0", x)),
        "conv1d": layer_case(107, (2, 2, 1, 9), {**weights_of(0, 3, 2, 1, 3), **weights_of(2, 2, 3, 1, 2)}, conv1d),
        "pool_valid": layer_case(108, (2, 2, 6, 7), first, lambda p, x: pool_layer(conv_layer(p, "layers.0", x), (3, 3), 1, True)),
        "pool_same": layer_case(109, (2, 2, 5, 4), first, lambda p, x: pool_layer(conv_layer(p, "layers.0", x), (2, 2), 1)),
        "pool_same_strided": layer_case(110, (2, 2, 6, 7), first, lambda p, x: pool_layer(conv_layer(p, "layers.0", x), (3, 3), 2)),
        "embedding": layer_case(111, (3, 6), {"layers.0.weight": (7, 4), **weights_of(1, 2, 4, 1, 3)}, embedded, ids=7),
        "skip_concat": layer_case(112, (4, 5), {**weights_of("0.inner.0", 4, 5), **weights_of("0.inner.1", 3, 4), **weights_of(1, 2, 8)}, concat),
        "skip_add": layer_case(113, (2, 1, 4, 5), {**weights_of(0, 3, 1, 3, 3), **weights_of("1.inner.0", 3, 3, 3, 3)}, add),
        "skip_concat_maps": layer_case(114, (2, 2, 4, 5), {**weights_of("0.inner.0", 3, 2, 3, 3), **weights_of(1, 2, 5, 2, 2)}, concat_maps),
    }


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
    for make in (losses, activations, regularisers, vae, training_ae, training_vae, training_dae, conv, classifier, regressor, layers):
        print(make.__name__)
        (arguments.out / f"{make.__name__}.json").write_text(to_json(make(glyphs)) + "\n")


if __name__ == "__main__":
    main()
