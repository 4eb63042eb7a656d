"""The workloads, and one run of each: ours through the program, theirs through `bench_peers.py`."""

import csv
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from .machine import process

NEVER = "train.eval_every=1000000"  # the last epoch is evaluated in any case
ADAM = "--optimizer adam --lr 1e-3 --schedule constant".split()
DENSE = "--loss bce --activation relu --latent 2".split()
TANH = "--layers 35,16,2,16,35 --set model.latent_activation=tanh".split()
# What our program is asked for; `FACES` stands for the file of the made-up faces.
FLAGS = {
    "w1": ["fashion", "--model", "vae", "--layers", "256", *DENSE, *ADAM, "--batch-size", "128"],
    "w2": ["fashion-dae", "--conv", "32,16", "--latent", "0", "--noise", "gaussian:0.3", *ADAM, "--batch-size", "128"],
    "w3": [*TANH, "--optimizer", "momentum", "--lr", "0.005", "--schedule", "constant"],
    # Without a preset.
    "w7": ["mnist", "--model", "classifier", "--conv", "32,pool,bn,16,pool,bn", "--activation", "relu"]
    + ["--optimizer", "adam", "--lr", "1e-3", "--batch-size", "128"],
    "w5": ["pictures-vae", "--data", "FACES", "--layers", "1024", *DENSE, *ADAM, "--batch-size", "32"],
}
EPOCHS = {"w1": 5, "w2": 3, "w5": 12, "w7": 3}
ALL = 60000  # images of Fashion-MNIST, and of MNIST, to learn from
SAMPLES = {"w1": ALL, "w2": ALL, "w5": 165, "w7": ALL}
STEPS = 2000  # of w3
FURTHER = 20000  # steps of ours in w3 that are timed: a process start varies by as much as hundreds of them take
# The peers that are measured where none are named: the best of each column, on the machines seen so far, and PyTorch.
PEERS = {
    "w1": ["torch", "jax", "jax-scan", "numpy"],
    "w2": ["torch", "torch-channels-last", "keras-tensorflow"],
    "w3": ["torch", "keras-torch", "keras-jax", "keras-tensorflow", "sklearn", "numpy", "jax", "jax-scan"],
    "w5": ["torch", "jax", "jax-scan"],
    "w6": ["torch", "jax"],
    "w7": ["torch", "torch-channels-last", "keras-jax", "jax", "jax-scan"],
}
CLASSIFIER = Path(__file__).resolve().parent / "peer_classifier.py"  # the peers of w7 are in this tree


def samples(args, workload):
    """How many images it is trained with."""
    return args.samples if args.samples and workload != "w5" else SAMPLES[workload]


# ------------------------------------------------------------------ our side


def train(args, flags, epochs, out, threads=None):
    """A training in a process of its own; its numbers, and its folder."""
    name = f"epochs-{epochs}"
    command = [args.programs["espejo"], "train", *flags, "--set", NEVER, "--epochs", str(epochs), "--device", args.device]
    command += ["--samples-every", "0", "--no-figures", "--json", "--out", out, "--name", name]
    text, taken = process(command, threads)
    folder = Path(out) / name
    with open(folder / "metrics.csv") as rows:
        seconds = [float(row["seconds"]) for row in csv.DictReader(rows)]
    report = json.loads(text)
    return {**taken, "seconds": seconds, "test": report["metrics"]["test"], "report": report["seconds"]}, folder


def fashion(args, count):
    """The flags for so many of its images; the limit holds for the test part too."""
    return ["--data-dir", args.data] + (["--limit", str(count)] if count < ALL else [])


