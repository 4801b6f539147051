"""`o3 admin container|pipeline|replication|deletion ...`: where data lies, and what is done so that
it stays there."""

from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import bytes_text, print_columns, print_fields, print_json, words

_ID_MAX: Final = 2**62


def _noun(about: str) -> typer.Typer:
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)


containers = _noun("Containers: their replicas, and how they are.")
pipelines = _noun("Pipelines: the DataNodes that take writes together.")
replication = _noun("What is copied, made again and removed, so that replicas are enough.")
deletion = _noun("What is deleted, and has still to be given back.")

ContainerArgument = Annotated[int, typer.Argument(metavar="CONTAINER", min=1, max=_ID_MAX)]
PipelineArgument = Annotated[int, typer.Argument(metavar="PIPELINE", min=1, max=_ID_MAX)]


@containers.command("list")
def list_containers(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many at most.")] = 1_000,
    as_json: JsonOption = False,
) -> None:
    """Lists containers."""
    client, rows, after = find(data, admin_url), list[dict[str, Any]](), 0
    while len(rows) < limit:
        page = client.get("containers", after=after, count_max=min(1_000, limit - len(rows)))
        rows += page["containers"]
        after = page["next"]
        if not after:
            break
    if as_json:
        print_json(rows)
        return
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
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Counts containers that are not as they should be, and names some of each kind."""
    health = find(data, admin_url).get("replication")["health"]
    if as_json:
        print_json(health)
        return
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


@pipelines.command("close")
def close_pipeline(
    pipeline: PipelineArgument, data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None
) -> None:
    """Has a pipeline take no writes. Its containers are closed, another takes its place."""
    find(data, admin_url).post(f"pipelines/{pipeline}/close", {})


@replication.command("status")
def replication_status(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Shows what waits for repair, what is under way, and which DataNodes are leaving."""
    view = find(data, admin_url).get("replication")
    if as_json:
        print_json(view)
        return
    waits = "not yet: see o3 admin safemode status" if view["is_waiting"] else "yes"
    under_way = f"{view['copies']} copies, {view['rebuilds']} rebuilds, {view['removals']} removals"
    made = f"{view['made']}, {bytes_text(view['made_bytes'])}"
    print_fields(
        [
            ("repairs", waits),
            *((words(each["health"]), str(each["count"])) for each in view["health"]),
            ("queued", str(view["queued"])),
            ("under way", f"{under_way} ({view['weight']} of {view['weight_max']})"),
            ("made", f"{made}; lately {bytes_text(view['made_bytes_per_s'])} in a second"),
        ]
    )
    if view["departures"]:
        print()
        print_columns(
            ("LEAVING", "OPERATION", "CONTAINERS LEFT", "BYTES LEFT", "PIPELINES", "ABOUT"),
            [_departure_columns(each) for each in view["departures"]],
        )


def _departure_columns(departure: dict[str, Any]) -> tuple[str, ...]:
    minutes = departure["estimated_ms"] / 60_000
    return (
        departure["node_id"],
        words(departure["operation"]),
        f"{departure['containers_left']} of {departure['containers']}",
        bytes_text(departure["bytes_left"]),
        str(departure["pipelines_left"]),
        f"{minutes:.1f} min" if minutes else "",
    )


@deletion.command("status")
def deletion_status(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Shows what is deleted and not given back yet."""
    view = find(data, admin_url).get("deletion")
    if as_json:
        print_json(view)
        return
    waits_for = ", ".join(view["oldest_waits_for"]) or "nobody"
    print_fields(
        [
            ("to delete", f"{view['blocks']} blocks, about {bytes_text(view['estimated_bytes'])}"),
            ("transactions", str(view["transactions"])),
            ("oldest", f"{view['oldest_ms'] // 1_000} s, waits for {waits_for}"),
            ("rate", f"{view['blocks_per_s']} blocks in a second"),
            ("to compact", bytes_text(view["garbage_bytes"])),
        ]
    )
