"""`o3 admin container|pipeline ...`: where data lies, and how it is."""

from typing import Annotated, Any, Final

import typer

from trioxygen.cli.admin.objects import (
    CONTAINERS_MAX,
    OBJECTS_LIMIT,
    Held,
    LimitOption,
    find_objects,
    print_objects,
)
from trioxygen.cli.client.admin import find
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import (
    bytes_text,
    print_columns,
    print_fields,
    print_json,
    tell_of_limit,
    words,
)
from trioxygen.common.rpc.rules.rule import NUMBER_MAX

_MISSING: Final = "missing"
_PAGE_COUNT: Final = 1_000


def _noun(about: str) -> typer.Typer:
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)


containers = _noun("Containers: their replicas, and how they are.")
pipelines = _noun("Pipelines: the DataNodes that take writes together.")

ContainerArgument = Annotated[int, typer.Argument(metavar="CONTAINER", min=1, max=NUMBER_MAX)]
PipelineArgument = Annotated[int, typer.Argument(metavar="PIPELINE", min=1, max=NUMBER_MAX)]


@containers.command("list")
def list_containers(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many at most.")] = 1_000,
    as_json: JsonOption = False,
) -> None:
    """Lists containers."""
    rows: list[dict[str, Any]] = []
    is_whole, count_max = True, min(_PAGE_COUNT, limit)
    for page in find(data, admin_url).pages("containers", first=0, count_max=count_max):
        rows += page["containers"]
        if len(rows) >= limit:
            is_whole = len(rows) == limit and not page["next"]
            break
    del rows[limit:]
    if as_json:
        print_json(rows)
    else:
        print_columns(
            ("CONTAINER", "STATE", "REPLICATION", "PIPELINE", "BLOCKS", "USED"),
            [
                (
                    str(row["container_id"]),
                    words(row["state"]),
                    row["replication"],
                    str(row["pipeline_id"]),
                    str(row["block_count"]),
                    bytes_text(row["used_bytes"]),
                )
                for row in rows
            ],
        )
    tell_of_limit(is_whole=is_whole)


