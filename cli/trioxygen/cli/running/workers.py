"""A gateway as several processes on one S3 port (`gateway.workers`), and one of them.

The supervisor holds the gateway's data folder and its sockets; a worker has a folder in it and an
admin port of its own, and is otherwise the gateway that runs alone.
"""

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from trioxygen.cli.config.schema import Config
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.folder.data_folder import DataFolder, Owner, open_data_folder
from trioxygen.cli.folder.endpoint import remove_endpoint, write_endpoint
from trioxygen.cli.running.daemon import DaemonStart, daemon_program, identity
from trioxygen.cli.running.lifecycle import Inherited, run
from trioxygen.cli.running.process import TOKEN_LENGTH, raise_descriptors
from trioxygen.common import logs
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import CannotListen
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.tokens import random_token
from trioxygen.gateway.http.sockets import bound_sockets, url_of
from trioxygen.gateway.http.workers import Workers

log = logs.get(__name__)

_READY: Final = "ready"
# What a worker may take to end besides what it waits for: requests, and calls after the last one.
_END_SECONDS_MAX: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStart:
    """What a worker is given; pickled. Attributes: node_id: of its folder. peer_id: of the gateway,
    which is what it is to others."""

    config: Config
    source: Path | None
    credentials: tuple[str, str] | None
    node_id: str
    peer_id: str
    data: Path
    admin_sockets: list[socket.socket]
    admin_token: str


def run_workers(start: DaemonStart) -> None:
    """Returns when a signal has stopped all of them. Raises CommandFailed."""
    # What the configuration lacks is told once, here.
    daemon_program(start)
    node_id, _ = identity(start)
    logs.configure(level=start.config.log.level)
    raise_descriptors()
    runtime = system_runtime(LocalNetwork())
    try:
        owner = Owner(start.role, start.config.cluster.id, node_id)
        folder = open_data_folder(runtime, start.data, owner)
        try:
            _supervise(start, runtime, folder)
        finally:
            folder.lock.release()
    finally:
        runtime.blocking.close()


def _supervise(start: DaemonStart, runtime: Runtime, folder: DataFolder) -> None:
    config = start.config
    try:
        s3, admins = uvloop.run(_bind(config))
    except CannotListen as error:
        raise CommandFailed(Exit.CANNOT_LISTEN, f"{error}: choose another address") from error
    token = random_token(runtime.rng, TOKEN_LENGTH)
    scheme = "https" if config.s3.tls_certificate_file else "http"
    urls = [url_of("http", config.admin.host, sockets) for sockets in admins]
    write_endpoint(
        runtime,
        folder,
        role=start.role,
        node_id=folder.node_id,
        admin_token=token,
        admin=urls[0],
        s3=url_of(scheme, config.s3.host, s3),
        workers=" ".join(urls),
    )

    encryption = config.encryption
    # Of all workers one, whose folders are below this one.
    at = {"keyring_file": str(encryption.keyring_path(folder.path))}
    config = config.model_copy(update={"encryption": encryption.model_copy(update=at)})

    def run_of(number: int) -> "partial[None]":
        name = f"worker-{number + 1}"
        return partial(
            run_worker,
            WorkerStart(
                config=config,
                source=start.source,
                credentials=start.credentials,
                node_id=f"{folder.node_id}.{number + 1}",
                peer_id=folder.node_id,
                data=folder.path / name,
                admin_sockets=admins[number],
                admin_token=token,
            ),
        )

    workers = Workers(
        config.gateway.workers,
        s3,
        run_of,
        on_ready=lambda: start.tell(_READY),
        end_seconds_max=end_seconds_max(config),
    )
    try:
        workers.run()
    finally:
        for sockets in admins:
            for bound in sockets:
                bound.close()
        remove_endpoint(runtime, folder)
    if workers.exit_code:
        code = Exit(workers.exit_code) if workers.exit_code in set(Exit) else Exit.REFUSED
        raise CommandFailed(code, "a worker did not start: its line above says why")
    log.info("stopped")


def end_seconds_max(config: Config) -> float:
    """After which a worker that was told to end does not do so in good order."""
    return config.s3.drain_seconds + config.network.call_seconds_max + _END_SECONDS_MAX


async def _bind(config: Config) -> tuple[list[socket.socket], list[list[socket.socket]]]:
    """Sockets of the S3 port, and of each worker's admin port. Raises CannotListen."""
    s3 = await bound_sockets(config.s3.host, config.s3.port)
    first = config.gateway.admin_port
    return s3, [
        await bound_sockets(config.admin.host, first + number if first else 0)
        for number in range(config.gateway.workers)
    ]


def run_worker(start: WorkerStart, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """One of the processes: `RunWorker`."""

    def tell(line: str) -> None:
        if line == _READY:
            ready()

    try:
        program = daemon_program(
            DaemonStart(
                role="gateway",
                node_id=start.node_id,
                config=start.config,
                source=start.source,
                data=start.data,
                credentials=start.credentials,
                tell=tell,
                peer_id=start.peer_id,
            )
        )
        inherited = Inherited(s3=sockets, admin=start.admin_sockets, admin_token=start.admin_token)
        run(replace(program, inherited=inherited))
    except CommandFailed as failure:
        print(f"o3: {start.node_id}: {failure}", file=sys.stderr, flush=True)
        sys.exit(failure.code)
