"""Policy documents, from files or from standard input."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from trioxygen.cli.exits import CommandFailed, Exit

DocumentArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSON; - is standard input.")
]


def read_document(file: Path) -> str:
    """Raises CommandFailed: it is no text, or no JSON. What the JSON says the server looks at."""
    name = "standard input" if str(file) == "-" else f"'{file}'"
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        text = raw.decode()
        json.loads(text)
    except UnicodeDecodeError as error:
        raise CommandFailed(Exit.USAGE, f"{name} is not text in UTF-8: give JSON") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise CommandFailed(
            Exit.USAGE, f"{name} is not JSON: {where}: {error.msg.lower()}"
        ) from error
    except (ValueError, RecursionError) as error:  # numbers, nesting
        raise CommandFailed(Exit.USAGE, f"{name} is not JSON that can be read") from error
    return text
