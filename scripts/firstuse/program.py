"""Running the program, and what it left."""

import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Ran:
    """What a command did."""

    words: tuple
    code: int
    stdout: str
    stderr: str
    wall: float
    cpu: float

    def json(self) -> dict:
        return json.loads(self.stdout)


@dataclass
class Program:
    """A build of Espejo and the folder that it works in."""

    path: Path
    room: Path

    def run(self, *words: str) -> Ran:
        """Runs a command in the room; seconds are those of the clock and of all cores together."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([self.path, *words], cwd=self.room, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Ran(words, done.returncode, done.stdout, done.stderr, wall, cpu)
