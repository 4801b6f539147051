"""`o3 admin orphans`: blocks on DataNodes that nothing in the namespace refers to."""

import sys
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption

_LIMIT: Final = 1_000
_EXAMINED_AT_ONCE: Final = 1_000


def list_orphans(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Ends when so many were found.")
    ] = _LIMIT,
    as_json: JsonOption = False,
) -> None:
    """Lists blocks on DataNodes that nothing refers to, since when, and when they go.

    Asks a running gateway or server, a page at a time. Ends with 1 when a DataNode was silent."""
    from trioxygen.cli.printing import bytes_text, print_columns, print_json

    orphans: list[dict[str, Any]] = []
    examined, silent, is_whole = 0, set[str](), True
    for page in find(data, admin_url).pages("orphans", count_max=_EXAMINED_AT_ONCE):
        examined += page["examined"]
        silent |= set(page["silent_nodes"])
        orphans += page["orphans"]
        if len(orphans) >= limit:
            is_whole = len(orphans) == limit and not page["next"]
            del orphans[limit:]
            break
    size_bytes = sum(orphan["size_bytes"] for orphan in orphans)
    if as_json:
        print_json(
            {
                "orphans": orphans,
                "size_bytes": size_bytes,
                "examined": examined,
                "silent_nodes": sorted(silent),
                "is_whole": is_whole and not silent,
            }
        )
    else:
        print_columns(
            ("NODE", "CONTAINER", "BLOCK", "BYTES", "NOTICED", "GOES IN"),
            [
                (
                    orphan["node_id"],
                    str(orphan["container"]),
                    str(orphan["local"]),
                    str(orphan["size_bytes"]),
                    _text(orphan["age_ms"], "not yet"),
                    _text(orphan["left_ms"], ""),
                )
                for orphan in orphans
            ],
        )
        more = "" if is_whole else "; there may be more: see --limit"
        summary = f"{len(orphans)} orphans of {examined} blocks, {bytes_text(size_bytes)}{more}"
        print(summary, file=sys.stderr)
    if silent:
        names = ", ".join(sorted(silent))
        raise CommandFailed(Exit.REFUSED, f"not asked, since they do not answer: {names}")


def _text(duration_ms: int, unknown: str) -> str:
    from trioxygen.cli.printing import duration_text

    return duration_text(duration_ms) if duration_ms >= 0 else unknown
