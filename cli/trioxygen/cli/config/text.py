"""Where keys stand in TOML text. The parser of the standard library gives values without places.

The shortest beginning of the text that parses and holds a key ends with the statement that set it.
So keys are found in every form of table, dotted key and array as the parser itself reads them, and
no second parser can disagree with it."""

import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of each table, key and element: that on which its statement begins."""
    numbers: dict[Path, int] = {}
    lines = text.splitlines()
    begins = 0
    for end in range(1, len(lines) + 1):
        try:
            values = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
        for path in _paths(values, ()):
            numbers.setdefault(path, begins + 1)
        begins = end
    return numbers


def _paths(value: Any, above: Path) -> Iterator[Path]:
    children: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    else:
        return
    for name, child in children:
        yield (*above, name)
        yield from _paths(child, (*above, name))


def line_of(text: str, path: Path) -> int | None:
    """The line of a key; of the nearest table around it when the key is not there."""
    lines = lines_of(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
