"""An all-in-one store as a process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trioxygen.cli.config.schema import Config
from trioxygen.cli.folder.data_folder import STORE
from trioxygen.cli.running.lifecycle import Program, run
from trioxygen.cli.running.process import tls_context
from trioxygen.cli.wiring.names import OM_ADDRESS, SCM_ADDRESS
from trioxygen.cli.wiring.part import Assembly, Node
from trioxygen.common.rpc.local import LocalNetwork


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


def run_store(start: ServeStart) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    config = start.config
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
