"""Whether the device is right, and what it is asked for: doctor, parity, launches, memory."""

import json
import re
import shutil
import threading
import time

from . import works
from .process import problem

MEASURED = "measured "


def doctor(args, record):
    """What the program says of all devices; notes whether the one that is used is software."""
    taken = record.run([args.espejo, "doctor", "--json"], 60)
    if problem(taken):
        return record.wrong("doctor", problem(taken))
    found = json.loads(taken["text"])
    name = args.device.rstrip("!")
    adapters = [device for device in found["devices"] if device["name"].startswith("wgpu:") or device["name"] == "cuda"]
    hardware = [device for device in adapters if ", software," not in device["about"]]
    named = [device for device in adapters if device["name"] == name]
    used = (named or hardware or adapters or [None])[0]
    record.found["device"] = used["about"] if used else "none"
    record.found["software"] = bool(used) and used not in hardware
    record.note("doctor", found, f"{record.found['device']}; {json.dumps(used)}")


def tests(args, record, step, names, limit):
    """Runs tests of the carried test program by the beginnings of their names, and notes each line that begins with `measured`."""
    if not args.tests:
        return record.wrong(step, f"no test program: {args.build}")

    def heard(line):
        if line.startswith(MEASURED):
            found = json.loads(line[len(MEASURED) :])
            record.note(step, found, told(found))
        elif line.startswith("skipped"):
            record.wrong(step, line.strip())

    environment = {"ESPEJO_TEST_DEVICE": args.device, "ESPEJO_REQUIRE_WGPU": "1"}
    environment["ESPEJO_TEST_BATCH"] = str(works.BATCHES[args.small][0])
    command = [args.tests, "--nocapture", "--test-threads", "1", *names]
    taken = record.run(command, limit, environment, heard)
    ran = re.search(r"(\d+) passed; (\d+) failed", taken["text"])
    if problem(taken):
        record.wrong(step, problem(taken))
    elif not ran or int(ran[1]) == 0:
        record.wrong(step, f"no test of {', '.join(names)} was run")


def told(found):
    if "parity" not in found:
        return json.dumps(found)
    apart = "no number" if found["apart"] is None else f"{found['apart']:.1e}"
    return f"{found['parity']} {found['name']}: {apart}, {'alike' if found['ok'] else 'WRONG'}"


def parity(args, record):
    tests(args, record, "parity", ["parity_of"], 600 if args.small else 120)


def launches(args, record):
    if not args.device.startswith(("wgpu", "gpu")):
        return record.note("launches", {"left_out": "counted inside wgpu alone"}, "left out: counted inside wgpu alone")
    tests(args, record, "launches", ["launches_of", "--ignored"], 600 if args.small else 60)


def memory(args, record):
    """The device's own count before and after 180 epochs of small nets; and the card's, all the while that W1 trains for 200."""
    tests(args, record, "memory", ["memory_stays_flat"], 600 if args.small else 60)
    if not shutil.which("nvidia-smi"):
        return record.note("memory", {"left_out": "no nvidia-smi"}, "no nvidia-smi: the card's own count is left out")
    seen, over = [], threading.Event()
    sampler = threading.Thread(target=sample, args=(record, seen, over), daemon=True)
    sampler.start()
    batch = works.BATCHES[args.small][0]
    # Ten steps an epoch: long enough to be looked at.
    command = training(args, "w1", batch, 200, "memory") + ["--limit", str(10 * batch)]
    taken = record.run(command, 600 if args.small else 60)
    over.set()
    sampler.join(5)
    if problem(taken) or not seen:
        return record.wrong("memory", problem(taken) or "nvidia-smi said nothing")
    early, late = seen[len(seen) // 4 : len(seen) // 2], seen[3 * len(seen) // 4 :]
    found = {"nvidia_smi": "w1", "mib": seen, "early": max(early, default=seen[0]), "late": max(late)}
    record.note("memory", found, f"nvidia-smi, W1: {found['early']} MiB in the second quarter, {found['late']} in the last")


def sample(record, seen, over):
    """Mebibytes of the card in use, four times a second."""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    while not over.is_set():
        text = record.run(query, 5)["text"].split()
        if text and text[0].isdigit():
            seen.append(int(text[0]))
        time.sleep(0.25)


def training(args, work, batch, epochs, name):
    """The command of one of our trainings, without evaluations but the last."""
    flags = [*works.flags(work, args.small, batch), "--epochs", str(epochs), "--device", args.device, "--set", "train.eval_every=1000000"]
    flags += ["--data-dir", args.data, "--samples-every", "0", "--no-figures", "--json", "--out", args.runs_folder, "--name", name]
    return [args.espejo, "train", *map(str, flags)]


CACHES = ("MESA_SHADER_CACHE_DIR", "__GL_SHADER_DISK_CACHE_PATH", "XDG_CACHE_HOME", "CUDA_CACHE_PATH")


def first_step(args, record):
    """Seconds from the start of the process to the end of its first step, the drivers' caches empty, then filled by that."""
    for work in ("w1", "w2"):
        caches = args.folder / f"caches-{work}"
        caches.mkdir()
        for state in ("cold", "warm"):
            batch = works.BATCHES[args.small][0]
            # One batch an epoch; the second epoch is the one that is evaluated.
            command = training(args, work, batch, 2, f"{state}-{work}") + ["--limit", str(batch)]
            taken = record.run(command, 400 if args.small else 30, dict.fromkeys(CACHES, str(caches)))
            if taken["start"] is None:
                record.wrong("first step", problem(taken) or "no epoch was told", work=work, cache=state)
                continue
            files = sum(path.is_file() for path in caches.rglob("*"))
            found = {"work": work, "cache": state, "seconds": taken["start"], "files": files}
            record.note("first step", found, f"{work}, {state} cache: {taken['start']:.2f} s; {files} files in the cache now")
