"""The other side of `scripts/gpu`: one training of one peer in one process, on a card if the peer sees one.

    python peer.py PEER NET DATA --batch 128 --epochs 4

PEER is `torch` (eager), `torch-compile` or `jax` (a compiled scan over the steps of an epoch). NET is a JSON object; its `kind` is

vae         `hidden` and `latent`: 784-hidden-latent and back, relu, cross-entropy and Kullback-Leibler divergence
denoiser    `chain` of convolutions, fresh Gaussian noise of `noise` on the inputs, cross-entropy
classifier  `chain`, then `dense` sizes with dropout of a half and batch norm behind each, `classes`, cross-entropy

Steps of a chain are `32` (a 3x3 convolution and relu; `96k4s2v` has a kernel of 4, a stride of 2, no padding), `pool`, `pool3s1v`, `up`, `bn`.
DATA is the folder of the files. Adam 1e-3; all images lie on the device; the defaults of each program for the precision of products, which may be
TF32. Prints a line of JSON for the device and versions, then one for each epoch, as it ends.

needs NumPy, and PyTorch or JAX.
"""

import argparse
import json
import os
import re
import time
from pathlib import Path

RATE, EPSILON, MOMENTUM = 1e-3, 1e-5, 0.1  # of Adam, of batch norm, and the part of a new mean in the running one


def steps(text):
    """The words of a chain: (kind, channels, kernel, stride, whether without padding)."""
    for word in text.split(","):
        kind, size, kernel, stride, valid = re.fullmatch(r"(bn|pool|up|)(\d*)(?:k(\d+))?(?:s(\d+))?(v?)", word).groups()
        if kind == "pool":
            yield kind, 0, int(size or 2), int(stride or size or 2), bool(valid)
        else:
            yield kind or "conv", int(size or 0), int(kernel or 3), int(stride or 1), bool(valid)


def sizes(net, channels, side):
    """What goes on: (step, channels before it), and after the last the channels and the side of the maps."""
    found = []
    for step in steps(net["chain"]):
        kind, outputs, kernel, stride, valid = step
        found.append((step, channels))
        if kind == "conv":
            channels, side = outputs, (side - kernel) // stride + 1 if valid else -(-side // stride)
        elif kind == "pool":
            side = (side - kernel) // stride + 1
        elif kind == "up":
            side *= 2
    return found, channels, side


