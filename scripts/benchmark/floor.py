"""The least that each work takes on this machine: its operations at full speed, then its bytes at full speed.

The floor of a work is its operations over the measured peak of matrix products (`sgemm`), plus its bytes over the measured
bandwidth of a copy; both with all threads, by `crates/kernels/examples/floor.rs`.

operations
        A multiplication and an addition are two. A dense layer has 2 * rows * inputs * outputs for its outputs, as many for the
        gradient of its weights, as many for the gradient of its inputs; the first layer needs no gradient of its inputs. A
        convolution has 2 * rows * height * width * kernel * kernel * inputs * outputs each, edges as the middle. Cleverer ways
        to convolve need fewer.
bytes   The optimiser, a step: Adam reads weights, gradients and two moments and writes all but the gradients, 7 numbers of
        4 bytes a weight; momentum 5. What a layer hands on (after pooling, before upsampling), a number: written and read on
        the way forward, read once more on the way back, its gradient written and read, 5 times 4 bytes. A pixel: a byte read,
        then a number written, and read by the first layer, by the gradient of its weights and by the loss, 1 + 4 * 4 bytes. In
        use, without training: a number is written and read, a pixel is a byte.
copy    Bytes read plus bytes written. A step that touches no more than is copied in the test "in cache" has that rate.
"""

import json
import tempfile
from pathlib import Path
from typing import NamedTuple

from . import machine
from .runs import markdown, number, others, state, undisturbed
from .workloads import SAMPLES

NUMBER = 4  # bytes
ADAM, MOMENTUM = 7, 5  # times a step passes over as many numbers as there are weights
KEPT = {ADAM: 4, MOMENTUM: 3}  # numbers that a weight has: itself, its gradient, its moments
TRAINED, USED = 5, 2  # times a number between two layers is written or read
PIXEL_TRAINED, PIXEL_USED = 1 + 4 * NUMBER, 1


class Dense(NamedTuple):
    inputs: int
    outputs: int

    def products(self):
        """Multiplications for one row."""
        return self.inputs * self.outputs

    def weights(self):
        return self.inputs * self.outputs + self.outputs

    def handed_on(self):
        return self.outputs


class Conv(NamedTuple):
    side: int  # of the picture it walks over
    inputs: int
    outputs: int
    after: int  # side of the picture it hands on: half where it is pooled
    kernel: int = 3

    def products(self):
        return self.side**2 * self.kernel**2 * self.inputs * self.outputs

    def weights(self):
        return self.kernel**2 * self.inputs * self.outputs + self.outputs

    def handed_on(self):
        return self.after**2 * self.outputs


