"""One process within a time limit, what it says told at once."""

import os
import re
import signal
import subprocess
import threading
import time

FIRST_EPOCH = re.compile(r"ep +1/")


def run(command, limit, environment=None, heard=None):
    """Runs it to its end, or ends it and all it started after `limit` seconds.

    `heard` is called with each line of its error output as it comes. Gives `code` (none where time was up), `text` and `talk`, all that it
    wrote to each, seconds in all as `wall`, and as `start` those until its first epoch was told.
    """
    begun, talk, text, start = time.perf_counter(), [], [], None
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = subprocess.Popen(
        [str(word) for word in command], text=True, errors="replace", start_new_session=True, env={**os.environ, **(environment or {})}, **pipes
    )
    late = threading.Event()

    def end():
        late.set()
        os.killpg(child.pid, signal.SIGKILL)  # its own session: PyTorch's compiler starts workers

    timer = threading.Timer(max(limit, 0.1), end)
    reader = threading.Thread(target=lambda: text.extend(child.stdout), daemon=True)
    timer.start()
    reader.start()
    try:
        for line in child.stderr:
            if start is None and FIRST_EPOCH.match(line):
                start = time.perf_counter() - begun
            talk.append(line)
            if heard:
                heard(line)
        child.wait()
    finally:
        timer.cancel()
        if child.poll() is None:
            end()
            child.wait()
    reader.join(5)
    code = None if late.is_set() else child.returncode
    return {"code": code, "text": "".join(text), "talk": "".join(talk), "wall": time.perf_counter() - begun, "start": start}


def problem(taken):
    """What went wrong, in a line; none where nothing did."""
    if taken["code"] == 0:
        return None
    if taken["code"] is None:
        return f"ended after {taken['wall']:.0f} s: its time was up"
    lines = [line.strip() for line in taken["talk"].splitlines() if line.strip()]
    # Rust says where it panicked, and why in the next line.
    panics = [after for line, after in zip(lines, lines[1:]) if " panicked at " in line]
    errors = [line for line in lines if line.startswith("error") or "Error" in line]
    said = list(dict.fromkeys(panics)) or errors or lines[-1:]
    return f"exit code {taken['code']}: {' / '.join(said[:3])[:400]}"