def images(data, net):
    """Images `[n, side, side, channels]` from 0 to 1 and the class of each."""
    import numpy as np

    if net.get("classes") == 100:
        raw = np.fromfile(Path(data, "cifar-100-binary/train.bin"), np.uint8).reshape(-1, 3074)
        pixels, labels = raw[:, 2:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), raw[:, 1]
    else:
        folder = Path(data, "fashion-mnist")
        pixels = np.fromfile(folder / "train-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28, 1)
        labels = np.fromfile(folder / "train-labels-idx1-ubyte", np.uint8)[8:]
    return np.ascontiguousarray(pixels).astype(np.float32) / 255, labels.astype(np.int64)


# ------------------------------------------------------------------ PyTorch


def torch_chain(nn, net, shape):
    """Convolutions, and what comes out of them."""
    side, _, channels = shape
    found, channels, side = sizes(net, channels, side)
    layers = []
    for (kind, outputs, kernel, stride, valid), inputs in found:
        if kind == "bn":
            layers.append(nn.BatchNorm2d(inputs, EPSILON, MOMENTUM))
        elif kind == "pool":
            layers.append(nn.MaxPool2d(kernel, stride))
        elif kind == "up":
            layers.append(nn.Upsample(scale_factor=2))
        else:
            layers += [nn.Conv2d(inputs, outputs, kernel, stride, 0 if valid else kernel // 2), nn.ReLU()]
    return layers, channels * side * side


def torch_net(torch, net, shape):
    """A module from images and classes to the loss."""
    nn = torch.nn
    bce = nn.functional.binary_cross_entropy_with_logits

    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            pixels, hidden, latent = shape[0] * shape[1] * shape[2], net["hidden"], net["latent"]
            self.hidden, self.code = nn.Linear(pixels, hidden), nn.Linear(hidden, 2 * latent)
            self.up, self.out = nn.Linear(latent, hidden), nn.Linear(hidden, pixels)

        def forward(self, x, _):
            x = x.flatten(1)
            mean, log_variance = self.code(torch.relu(self.hidden(x))).chunk(2, 1)
            code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            kl = -0.5 * (1 + log_variance - mean * mean - log_variance.exp()).sum()
            return (bce(self.out(torch.relu(self.up(code))), x, reduction="sum") + kl) / len(x)

    class Denoiser(nn.Module):
        def __init__(self):
            super().__init__()
            layers, _ = torch_chain(nn, net, shape)
            self.net = nn.Sequential(*layers[:-1])  # the last convolution gives logits

        def forward(self, x, _):
            return bce(self.net(x + net["noise"] * torch.randn_like(x)), x)

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            layers, width = torch_chain(nn, net, shape)
            layers.append(nn.Flatten())
            for size in net["dense"]:
                layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm1d(size, EPSILON, MOMENTUM)]
                width = size
            self.net = nn.Sequential(*layers, nn.Linear(width, net["classes"]))

        def forward(self, x, y):
            return nn.functional.cross_entropy(self.net(x), y)

    return {"vae": Vae, "denoiser": Denoiser, "classifier": Classifier}[net["kind"]]()


def with_torch(net, x, y, args, say):
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    say({"device": name, "versions": {"torch": torch.__version__}})
    model = torch_net(torch, net, x.shape[1:]).to(device, memory_format=torch.channels_last)
    x, y = torch.from_numpy(x).permute(0, 3, 1, 2).to(device), torch.from_numpy(y).to(device)  # channels last in memory
    adam = torch.optim.Adam(model.parameters(), RATE, fused=True)
    objective = torch.compile(model, dynamic=False) if args.peer == "torch-compile" else model
    for _ in range(args.epochs):
        begun, total = time.perf_counter(), 0.0
        for places in torch.randperm(len(y), device=device).split(args.batch):
            loss = objective(x[places], y[places])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.detach()
        loss = float(total)  # waits for the device
        say({"seconds": time.perf_counter() - begun, "loss": loss * args.batch / len(y)})


# ------------------------------------------------------------------ JAX


def jax_net(jax, net, shape, rng):
    """First weights, running means and variances, and a function of weights, images, classes and a key to the loss and new means."""
    import numpy as np

    jnp, lax = jax.numpy, jax.lax
    dropout_key = lambda key, place: jax.random.fold_in(key, place)  # noqa: E731

    def layer(*sizes):
        area = int(np.prod(sizes[:-2]))
        limit = (6 / (area * (sizes[-2] + sizes[-1]))) ** 0.5
        return {"w": jnp.array(rng.uniform(-limit, limit, sizes).astype(np.float32)), "b": jnp.zeros(sizes[-1])}

    def norm(x, of, after):
        axes = tuple(range(x.ndim - 1))
        mean, variance = x.mean(axes), x.var(axes)
        after.append((mean, variance))
        return (x - mean) * lax.rsqrt(variance + EPSILON) * of["w"] + of["b"]

    def bce(logits, x):
        return jnp.maximum(logits, 0) - logits * x + jnp.log1p(jnp.exp(-jnp.abs(logits)))

    def dense(of, x):
        return x @ of["w"] + of["b"]

    ones = lambda size: {"w": jnp.ones(size), "b": jnp.zeros(size)}  # noqa: E731
    if net["kind"] == "vae":
        pixels, hidden, latent = int(np.prod(shape)), net["hidden"], net["latent"]
        weights = [layer(pixels, hidden), layer(hidden, 2 * latent), layer(latent, hidden), layer(hidden, pixels)]

        def vae(weights, x, y, key):
            x = x.reshape(len(x), -1)
            mean, log_variance = jnp.split(dense(weights[1], jax.nn.relu(dense(weights[0], x))), 2, 1)
            code = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
            kl = -0.5 * (1 + log_variance - mean * mean - jnp.exp(log_variance)).sum()
            return (bce(dense(weights[3], jax.nn.relu(dense(weights[2], code))), x).sum() + kl) / len(x), []

        return weights, [], vae
    found, channels, side = sizes(net, shape[2], shape[0])
    weights, seen = [], []
    for (kind, outputs, kernel, _, _), inputs in found:
        weights.append(layer(kernel, kernel, inputs, outputs) if kind == "conv" else ones(inputs) if kind == "bn" else {})
        seen += [(jnp.zeros(inputs), jnp.ones(inputs))] if kind == "bn" else []
    width = channels * side * side
    for size in net.get("dense", []):
        weights += [layer(width, size), ones(size)]
        seen.append((jnp.zeros(size), jnp.ones(size)))
        width = size
    weights += [layer(width, net["classes"])] if net["kind"] == "classifier" else []

    def chain(weights, x, after):
        for place, (((kind, _, kernel, stride, valid), _), of) in enumerate(zip(found, weights)):
            if kind == "bn":
                x = norm(x, of, after)
            elif kind == "pool":
                x = lax.reduce_window(x, -jnp.inf, lax.max, (1, kernel, kernel, 1), (1, stride, stride, 1), "VALID")
            elif kind == "up":
                x = x.repeat(2, 1).repeat(2, 2)
            else:
                around = [(0, 0)] * 2 if valid else [(kernel // 2, kernel // 2)] * 2
                x = lax.conv_general_dilated(x, of["w"], (stride, stride), around, dimension_numbers=("NHWC", "HWIO", "NHWC")) + of["b"]
                is_last = net["kind"] == "denoiser" and place == len(found) - 1
                x = x if is_last else jax.nn.relu(x)
        return x

    def denoiser(weights, x, y, key):
        noisy = x + net["noise"] * jax.random.normal(key, x.shape)
        return bce(chain(weights, noisy, []), x).mean(), []

    def classifier(weights, x, y, key):
        after = []
        x = chain(weights, x, after).reshape(len(x), -1)
        rest = weights[len(found) :]
        for place in range(len(net["dense"])):
            x = jax.nn.relu(dense(rest[2 * place], x))
            x = jnp.where(jax.random.bernoulli(dropout_key(key, place), 0.5, x.shape), 2 * x, 0)
            x = norm(x, rest[2 * place + 1], after)
        logits = jax.nn.log_softmax(dense(rest[-1], x))
        return -jnp.take_along_axis(logits, y[:, None], 1).mean(), after

    return weights, seen, {"denoiser": denoiser, "classifier": classifier}[net["kind"]]


def with_jax(net, x, y, args, say):
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax
    import numpy as np

    jnp, tree = jax.numpy, jax.tree
    device = jax.devices()[0]
    say({"device": device.device_kind if device.platform != "cpu" else "CPU", "versions": {"jax": jax.__version__}})
    rng = np.random.default_rng(0)
    weights, seen, loss = jax_net(jax, net, x.shape[1:], rng)

    def adam(weights, moments, gradient):
        count, first, second = moments
        count = count + 1
        first = tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), weights, first, second)
        return weights, (count, first, second)

    def step(state, places, x, y):
        weights, seen, moments, key = state
        key, own = jax.random.split(key)
        (value, after), gradient = jax.value_and_grad(loss, has_aux=True)(weights, x[places], y[places], own)
        seen = tree.map(lambda old, new: old + MOMENTUM * (new - old), seen, after)
        weights, moments = adam(weights, moments, gradient)
        return (weights, seen, moments, key), value

    scan = lambda state, places, x, y: jax.lax.scan(lambda s, p: step(s, p, x, y), state, places)  # noqa: E731
    epoch = jax.jit(scan, donate_argnums=0)
    zeros = lambda: tree.map(jnp.zeros_like, weights)  # noqa: E731
    state = (weights, seen, (jnp.zeros(()), zeros(), zeros()), jax.random.key(0))
    x, y = jnp.array(x), jnp.array(y)
    whole = len(y) // args.batch
    for _ in range(args.epochs):
        begun = time.perf_counter()
        places = rng.permutation(len(y))[: whole * args.batch].reshape(whole, -1)
        state, values = epoch(state, places, x, y)
        value = float(values.mean())  # waits for the device
        say({"seconds": time.perf_counter() - begun, "loss": value})


PEERS = {"torch": with_torch, "torch-compile": with_torch, "jax": with_jax}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("net", type=json.loads)
    parser.add_argument("data")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()
    x, y = images(args.data, args.net)
    PEERS[args.peer](args.net, x, y, args, lambda found: print(json.dumps(found), flush=True))


if __name__ == "__main__":
    main()
