"""An all-in-one store as a process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.cli.config.schema import Config
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.folder.data_folder import STORE
from trioxygen.cli.running.lifecycle import Program, run
from trioxygen.cli.running.process import tls_context
from trioxygen.cli.wiring.names import OM_ADDRESS, SCM_ADDRESS
from trioxygen.cli.wiring.part import Assembly, Node
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.local import LocalNetwork

# Of three.
_MISSING_REPLICAS_MAX: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeStart:
    """Attributes:
    credentials: admin access key and secret that the environment chooses; None: the store does.
    assemble: `wiring.all_in_one.assemble_store`.
    tell: takes the lines for the user.
    """

    config: Config
    data: Path
    credentials: tuple[str, str] | None
    assemble: Callable[[Node], Assembly]
    tell: Callable[[str], None]


def config_of_store(config: Config) -> Config:
    """All replicas but one may be missing. Raises CommandFailed: one DataNode is too few."""
    replication = Replication.parse(config.storage.replication)
    needed = replication.members_min(_MISSING_REPLICAS_MAX)
    if needed > 1:
        raise CommandFailed(
            Exit.USAGE,
            f"storage.replication: {replication.text} needs {needed} DataNodes, and 'o3 serve' is "
            "one: choose RATIS/THREE or RATIS/ONE, or run a cluster",
        )
    storage = config.storage.model_copy(update={"missing_replicas_max": _MISSING_REPLICAS_MAX})
    return config.model_copy(update={"storage": storage})


def run_store(start: ServeStart) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    config = config_of_store(start.config)
    run(
        Program(
            name="store",
            config=config,
            data=start.data,
            owner=STORE,
            admin_port=config.admin.port,
            s3_tls=tls_context(config.s3),
            oms=[OM_ADDRESS],
            scms=[SCM_ADDRESS],
            credentials=start.credentials,
            network=LocalNetwork,
            assemble=start.assemble,
            if_cannot_listen="choose another with --host, --port or --admin-port",
            tell=start.tell,
        )
    )
