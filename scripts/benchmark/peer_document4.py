"""The other side of `scripts/bench document4`: one training of one peer in one process.

    python peer_document4.py TASK PEER DATA [--epochs 3]

TASK is `alexnet`, `vgg`, `conv`, `bow` or `folds`, PEER `torch` (channels last where there are images), `keras` (on JAX) or, for `bow`,
`jax` (a scan over the steps of an epoch). DATA is a folder: of `cifar-100-binary` for the first two, of `pima` for `folds`; for the texts,
aclImdb's tar.gz. Prints as JSON the seconds of each epoch and of the whole process.

needs PyTorch, Keras, JAX, optax, and for texts scikit-learn. Every net is that of the preset of the same document: the same layers, loss,
penalty, optimiser and batches, without augmentation.
"""

import argparse
import json
import os
import re
import tarfile
import time
from pathlib import Path

import numpy as np

RATE, WORDS, LENGTH, L2 = 1e-3, 10_000, 500, 2e-3
ALEXNET = "96k4s2v,pool3s1v,bn,256s2v,pool2s1v,bn,384,bn,384,bn,256,pool2s1v,bn"
VGG = (
    "bn,32,bn,32,pool,bn,64,bn,64,pool2s1v,bn,128,bn,128,bn,128,pool2s1v,bn,256,bn,256,bn,256,pool2s1v,bn,256,bn,256,bn,128,pool2s1v"
)
# Convolutions, then fully connected layers, each with dropout and batch norm behind it.
IMAGES = {"alexnet": (ALEXNET, [512, 512]), "vgg": (VGG, [128, 128, 128])}
BATCH = {"alexnet": 128, "vgg": 128, "conv": 128, "bow": 512, "folds": 32}
PEERS = {"alexnet": ["torch", "keras"], "vgg": ["torch", "keras"], "conv": ["torch", "keras"], "bow": ["torch", "keras", "jax"]}
PEERS["folds"] = ["keras"]


def steps(text):
    """The words of a chain of convolutions: (kind, channels, kernel, stride, whether without padding)."""
    for word in text.split(","):
        kind, size, kernel, stride, valid = re.fullmatch(r"(bn|pool|)(\d*)(?:k(\d+))?(?:s(\d+))?(v?)", word).groups()
        if kind == "pool":
            yield "pool", 0, int(size or 2), int(stride or size or 2), bool(valid)
        elif kind == "bn":
            yield "bn", 0, 0, 0, False
        else:
            yield "conv", int(size), int(kernel or 3), int(stride or 1), bool(valid)


# ------------------------------------------------------------------ data


def cifar(data, _):
    """Images `[n, 32, 32, 3]` from 0 to 1 and fine labels."""
    raw = np.fromfile(Path(data) / "cifar-100-binary/train.bin", np.uint8).reshape(-1, 3074)
    images = raw[:, 2:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).astype(np.float32) / 255
    return np.ascontiguousarray(images), raw[:, 1].astype(np.int32)


def reviews(data):
    """The training texts, and 1 where they praise."""
    texts, labels = [], []
    with tarfile.open(data) as archive:
        for member in archive:
            found = re.search(r"train/(pos|neg)/[^/]+\.txt$", member.name)
            if found:
                texts.append(archive.extractfile(member).read().decode())
                labels.append(found[1] == "pos")
    return texts, np.array(labels, np.float32)


def bag(data, _):
    """How often a text has each of the most frequent words, dense as the peers train on it: `[n, 10000]`."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts, labels = reviews(data)
    return CountVectorizer(max_features=WORDS, dtype=np.float32).fit_transform(texts).toarray(), labels


def tokens(data, _):
    """The last 500 words of each text by their places, 0 before them: `[n, 500]`."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts, labels = reviews(data)
    words = CountVectorizer(max_features=WORDS - 3)
    split, places = words.build_analyzer(), words.fit(texts).vocabulary_
    rows = np.zeros((len(texts), LENGTH), np.int32)
    for row, text in zip(rows, texts):
        found = [places.get(word, -1) + 3 for word in split(text)][-LENGTH:]
        row[LENGTH - len(found) :] = found
    return rows, labels


def diabetes(data, _):
    raw = np.loadtxt(Path(data) / "pima/pima-indians-diabetes.data.csv", delimiter=",", dtype=np.float32)
    return raw[:, :8], raw[:, 8]


