"""What every package carries besides the program, laid out once in a folder."""

import datetime
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .bill import bill
from .crates import ROOT
from .manual import manual
from .notices import notices

# Where each shell looks for the completions of a program, below /usr.
COMPLETIONS = {
    "bash": "share/bash-completion/completions/espejo",
    "zsh": "share/zsh/vendor-completions/_espejo",
    "fish": "share/fish/vendor_completions.d/espejo.fish",
}
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"]


@dataclass
class Contents:
    """The parts of all packages: the program, and a folder with the other files under the names that they have in the archive."""

    program: Path
    folder: Path
    version: str
    target: str
    epoch: int

    @property
    def when(self) -> str:
        return datetime.datetime.fromtimestamp(self.epoch, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def gather(program: Path, folder: Path, crates: list) -> Contents:
    """Writes licences, notices, bill of materials, manual page and completions."""
    [version] = [crate.version for crate in crates if crate.name == "espejo"]
    contents = Contents(program, folder, version, host(), commit_time())
    folder.mkdir(parents=True)
    for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-APACHE", "LICENSE-MIT"):
        shutil.copyfile(ROOT / name, folder / name)
    rust = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    write(folder / "THIRD-PARTY.txt", notices(crates, rust))
    write(folder / "espejo.cdx.json", bill(crates, program.read_bytes(), contents.when))
    write(folder / "espejo.1", manual(program, version, contents.when))
    for shell in COMPLETIONS:
        write(folder / "completions" / f"espejo.{shell}", completions(program, shell))
    return contents


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def completions(program: Path, shell: str) -> str:
    """The script of a shell. It asks the program by the name that it was started under: here one that is found on the path."""
    environment = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        ["espejo", "completions", shell], executable=program, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    return done.stdout


def host() -> str:
    """The target triple that cargo builds for here."""
    told = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return next(line.removeprefix("host: ") for line in told.splitlines() if line.startswith("host: "))


def commit_time() -> int:
    """Seconds since 1970 of the commit, so that the same commit gives the same packages; `SOURCE_DATE_EPOCH` goes before."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True).stdout.strip()
    return int(told or "0")


def glibc(program: Path) -> str:
    """The oldest C library that has every symbol the program asks for, and reads how its addresses are written down (crates/cli/build.rs)."""
    told = subprocess.run(["readelf", "--version-info", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"\bGLIBC_([0-9.]+)", told)}
    packed = {(2, 36)} if "GLIBC_ABI_DT_RELR" in told else set()
    return ".".join(map(str, max(versions | packed)))