def write_faces(args, path):
    """The peers' faces as whole numbers from 0 to 255: [165, 64, 50]."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import common, numpy; "
        "numpy.save(sys.argv[2], (255 * common.faces().reshape(-1, 64, 50)).round().astype('uint8'))"
    )
    subprocess.run([args.python, "-B", "-c", code, args.peers, path], check=True)


def epoch(run):
    """Seconds of an epoch: not the first, and not the last, which evaluates."""
    return statistics.median(run["seconds"][1:-1])


def ours(args, workload):
    """The numbers of one run."""
    with tempfile.TemporaryDirectory() as out:
        flags = FLAGS[workload] if workload in FLAGS else []
        if workload == "w3":
            run, _ = train(args, flags, STEPS, out)
            longer, _ = train(args, flags, STEPS + FURTHER, out)
            run["step"] = (longer["wall"] - run["wall"]) / FURTHER
            return {**run, "loss": [run["test"]["loss"]], "processes": [longer]}
        if workload == "w6":
            return use(args, args.model, args.repeats)
        if workload == "w5":
            faces = str(Path(out) / "faces.npy")
            write_faces(args, faces)
            flags = [faces if flag == "FACES" else flag for flag in flags]
        else:
            flags = flags + fashion(args, samples(args, workload))
        run, folder = train(args, flags, args.epochs or EPOCHS[workload], out)
        run["epoch"] = epoch(run)
        if workload == "w7":
            run["accuracy"] = run["test"]["accuracy"]
        elif workload == "w2":
            run["loss"] = [run["test"]["reconstruction"] / 784]
        else:
            run["loss"] = [use(args, folder, 0)["cross_entropy"], run["test"]["kl"]]
        return run


def use(args, folder, repeats):
    """What `examples/infer.rs` says of a trained run."""
    text, taken = process([args.programs["infer"], str(folder), str(repeats)])
    run = {**taken, **json.loads(text)}
    if repeats:
        run["encode"], run["decode"] = (statistics.median(run[f"{what}_seconds"]) for what in ("encode", "decode"))
    return run


def model_of_w1(args, out):
    """A run folder for w6 to use: the model of w1 after one epoch on all images."""
    return train(args, FLAGS["w1"] + fashion(args, ALL), 1, out)[1]


# ------------------------------------------------------------------ their side


def script(args, workload):
    """The program that has the peers of a workload."""
    return str(CLASSIFIER if workload == "w7" else Path(args.peers) / "bench_peers.py")


def peer(args, workload, name, *more):
    """The peer's own JSON of one process, and what the process took."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [args.python, script(args, workload), "--workload", workload, "--peer", name]
        data = Path(args.data) / ("mnist" if workload == "w7" else "fashion-mnist")
        command += ["--threads", str(args.threads), "--data", str(data), "--json", out.name]
        _, taken = process([*command, *map(str, more)])
        said = json.load(out)
        return {**taken, **said, "memory": said["peak_rss_mib"]}


def theirs(args, workload, name):
    """The numbers of one run."""
    if workload == "w3":
        first = peer(args, workload, name, "--steps", 1, "--repeats", 1)
        run = peer(args, workload, name, "--steps", STEPS, "--repeats", 1)
        step, start = run["us_per_step"]["median"] / 1e6, first["start_to_end_of_first_run_s"]
        return {**run, "step": step, "start": start, "loss": [run["loss_after"]], "processes": [first]}
    if workload == "w6":
        run = peer(args, workload, name, "--repeats", args.repeats)
        return {**run, "encode": run["encode_70000_s"]["median"], "decode": run["decode_400_s"]["median"]}
    epochs = args.epochs or EPOCHS[workload]
    run = peer(args, workload, name, "--epochs", epochs, "--samples", samples(args, workload))
    run.update(epoch=run["epoch_s"]["median"], start=run["start_to_first_epoch_s"])
    if workload == "w7":
        return {**run, "accuracy": run["test_accuracy"]}
    return {**run, "loss": [run["test_bce_per_pixel"]] if workload == "w2" else [run["test_bce"], run["test_kl"]]}


def known(args, workload):
    """The peers that the workload has."""
    command = [args.python, script(args, workload), "--workload", workload, "--peer", "list"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
