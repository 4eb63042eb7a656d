"""A Python wheel that carries the program, by maturin: `pip install` puts `espejo` on the path, and no Python runs it."""

import os
import shutil
import subprocess
from pathlib import Path

from .contents import LICENCES, Contents
from .crates import ROOT


def wheel(contents: Contents, out: Path, room: Path, features: list) -> Path:
    """The wheel of the program that cargo has just built: maturin asks cargo for the same build, which is there."""
    maturin = shutil.which("maturin")
    if maturin is None:
        raise SystemExit("error: there is no `maturin`, which writes the wheel\nhint: `pip install maturin`, or `--only deb,tar`")
    project = room / "wheel"
    project.mkdir()
    settings = (ROOT / "pyproject.toml").read_text().replace('"crates/cli/Cargo.toml"', f'"{ROOT}/crates/cli/Cargo.toml"')
    (project / "pyproject.toml").write_text(settings)
    for name in ("README.md", *LICENCES):
        shutil.copyfile(contents.folder / name, project / name)
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(contents.epoch)}
    build = [maturin, "build", "--release", "--locked", "--out", out, *features]
    subprocess.run(build, check=True, cwd=project, env=environment, stdout=subprocess.DEVNULL)
    [path] = out.glob("*.whl")
    return path
