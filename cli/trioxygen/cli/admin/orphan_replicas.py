"""`o3 admin container orphans`, `remove-orphan`: replicas that the SCM has no container of."""

import sys
from typing import Annotated, Any

import typer

from trioxygen.cli.admin.container import ContainerArgument
from trioxygen.cli.client.admin import find
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import bytes_text, duration_text, print_columns, print_json, words


def list_orphan_replicas(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many at most.")] = 1_000,
    as_json: JsonOption = False,
) -> None:
    """Lists replicas on DataNodes that no container is known of, since when, and when they go."""
    orphans: list[dict[str, Any]] = []
    count = keep_ms = 0
    for page in find(data, admin_url).pages("orphan-replicas"):
        orphans += page["orphans"]
        count, keep_ms = page["count"], page["keep_ms"]
        if len(orphans) >= limit:
            break
    del orphans[limit:]
    if as_json:
        print_json({"orphans": orphans, "count": count, "keep_ms": keep_ms})
        return
    print_columns(
        ("NODE", "CONTAINER", "STATE", "BLOCKS", "USED", "SINCE", "GOES", "WHY"),
        [
            (
                orphan["node_id"],
                str(orphan["container_id"]),
                words(orphan["state"]),
                str(orphan["block_count"]),
                bytes_text(orphan["used_bytes"]),
                duration_text(orphan["age_ms"]),
                goes_text(orphan),
                orphan["reason"],
            )
            for orphan in orphans
        ],
    )
    print(f"{count} orphans", file=sys.stderr)


def goes_text(orphan: dict[str, Any]) -> str:
    if not orphan["goes"]:
        return "not by itself"
    return f"in {duration_text(orphan['left_ms'])}" if orphan["left_ms"] else "now"


def remove_orphan(
    container: ContainerArgument,
    node: Annotated[str, typer.Option(metavar="NODE", help="By default: at all.")] = "",
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Removes orphaned replicas of a container now."""
    client = find(data, admin_url)
    removed = client.post(f"orphan-replicas/{container}/remove", {"node_id": node})
    if as_json:
        print_json(removed)
    else:
        print(f"{removed['count']} replicas go with the next heartbeats")
