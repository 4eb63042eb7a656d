"""The manual page: what the program says of itself, command by command."""

import os
import subprocess
from pathlib import Path

HEAD = """.TH ESPEJO 1 "{when}" "espejo {version}" "User Commands"
.SH NAME
espejo \\- train, inspect and use autoencoders
.SH DESCRIPTION
One program without Python that trains autoencoders on images, tables, series, arrays and texts, tells whether they are any good, and puts
them to work.
`espejo train` without arguments trains on built-in letters in a second.
.SH HELP
"""


def manual(program: Path, version: str, when: str) -> str:
    """A page for man, made of the help texts of all commands."""
    page = [HEAD.format(when=when[:10], version=version), block(says(program, "--help"))]
    for command in commands(says(program, "--help")):
        page.append(f".SH ESPEJO {command.upper()}\n" + block(says(program, command, "--help")))
    return "".join(page)


def says(program: Path, *words: str) -> str:
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "80"}
    return subprocess.run([program, *words], check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def commands(text: str) -> list:
    """The names below `Commands:`."""
    lines = text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]
    return [name for name in names if name != "help"]


def block(text: str) -> str:
    """Lines as they are: a backslash and a dot or quote at the front would be commands of roff."""
    lines = (line.replace("\\", "\\e").replace("-", "\\-") for line in text.rstrip().splitlines())
    return ".nf\n" + "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines) + "\n.fi\n"