class Work(NamedTuple):
    title: str
    layers: list
    rows: int
    pixels: int
    batch: int
    optimiser: int = 0  # 0: use, without training

    def steps(self):
        return -(-self.rows // self.batch)

    def weights(self):
        return sum(layer.weights() for layer in self.layers)

    def operations(self):
        forward = [2 * self.rows * layer.products() for layer in self.layers]
        return 3 * sum(forward) - forward[0] if self.optimiser else sum(forward)

    def bytes(self):
        between = sum(layer.handed_on() for layer in self.layers) * NUMBER * (TRAINED if self.optimiser else USED)
        a_row = between + self.pixels * (PIXEL_TRAINED if self.optimiser else PIXEL_USED)
        return self.rows * a_row + self.steps() * self.optimiser * self.weights() * NUMBER

    def touched(self):
        """Bytes of a step that lie somewhere: in use, all that goes in and out."""
        if not self.optimiser:
            return self.rows * (self.pixels + NUMBER * self.layers[-1].handed_on())
        values = sum(layer.handed_on() for layer in self.layers) + self.pixels
        return NUMBER * (KEPT[self.optimiser] * self.weights() + 2 * self.batch * values)


def vae(pixels, hidden, latent):
    """The two heads are a layer of twice as many outputs."""
    return [Dense(pixels, hidden), Dense(hidden, 2 * latent), Dense(latent, hidden), Dense(hidden, pixels)]


def works(samples):
    """By workload and key; `samples` says how many images a workload has."""
    w1, w3 = vae(28 * 28, 256, 2), [Dense(35, 16), Dense(16, 2), Dense(2, 16), Dense(16, 35)]
    # 28x28, halved twice by pooling, doubled twice by repeating pixels.
    w2 = [Conv(28, 1, 32, 14), Conv(14, 32, 16, 7), Conv(7, 16, 16, 7), Conv(14, 16, 32, 14), Conv(28, 32, 1, 28)]
    # Batch norm is left out: its operations are few, and what it reads lies in a cache.
    w7 = [Conv(28, 1, 32, 14), Conv(14, 32, 16, 7), Dense(7 * 7 * 16, 10)]
    encoder, decoder = [Dense(28 * 28, 256), Dense(256, 2)], [Dense(2, 256), Dense(256, 28 * 28)]
    return {
        ("w1", "epoch"): Work(f"W1, an epoch of {samples('w1'):,}", w1, samples("w1"), 28 * 28, 128, ADAM),
        ("w2", "epoch"): Work(f"W2, an epoch of {samples('w2'):,}", w2, samples("w2"), 28 * 28, 128, ADAM),
        ("w3", "step"): Work("W3, a step", w3, 32, 35, 32, MOMENTUM),
        ("w5", "epoch"): Work("W5, an epoch", vae(64 * 50, 1024, 2), samples("w5"), 64 * 50, 32, ADAM),
        ("w7", "epoch"): Work(f"W7, an epoch of {samples('w7'):,}", w7, samples("w7"), 28 * 28, 128, ADAM),
        ("w6", "encode"): Work("W6, encode 70,000", encoder, 70000, 28 * 28, 2048),
        ("w6", "decode"): Work("W6, decode 20x20", decoder, 20 * 20, 0, 20 * 20),
    }


def measured(program):
    """What `floor.rs` says of the machine, on the CPUs that this process may use; a run like any other."""

    def once():
        text, taken = machine.process([program])
        return {**taken, **json.loads(text)}

    return undisturbed(once)


def seconds(work, rates, threads="all"):
    """What the operations take at least, and the bytes."""
    cached = work.touched() <= rates["copy_in_cache"]["bytes"]
    copy = rates["copy_in_cache" if cached else "copy_from_memory"][threads]
    return work.operations() / rates["sgemm"][threads] / 1e9, work.bytes() / copy / 1e9


def told(rates):
    """The rates as a sentence."""
    product, memory, cache = (number(rates[kind]["all"]) for kind in ("sgemm", "copy_from_memory", "copy_in_cache"))
    threads = "1 thread" if rates["threads"] == 1 else f"{rates['threads']} threads"
    return f"{threads}: sgemm {product} GFLOP/s, copy {memory} GB/s from memory and {cache} GB/s in cache; {conditions(rates)}"


def conditions(rates):
    """What the machine was like meanwhile."""
    text = f"CPUs {state(rates)}"
    return text + (f"; other processes took {100 * others(rates):.0f} %, do not believe it" if rates["disturbed"] else "")


# ------------------------------------------------------------------ command line


def arguments(parser):
    parser.add_argument("--threads", type=int, help="the first so many CPUs; by default all")
    parser.add_argument("--peers", help="the folder of pingpong.c, where PINGPONG names no program")
    parser.add_argument("--espejo", help="the program beside `examples`; by default the release build of this tree")
    parser.add_argument("--json", metavar="FILE", help="write what was measured and counted here")


def run(args):
    floor = machine.program(args, "floor")["floor"]
    with tempfile.TemporaryDirectory() as out, machine.first_cpus(args.threads):
        if args.peers:
            machine.provide_pingpong(Path(args.peers) / "pingpong.c", out)
        line, raw = machine.described()
        rates = measured(floor)
    print(f"{line}\n\n### What the machine does at best\n")
    titles = ["matrix products, GFLOP/s", "copy from memory, GB/s", "copy in cache, GB/s"]
    kinds = [rates["sgemm"], rates["copy_from_memory"], rates["copy_in_cache"]]
    rows = [[title, number(kind["one"]), number(kind["all"])] for title, kind in zip(titles, kinds)]
    print(markdown(["", "1 thread", f"all, {rates['threads']}"], rows))
    print(f"\n{conditions(rates)}")
    print("\n### The floor of each work\n")
    head = ["work", "weights", "steps", "GFLOP", "GB", "products, s", "bytes, s", "floor, s", "floor on 1 thread, s"]
    raw.update(rates=rates, works={})
    rows = []
    for key, work in works(SAMPLES.get).items():
        both, one = seconds(work, rates), sum(seconds(work, rates, "one"))
        counts = [f"{work.weights():,}", f"{work.steps():,}"]
        values = [work.operations() / 1e9, work.bytes() / 1e9, *both, sum(both), one]
        rows.append([work.title, *counts, *map(number, values)])
        counted = {"operations": work.operations(), "bytes": work.bytes(), "weights": work.weights(), "steps": work.steps()}
        raw["works"]["-".join(key)] = {**counted, "floor": sum(both), "floor_on_one_thread": one}
    print(markdown(head, rows))
    if args.json:
        Path(args.json).write_text(json.dumps(raw, indent=1) + "\n")
