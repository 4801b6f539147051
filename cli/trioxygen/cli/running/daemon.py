"""One role as a process: what it needs of the configuration, and its program."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from trioxygen.cli.config.reading import ConfigError
from trioxygen.cli.config.roles import ROLES
from trioxygen.cli.config.schema import Config
from trioxygen.cli.folder.data_folder import Owner
from trioxygen.cli.running.lifecycle import Program, run
from trioxygen.cli.running.process import tls_context
from trioxygen.cli.wiring.network import grpc_config, node_tls
from trioxygen.cli.wiring.part import Assembly, Node
from trioxygen.cli.wiring.roles import assemble_role
from trioxygen.common import logs
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.rpc.tls import Tls

log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStart:
    """Attributes:
    role: om, scm, datanode or gateway.
    node_id: empty: the configuration's, or the data folder's own.
    source: the file of the configuration, for messages.
    credentials: admin access key and secret that the environment chooses, for a gateway.
    tell: takes the lines for the user.
    peer_id: the node that others see, whose certificate it has; empty: `node_id`.
    """

    role: str
    node_id: str
    config: Config
    source: Path | None
    data: Path
    credentials: tuple[str, str] | None
    tell: Callable[[str], None]
    peer_id: str = ""


def run_daemon(start: DaemonStart) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    run(daemon_program(start))


def daemon_program(start: DaemonStart) -> Program:
    """Raises ConfigError."""
    node_id, listen = identity(start)
    return _Role(start, node_id, listen, node_tls(start.config)).program()


def identity(start: DaemonStart) -> tuple[str, str]:
    """Node id (empty: the data folder's) and address to listen on (empty: none).

    Raises ConfigError: the configuration lacks what this role needs."""
    config, role = start.config, start.role
    where = f"{start.source}: " if start.source else ""
    if not config.cluster.id:
        raise ConfigError(f"{where}cluster.id is missing: nodes of one cluster share it")
    facts = ROLES[role]
    for group in facts.asks:
        if not config.group(group).peers:
            raise ConfigError(
                f"{where}{group}.peers is missing: {facts.article} {role} needs it; write "
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


class _Role:
    """A role as a program."""

    def __init__(self, start: DaemonStart, node_id: str, listen: str, tls: Tls | None) -> None:
        self._start, self._node_id, self._listen = start, node_id, listen
        self._tls = tls

    def program(self) -> Program:
        start, config = self._start, self._start.config
        return Program(
            name=start.role,
            config=config,
            data=start.data,
            owner=Owner(start.role, config.cluster.id, self._node_id),
            admin_port=config.admin_port(start.role),
            s3_tls=tls_context(config.s3) if start.role == "gateway" else None,
            oms=config.om.addresses,
            scms=config.scm.addresses,
            credentials=start.credentials,
            network=self._network,
            assemble=self._assemble,
            if_cannot_listen="choose another address",
            tell=start.tell,
        )

    def _network(self) -> GrpcNetwork:
        config = self._start.config
        return GrpcNetwork(grpc_config(config), cluster_id=config.cluster.id, tls=self._tls)

    def _assemble(self, node: Node) -> Assembly:
        role = self._start.role
        warn_of_open_ports(node.config, role, node.folder.node_id, node.runtime.registry)
        return assemble_role(role, node, listen=self._listen, peer_id=self._start.peer_id)
