"""The program and what belongs to it as a .tar.gz, the same bytes for the same files."""

import gzip
import io
import tarfile
from pathlib import Path

from .contents import Contents


def archive(contents: Contents, out: Path) -> Path:
    """One folder with all of it."""
    name = f"espejo-{contents.version}-{contents.target}"
    path = out / f"{name}.tar.gz"
    files = {file.relative_to(contents.folder).as_posix(): file for file in contents.folder.rglob("*") if file.is_file()}
    files["espejo"] = contents.program
    with path.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=contents.epoch) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for inside, file in sorted(files.items()):
                entry = tarfile.TarInfo(f"{name}/{inside}")
                content = file.read_bytes()
                entry.size, entry.mtime, entry.mode = len(content), contents.epoch, 0o755 if inside == "espejo" else 0o644
                tar.addfile(entry, io.BytesIO(content))
    return path
