"""`o3 status`: leaders, nodes, containers, space."""

from typing import TYPE_CHECKING, Any, Final

from trioxygen.cli.printing import bytes_text, words

if TYPE_CHECKING:
    from rich.console import Console

# A server of before this version does not say it.
_TAKES_NEW_DATA: Final = {True: "yes", False: "no", None: ""}


def print_status(status: dict[str, Any]) -> None:
    """Tables for people; scripts take `--json`."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    om, scm, containers = status["om"], status["scm"], status["containers"]
    services = Table(title=f"Trioxygen {status['version']}", title_justify="left")
    for title in ("service", "node", "role", "applied index", "state"):
        services.add_column(title)
    state = "ready" if status["is_ready"] else "not ready"
    if om["is_full"]:
        state += ", full"
    services.add_row("om", om["node_id"], _role(om), str(om["applied_index"]), state)
    mode = "safe mode" if scm["safe_mode"] else "ready"
    if scm["is_full"]:
        mode += ", full"
    services.add_row("scm", scm["node_id"], _role(scm), str(scm["applied_index"]), mode)
    console.print(services)

    nodes = Table(title="DataNodes", title_justify="left")
    titles = (
        "node",
        "health",
        "operation",
        "heartbeat",
        "volumes",
        "used",
        "free",
        "of",
        "new data",
    )
    for title in titles:
        nodes.add_column(title)
    for node in status["nodes"]:
        counted = (("failed", node["volumes_failed"]), ("full", node["volumes_full"]))
        summary = ", ".join(f"{count} {what}" for what, count in counted if count)
        bad = f" ({summary})" if summary else ""
        nodes.add_row(
            node["node_id"],
            words(node["health"]),
            words(node["operation"]),
            f"{node['last_heartbeat_age_ms'] / 1_000:.1f} s ago",
            f"{node['volumes']}{bad}",
            bytes_text(node["used_bytes"]),
            bytes_text(node["free_bytes"]),
            bytes_text(node["capacity_bytes"]),
            _TAKES_NEW_DATA[node.get("takes_new_data")],
        )
    console.print(nodes)
    by_state = containers["by_state"].items()
    summary = ", ".join(f"{count} {name.lower()}" for name, count in sorted(by_state)) or "none"
    blocks = f"{containers['block_count']} blocks, {bytes_text(containers['used_bytes'])}"
    console.print(f"containers: {summary}; {blocks}")
    used, free = bytes_text(status["used_bytes"]), bytes_text(status["free_bytes"])
    summary = f"{used} used, {free} free"
    if "writable_bytes" in status:  # a server before this version does not say it
        summary += f", {bytes_text(status['writable_bytes'])} for new data"
    console.print(f"space:      {summary}")
    _print_replication(console, status)
    if status["is_full"]:
        console.print("full:       new data is refused: delete something, or add storage")
    for name, count in status.get("refused_entries", {}).items():
        console.print(f"refused:    {count} entries of the log of {name}: see its log")
    if scm["corrupt_blocks"]:
        console.print(f"corrupt:    {scm['corrupt_blocks']} blocks: see the server's log")


def _print_replication(console: "Console", status: dict[str, Any]) -> None:
    if "replication" not in status:  # a server before this version does not say it
        return
    allowed = status["missing_replicas_max"]
    fewer = f"; where there are fewer DataNodes, {allowed} less will do" if allowed else ""
    console.print(f"kept as:    {status['replication']}{fewer}")


def _role(service: dict[str, Any]) -> str:
    return "leader" if service["is_leader"] else "follower"
