"""The licences of what is in the program, as one text: most of them ask for nothing more than to be passed on."""

import re
from pathlib import Path

from .crates import ROOT, Crate

NAMES = re.compile(r"^(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)
RULE = "=" * 80
FONT = ROOT / "crates/pictures/assets/LICENSE-DejaVu.txt"


def notices(crates: list, rust: str) -> str:
    """Who made what, under which licence, and each licence text once, with the crates that brought it."""
    foreign = [crate for crate in crates if not crate.is_own]
    texts, without = {}, []
    for crate in foreign:
        files = licence_files(crate)
        if not files:
            without.append(crate)
        for path in files:
            text = path.read_text(encoding="utf-8", errors="replace").strip()
            texts.setdefault(" ".join(text.split()), (text, []))[1].append(f"{crate.name} {crate.version}")
    parts = [
        f"Espejo contains the {len(foreign)} crates below, Rust's standard library ({rust}; MIT OR Apache-2.0) and letters of the\n"
        "DejaVu Sans font. Their licences follow, each text once, under the names of those that it comes from."
    ]
    parts.append("\n".join(described(crate) for crate in foreign))
    if without:
        parts.append(
            "These bring no file with their licence along. It is the one that the list names; their authors are:\n\n"
            + "\n".join(f"{crate.name} {crate.version}: {', '.join(crate.authors) or crate.repository}" for crate in without)
        )
    for text, names in sorted(texts.values(), key=lambda entry: (-len(entry[1]), entry[1])):
        parts.append(f"{RULE}\n{', '.join(dict.fromkeys(names))}\n{RULE}\n\n{text}")
    parts.append(f"{RULE}\nDejaVu Sans\n{RULE}\n\n{FONT.read_text().strip()}")
    return "\n\n".join(parts) + "\n"


def licence_files(crate: Crate) -> list:
    """The files of a crate's own folder that say how it may be used."""
    return sorted(path for path in Path(crate.folder).iterdir() if path.is_file() and NAMES.match(path.name) and path.suffix not in (".rs", ".toml"))


def described(crate: Crate) -> str:
    return f"{crate.name} {crate.version}: {crate.licence}" + (f", {crate.repository}" if crate.repository else "")