@containers.command("info")
def info(
    container: ContainerArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows a container and its replicas."""
    print_container(find(data, admin_url).get(f"containers/{container}"), as_json=as_json)


@containers.command("close")
def close_container(
    container: ContainerArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Has a container take no new blocks. It is closed when its writers have had time."""
    view = find(data, admin_url).post(f"containers/{container}/close", {})
    print_container(view, as_json=as_json)


@containers.command("forget")
def forget_container(
    container: ContainerArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also while something still refers to its blocks.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Gives up a missing container, whose replicas are lost for good: it is not named any more.

    Delete what `objects` names first, or what refers to it stays, and cannot be read."""
    find(data, admin_url).delete(f"containers/{container}", force=str(force).lower())
    if as_json:
        print_json({"container_id": container})
    else:
        print(f"container {container} is forgotten")


def print_container(view: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    row = view["container"]
    print_fields(
        [
            ("container", str(row["container_id"])),
            ("state", words(row["state"])),
            ("health", words(view["health"])),
            ("replication", row["replication"]),
            ("pipeline", str(row["pipeline_id"])),
            ("holds", f"{bytes_text(row['used_bytes'])} in {row['block_count']} blocks"),
        ]
    )
    print()
    print_columns(
        ("NODE", "INDEX", "STATE", "BLOCKS", "USED", "SEQUENCE", "HEALTH", "OPERATION", "RACK"),
        [
            (
                replica["node_id"],
                str(replica["replica_index"]),
                words(replica["state"]),
                str(replica["block_count"]),
                bytes_text(replica["used_bytes"]),
                str(replica["commit_sequence"]),
                words(replica["health"]),
                words(replica["operation"]),
                replica["rack"],
            )
            for replica in view["replicas"]
        ],
    )


@containers.command("report")
def report(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    with_objects: Annotated[
        bool,
        typer.Option("--objects", help="Names what is in missing ones, too: see `objects`."),
    ] = False,
    limit: LimitOption = OBJECTS_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """Counts containers that are not as they should be, and names some of each kind.

    With --objects it ends with 1 where something is missing."""
    client = find(data, admin_url)
    if not with_objects:
        health = client.get("replication")["health"]
        print_json(health) if as_json else _print_health(health)
        return
    health = client.get("replication", samples_max=CONTAINERS_MAX)["health"]
    missing = [each for each in health if each["health"] == _MISSING]
    ids = [number for each in missing for number in each["sample_ids"]]
    held = find_objects(client, ids, limit=limit, as_json=as_json) if ids else Held()
    if as_json:
        print_json({"health": health, **held.as_json()})
    else:
        _print_health(health)
        print()
        print_objects(held)
    count = sum(each["count"] for each in missing)
    if count > len(ids):
        raise CommandFailed(
            Exit.REFUSED, f"{count} containers are missing, {len(ids)} were asked for"
        )
    if count:
        raise CommandFailed(Exit.REFUSED, f"{count} containers are missing")


def _print_health(health: list[dict[str, Any]]) -> None:
    print_columns(
        ("HEALTH", "CONTAINERS", "SOME OF THEM"),
        [
            (
                words(each["health"]),
                str(each["count"]),
                " ".join(map(str, each["sample_ids"][:10])),
            )
            for each in health
        ],
    )


@containers.command("objects")
def objects(
    containers: Annotated[list[int], typer.Argument(metavar="CONTAINER...", min=1, max=NUMBER_MAX)],
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    limit: LimitOption = OBJECTS_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """Names the objects, versions and parts of uploads that have bytes in containers.

    Walks through all names of the store, page by page: a minute where there are ten millions."""
    if len(containers) > CONTAINERS_MAX:
        raise CommandFailed(Exit.USAGE, f"at most {CONTAINERS_MAX} containers at once")
    held = find_objects(find(data, admin_url), containers, limit=limit, as_json=as_json)
    print_json(held.as_json()) if as_json else print_objects(held)


@pipelines.command("list")
def list_pipelines(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Lists pipelines."""
    rows = find(data, admin_url).get("pipelines")["pipelines"]
    if as_json:
        print_json(rows)
        return
    print_columns(
        ("PIPELINE", "STATE", "REPLICATION", "OPEN CONTAINERS", "NODES"),
        [
            (
                str(row["pipeline_id"]),
                words(row["state"]),
                row["replication"],
                str(row["open_containers"]),
                " ".join(row["node_ids"]),
            )
            for row in rows
        ],
    )


@pipelines.command("info")
def pipeline_info(
    pipeline: PipelineArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows a pipeline and how its DataNodes are."""
    client = find(data, admin_url)
    rows = [row for row in client.get("pipelines")["pipelines"] if row["pipeline_id"] == pipeline]
    if not rows:
        raise CommandFailed(
            Exit.REFUSED, f"no such pipeline {pipeline}: see 'o3 admin pipeline list'"
        )
    nodes = {node["node_id"]: node for node in client.get("datanodes")["datanodes"]}
    row = rows[0]
    members = [nodes[node_id] for node_id in row["node_ids"] if node_id in nodes]
    if as_json:
        print_json({**row, "datanodes": members})
        return
    print_fields(
        [
            ("pipeline", str(row["pipeline_id"])),
            ("state", words(row["state"])),
            ("replication", row["replication"]),
            ("open", f"{row['open_containers']} containers"),
        ]
    )
    print()
    print_columns(
        ("NODE", "HEALTH", "OPERATION", "RACK", "NEW DATA"),
        [_member_columns(node_id, nodes.get(node_id)) for node_id in row["node_ids"]],
    )


def _member_columns(node_id: str, node: dict[str, Any] | None) -> tuple[str, ...]:
    if node is None:
        return node_id, "removed", "", "", ""
    takes = "yes" if node["takes_new_data"] else "no"
    return node_id, words(node["health"]), words(node["operation"]), node["rack"], takes


@pipelines.command("close")
def close_pipeline(
    pipeline: PipelineArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Has a pipeline take no writes. Its containers are closed, another takes its place."""
    find(data, admin_url).post(f"pipelines/{pipeline}/close", {})
    if as_json:
        print_json({"pipeline_id": pipeline})
    else:
        print(f"pipeline {pipeline} takes no more writes")
