"""`o3 om|scm|datanode|gateway`: one role each, until SIGTERM or Ctrl-C."""

from pathlib import Path
from typing import Annotated, Any

import typer

from trioxygen.cli.options import ConfigOption

IdOption = Annotated[
    str, typer.Option("--id", metavar="ID", help="Which node this is.", show_default=False)
]
NodeDataOption = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The node's data folder; made if missing.")
]
AdminPortOption = Annotated[
    int | None, typer.Option(help="Port of health and metrics, 0 for a free one.")
]


def add_to(app: typer.Typer) -> None:
    app.command("om")(om)
    app.command("scm")(scm)
    app.command("datanode")(datanode)
    app.command("gateway")(gateway)


def om(
    config: ConfigOption = None,
    node_id: IdOption = "",
    data: NodeDataOption = Path("data/om"),
    admin_port: AdminPortOption = None,
) -> None:
    """Runs an Ozone Manager: names, leases, accounts."""
    _run("om", config, node_id, data, {("om", "admin_port"): admin_port})


def scm(
    config: ConfigOption = None,
    node_id: IdOption = "",
    data: NodeDataOption = Path("data/scm"),
    admin_port: AdminPortOption = None,
) -> None:
    """Runs a Storage Container Manager: DataNodes, containers, blocks."""
    _run("scm", config, node_id, data, {("scm", "admin_port"): admin_port})


def datanode(
    config: ConfigOption = None,
    node_id: IdOption = "",
    data: NodeDataOption = Path("data/datanode"),
    admin_port: AdminPortOption = None,
) -> None:
    """Runs a DataNode: it stores blocks."""
    _run("datanode", config, node_id, data, {("datanode", "admin_port"): admin_port})


def gateway(
    config: ConfigOption = None,
    node_id: IdOption = "",
    data: NodeDataOption = Path("data/gateway"),
    host: Annotated[str | None, typer.Option(help="Address of the S3 port.")] = None,
    port: Annotated[int | None, typer.Option(help="S3 port, 0 for a free one.")] = None,
    admin_port: AdminPortOption = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes on the S3 port, each with an admin port.")
    ] = None,
) -> None:
    """Runs an S3 gateway."""
    flags = {
        ("s3", "host"): host,
        ("s3", "port"): port,
        ("gateway", "admin_port"): admin_port,
        ("gateway", "workers"): workers,
    }
    _run("gateway", config, node_id, data, flags)


def _run(
    role: str, file: Path | None, node_id: str, data: Path, flags: dict[tuple[str, str], Any]
) -> None:
    from trioxygen.cli.config.reading import credentials, load

    # Mistakes are told before the heavy imports.
    settings = {name: value for name, value in flags.items() if value is not None}
    loaded, chosen = load(file, settings), credentials() if role == "gateway" else None
    from trioxygen.cli.running.daemon import DaemonStart, run_daemon

    start = DaemonStart(
        role=role,
        node_id=node_id,
        config=loaded,
        source=file,
        data=data,
        credentials=chosen,
        tell=lambda line: print(line, flush=True),
    )
    if role == "gateway" and loaded.gateway.workers > 1:
        from trioxygen.cli.running.workers import run_workers

        run_workers(start)
    else:
        run_daemon(start)
