"""`o3 admin datanode ...`: the DataNodes, and what operators do with them."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import find, segment
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import bytes_text, print_columns, print_fields, print_json, words

app = typer.Typer(
    help="DataNodes: where they stand, how they are, into and out of service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="Id of the DataNode.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Also where too few others are left for all replicas.")
]

_DURATION_MAX: Final = 3_650 * 86_400


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
                _operation_text(node),
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
        ("DISK", "USED", "FREE", "OF", "STATE"),
        [
            (
                disk["volume_id"],
                bytes_text(disk["used_bytes"]),
                bytes_text(disk["free_bytes"]),
                bytes_text(disk["capacity_bytes"]),
                _disk_state(disk),
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
    as_json: JsonOption = False,
) -> None:
    """Takes a DataNode out of service for good: no new data, its replicas are copied elsewhere.

    It ends by itself; then the DataNode can be stopped and removed."""
    wanted = {"operation": "decommission", "force": force}
    _set_operation(node, wanted, data, admin_url, as_json)


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
    as_json: JsonOption = False,
) -> None:
    """Prepares a DataNode for being switched off for a while: its replicas stay where they are."""
    wanted = {"operation": "maintenance", "maintenance_seconds": seconds}
    _set_operation(node, wanted, data, admin_url, as_json)


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
    node: NodeArgument, data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None
) -> None:
    """Forgets a DataNode that is stopped, and decommissioned or dead, when nothing needs it."""
    find(data, admin_url).delete(f"datanodes/{segment(node)}")
    print(f"{node} is removed")


def _set_operation(
    node: str, wanted: dict[str, Any], data: Path, admin_url: str | None, as_json: bool
) -> None:
    answer = find(data, admin_url).post(f"datanodes/{segment(node)}/operation", wanted)
    if as_json:
        print_json(answer)
    else:
        print(f"{answer['node_id']} is {words(answer['operation'])}")


def _operation_text(node: dict[str, Any]) -> str:
    text = words(node["operation"])
    left_ms = node["maintenance_left_ms"]
    return f"{text}, {duration_text(left_ms)} left" if left_ms else text


def _age_text(age_ms: int) -> str:
    return f"{age_ms / 1_000:.1f} s ago" if age_ms >= 0 else "none yet"


def duration_text(duration_ms: int) -> str:
    """`1 h 20 min`: two units, the smallest is a second."""
    seconds = max(1, duration_ms // 1_000)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def _disks_text(disks: list[dict[str, Any]]) -> str:
    failed = sum(disk["is_failed"] for disk in disks)
    full = sum(disk["is_full"] for disk in disks)
    bad = [f"{count} {what}" for count, what in ((failed, "failed"), (full, "full")) if count]
    return f"{len(disks)} ({', '.join(bad)})" if bad else str(len(disks))


def _disk_state(disk: dict[str, Any]) -> str:
    if disk["is_failed"]:
        return "failed"
    return "full" if disk["is_full"] else "works"
