"""`o3 admin orphans`: blocks on DataNodes that nothing in the namespace refers to."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.admin_client import (
    DATA_DEFAULT,
    AdminClient,
    AdminUrlOption,
    DataOption,
    JsonOption,
    find,
)
from trioxygen.cli.exits import CommandFailed, Exit

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
    """Lists blocks on DataNodes that nothing refers to, as after a load from a dump.

    Asks a running gateway or server, a page at a time. Ends with 1 when a DataNode was silent."""
    from trioxygen.cli.printing import bytes_text, print_columns, print_json

    found: list[dict[str, Any]] = []
    examined, silent, is_whole = 0, set[str](), True
    for page in _pages(find(data, admin_url)):
        examined += page["examined"]
        silent |= set(page["silent_nodes"])
        found += page["orphans"]
        if len(found) >= limit:
            is_whole = len(found) == limit and not page["next"]
            del found[limit:]
            break
    size_bytes = sum(one["size_bytes"] for one in found)
    if as_json:
        print_json(
            {
                "orphans": found,
                "size_bytes": size_bytes,
                "examined": examined,
                "silent_nodes": sorted(silent),
                "is_whole": is_whole and not silent,
            }
        )
    else:
        print_columns(
            ("NODE", "CONTAINER", "BLOCK", "BYTES"),
            [
                (one["node_id"], str(one["container"]), str(one["local"]), str(one["size_bytes"]))
                for one in found
            ],
        )
        more = "" if is_whole else "; there may be more: see --limit"
        told = f"{len(found)} orphans of {examined} blocks, {bytes_text(size_bytes)}{more}"
        print(told, file=sys.stderr)
    if silent:
        names = ", ".join(sorted(silent))
        raise CommandFailed(Exit.REFUSED, f"not asked, since they do not answer: {names}")


def _pages(client: AdminClient) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        page = client.get("orphans", after=after, count_max=_EXAMINED_AT_ONCE)
        yield page
        after = page["next"]
        if not after:
            return
