"""What the documents name is there: files, folders, links, commands with their options."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from trioxygen.cli.main import app

REPO: Final = Path(__file__).parents[2]
DOCUMENTS: Final = (
    *(REPO / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(REPO / folder / "README.md" for folder in ("bench", "conformance")),
    *sorted((REPO / "docs").rglob("*.md")),
)
REFERENCE: Final = REPO / "docs" / "reference" / "cli.md"
_PATH: Final = re.compile(r"`((?:[\w.*-]+/)+[\w.*-]*)`")
_LINK: Final = re.compile(r"\]\((?!https?:)([^)#]+)")
_COMMAND: Final = re.compile(r"(?:^ *|`)o3 ([a-z][^`\n#|&]*)", re.MULTILINE)
_WORD: Final = re.compile(r"[a-z][a-z-]*")
# What a data folder, a built clone, a table of the store, a measurement or a replication has.
_NOT_IN_GIT: Final = re.compile(
    r"\.venv/|dist/|\./|logs/|log/|meta/|DIR/|Service/|bound/s|RATIS/|EC/|DataNode/|ACCOUNT/"
)


def _text(document: Path) -> str:
    return document.read_text()


def _id(document: Path) -> str:
    return str(document.relative_to(REPO))


def _places() -> frozenset[str]:
    """Every file and folder of the repository by the ends of its path."""
    ends: set[str] = set()
    for folder, folders, files in os.walk(REPO):
        folders[:] = [
            name for name in folders if name == ".ci" or not (name[0] in "._" or name == "data")
        ]
        for name in (*folders, *files):
            parts = (Path(folder) / name).relative_to(REPO).parts
            ends.update("/".join(parts[start:]) for start in range(len(parts)))
    return frozenset(ends)


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_files_and_links_that_a_document_names_are_there(document: Path) -> None:
    text, places = _text(document), _places()
    missing = [
        name
        for name in sorted(set(_PATH.findall(text)))
        if not (_NOT_IN_GIT.match(name) or "*" in name)
        and not {name.rstrip("/"), f"{name}.py"} & places
    ]
    broken = [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    assert (missing, broken) == ([], [])


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command that does something, by its words."""
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, sub in command.commands.items():
        yield from _commands(sub, (*words, name))


def _mistake(line: str) -> str | None:
    """What of a command line does not exist."""
    command: Any = typer.main.get_command(app)
    for word in re.split(r"[\s,]+", line):
        if not hasattr(command, "commands"):
            break
        if not _WORD.fullmatch(word):
            return None
        if word not in command.commands:
            return f"o3 {line}: no {word}"
        command = command.commands[word]
    if hasattr(command, "commands"):
        return None
    options = {option for parameter in command.params for option in parameter.opts}
    unknown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)) - options - {"--help"}
    return f"o3 {line}: no {sorted(unknown)}" if unknown else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_commands_that_a_document_names_exist(document: Path) -> None:
    lines = [line.strip() for line in _COMMAND.findall(_text(document))]
    assert [mistake for line in lines if (mistake := _mistake(line))] == []


def test_every_command_stands_in_the_reference() -> None:
    rows = [
        set(re.findall(r"[a-z][a-z-]*", row.split("|")[1]))
        for row in _text(REFERENCE).splitlines()
        if row.startswith("| `o3 ")
    ]
    left_out = [
        " ".join(words)
        for words, _ in _commands(typer.main.get_command(app))
        if not any(set(words) <= row for row in rows)
    ]
    assert left_out == []
