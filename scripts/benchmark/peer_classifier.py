"""W7, their side: a convolutional classifier of MNIST, one peer a process, one JSON a process.

    python peer_classifier.py --peer torch --epochs 3 --data DIR --json out.json
    python peer_classifier.py --peer list

conv 32 3x3 same + relu, max pool 2x2, batch norm, conv 16 3x3 same + relu, max pool 2x2, batch norm, dense 10: 12,986 parameters,
96 of them non-trainable. Softmax cross-entropy, Adam 1e-3, batches of 128, float32 pixels from 0 to 1 and integer labels in memory.
All peers start from the same weights (Glorot uniform, biases 0); running means and variances move by a tenth of the way a step.

A peer is a class: made of weights, images `[n, 28, 28]`, labels `[n]` and the arguments; `train(epochs, tick)` calls `tick` with the
mean loss after each epoch; `classes(images)` gives the class of each image by the running means. The names of the JSON are those
of the other peers' (`bench_peers.py`).
"""

import argparse
import gzip
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

RATE, EPSILON, MOMENTUM = 1e-3, 1e-5, 0.1  # of Adam, of batch norm, and the part of a new mean in the running one
CHANNELS, CLASSES, AFTER = [1, 32, 16], 10, 7  # `AFTER` two poolings an image has so many rows and columns


def first_weights(seed):
    """Kernels `[3, 3, in, out]` of the convolutions, then the dense matrix `[in, out]`, its rows ordered (row, column, channel)."""
    import numpy as np

    rng = np.random.default_rng(seed)

    def glorot(shape, area=1):
        limit = (6 / (area * (shape[-2] + shape[-1]))) ** 0.5
        return rng.uniform(-limit, limit, shape).astype(np.float32)

    kernels = [glorot((3, 3, inputs, outputs), 9) for inputs, outputs in zip(CHANNELS, CHANNELS[1:])]
    return [*kernels, glorot((AFTER * AFTER * CHANNELS[-1], CLASSES))]


class Torch:
    """Eager PyTorch, all images in one tensor."""

    last = False  # channels last

    def __init__(self, weights, images, labels, args):
        import torch
        from torch import nn

        torch.set_num_threads(args.threads)
        torch.manual_seed(args.seed)
        self.torch, self.batch = torch, args.batch
        self.format = torch.channels_last if self.last else torch.contiguous_format
        layers = []
        for kernel in weights[:-1]:
            conv = nn.Conv2d(*kernel.shape[2:], 3, padding=1)
            conv.weight.data = torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous()
            norm = nn.BatchNorm2d(kernel.shape[-1], EPSILON, MOMENTUM)
            layers += [conv, nn.ReLU(), nn.MaxPool2d(2), norm]
        dense = nn.Linear(*weights[-1].shape)
        # `Flatten` goes channel by channel.
        matrix = torch.from_numpy(weights[-1]).reshape(AFTER, AFTER, CHANNELS[-1], CLASSES)
        dense.weight.data = matrix.permute(3, 2, 0, 1).reshape(CLASSES, -1).contiguous()
        for layer in [*layers[::4], dense]:
            nn.init.zeros_(layer.bias)
        self.net = nn.Sequential(*layers, nn.Flatten(), dense).to(memory_format=self.format)
        self.images, self.labels = self.tensor(images), torch.from_numpy(labels)
        self.loss = nn.CrossEntropyLoss()
        self.adam = torch.optim.Adam(self.net.parameters(), RATE)

    def tensor(self, images):
        return self.torch.from_numpy(images)[:, None].contiguous(memory_format=self.format)

    def train(self, epochs, tick):
        self.net.train()
        for _ in range(epochs):
            total = 0.0
            for places in self.torch.randperm(len(self.labels)).split(self.batch):
                loss = self.loss(self.net(self.images[places]), self.labels[places])
                self.adam.zero_grad()
                loss.backward()
                self.adam.step()
                total += loss.detach() * len(places)
            tick(float(total) / len(self.labels))

    def classes(self, images):
        self.net.eval()
        with self.torch.inference_mode():
            return self.torch.cat([self.net(part).argmax(1) for part in self.tensor(images).split(1000)]).numpy()


class TorchChannelsLast(Torch):
    last = True


