"""Policy documents, from files or from standard input."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from trioxygen.cli.exits import CommandFailed, Exit

DocumentArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSON; - is standard input.")
]


def read_document(file: Path) -> str:
    """Raises CommandFailed: it is no text."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed(Exit.USAGE, f"'{file}' is not text in UTF-8: give JSON") from error
