"""`o3 admin om|scm ...`: the members of the OM's and the SCM's groups, asked over the network."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from trioxygen.cli.admin import balancer as admin_balancer
from trioxygen.cli.admin import container as admin_container
from trioxygen.cli.admin import datanode as admin_datanode
from trioxygen.cli.admin import namespace as admin_namespace
from trioxygen.cli.admin import offline as admin_offline
from trioxygen.cli.admin import orphan_replicas as admin_orphan_replicas
from trioxygen.cli.admin import orphans as admin_orphans
from trioxygen.cli.admin import replication as admin_replication
from trioxygen.cli.admin import safemode as admin_safemode
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import JsonOption

if TYPE_CHECKING:
    from trioxygen.cli.client.group import GroupClient

app = typer.Typer(
    help="Groups, DataNodes, safe mode, dumps, checks of stored rows, orphaned blocks.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
admin_offline.add_to(app)
app.command("orphans")(admin_orphans.list_orphans)
admin_container.containers.command("orphans")(admin_orphan_replicas.list_orphan_replicas)
admin_container.containers.command("remove-orphan")(admin_orphan_replicas.remove_orphan)
app.add_typer(admin_container.containers, name="container")
app.add_typer(admin_container.pipelines, name="pipeline")
app.add_typer(admin_replication.replication, name="replication")
app.add_typer(admin_replication.deletion, name="deletion")
app.add_typer(admin_balancer.app, name="balancer")
app.add_typer(admin_namespace.app, name="namespace")
app.add_typer(admin_datanode.app, name="datanode")
app.add_typer(admin_safemode.app, name="safemode")

ClusterConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration of the cluster.")
]
ClusterOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Instead: the folder of `o3 cluster`."),
]
NodeArgument = Annotated[str, typer.Argument(metavar="NODE")]

_Result = TypeVar("_Result")


def ask(
    role: str,
    config: Path | None,
    data: Path | None,
    question: "Callable[[GroupClient], Coroutine[Any, Any, _Result]]",
) -> _Result:
    """Asks the group's members. Raises CommandFailed."""
    from trioxygen.cli.client.group import GroupClient
    from trioxygen.cli.cluster.layout import CONFIG_FILE
    from trioxygen.cli.config.reading import load
    from trioxygen.common.errors import DeadlineExceeded, TrioxygenError, Unreachable

    if config is not None and data is not None:
        raise CommandFailed(Exit.USAGE, "--config and --data name the same thing: give one")
    loaded = load(data / CONFIG_FILE if data is not None else config, {})
    peers = loaded.group(role).peers
    if not peers:
        raise CommandFailed(
            Exit.USAGE, f"no {role}.peers are configured: name a file with --config"
        )

    async def asked() -> _Result:
        client = GroupClient(loaded, role)
        try:
            return await question(client)
        finally:
            await client.close()

    try:
        return asyncio.run(asked())
    except (DeadlineExceeded, Unreachable) as error:
        raise CommandFailed(Exit.UNREACHABLE, str(error)) from error
    except TrioxygenError as error:
        raise CommandFailed(Exit.REFUSED, str(error)) from error


def _group(role: str, what: str) -> typer.Typer:
    group = typer.Typer(help=f"The group of {what}.", no_args_is_help=True, rich_markup_mode=None)

    @group.command("status")
    def status(
        config: ClusterConfigOption = None, data: ClusterOption = None, as_json: JsonOption = False
    ) -> None:
        """Shows each member as it sees itself."""
        from trioxygen.cli.printing import print_json

        members = ask(role, config, data, lambda client: client.status())
        if as_json:
            print_json(members)
        else:
            _print_status(members)
        if all(member["role"] == "silent" for member in members):
            raise CommandFailed(
                Exit.UNREACHABLE,
                f"no {role} answers: start them, or see whether [tls] is as theirs",
            )

    @group.command("transfer-leader")
    def transfer_leader(
        node: Annotated[str, typer.Argument(metavar="NODE", help="By default: any.")] = "",
        config: ClusterConfigOption = None,
        data: ClusterOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Hands leadership over."""
        target = ask(role, config, data, lambda client: client.transfer_leadership(node))
        _print_done({"node_id": target}, f"{target} leads", as_json)

    @group.command("add")
    def add(
        node: NodeArgument,
        address: Annotated[str, typer.Argument(metavar="HOST:PORT")],
        config: ClusterConfigOption = None,
        data: ClusterOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Lets a node join that is to be started then, with itself in its own `peers`."""
        replica = ask(role, config, data, lambda client: client.add(node, address))
        done = {"node_id": node, "address": address, "replica_id": replica}
        _print_done(done, f"{node} may join as replica {replica}", as_json)

    @group.command("remove")
    def remove(
        node: NodeArgument,
        config: ClusterConfigOption = None,
        data: ClusterOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Takes a node out of the group, alive or not; stop it and take it out of `peers` then."""
        ask(role, config, data, lambda client: client.remove(node))
        _print_done({"node_id": node}, f"{node} is out of the group", as_json)

    @group.command("snapshot")
    def snapshot(
        node: Annotated[str, typer.Argument(metavar="NODE", help="By default: all.")] = "",
        config: ClusterConfigOption = None,
        data: ClusterOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Makes the state durable up to now, so that the log before it can be dropped."""
        taken = ask(role, config, data, lambda client: client.snapshot(node))
        done = [{"node_id": node_id, "index": index} for node_id, index in taken]
        _print_done(done, "\n".join(f"{node_id}: {index}" for node_id, index in taken), as_json)

    return group


app.add_typer(_group("om", "Ozone Managers"), name="om")
app.add_typer(_group("scm", "Storage Container Managers"), name="scm")


def _print_done(done: Any, text: str, as_json: bool) -> None:
    from trioxygen.cli.printing import print_json

    if as_json:
        print_json(done)
    else:
        print(text)


def _print_status(members: list[dict[str, Any]]) -> None:
    from trioxygen.cli.printing import print_columns

    print_columns(
        ("NODE", "ADDRESS", "ROLE", "TERM", "COMMIT", "APPLIED", "IN THE GROUP"),
        [
            (
                member["node_id"],
                member["address"],
                member["role"],
                str(member["term"]),
                str(member["commit"]),
                str(member["applied"]),
                member["membership"],
            )
            for member in members
        ],
    )