class Keras:
    """`fit` of a sequential model."""

    def __init__(self, weights, images, labels, args):
        import keras
        from keras import layers

        keras.utils.set_random_seed(args.seed)
        self.net = keras.Sequential([keras.Input((28, 28, 1))])
        for kernel in weights[:-1]:
            self.net.add(layers.Conv2D(kernel.shape[-1], 3, padding="same", activation="relu"))
            self.net.layers[-1].set_weights([kernel, 0 * kernel[0, 0, 0]])
            self.net.add(layers.MaxPooling2D(2))
            self.net.add(layers.BatchNormalization(momentum=1 - MOMENTUM, epsilon=EPSILON))
        self.net.add(layers.Flatten())
        self.net.add(layers.Dense(CLASSES))
        self.net.layers[-1].set_weights([weights[-1], 0 * weights[-1][0]])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.net.compile(optimizer=keras.optimizers.Adam(RATE, epsilon=1e-8), loss=loss)
        self.keras, self.data, self.batch = keras, (images[..., None], labels), args.batch

    def train(self, epochs, tick):
        after = self.keras.callbacks.LambdaCallback(on_epoch_end=lambda _, logs: tick(float(logs["loss"])))
        self.net.fit(*self.data, batch_size=self.batch, epochs=epochs, verbose=0, callbacks=[after])

    def classes(self, images):
        return self.net.predict(images[..., None], batch_size=1000, verbose=0).argmax(1)


