"""What was found so far: told, and kept in a file, step by step."""

import json
import sys
import time
from pathlib import Path

from . import process


class Record:
    """The JSON of a run, written anew after each finding, and the time that is left."""

    def __init__(self, path, minutes, about):
        self.path, self.end = Path(path), time.monotonic() + 60 * minutes
        self.found = {**about, "steps": {}}
        self.write()

    def write(self):
        aside = self.path.with_name(self.path.name + ".new")
        aside.write_text(json.dumps(self.found, indent=1) + "\n")
        aside.replace(self.path)

    def left(self):
        return self.end - time.monotonic()

    def note(self, step, found, told):
        """Adds a finding to a step."""
        self.found["steps"].setdefault(step, []).append(found)
        self.write()
        print(f"{step}: {told}", flush=True)

    def wrong(self, step, what, **more):
        """Adds what went wrong there."""
        self.note(step, {**more, "problem": what}, " ".join([*map(str, more.values()), f"FAILED: {what}"]))

    def run(self, command, limit, environment=None, heard=None):
        """A process within its limit and the time that is left."""
        return process.run(command, min(limit, self.left()), environment, heard)

    def problems(self):
        return [found for of in self.found["steps"].values() for found in of if found.get("problem")]


def say(text):
    print(text, file=sys.stderr, flush=True)
