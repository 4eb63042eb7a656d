"""A package for Debian and its kin, by dpkg-deb alone."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from .contents import COMPLETIONS, LICENCES, Contents, glibc

CONTROL = """Package: espejo
Version: {version}
Architecture: {architecture}
Maintainer: The Espejo authors
Installed-Size: {size}
Depends: libc6 (>= {glibc}), libgcc-s1
Recommends: libvulkan1
Suggests: mesa-vulkan-drivers
Section: science
Priority: optional
Description: train, inspect and use autoencoders
 Trains autoencoders on images, tables, series, arrays and texts, tells
 whether they are any good, and puts them to work: on any GPU through
 Vulkan, and on the CPU where there is none.
"""


def debian(contents: Contents, out: Path, room: Path) -> Path:
    """The program in /usr/bin, with completions, manual page, licences and bill of materials."""
    tree = room / "deb"
    document = tree / "usr/share/doc/espejo"
    place(contents.program, tree / "usr/bin/espejo", 0o755)
    for shell, where in COMPLETIONS.items():
        place(contents.folder / "completions" / f"espejo.{shell}", tree / "usr" / where)
    for name in (*LICENCES, "README.md", "SECURITY.md", "espejo.cdx.json"):
        place(contents.folder / name, document / name)
    pack(contents.folder / "espejo.1", tree / "usr/share/man/man1/espejo.1.gz")
    pack(contents.folder / "CHANGELOG.md", document / "changelog.gz")
    # Where Debian's own tools look for terms.
    own = "Espejo is under the MIT licence or the Apache License 2.0, as you choose (LICENSE-MIT, LICENSE-APACHE, which is also\n"
    terms = own + "/usr/share/common-licenses/Apache-2.0). THIRD-PARTY.txt has the terms of all that is in it besides.\n\n"
    (document / "copyright").write_text(terms + (contents.folder / "LICENSE-MIT").read_text())
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())
    control = CONTROL.format(version=contents.version, architecture=architecture, size=-(-size // 1024), glibc=glibc(contents.program))
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(control)
    for entry in (tree, *tree.rglob("*")):
        if entry.is_dir():
            entry.chmod(0o755)
    path = out / f"espejo_{contents.version}_{architecture}.deb"
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(contents.epoch)}
    # gzip rather than xz: half as large again, and made in seconds instead of minutes.
    build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, path]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, env=environment)
    return path


def place(source: Path, where: Path, mode: int = 0o644) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, where)
    where.chmod(mode)


def pack(source: Path, where: Path) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(gzip.compress(source.read_bytes(), mtime=0))
    where.chmod(0o644)
