"""The nodes of a local cluster, as its folder remembers them: ids, ports, the configuration file
that all of them read. No processes."""

import json
import random
import socket
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from trioxygen.cli.config.encryption import KEYRING_FILE
from trioxygen.cli.config.roles import GROUPS, ROLES
from trioxygen.cli.config.toml import toml_value
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.folder.names import LAYOUT_FILE
from trioxygen.common.disk import Disk
from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.tokens import random_token

CONFIG_FILE: Final = "cluster.toml"
# Where the supervisor listens for the other `o3 cluster` commands, while it runs.
CONTROL_FILE: Final = "control.json"
_FORMAT: Final = 1
_NOT_DATA: Final = {"lock", "logs", "lost+found", f"{LAYOUT_FILE}.new"}
_CLUSTER_ID_LENGTH: Final = 12
# Below the ports that Linux gives to outgoing connections: a restart finds its own free again.
_PORTS: Final = range(20_000, 32_000)
# A gateway that is started with workers has an admin port for each; for more than eight
# they are not kept.
_ADMIN_PORTS: Final = {role: 8 if role == "gateway" else 1 for role in ROLES}


@dataclass(frozen=True, slots=True)
class LocalNode:
    """Attributes: port: of its service; of S3 for a gateway."""

    id: str
    role: str
    port: int
    admin_port: int

    @property
    def admin_ports(self) -> range:
        """Those that are kept for it."""
        return range(self.admin_port, self.admin_port + _ADMIN_PORTS[self.role])


@dataclass(frozen=True, slots=True)
class Layout:
    """Attributes:
    has_keys: the first access key was made.
    missing_replicas_max: DataNodes that there were too few for three replicas, at the first start.
    """

    cluster_id: str
    host: str
    nodes: tuple[LocalNode, ...]
    has_keys: bool = False
    missing_replicas_max: int = 0

    def of(self, role: str) -> list[LocalNode]:
        return [node for node in self.nodes if node.role == role]

    def node(self, node_id: str) -> LocalNode:
        """Raises CommandFailed."""
        known = next((node for node in self.nodes if node.id == node_id), None)
        if known is None:
            names = ", ".join(node.id for node in self.nodes)
            raise CommandFailed(Exit.USAGE, f"no node '{node_id}' here: there are {names}")
        return known

    def address(self, node: LocalNode) -> str:
        return f"{self.host}:{node.port}"

    def toml(self, folder: Path) -> str:
        """What all nodes share."""
        lines = [
            "# Written by `o3 cluster`; what is changed here is overwritten.",
            "[cluster]",
            f"id = {toml_value(self.cluster_id)}",
        ]
        for role in GROUPS:
            peers = [{"id": node.id, "address": self.address(node)} for node in self.of(role)]
            lines += ["", f"[{role}]", f"peers = {toml_value(peers)}"]
        keyring = toml_value(str(folder.resolve() / KEYRING_FILE))
        lines += ["", "[encryption]", f"keyring_file = {keyring}"]
        if self.missing_replicas_max:
            lines += ["", "[storage]", f"missing_replicas_max = {self.missing_replicas_max}"]
        return "\n".join(lines) + "\n"


def new_layout(
    rng: random.Random, host: str, counts: Mapping[str, int], *, ports: range = _PORTS
) -> Layout:
    """Args:
    counts: by role.
    ports: to choose from; those that are in use are left out."""
    layout = Layout(
        f"local-{random_token(rng, _CLUSTER_ID_LENGTH).lower()}",
        host,
        (),
        missing_replicas_max=missing_replicas(counts["datanode"]),
    )
    for role in ROLES:
        for _ in range(counts[role]):
            layout = with_node(layout, rng, role, ports=ports)
    return layout


def missing_replicas(datanodes: int) -> int:
    """Of three, with so many DataNodes."""
    return max(0, RATIS_THREE.members - max(1, datanodes))


def with_node(layout: Layout, rng: random.Random, role: str, *, ports: range = _PORTS) -> Layout:
    """One node more, the last of all, with an id and ports of its own."""
    taken = {node.id for node in layout.nodes}
    prefix = ROLES[role].id_prefix
    number = next(n for n in range(1, len(taken) + 2) if f"{prefix}{n}" not in taken)
    in_use = {port for node in layout.nodes for port in (node.port, *node.admin_ports)}
    port = _free_ports(rng, layout.host, ports, in_use, 1)
    admin_port = _free_ports(rng, layout.host, ports, in_use | {port}, _ADMIN_PORTS[role])
    node = LocalNode(f"{prefix}{number}", role, port, admin_port)
    return replace(layout, nodes=(*layout.nodes, node))


def _free_ports(
    rng: random.Random, host: str, ports: range, in_use: Container[int], count: int
) -> int:
    """The first of `count` that follow each other."""
    for _ in range(1_000):
        first = rng.choice(ports[: len(ports) - count + 1])
        if all(port not in in_use and _is_free(host, port) for port in range(first, first + count)):
            return first
    raise CommandFailed(Exit.CANNOT_LISTEN, f"no free port on {host}: is it of this machine?")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def read_layout(disk: Disk, folder: Path) -> Layout | None:
    """None: nothing is there yet. Raises CommandFailed."""
    file = folder / LAYOUT_FILE
    if not disk.exists(file):
        strangers = sorted(set(disk.list(folder)) - _NOT_DATA)
        if strangers:
            raise CommandFailed(
                Exit.DATA_FOLDER,
                f"{folder} is not a cluster's folder and not empty (it holds {strangers[0]}): "
                "choose a new folder with --data",
            )
        return None
    try:
        stored = json.loads(disk.read(file))
        if stored["format"] != _FORMAT:
            raise CommandFailed(
                Exit.DATA_FOLDER, f"{file} has format {stored['format']!r}: this o3 knows {_FORMAT}"
            )
        nodes = tuple(LocalNode(**node) for node in stored["nodes"])
        datanodes = sum(node.role == "datanode" for node in nodes)
        return Layout(
            stored["cluster_id"],
            stored["host"],
            nodes,
            stored["has_keys"],
            # Not noted by earlier versions.
            stored.get("missing_replicas_max", missing_replicas(datanodes)),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CommandFailed(Exit.DATA_FOLDER, f"{file} is damaged: restore it") from error


def write_layout(disk: Disk, folder: Path, layout: Layout) -> None:
    text = json.dumps({"format": _FORMAT, **asdict(layout)}, indent=2)
    disk.replace(folder / CONFIG_FILE, layout.toml(folder).encode())
    disk.replace(folder / LAYOUT_FILE, f"{text}\n".encode())
