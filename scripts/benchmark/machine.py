"""The machine and one process on it: its CPUs, how far apart they are, what a process takes and what others take meanwhile."""

import contextlib
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_EPOCH = re.compile(r"ep +1/")
FAR = 150  # nanoseconds from CPU to CPU: below it they share a cache


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


def described():
    """A line and what `--json` says of the machine; the CPUs must be chosen by now."""
    date, cpus = str(datetime.date.today()), len(os.sched_getaffinity(0))
    line = f"{date}, {processor()}, {cpus} of {os.cpu_count()} CPUs"
    return line, {"date": date, "machine": processor(), "cpus": cpus, "command": sys.argv}


@contextlib.contextmanager
def first_cpus(count):
    """This process and its children keep to the first so many CPUs: Rayon, our threads and JAX count them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def program(args, *needed):
    """Where our program and its examples are; ends where one of `needed` is not built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    espejo = Path(args.espejo or target / "espejo").resolve()
    places = {"espejo": espejo, **{name: espejo.parent / "examples" / name for name in ("infer", "floor", "peers", "load")}}
    for name in needed:
        if not places[name].is_file():
            args.fail(f"no program `{places[name]}`; build it with `cargo build --release --workspace --examples`")
    return {name: str(place) for name, place in places.items()}


# ------------------------------------------------------------------ near and far


def provide_pingpong(source, folder):
    """Sees to it that PINGPONG names a program, where it does not yet and `source` can be compiled into `folder`."""
    if os.environ.get("PINGPONG") or not Path(source).is_file():
        return
    if shutil.which("cc") is None:
        print("no `cc`: whether the CPUs share a cache stays unknown; set PINGPONG to the compiled program", file=sys.stderr)
        return
    compiled = str(Path(folder) / "pingpong")
    subprocess.run(["cc", "-O2", "-pthread", str(source), "-o", compiled], check=True)
    os.environ["PINGPONG"] = compiled


def tagged():
    """One CPU has no distance to itself."""
    return bool(os.environ.get("PINGPONG")) and len(os.sched_getaffinity(0)) > 1


def pingpong():
    """Nanoseconds between the first two CPUs, if somebody cares."""
    if not tagged():
        return []
    return [int(subprocess.run([os.environ["PINGPONG"]], capture_output=True, check=True).stdout)]


def state(tags):
    """What the CPUs were all the while."""
    if not tags:
        return "untagged"
    return "near" if max(tags) < FAR else "far" if min(tags) >= FAR else "mixed"


# ------------------------------------------------------------------ one process


def busy_seconds():
    """CPU seconds that all processes have taken so far."""
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def process(command, threads=None, to_first_epoch=False):
    """Runs it to its end, or kills it after its first epoch: what it wrote, and what it took."""
    # The peers would run pingpong between their epochs, within what they call the time to the first.
    environment = {name: value for name, value in os.environ.items() if name != "PINGPONG"}
    if threads:
        environment["RAYON_NUM_THREADS"] = str(threads)
    tags = pingpong()
    with tempfile.TemporaryFile("w+") as written:
        before, begun, start, talk = busy_seconds(), time.perf_counter(), None, []
        child = subprocess.Popen(command, stdout=written, stderr=subprocess.PIPE, text=True, env=environment)
        for line in child.stderr:
            if start is None and FIRST_EPOCH.match(line):
                start = time.perf_counter() - begun
                if to_first_epoch:
                    child.kill()
            talk.append(line)
        child.stderr.close()
        _, status, usage = os.wait4(child.pid, 0)  # not `wait`: it tells the memory of this child alone
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        others = (busy_seconds() - before - usage.ru_utime - usage.ru_stime) / wall / os.cpu_count()
        written.seek(0)
        text = written.read()
    if child.returncode != 0 and not (to_first_epoch and start is not None):
        sys.exit(f"error: `{' '.join(command)}` ended with {child.returncode}:\n{''.join(talk)[-2000:]}")
    return text, {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "start": start,
        "memory": usage.ru_maxrss / 1024,
        # The kernel counts in steps of 0.01 s.
        "others": max(0.0, others) if wall > 0.5 else None,
        "pingpong": tags + pingpong(),
    }
