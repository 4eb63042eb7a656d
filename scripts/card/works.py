"""The nets that are timed, as our flags and as the peers' shapes, and made-up images for both in the official formats."""

import os
from pathlib import Path

from benchmark.document4 import FLAGS as DOCUMENT4
from benchmark.workloads import FLAGS

ALEXNET = "96k4s2v,pool3s1v,bn,256s2v,pool2s1v,bn,384,bn,384,bn,256,pool2s1v,bn"  # that of the preset `s36-alexnet`

TITLES = {
    "w1": "W1 dense VAE 784-256-2",
    "w2": "W2 conv denoiser",
    "w7": "W7 conv classifier with batch norm",
    "alexnet": "AlexNet-like net (S36), 32x32 in colour",
}
BATCHES = {False: (128, 1024), True: (4, 8)}  # by whether all is small
EPOCHS = {False: 5, True: 3}  # of ours: the first and the last, which evaluates, do not count
# Whole batches of both sizes, so that no side has a rest that it treats in a way of its own.
IMAGES = {False: {"gray": 58 * 1024, "colour": 10 * 1024}, True: {"gray": 32, "colour": 16}}
TESTS = {False: 1000, True: 8}

# What the peers build: `card/peer.py` says what each key means.
NETS = {
    "w1": {"kind": "vae", "hidden": 256, "latent": 2},
    "w2": {"kind": "denoiser", "chain": "32,pool,16,pool,16,up,32,up,1", "noise": 0.3},
    "w7": {"kind": "classifier", "chain": "32,pool,bn,16,pool,bn", "dense": [], "classes": 10},
    "alexnet": {"kind": "classifier", "chain": ALEXNET, "dense": [512, 512], "classes": 100},
}
SMALL_NETS = {
    "w1": {"kind": "vae", "hidden": 8, "latent": 2},
    "w2": {"kind": "denoiser", "chain": "2,pool,2,up,1", "noise": 0.3},
    "w7": {"kind": "classifier", "chain": "2,pool,bn", "dense": [], "classes": 10},
    "alexnet": {"kind": "classifier", "chain": "2k4s2v,pool3s1v,bn", "dense": [8], "classes": 100},
}
# Later flags take the place of earlier ones.
SMALL_FLAGS = {
    "w1": ["--layers", "8"],
    "w2": ["--conv", "2"],
    "w7": ["--conv", "2,pool,bn"],
    "alexnet": ["--conv", "2k4s2v,pool3s1v,bn", "--layers", "8,dropout:.5,bn"],
}


def title(work, small):
    return TITLES[work] + (", made small" if small else "")


def net(work, small):
    return (SMALL_NETS if small else NETS)[work]


def flags(work, small, batch):
    """Of `espejo train`."""
    given = list(DOCUMENT4[work] if work == "alexnet" else FLAGS[work])
    for flag, value in [*pairs(SMALL_FLAGS[work] if small else []), ("--batch-size", str(batch))]:
        if flag in given:
            given[given.index(flag) + 1] = value
        else:
            given += [flag, value]
    return given


def pairs(words):
    return zip(words[::2], words[1::2])


# ------------------------------------------------------------------ data


def make_data(folder, small):
    """A data folder with `fashion-mnist`, `mnist` and `cifar-100-binary` in it: random bytes, classes by turns."""
    folder, tests = Path(folder), TESTS[small]
    gray, colour = folder / "fashion-mnist", folder / "cifar-100-binary"
    gray.mkdir(parents=True)
    colour.mkdir()
    for part, count in (("train", IMAGES[small]["gray"]), ("t10k", tests)):
        idx(gray / f"{part}-images-idx3-ubyte", [count, 28, 28], os.urandom(count * 784))
        idx(gray / f"{part}-labels-idx1-ubyte", [count], bytes(place % 10 for place in range(count)))
    (folder / "mnist").symlink_to(gray.name)
    for part, count in (("train", IMAGES[small]["colour"]), ("test", tests)):
        records = (bytes([place % 20, place % 100]) + os.urandom(3072) for place in range(count))
        (colour / f"{part}.bin").write_bytes(b"".join(records))
    return folder


def idx(path, sizes, values):
    head = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    path.write_bytes(head + values)
