"""The crates whose code is in the program, by cargo's own word."""

import json
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Crate:
    """One crate of the program: its licence is an SPDX expression, its folder has its source, its checksum is that of the registry."""

    name: str
    version: str
    licence: str
    authors: tuple
    repository: str
    folder: Path
    checksum: str | None
    depends_on: tuple

    @property
    def key(self) -> tuple:
        return self.name, self.version

    @property
    def is_own(self) -> bool:
        return self.folder.is_relative_to(ROOT)


def cargo(*words: str) -> str:
    return subprocess.run(["cargo", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def bundled(features: list, target: str) -> list:
    """All crates of the program that are compiled into it: neither build scripts nor macros nor what tests need, sorted by name."""
    tree = cargo(
        *["tree", "--locked", "--package", "espejo", "--edges", "normal,no-proc-macro", "--target", target, *features],
        *["--prefix", "none", "--format", "{p}"],
    )
    inside = {(words[0], words[1].removeprefix("v")) for words in map(str.split, tree.splitlines()) if words}
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(entry["name"], entry["version"]): entry.get("checksum") for entry in lock["package"]}
    keys = {package["id"]: (package["name"], package["version"]) for package in metadata["packages"]}
    edges = {node["id"]: [keys[edge["pkg"]] for edge in node["deps"]] for node in metadata["resolve"]["nodes"]}
    crates = [
        Crate(
            name=package["name"],
            version=package["version"],
            licence=expression(package),
            authors=tuple(package["authors"]),
            repository=package["repository"] or package["homepage"] or "",
            folder=Path(package["manifest_path"]).parent,
            checksum=checksums[keys[package["id"]]],
            depends_on=tuple(sorted(set(edges.get(package["id"], [])) & inside)),
        )
        for package in metadata["packages"]
        if keys[package["id"]] in inside
    ]
    missing = inside - {crate.key for crate in crates}
    if missing:
        raise SystemExit(f"error: cargo metadata does not know {sorted(missing)}")
    return sorted(crates, key=lambda crate: crate.key)


def expression(package: dict) -> str:
    """The licence as an SPDX expression; older crates write `MIT/Apache-2.0`."""
    licence = package["license"] or f"LicenseRef-{package['name']}"
    return " OR ".join(part.strip() for part in licence.split("/"))
