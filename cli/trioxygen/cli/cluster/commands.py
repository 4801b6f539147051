"""`o3 cluster`: a local cluster of processes, for trying things out and for tests."""

import json
import os
import socket
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import JsonOption

app = typer.Typer(help="A local cluster of processes.", no_args_is_help=True, rich_markup_mode=None)

_TIMEOUT_SECONDS: Final = 180
ClusterDataOption = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The cluster's folder.")
]
NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="As `o3 cluster status` has it.")]
_DATA: Final = Path("cluster")


@app.command("up")
def up(
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="The cluster's folder; made if missing.")
    ] = _DATA,
    oms: Annotated[int | None, typer.Option(min=1, max=7, show_default="3")] = None,
    scms: Annotated[int | None, typer.Option(min=1, max=7, show_default="3")] = None,
    datanodes: Annotated[int | None, typer.Option(min=1, max=64, show_default="3")] = None,
    gateways: Annotated[int | None, typer.Option(min=1, max=64, show_default="2")] = None,
    host: Annotated[str, typer.Option(help="Address of all ports.")] = "127.0.0.1",
) -> None:
    """Runs a cluster in this terminal, until SIGTERM or Ctrl-C.

    The folder keeps data, logs, ids and ports: the next start finds them. Settings are taken from
    the environment (O3_SECTION__KEY)."""
    from trioxygen.cli.cluster.run import run_cluster
    from trioxygen.cli.cluster.supervisor import ClusterStart
    from trioxygen.cli.config.reading import credentials

    credentials()  # a mistake in them is told before anything starts
    run_cluster(
        ClusterStart(
            folder=data.absolute(),
            host=host,
            counts={"om": oms, "scm": scms, "datanode": datanodes, "gateway": gateways},
            environment=dict(os.environ),
            tell=lambda line: print(line, flush=True),
        )
    )


@app.command("status")
def status(data: ClusterDataOption = _DATA, as_json: JsonOption = False) -> None:
    """Shows the nodes and their processes."""
    from trioxygen.cli.printing import print_columns, print_json

    nodes = control(data, command="status")["nodes"]
    if as_json:
        print_json(nodes)
        return
    print_columns(
        ("NODE", "ROLE", "STATE", "PID", "ADDRESS", "ADMIN"),
        [
            (
                node["id"],
                node["role"],
                node["state"],
                str(node["pid"] or "-"),
                node["address"],
                node["admin"],
            )
            for node in nodes
        ],
    )


@app.command("kill")
def kill(
    node: NodeArgument,
    signal: Annotated[str, typer.Option(help="KILL, TERM, STOP or CONT.")] = "KILL",
    data: ClusterDataOption = _DATA,
) -> None:
    """Sends a node's process a signal. It is not started again."""
    name = signal.upper().removeprefix("SIG")
    print(control(data, command="kill", node=node, signal=name)["message"])


@app.command("restart")
def restart(node: NodeArgument, data: ClusterDataOption = _DATA) -> None:
    """Stops a node, if it runs, and starts it."""
    print(control(data, command="restart", node=node)["message"])


@app.command("add")
def add(
    role: Annotated[str, typer.Argument(help="om, scm, datanode or gateway.")],
    data: ClusterDataOption = _DATA,
) -> None:
    """Starts one node more; a new OM or SCM joins its group."""
    from trioxygen.cli.config.roles import ROLES

    if role not in ROLES:
        raise CommandFailed(Exit.USAGE, f"'{role}' is none of {', '.join(ROLES)}")
    print(control(data, command="add", role=role)["message"])


@app.command("remove")
def remove(
    node: Annotated[str, typer.Argument(metavar="NODE", help="Or a role: its youngest node.")],
    data: ClusterDataOption = _DATA,
) -> None:
    """Takes a node out of its group and ends it; its folder is kept under another name."""
    print(control(data, command="remove", node=node)["message"])


def control(data: Path, **request: str) -> Any:
    """One request to the supervisor of a folder. Raises CommandFailed."""
    from trioxygen.cli.cluster.layout import CONTROL_FILE

    file = data / CONTROL_FILE
    hint = f"start it with 'o3 cluster up --data {data}', or name another folder with --data"
    try:
        endpoint = json.loads(file.read_text())
        with socket.create_connection(
            ("127.0.0.1", endpoint["port"]), _TIMEOUT_SECONDS
        ) as connection:
            line = json.dumps({"token": endpoint["token"], **request})
            connection.sendall(f"{line}\n".encode())
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline())
    except FileNotFoundError as error:
        raise CommandFailed(Exit.UNREACHABLE, f"no cluster runs on {data}: {hint}") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = str(error).lower() or type(error).__name__
        raise CommandFailed(
            Exit.UNREACHABLE, f"the cluster on {data} does not answer ({reason}): {hint}"
        ) from error
    if "error" in answer:
        raise CommandFailed(Exit(answer["code"]), answer["error"])
    return answer