DATA = {"alexnet": cifar, "vgg": cifar, "conv": tokens, "bow": bag, "folds": diabetes}


# ------------------------------------------------------------------ PyTorch


def torch_images(nn, task):
    chain, sizes = IMAGES[task]
    layers, channels, side = [], 3, 32
    for kind, outputs, kernel, stride, valid in steps(chain):
        if kind == "bn":
            layers.append(nn.BatchNorm2d(channels))
        elif kind == "pool":
            layers.append(nn.MaxPool2d(kernel, stride))
            side = (side - kernel) // stride + 1
        else:
            layers += [nn.Conv2d(channels, outputs, kernel, stride, 0 if valid else kernel // 2), nn.ReLU()]
            channels, side = outputs, (side - kernel) // stride + 1 if valid else side
    layers.append(nn.Flatten())
    width = channels * side * side
    for size in sizes:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm1d(size)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 100))


def torch_net(torch, task):
    nn = torch.nn
    if task in IMAGES:
        return torch_images(nn, task)

    class Conv(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(WORDS, 16)
            self.rest = nn.Sequential(
                nn.BatchNorm1d(16), nn.Conv1d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.BatchNorm1d(16),
                nn.Conv1d(16, 64, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.BatchNorm1d(64), nn.Dropout(0.5), nn.Flatten(),
                nn.Linear(64 * (LENGTH // 4), 1),
            )

        def forward(self, x):
            return self.rest(self.table(x).transpose(1, 2))

    class Bag(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(WORDS, 100), nn.ReLU(), nn.Linear(100, 10), nn.ReLU())
            self.last = nn.Linear(WORDS + 10, 1)

        def forward(self, x):
            return self.last(torch.cat([x, self.inner(x)], 1))

    return {"conv": Conv, "bow": Bag}[task]()


def with_torch(task, x, y, epochs, tick):
    import torch

    net = torch_net(torch, task)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    if task in IMAGES:
        net, x, y = net.to(memory_format=torch.channels_last), x.permute(0, 3, 1, 2), y.long()
        loss = torch.nn.CrossEntropyLoss()
    else:
        bce = torch.nn.BCEWithLogitsLoss()
        loss = lambda found, wanted: bce(found[:, 0], wanted)  # noqa: E731
    x = x.long() if task == "conv" else x
    matrices = [parameter for parameter in net.parameters() if parameter.dim() == 2] if task == "bow" else []
    adam = torch.optim.Adam(net.parameters(), RATE)
    for _ in range(epochs):
        for places in torch.randperm(len(y)).split(BATCH[task]):
            value = loss(net(x[places]), y[places])
            if matrices:
                value = value + L2 / 2 * sum(matrix.square().sum() for matrix in matrices)
            adam.zero_grad()
            value.backward()
            adam.step()
        tick()


# ------------------------------------------------------------------ Keras


def keras_net(keras, task):
    layers = keras.layers
    if task in IMAGES:
        chain, sizes = IMAGES[task]
        x = start = keras.Input((32, 32, 3))
        for kind, outputs, kernel, stride, valid in steps(chain):
            padding = "valid" if valid else "same"
            if kind == "bn":
                x = layers.BatchNormalization()(x)
            elif kind == "pool":
                x = layers.MaxPooling2D(kernel, stride)(x)
            else:
                x = layers.Conv2D(outputs, kernel, stride, padding, activation="relu")(x)
        x = layers.Flatten()(x)
        for size in sizes:
            x = layers.BatchNormalization()(layers.Dropout(0.5)(layers.Dense(size, activation="relu")(x)))
        net, loss = keras.Model(start, layers.Dense(100)(x)), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    elif task == "conv":
        x = start = keras.Input((LENGTH,), dtype="int32")
        x = layers.BatchNormalization()(layers.Embedding(WORDS, 16)(x))
        for outputs in (16, 64):
            x = layers.Conv1D(outputs, 3, padding="same", activation="relu")(x)
            x = layers.BatchNormalization()(layers.MaxPooling1D(2)(x))
        net, loss = keras.Model(start, layers.Dense(1)(layers.Flatten()(layers.Dropout(0.5)(x)))), None
    elif task == "bow":
        penalty = keras.regularizers.L2(L2 / 2)
        x = start = keras.Input((WORDS,))
        for size in (100, 10):
            x = layers.Dense(size, activation="relu", kernel_regularizer=penalty)(x)
        net = keras.Model(start, layers.Dense(1, kernel_regularizer=penalty)(layers.Concatenate()([start, x])))
        loss = None
    else:
        x = start = keras.Input((8,))
        for size in (24, 12):
            x = layers.BatchNormalization()(layers.Dense(size, activation="relu")(x))
        net, loss = keras.Model(start, layers.Dense(1)(x)), None
    loss = loss or keras.losses.BinaryCrossentropy(from_logits=True)
    net.compile(optimizer=keras.optimizers.Adam(RATE), loss=loss)
    return net


def with_keras(task, x, y, epochs, tick):
    import keras

    if task == "folds":
        return folds_of_keras(keras, x, y, epochs, tick)
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: tick())
    keras_net(keras, task).fit(x, y, batch_size=BATCH[task], epochs=epochs, verbose=0, callbacks=[after])


def folds_of_keras(keras, x, y, epochs, tick):
    """5 stratified folds, three times, each in `epochs` epochs with its held-out part measured after each."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    for train, test in RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0).split(x, y):
        part = x[train].copy()
        holes = part[:, 1:6] == 0
        means = np.where(holes, np.nan, part[:, 1:6])
        means = np.nanmean(means, 0)
        inputs = x.copy()
        inputs[:, 1:6] = np.where(inputs[:, 1:6] == 0, means, inputs[:, 1:6])
        inputs = (inputs - inputs[train].mean(0)) / inputs[train].std(0)
        held = (inputs[test], y[test])
        keras_net(keras, "folds").fit(inputs[train], y[train], batch_size=32, epochs=epochs, verbose=0, validation_data=held)
        tick()


# ------------------------------------------------------------------ JAX


def with_jax(task, x, y, epochs, tick):
    import jax
    import jax.numpy as jnp
    import optax

    def net(weights, x):
        inner = jax.nn.relu(jax.nn.relu(x @ weights["w1"] + weights["b1"]) @ weights["w2"] + weights["b2"])
        return (jnp.concatenate([x, inner], 1) @ weights["w3"])[:, 0] + weights["b3"]

    def loss(weights, x, y):
        squares = sum(jnp.square(weights[name]).sum() for name in ("w1", "w2", "w3"))
        return optax.sigmoid_binary_cross_entropy(net(weights, x), y).mean() + L2 / 2 * squares

    def step(state, places, x, y):
        weights, moments = state
        value, gradient = jax.value_and_grad(loss)(weights, x[places], y[places])
        change, moments = adam.update(gradient, moments)
        return (optax.apply_updates(weights, change), moments), value

    random = np.random.default_rng(0)
    shapes = {"w1": (WORDS, 100), "w2": (100, 10), "w3": (WORDS + 10, 1)}
    weights = {name: jnp.array(random.normal(0, 0.01, shape).astype(np.float32)) for name, shape in shapes.items()}
    weights |= {"b1": jnp.zeros(100), "b2": jnp.zeros(10), "b3": jnp.zeros(1)}
    adam = optax.adam(RATE)
    state, x, y = (weights, adam.init(weights)), jnp.array(x), jnp.array(y)
    whole = len(y) // BATCH[task]
    epoch = jax.jit(lambda state, places, x, y: jax.lax.scan(lambda s, p: step(s, p, x, y), state, places), donate_argnums=0)
    for _ in range(epochs):
        places = random.permutation(len(y))[: whole * BATCH[task]].reshape(whole, -1)
        state, values = epoch(state, places, x, y)
        values.block_until_ready()
        tick()


def main():
    started = time.perf_counter()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=PEERS)
    parser.add_argument("peer", choices=["torch", "keras", "jax"])
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    os.environ.update(JAX_PLATFORMS="cpu", KERAS_BACKEND="jax")
    x, y = DATA[args.task](args.data, args.epochs)
    laps = [time.perf_counter()]
    train = {"torch": with_torch, "keras": with_keras, "jax": with_jax}[args.peer]
    train(args.task, x, y, args.epochs, lambda: laps.append(time.perf_counter()))
    seconds = [after - before for before, after in zip(laps, laps[1:])]
    print(json.dumps({"epochs": seconds, "whole": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
