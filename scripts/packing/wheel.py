"""A Python wheel that carries the program: `pip install` puts `espejo` on the path, and no Python runs it.

Written by hand rather than by maturin, whose environment makes cargo build half of the program anew: a wheel is a zip file whose names say
what goes where (https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
"""

import base64
import hashlib
import time
import zipfile
from pathlib import Path

from .contents import LICENCES, Contents, glibc

METADATA = """Metadata-Version: 2.4
Name: espejo
Version: {version}
Summary: Train, inspect and use autoencoders: one program, on any GPU and on the CPU
License-Expression: MIT OR Apache-2.0
{licences}
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{description}"""
WHEEL = "Wheel-Version: 1.0\nGenerator: espejo scripts/package\nRoot-Is-Purelib: false\nTag: {tag}\n"


def wheel(contents: Contents, out: Path) -> Path:
    """The wheel, the same bytes for the same files. Its tag says which C library it needs, so that pip refuses it on an older system."""
    machine = contents.target.split("-")[0]
    tag = f"py3-none-manylinux_{glibc(contents.program).replace('.', '_')}_{machine}"
    about, facts = f"espejo-{contents.version}", f"espejo-{contents.version}.dist-info"
    licences = "\n".join(f"License-File: {name}" for name in LICENCES)
    description = (contents.folder / "README.md").read_text(encoding="utf-8")
    metadata = METADATA.format(version=contents.version, licences=licences, description=description)
    files = {
        f"{about}.data/scripts/espejo": contents.program.read_bytes(),
        f"{facts}/METADATA": metadata.encode(),
        f"{facts}/WHEEL": WHEEL.format(tag=tag).encode(),
        f"{facts}/sboms/espejo.cdx.json": (contents.folder / "espejo.cdx.json").read_bytes(),
    }
    for name in LICENCES:
        files[f"{facts}/licenses/{name}"] = (contents.folder / name).read_bytes()
    record = "".join(f"{name},sha256={digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{facts}/RECORD"] = f"{record}{facts}/RECORD,,\n".encode()
    path = out / f"{about}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, time.gmtime(max(contents.epoch, 315532800))[:6])  # zip knows no time before 1980
            entry.external_attr = (0o100755 if name.endswith("scripts/espejo") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return path


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
