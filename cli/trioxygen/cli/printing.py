"""Lists as text for people and scripts: aligned columns, nothing cut off, or JSON."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def print_columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Titles, then a line each; control characters are escaped, so a line stays a line."""
    lines = [list(titles), *([_single_line(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(cells).rstrip())


def print_fields(fields: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in fields)
    for name, value in fields:
        print(f"{name.ljust(width)}  {_single_line(value)}".rstrip())


def print_document(title: str, text: str) -> None:
    """JSON below fields, indented; what JSON writes in ASCII needs no more escaping."""
    print(f"\n{_single_line(title)}:")
    try:
        print_json(json.loads(text))
    except ValueError:  # a number of thousands of digits, which the server takes
        print(_single_line(text))


def tell_of_limit(*, is_whole: bool) -> None:
    """Below a list. On standard error: the list is alone on standard output."""
    if not is_whole:
        print("there are more: see --limit", file=sys.stderr)


def time_text(epoch_ms: int) -> str:
    """`2026-11-21 09:30:00Z`"""
    return datetime.fromtimestamp(epoch_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def duration_text(duration_ms: int) -> str:
    """`1 h 20 min`: two units, the smallest is a second."""
    seconds = max(1, duration_ms // 1_000)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def words(name: str) -> str:
    """`in service`: a state, of its name on the admin port."""
    return name.lower().replace("_", " ")


def bytes_text(size_bytes: int) -> str:
    """`1.5 GiB`"""
    size, unit = float(size_bytes), 0
    while size >= 1_024 and unit < len(_UNITS) - 1:
        size, unit = size / 1_024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} B"


def _single_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)
