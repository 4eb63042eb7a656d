"""Each package on a clean tree: it is installed, and trains the letters there."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path


def try_all(packages: list, program: Path, room: Path) -> None:
    """Installs each package by the tool that it is for. The program in it must be the one that was built."""
    ways = {".whl": from_wheel, ".deb": from_debian, ".gz": from_archive}
    for package in packages:
        place = room / package.suffix.removeprefix(".")
        place.mkdir(parents=True)
        installed = ways[package.suffix](package, place)
        if digest(installed) != digest(program):
            raise SystemExit(f"error: the program in {package.name} is another than {program}")
        trains(installed, place / "home")
        print(f"{package.name}: installed, trained the letters", file=sys.stderr)


def from_wheel(package: Path, place: Path) -> Path:
    """By pip, in a virtual environment that has nothing else."""
    venv.create(place / "venv", with_pip=True)
    python = place / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", package], check=True)
    return place / "venv/bin/espejo"


def from_debian(package: Path, place: Path) -> Path:
    """By dpkg, below a folder with no other package. What it depends on is there on every Debian and not in that folder."""
    root = place / "root"
    for needed in ("var/lib/dpkg/info", "var/lib/dpkg/updates"):
        (root / needed).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    words = ["dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--log=/dev/null", "--install", package]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"error: dpkg refused {package.name}\n{done.stderr}")
    for name in ("bash-completion/completions/espejo", "man/man1/espejo.1.gz", "doc/espejo/copyright", "doc/espejo/THIRD-PARTY.txt"):
        if (root / "usr/share" / name).stat().st_size == 0:
            raise SystemExit(f"error: {name} in {package.name} is empty")
    return root / "usr/bin/espejo"


def from_archive(package: Path, place: Path) -> Path:
    """By checksum and tar."""
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=package.parent, check=True)
    with tarfile.open(package) as tar:
        tar.extractall(place, filter="data")
    return place / package.name.removesuffix(".tar.gz") / "espejo"


def trains(program: Path, home: Path) -> None:
    """`espejo train`, with nothing of this machine's environment, must complete and draw its figures."""
    home.mkdir()
    environment = {"HOME": str(home), "PATH": f"{program.parent}{os.pathsep}/usr/bin:/bin"}
    done = subprocess.run(["espejo", "train", "--device", "cpu"], cwd=home, env=environment, executable=program, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"error: {program} train: exit code {done.returncode}\n{done.stderr}")
    [run] = (home / "runs").iterdir()
    report = json.loads((run / "run.json").read_text())
    figures = list((run / "figures").glob("*.png"))
    if report["status"] != "completed" or not figures:
        raise SystemExit(f"error: {program} train: status {report['status']}, {len(figures)} figures")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
