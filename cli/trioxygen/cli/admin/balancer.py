"""`o3 admin balancer ...`: evening out how full DataNodes' disks are."""

from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import (
    bytes_text,
    duration_text,
    print_columns,
    print_fields,
    print_json,
)
from trioxygen.cli.progress import Step, waited

_NODES_SHOWN_MAX: Final = 20

app = typer.Typer(
    help="Evens out how full DataNodes' disks are.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("start")
def start(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    threshold_percent: Annotated[
        float,
        typer.Option(min=0, help="So much fuller or emptier than the mean a DataNode may be."),
    ] = 0,
    containers_max: Annotated[
        int, typer.Option(min=0, help="Containers that are moved in an iteration.")
    ] = 0,
    bytes_max: Annotated[int, typer.Option(min=0, help="Bytes of an iteration.")] = 0,
    node_bytes_max: Annotated[
        int, typer.Option(min=0, help="Bytes of an iteration that a DataNode gives or takes.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Moves containers from full DataNodes to empty ones, until all are within the band. What is
    not given is as configured. Where it runs, it goes on with these numbers."""
    wanted = {
        "threshold_percent": threshold_percent,
        "containers_moving_max": containers_max,
        "moving_bytes_max": bytes_max,
        "node_moving_bytes_max": node_bytes_max,
    }
    print_balancer(find(data, admin_url).post("balancer/start", wanted), as_json=as_json)


@app.command("stop")
def stop(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Begins no more moves. What is being copied is copied."""
    print_balancer(find(data, admin_url).post("balancer/stop", {}), as_json=as_json)


@app.command("status")
def status(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Shows whether it runs, what it has moved, and what is left."""
    client = find(data, admin_url)
    if wait:
        view = waited(lambda: step_of(client.get("balancer")), "balancer", as_json=as_json)
    else:
        view = client.get("balancer")
    print_balancer(view, as_json=as_json)


def step_of(view: dict[str, Any]) -> tuple[Step, dict[str, Any]]:
    """Of its present run: over when it runs no more."""
    moved, left = view["moved_bytes"], view["bytes_left"]
    parts = [f"{bytes_text(left)} left", f"{view['nodes_out']} DataNodes out of the band"]
    if view["waits_for"]:
        parts.append(f"waits for {view['waits_for']}")
    elif view["estimated_ms"]:
        parts.append(f"about {duration_text(view['estimated_ms'])}")
    return Step(moved, moved + left, ", ".join(parts), is_over=not view["is_running"]), view


def print_balancer(view: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    print_fields(
        [
            ("balancer", _state(view)),
            *([("waits for", view["waits_for"])] if view["waits_for"] else []),
            (
                "band",
                f"{_percent(view['low_percent'])} to {_percent(view['high_percent'])} %, mean "
                f"{_percent(view['mean_percent'])} %",
            ),
            ("out of it", f"{view['nodes_out']} of {view['nodes_counted']} DataNodes"),
            (
                "moved",
                f"{view['moved']} containers, {bytes_text(view['moved_bytes'])}; "
                f"{view['failed']} given up; {view['iterations']} iterations",
            ),
            ("left", f"{bytes_text(view['bytes_left'])}{_about(view)}"),
            ("under way", f"{len(view['moves'])} moves, {view['queued']} wait for their turn"),
        ]
    )
    if view["nodes"]:
        print()
        print_columns(
            ("NODE", "USED", "OF", "PERCENT", "ABOVE", "BELOW"),
            [_node_columns(node) for node in view["nodes"][:_NODES_SHOWN_MAX]],
        )


def _state(view: dict[str, Any]) -> str:
    if view["is_running"]:
        return f"runs, threshold {_percent(view['threshold_percent'])} %"
    return f"ended: {view['ended_why']}" if view["has_run"] else "has never run"


def _percent(value: float) -> str:
    return f"{round(value, 1):g}"


def _about(view: dict[str, Any]) -> str:
    if not view["estimated_ms"]:
        return ""
    rate = bytes_text(view["moved_bytes_per_s"])
    return f", about {duration_text(view['estimated_ms'])} at {rate} in a second"


def _node_columns(node: dict[str, Any]) -> tuple[str, ...]:
    return (
        node["node_id"],
        bytes_text(node["used_bytes"]),
        bytes_text(node["capacity_bytes"]),
        _percent(node["used_percent"]),
        bytes_text(node["above_bytes"]) if node["above_bytes"] else "",
        bytes_text(node["below_bytes"]) if node["below_bytes"] else "",
    )
