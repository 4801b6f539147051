"""`o3 admin replication|deletion ...`: what is done so that replicas are enough, and that deleted
bytes come back."""

from typing import Annotated, Any, Final

import typer

from trioxygen.cli.admin.departures import about_text, waiting_texts
from trioxygen.cli.client.admin import find
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

# What copies and rebuilds mend.
_LACKING: Final = frozenset({"under_replicated", "mis_replicated"})

replication = typer.Typer(
    help="What is copied, made again and removed, so that replicas are enough.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
deletion = typer.Typer(
    help="What is deleted, and has still to be given back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@replication.command("status")
def replication_status(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Until no container lacks a replica that can be made.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Shows what waits for repair, what is under way, and which DataNodes are leaving."""
    client = find(data, admin_url)
    if wait:
        look = Countdown()
        view = waited(lambda: look.of_repairs(client.get("replication")), "repair", as_json=as_json)
    else:
        view = client.get("replication")
    if as_json:
        print_json(view)
    else:
        _print_replication(view)


@replication.command("list")
def list_repairs(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="So many at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Lists copies, rebuilds and removals that are under way."""
    repairs = find(data, admin_url).get("replication", samples_max=limit)["in_flight"]
    if as_json:
        print_json(repairs)
        return
    print_columns(
        ("CONTAINER", "WHAT", "NODE", "TO", "SIZE", "FOR", "GIVEN UP IN"),
        [
            (
                str(each["container_id"]),
                each["kind"],
                each["node_id"],
                " ".join(each["target_node_ids"]),
                bytes_text(each["size_bytes"]),
                duration_text(each["age_ms"]),
                duration_text(each["left_ms"]),
            )
            for each in repairs
        ],
    )


class Countdown:
    """How much of the most that was ever left is done."""

    def __init__(self) -> None:
        self._most = 0

    def step(self, left: int, text: str) -> Step:
        self._most = max(self._most, left)
        return Step(self._most - left, self._most, text, is_over=not left)

    def of_repairs(self, view: dict[str, Any]) -> tuple[Step, dict[str, Any]]:
        if view["is_waiting"] or not view["looked_at_all"]:
            return Step(0, 0, "waits for reports: see o3 admin safemode status"), view
        lacking = sum(each["count"] for each in view["health"] if each["health"] in _LACKING)
        making, unplaced = view["copies"] + view["rebuilds"], view["unplaced"]
        text = f"{lacking} containers, {making} copies under way"
        if unplaced:
            text += f", {unplaced} that no DataNode can take"
        if view["made_bytes_per_s"]:
            text += f", {bytes_text(view['made_bytes_per_s'])} in a second"
        # What has no place may stay so for ever: nobody is kept waiting for it.
        return self.step(max(lacking - unplaced, making, view["queued"]), text), view

    def of_deletions(self, view: dict[str, Any]) -> tuple[Step, dict[str, Any]]:
        if not view["is_counted"]:
            return Step(0, 0, "not counted yet"), view
        text = f"{bytes_text(view['bytes_to_reclaim'])} in {view['blocks']} blocks"
        if view["kept_ranges"]:
            text += f" and {view['kept_ranges']} ranges that are kept for readers"
        if view["oldest_waits_for"]:
            text += f", waits for {', '.join(view['oldest_waits_for'])}"
        return self.step(view["blocks"] + view["kept_ranges"], text), view


def _print_replication(view: dict[str, Any]) -> None:
    waits = "not yet: see o3 admin safemode status" if view["is_waiting"] else "yes"
    under_way = f"{view['copies']} copies, {view['rebuilds']} rebuilds, {view['removals']} removals"
    made = f"{view['made']}, {bytes_text(view['made_bytes'])}"
    print_fields(
        [
            ("repairs", waits),
            *((words(each["health"]), str(each["count"])) for each in view["health"]),
            ("queued", str(view["queued"])),
            *_unplaced(view),
            ("under way", f"{under_way} ({view['weight']} of {view['weight_max']})"),
            ("made", f"{made}; lately {bytes_text(view['made_bytes_per_s'])} in a second"),
        ]
    )
    if view["departures"]:
        print()
        print_columns(
            ("LEAVING", "OPERATION", "CONTAINERS LEFT", "BYTES LEFT", "PIPELINES", "TIME LEFT"),
            [_departure_columns(each) for each in view["departures"]],
        )
    for departure in view["departures"]:
        for text in waiting_texts(departure):
            print(f"{departure['node_id']} waits for {text}")


def _unplaced(view: dict[str, Any]) -> list[tuple[str, str]]:
    count = view["unplaced"]
    text = f"{count} containers: no DataNode in service can take what they lack"
    return [("no place", text)] if count else []


def _departure_columns(departure: dict[str, Any]) -> tuple[str, ...]:
    counted = f"{departure['containers_left']} of {departure['containers']}"
    return (
        departure["node_id"],
        words(departure["operation"]),
        counted if departure["is_counted"] else "not counted yet",
        bytes_text(departure["bytes_left"]),
        str(departure["pipelines_left"]),
        about_text(departure) or "not known",
    )


@deletion.command("status")
def deletion_status(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until all of it is deleted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Shows what is deleted and not given back yet."""
    client = find(data, admin_url)
    if wait:
        look = Countdown()
        view = waited(
            lambda: look.of_deletions(client.get("deletion")), "deletion", as_json=as_json
        )
    else:
        view = client.get("deletion")
    if as_json:
        print_json(view)
        return
    print_fields(deletion_fields(view))


def deletion_fields(view: dict[str, Any]) -> list[tuple[str, str]]:
    is_left = view["transactions"] or view["kept_ranges"]
    kept = f"{bytes_text(view['kept_bytes'])} in {view['kept_ranges']} ranges of blocks"
    sent = f"{bytes_text(view['estimated_bytes'])} in {view['blocks']} blocks"
    waits_for = ", ".join(view["oldest_waits_for"])
    rate = f"{bytes_text(view['bytes_per_s'])} and {view['blocks_per_s']} blocks in a second"
    # A new leader of the SCM counts first.
    least = "" if view["is_counted"] else ", and what is not counted yet"
    return [
        ("to reclaim", bytes_text(view["bytes_to_reclaim"]) + least),
        ("oldest", duration_text(view["oldest_ms"]) if is_left else "none"),
        ("rate", rate),
        ("kept for readers", f"{kept}, for gc_delay_seconds"),
        ("being deleted", sent + (f", waits for {waits_for}" if waits_for else "")),
        ("to compact", f"{bytes_text(view['garbage_bytes'])}, of all replicas"),
    ]
