"""Running one role as a process: folder, ports, role, signals, in that order and back."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop
from prometheus_client import CollectorRegistry, Counter

from trioxygen.cli.config import ConfigError
from trioxygen.cli.config_schema import Config
from trioxygen.cli.data_folder import (
    WHAT_TO_DO,
    DataFolder,
    Owner,
    open_data_folder,
    unusable,
)
from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.cli.process import (
    ADMIN_DRAIN_SECONDS,
    ADMIN_LIMITS,
    TOKEN_LENGTH,
    freeze_what_stays,
    remove_endpoint,
    s3_limits,
    stop_at_signal,
    tls_context,
    write_endpoint,
)
from trioxygen.cli.roles import Node, Role, make_role
from trioxygen.common import logs
from trioxygen.common.disk import SystemDisk
from trioxygen.common.errors import Corrupt, TrioxygenError
from trioxygen.common.grpc_config import GrpcConfig
from trioxygen.common.ids import random_token
from trioxygen.common.network import CannotListen
from trioxygen.common.network_grpc import GrpcNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.tls import Tls, read_tls
from trioxygen.common.units import SECOND_MS
from trioxygen.common.wall_clock import WallClockWatch
from trioxygen.gateway.http_limits import HttpMetrics
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.serving import HttpServer

log = logs.get(__name__)

_ADMIN_PORT: Final[dict[str, Callable[[Config], int]]] = {
    "om": lambda config: config.om.admin_port,
    "scm": lambda config: config.scm.admin_port,
    "datanode": lambda config: config.datanode.admin_port,
    "gateway": lambda config: config.gateway.admin_port,
}

_ARTICLES: Final = {
    "om": "an om",
    "scm": "an scm",
    "datanode": "a datanode",
    "gateway": "a gateway",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStart:
    """Attributes:
    role: om, scm, datanode or gateway.
    node_id: empty: the configuration's, or the data folder's own.
    source: the file of the configuration, for messages.
    credentials: admin access key and secret that the environment chooses, for a gateway.
    tell: takes the lines for the user.
    """

    role: str
    node_id: str
    config: Config
    source: Path | None
    data: Path
    credentials: tuple[str, str] | None
    tell: Callable[[str], None]


def run_daemon(start: DaemonStart) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    node_id, listen = identity(start)
    tls, s3_tls = node_tls(start.config), None
    if start.role == "gateway":
        s3_tls = tls_context(start.config.s3)
    logs.configure(level=start.config.log.level)
    uvloop.run(_Daemon(start, node_id, listen).run(tls, s3_tls))


def identity(start: DaemonStart) -> tuple[str, str]:
    """Node id (empty: the data folder's) and address to listen on (empty: none).

    Raises ConfigError: the configuration lacks what this role needs."""
    config, role = start.config, start.role
    where = f"{start.source}: " if start.source else ""
    if not config.cluster.id:
        raise ConfigError(f"{where}cluster.id is missing: nodes of one cluster share it")
    for group, needed_by in (
        ("om", ("om", "gateway")),
        ("scm", ("om", "scm", "datanode", "gateway")),
    ):
        if role in needed_by and not config.group(group).peers:
            raise ConfigError(
                f"{where}{group}.peers is missing: {_ARTICLES[role]} needs it; write "
                f'peers = [{{ id = "{group}1", address = "HOST:PORT" }}]'
            )
    if role == "gateway":
        return start.node_id or config.gateway.id, ""
    if role == "datanode":
        datanode = config.datanode
        return start.node_id or datanode.id, datanode.listen or datanode.address
    group_config = config.group(role)
    node_id = start.node_id
    if not node_id and len(group_config.peers) == 1:
        node_id = group_config.peers[0].id
    names = ", ".join(peer.id for peer in group_config.peers)
    if not node_id:
        raise ConfigError(f"--id is missing: which of {role}.peers is this node ({names})?")
    peer = group_config.peer(node_id)
    if peer is None:
        raise ConfigError(f"{where}{role}.peers has no '{node_id}': it has {names}")
    return node_id, group_config.listen or peer.address


def node_tls(config: Config) -> Tls | None:
    """Raises ConfigError when a file cannot be read."""
    tls = config.tls
    if not tls.is_on:
        return None
    try:
        found = read_tls(
            SystemDisk(),
            certificate=Path(tls.certificate_file),
            private_key=Path(tls.key_file),
            authority=Path(tls.ca_file),
            client_certificates=tls.client_certificates,
        )
        checked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        checked.load_cert_chain(tls.certificate_file, tls.key_file)
        checked.load_verify_locations(tls.ca_file)
    except ssl.SSLError as error:
        reason = str(error.reason or error).lower().replace("_", " ")
        raise ConfigError(
            f"tls: certificate_file, key_file and ca_file do not work together: {reason}"
        ) from error
    except OSError as error:
        reason = reason_of(error)
        raise ConfigError(f"tls: {error.filename}: {reason}") from error
    return found


def warn_of_open_ports(
    config: Config, role: str, node_id: str, registry: CollectorRegistry
) -> None:
    """Says in the node's log, and counts, that its cluster does not ask who connects."""
    warnings = Counter(
        "trioxygen_node_warnings",
        "Warnings about how this node is configured",
        ["event"],
        registry=registry,
    )
    tls = config.tls
    if tls.is_on and tls.client_certificates:
        return
    event = "client_certificates_not_asked_for" if tls.is_on else "started_without_tls"
    warnings.labels(event).inc()
    log.warning(
        event,
        role=role,
        node=node_id,
        risk="anyone who can connect may do anything",
        remedy="tls.client_certificates" if tls.is_on else "[tls] in the configuration",
    )


def grpc_config(config: Config) -> GrpcConfig:
    network = config.network
    return GrpcConfig(
        connect_timeout_ms=network.connect_timeout_ms,
        ping_interval_ms=network.ping_interval_ms,
        ping_timeout_ms=network.ping_timeout_ms,
        stop_grace_ms=network.drain_seconds * SECOND_MS,
    )


class _Daemon:
    def __init__(self, start: DaemonStart, node_id: str, listen: str) -> None:
        self._start, self._node_id, self._listen = start, node_id, listen
        self._readiness = Readiness()

    async def run(self, tls: Tls | None, s3_tls: ssl.SSLContext | None) -> None:
        start = self._start
        cluster_id = start.config.cluster.id
        network = GrpcNetwork(grpc_config(start.config), cluster_id=cluster_id, tls=tls)
        runtime = system_runtime(network)
        stopping = stop_at_signal()
        try:
            owner = Owner(start.role, cluster_id, self._node_id)
            folder = open_data_folder(runtime, start.data, owner)
            network.peer = folder.node_id
            try:
                await self._run_in(runtime, folder, stopping, s3_tls)
            finally:
                folder.lock.release()
        finally:
            await network.close()
            await runtime.stop()

    async def _run_in(
        self,
        runtime: Runtime,
        folder: DataFolder,
        stopping: asyncio.Event,
        s3_tls: ssl.SSLContext | None,
    ) -> None:
        start, config = self._start, self._start.config
        warn_of_open_ports(config, start.role, folder.node_id, runtime.registry)
        runtime.tasks.start_worker(WallClockWatch(runtime.clock, runtime.registry))
        metrics = HttpMetrics(runtime.registry)
        admin = HttpServer(runtime, "admin", ADMIN_LIMITS, metrics)
        s3 = HttpServer(runtime, "s3", s3_limits(config.s3), metrics)
        token = random_token(runtime.rng, TOKEN_LENGTH)
        node = Node(
            config=config,
            folder=folder,
            runtime=runtime,
            readiness=self._readiness,
            listen=self._listen,
            admin_token=token,
            credentials=start.credentials,
        )
        role = make_role(start.role, node)
        try:
            await admin.bind(config.admin.host, _ADMIN_PORT[start.role](config))
            if role.s3_port is not None:
                await s3.bind(config.s3.host, config.s3.port)
            await self._serve(node, role, stopping, _Ports(admin, s3, s3_tls))
            self._readiness.set(False)
            await s3.stop(config.s3.drain_seconds)
        except CannotListen as error:
            raise CommandFailed(Exit.CANNOT_LISTEN, f"{error}: choose another address") from error
        except Corrupt as error:
            raise CommandFailed(
                Exit.DATA_FOLDER,
                f"data folder {folder.path} cannot be used: {error}: {WHAT_TO_DO}",
            ) from error
        except OSError as error:
            raise unusable(folder.path, error) from error
        except TrioxygenError as error:
            raise CommandFailed(Exit.REFUSED, f"the {start.role} did not start: {error}") from error
        finally:
            await s3.stop(0)
            await role.stop()
            await admin.stop(ADMIN_DRAIN_SECONDS)
            remove_endpoint(runtime, folder)
        log.info("stopped")

    async def _serve(
        self, node: Node, role: Role, stopping: asyncio.Event, ports: "_Ports"
    ) -> None:
        """From what is on the disk to the signal to stop."""
        name, folder, runtime = self._start.role, node.folder, node.runtime
        told = {"role": name, "node_id": folder.node_id, "admin_token": node.admin_token}
        told["admin"] = await ports.admin.start(role.admin_app)
        await role.open()
        if (port := role.s3_port) is not None:
            told["s3"] = await ports.s3.start(port.app, refusals=port.refusals, tls=ports.s3_tls)
        write_endpoint(runtime, folder, **told)
        log.info("starting", role=name, node=folder.node_id)
        address = await _unless(stopping, role.start())
        if address is not None:
            write_endpoint(runtime, folder, **told, address=address)
            self._readiness.set(True)
            freeze_what_stays()
            self._start.tell("ready")
            failure = await _unless(stopping, role.until_failed())
            if failure is not None:
                self._readiness.set(False)
                raise CommandFailed(Exit.REFUSED, f"the {name} cannot go on: {failure}")
        log.info("stop_begun", role=name, node=folder.node_id)


@dataclass(frozen=True, slots=True)
class _Ports:
    admin: HttpServer
    s3: HttpServer
    s3_tls: ssl.SSLContext | None


async def _unless(stopping: asyncio.Event, work: Coroutine[Any, Any, str]) -> str | None:
    """What the work gives; None when a stop came first, which cancels it."""
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        return None
    finally:
        waiting.cancel()
        working.cancel()
        await asyncio.wait((working, waiting))