class Jax:
    """A compiled function a step."""

    def __init__(self, weights, images, labels, args):
        import jax
        import jax.numpy as jnp
        import numpy as np
        import optax

        def norm(x, of, seen, training):
            """Batch norm, and the running mean and variance after it."""
            if training:
                mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
                seen = jax.tree.map(lambda old, new: old + MOMENTUM * (new - old), seen, (mean, variance))
            else:
                mean, variance = seen
            return (x - mean) * jax.lax.rsqrt(variance + EPSILON) * of["gamma"] + of["beta"], seen

        def net(weights, seen, x, training):
            after = []
            for of, old in zip(weights["conv"], seen):
                x = jax.lax.conv_general_dilated(x, of["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
                x = jax.nn.relu(x + of["bias"])
                rows, columns = x.shape[1] // 2, x.shape[2] // 2
                x = x.reshape(len(x), rows, 2, columns, 2, -1).max((2, 4))
                x, new = norm(x, of, old, training)
                after.append(new)
            return x.reshape(len(x), -1) @ weights["dense"] + weights["bias"], after

        def loss(weights, seen, x, y):
            logits, seen = net(weights, seen, x, True)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), seen

        def step(state, places, images, labels):
            weights, seen, moments = state
            (value, seen), gradient = jax.value_and_grad(loss, has_aux=True)(weights, seen, images[places], labels[places])
            change, moments = adam.update(gradient, moments)
            return (optax.apply_updates(weights, change), seen, moments), value * len(places)

        def epoch(state, places, images, labels):
            return jax.lax.scan(lambda state, places: step(state, places, images, labels), state, places)

        adam = optax.adam(RATE)
        ones, zeros = (lambda kernel: jnp.ones(kernel.shape[-1])), (lambda kernel: jnp.zeros(kernel.shape[-1]))
        conv = [{"kernel": jnp.array(k), "bias": zeros(k), "gamma": ones(k), "beta": zeros(k)} for k in weights[:-1]]
        start = {"conv": conv, "dense": jnp.array(weights[-1]), "bias": zeros(weights[-1])}
        self.state = (start, [(zeros(k), ones(k)) for k in weights[:-1]], adam.init(start))
        self.images, self.labels = jnp.array(images)[..., None], jnp.array(labels, dtype=jnp.int32)
        self.step, self.epoch = jax.jit(step, donate_argnums=0), jax.jit(epoch, donate_argnums=0)
        self.net = jax.jit(lambda weights, seen, x: net(weights, seen, x, False)[0].argmax(1))
        self.np, self.batch, self.rng = np, args.batch, np.random.default_rng(args.seed)

    def batches(self):
        """The places of a shuffled epoch: whole batches `[steps, batch]`, and the rest."""
        order, whole = self.rng.permutation(len(self.labels)), len(self.labels) // self.batch * self.batch
        return order[:whole].reshape(-1, self.batch), order[whole:]

    def one_epoch(self, batches):
        """What each batch adds to the loss."""
        added = []
        for places in batches:
            self.state, value = self.step(self.state, places, self.images, self.labels)
            added.append(value)
        return added

    def train(self, epochs, tick):
        for _ in range(epochs):
            batches, rest = self.batches()
            added = list(self.one_epoch(batches)) + (self.one_epoch([rest]) if len(rest) else [])
            tick(float(sum(self.np.asarray(value).sum() for value in added)) / len(self.labels))

    def classes(self, images):
        weights, seen, _ = self.state
        parts = self.np.split(images[..., None], range(1000, len(images), 1000))
        return self.np.concatenate([self.np.asarray(self.net(weights, seen, part)) for part in parts])


class JaxScan(Jax):
    """A compiled function for all whole batches of an epoch."""

    def one_epoch(self, batches):
        if len(batches) == 1:
            return super().one_epoch(batches)
        self.state, added = self.epoch(self.state, batches, self.images, self.labels)
        return [added]


PEERS = {"torch": Torch, "torch-channels-last": TorchChannelsLast, "keras-jax": Keras, "jax": Jax, "jax-scan": JaxScan}


# ------------------------------------------------------------------ clocks and counts


def age():
    """Seconds since the kernel started this process."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def taken():
    """Now, CPU seconds of all other processes, CPU seconds of this one, its page faults."""
    busy = Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    busy = sum(int(ticks) for column, ticks in enumerate(busy) if column not in (3, 4)) / os.sysconf("SC_CLK_TCK")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = usage.ru_utime + usage.ru_stime
    return time.perf_counter(), busy - own - children.ru_utime - children.ru_stime, own, usage.ru_minflt


def laps(train, epochs, said):
    """Trains, and writes to `said` what each epoch took."""
    of = {"all": [], "others_cpu_share": [], "own_cpus": [], "page_faults_per_s": [], "pingpong_ns": []}
    losses, before = [], [taken()]

    def tick(loss):
        seconds, others, own, faults = (now - then for now, then in zip(taken(), before[0]))
        if not losses:
            said.update(first_epoch_s=seconds, start_to_first_epoch_s=age())
            said["first_epoch_others_cpu_share"] = round(max(0.0, others) / seconds / os.cpu_count(), 3)
        else:
            of["all"].append(seconds)
            of["others_cpu_share"].append(round(max(0.0, others) / seconds / os.cpu_count(), 3))
            of["own_cpus"].append(round(own / seconds, 2))
            of["page_faults_per_s"].append(round(faults / seconds))
            of["pingpong_ns"].append(pingpong())
        losses.append(loss)
        before[0] = taken()

    train(epochs, tick)
    said["train_losses"] = losses
    if epochs > 1:
        every = of["all"]
        said["epoch_s"] = {"median": statistics.median(every), "min": min(every), "max": max(every), **of}


def pingpong():
    """Nanoseconds between the first two CPUs, where PINGPONG names the program that tells."""
    program = os.environ.get("PINGPONG")
    return int(subprocess.run([program], capture_output=True, check=True).stdout) if program else None


# ------------------------------------------------------------------ one measurement


def idx(folder, name):
    """An idx file of bytes, plain or packed."""
    import numpy as np

    plain = Path(folder, name)
    raw = plain.read_bytes() if plain.is_file() else gzip.decompress(Path(f"{plain}.gz").read_bytes())
    axes = raw[3]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(np.frombuffer(raw, ">u4", axes, 4))


def imported(name):
    """Imports what the peer needs; its versions."""
    if name.startswith("torch"):
        import torch

        return {"torch": torch.__version__}
    os.environ.update(JAX_PLATFORMS="cpu", KERAS_BACKEND="jax")
    import jax
    import optax

    if not name.startswith("keras"):
        return {"jax": jax.__version__, "optax": optax.__version__}
    import keras

    return {"keras": keras.__version__, "jax": jax.__version__}


def measured(args):
    """What the JSON says."""
    said = {"workload": "w7", "peer": args.peer, "threads": args.threads, "seed": args.seed}
    said.update(python=platform.python_version(), versions=imported(args.peer), start_and_import_s=age())
    import numpy as np

    images, labels, tests, answers = (idx(args.data, f"{part}-{kind}") for part in ("train", "t10k") for kind in FILES)
    images, tests = (pixels.astype(np.float32) / 255 for pixels in (images[: args.samples], tests))
    labels = labels[: args.samples].astype(np.int64)
    peer = PEERS[args.peer](first_weights(args.seed), images, labels, args)
    laps(peer.train, args.epochs, said)
    said["test_accuracy"] = float((peer.classes(tests) == answers).mean())
    said["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**said, "whole_run_s": age()}


FILES = ["images-idx3-ubyte", "labels-idx1-ubyte"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", choices=["w7"], default="w7")
    parser.add_argument("--peer", required=True, choices=[*PEERS, "list"])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, metavar="N", help="the first N images")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default="data/mnist", help="the folder of the idx files, plain or .gz")
    parser.add_argument("--json", metavar="FILE", help="by default to the terminal")
    return parser.parse_args()


def main():
    args = arguments()
    if args.peer == "list":
        return print(*PEERS)
    # Before anything is imported that counts CPUs.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    os.environ.update({f"{name}_NUM_THREADS": str(args.threads) for name in ("OMP", "MKL", "OPENBLAS")})
    text = json.dumps(measured(args), indent=1) + "\n"
    if args.json:
        Path(args.json).write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
