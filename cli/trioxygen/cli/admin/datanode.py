"""`o3 admin datanode ...`: the DataNodes, and what operators do with them."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.admin.departures import about_text, left_text, progress_text, waiting_texts
from trioxygen.cli.client.admin import AdminClient, find, segment
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import (
    bytes_text,
    duration_text,
    print_columns,
    print_fields,
    print_json,
    words,
)
from trioxygen.cli.progress import Step, waited

app = typer.Typer(
    help="DataNodes: where they stand, how they are, into and out of service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="Id of the DataNode.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Also where too few others are left for all replicas.")
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Until it is done. Ctrl-C ends the waiting alone.")
]

_DURATION_MAX: Final = 3_650 * 86_400
# On the way, and there.
_WAYS: Final = {"DECOMMISSIONING": "DECOMMISSIONED", "ENTERING_MAINTENANCE": "IN_MAINTENANCE"}


@app.command("list")
def list_datanodes(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Lists DataNodes."""
    datanodes = find(data, admin_url).get("datanodes")["datanodes"]
    if as_json:
        print_json(datanodes)
        return
    print_columns(
        ("NODE", "HEALTH", "OPERATION", "RACK", "HEARTBEAT", "DISKS", "CONTAINERS", "PIPELINES",
         "USED", "FREE"),
        [
            (
                node["node_id"],
                words(node["health"]),
                _operation_text(node) + _left_shortly(node),
                node["rack"],
                _age_text(node["last_heartbeat_age_ms"]),
                _disks_text(node["disks"]),
                str(node["containers"]),
                str(node["pipelines"]),
                bytes_text(node["used_bytes"]),
                bytes_text(node["free_bytes"]),
            )
            for node in datanodes
        ],
    )  # fmt: skip


@app.command("info")
def info(
    node: NodeArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows a DataNode and its disks."""
    view = find(data, admin_url).get(f"datanodes/{segment(node)}")
    if as_json:
        print_json(view)
        return
    reported = "all its containers" if view["fully_reported"] else "not all its containers yet"
    print_fields(
        [
            ("node", view["node_id"]),
            ("address", view["address"]),
            ("rack", view["rack"]),
            ("health", words(view["health"])),
            ("operation", _operation_text(view)),
            *_departure_fields(view),
            ("heartbeat", _age_text(view["last_heartbeat_age_ms"])),
            ("reported", reported),
            ("new data", "yes" if view["takes_new_data"] else "no"),
            ("containers", str(view["containers"])),
            ("pipelines", f"{view['pipelines']}, leads {view['pipelines_led']}"),
            ("space", f"{bytes_text(view['used_bytes'])} used, "
                      f"{bytes_text(view['writable_bytes'])} for new data"),
        ]
    )  # fmt: skip
    print()
    print_columns(
        ("DISK", "USED", "FREE", "OF", "STATE", "FOLDER"),
        [
            (
                disk["volume_id"],
                bytes_text(disk["used_bytes"]),
                bytes_text(disk["free_bytes"]),
                bytes_text(disk["capacity_bytes"]),
                _disk_state(disk),
                disk["path"],
            )
            for disk in view["disks"]
        ],
    )


@app.command("decommission")
def decommission(
    node: NodeArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    force: ForceOption = False,
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Takes a DataNode out of service for good: no new data, its replicas are copied elsewhere.

    It ends by itself; then the DataNode can be stopped and removed."""
    wanted = {"operation": "decommission", "force": force}
    _set_operation(node, wanted, data, admin_url, as_json, wait=wait)


@app.command("maintenance")
def maintenance(
    node: NodeArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    seconds: Annotated[
        int,
        typer.Option(
            "--for",
            metavar="SECONDS",
            min=0,
            max=_DURATION_MAX,
            help="Ends by itself after so long; 0: not before `recommission`.",
        ),
    ] = 0,
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Prepares a DataNode for being switched off for a while: its replicas stay where they are."""
    wanted = {"operation": "maintenance", "maintenance_seconds": seconds}
    _set_operation(node, wanted, data, admin_url, as_json, wait=wait)


@app.command("recommission")
def recommission(
    node: NodeArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Takes a DataNode back into service."""
    _set_operation(node, {"operation": "recommission"}, data, admin_url, as_json)


@app.command("remove")
def remove(
    node: NodeArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Gives up what only it has: that is missing then.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Forgets a DataNode that is stopped, and decommissioned or dead, when nothing needs it."""
    find(data, admin_url).delete(f"datanodes/{segment(node)}", force=str(force).lower())
    if as_json:
        print_json({"node_id": node})
    else:
        print(f"{node} is removed")


def _set_operation(
    node: str,
    wanted: dict[str, Any],
    data: Path,
    admin_url: str | None,
    as_json: bool,
    *,
    wait: bool = False,
) -> None:
    client = find(data, admin_url)
    answer = client.post(f"datanodes/{segment(node)}/operation", wanted)
    if wait and answer["operation"] in _WAYS:
        answer = _arrived(client, node, answer["operation"], as_json)
    if as_json:
        print_json(answer)
    else:
        print(f"{answer['node_id']} is {words(answer['operation'])}")


def _arrived(client: AdminClient, node: str, on_its_way: str, as_json: bool) -> dict[str, Any]:
    def look() -> tuple[Step, dict[str, Any]]:
        view = client.get(f"datanodes/{segment(node)}")
        departure, is_over = view["departure"], view["operation"] != on_its_way
        if departure is None:
            return Step(0, 0, "not counted yet", is_over=is_over), view
        of, left = departure["containers"], departure["containers_left"]
        return Step(of - left, of, progress_text(departure), is_over=is_over), view

    view = waited(look, f"{node} is {words(on_its_way)}", as_json=as_json)
    if view["operation"] != _WAYS[on_its_way]:
        raise CommandFailed(
            Exit.REFUSED, f"somebody else ended it: {node} is {words(view['operation'])}"
        )
    return {"node_id": view["node_id"], "operation": view["operation"]}


def _departure_fields(node: dict[str, Any]) -> list[tuple[str, str]]:
    departure = node["departure"]
    if departure is None:
        return []
    return [
        ("left", left_text(departure)),
        *(("waits for", text) for text in waiting_texts(departure)),
    ]


def _left_shortly(node: dict[str, Any]) -> str:
    departure = node["departure"]
    if departure is None or not departure["is_counted"]:
        return ""
    about = about_text(departure)
    return f", {departure['containers_left']} containers left" + (f", {about}" if about else "")


def _operation_text(node: dict[str, Any]) -> str:
    text = words(node["operation"])
    left_ms = node["maintenance_left_ms"]
    return f"{text}, {duration_text(left_ms)} left" if left_ms else text


def _age_text(age_ms: int) -> str:
    return f"{age_ms / 1_000:.1f} s ago" if age_ms >= 0 else "none yet"


def _disks_text(disks: list[dict[str, Any]]) -> str:
    failed = sum(disk["is_failed"] for disk in disks)
    full = sum(disk["is_full"] for disk in disks)
    bad = [f"{count} {what}" for count, what in ((failed, "failed"), (full, "full")) if count]
    return f"{len(disks)} ({', '.join(bad)})" if bad else str(len(disks))


def _disk_state(disk: dict[str, Any]) -> str:
    if disk["is_failed"]:
        return "failed"
    return "full" if disk["is_full"] else "works"
