"""Which nodes there are, where they listen, and how they reach each other."""

from pathlib import PurePosixPath
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from trioxygen.cli.config.section import Section, checked_name
from trioxygen.common.rpc.address import checked_address
from trioxygen.common.units import GIB, MIB

_REPLICAS_MAX: Final = 7
_VOLUMES_MAX: Final = 64


class ClusterConfig(Section):
    """Which cluster this is.

    Attributes:
        id: nodes refuse to talk to nodes of another id; a data folder keeps to its own.
        name: for people.
    """

    id: str = ""
    name: str = ""

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, name: str) -> str:
        return checked_name(name, "a cluster id")


class Peer(Section):
    """A node of a role. Attributes: address: HOST:PORT under which the others reach it."""

    id: str = Field(min_length=1)
    address: str

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, name: str) -> str:
        return checked_name(name, "a node id")

    @field_validator("address")
    @classmethod
    def _address_is_whole(cls, address: str) -> str:
        return checked_address(address)


class Replicated(Section):
    """Attributes:
    peers: all replicas, the same list in the same order on every node.
    listen: HOST:PORT to listen on, where it differs from the own address in `peers`.
    admin_port: health, metrics; 0 takes a free one.
    """

    peers: list[Peer] = []
    listen: str = ""
    admin_port: int = Field(default=0, ge=0, le=65_535)

    @field_validator("listen")
    @classmethod
    def _listen_is_whole(cls, address: str) -> str:
        return address and checked_address(address)

    @field_validator("peers")
    @classmethod
    def _peers_differ(cls, peers: list[Peer]) -> list[Peer]:
        for what, values in (
            ("id", [peer.id for peer in peers]),
            ("address", [peer.address for peer in peers]),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"two peers have the {what} '{twice[0]}'")
        if len(peers) > _REPLICAS_MAX:
            raise ValueError(f"{len(peers)} peers: a group has {_REPLICAS_MAX} voters at most")
        return peers

    def peer(self, node_id: str) -> Peer | None:
        return next((peer for peer in self.peers if peer.id == node_id), None)

    @property
    def addresses(self) -> list[str]:
        return [peer.address for peer in self.peers]


class OmConfig(Replicated):
    admin_port: int = Field(default=9874, ge=0, le=65_535)


class ScmConfig(Replicated):
    """Attributes:
    heartbeat_interval_ms: of DataNodes that have no news; those are told at once.
    report_interval_seconds: between reports of all containers, beside what changes; 0: never.
    stale_after_seconds: of silence: nothing new is placed on a DataNode.
    dead_after_seconds: of silence: what it holds counts as lost, and is made elsewhere.
    racks: of node ids, hosts and networks (10.1.0.0/16): "/rack".
    rack_script: a program that is asked for what `racks` says nothing of: it is given hosts, and
        writes a rack for each on a line of its own. Empty: none.
    safe_mode_*_percent: of what a new leader has to hear of before it repairs.
    balancer_threshold_percent: of a DataNode's disks: so much fuller or emptier than all together
        it may be.
    balancer_containers_max, balancer_bytes_max, balancer_node_bytes_max: that are moved in an
        iteration, and that one DataNode gives or takes.
    pipelines_per_node_max: that a DataNode takes part in, of each replication.
    pipeline_open_seconds_max: one that is not open by then is given up, and another is made.
    """

    admin_port: int = Field(default=9876, ge=0, le=65_535)
    heartbeat_interval_ms: int = Field(default=3_000, ge=50, le=600_000)
    report_interval_seconds: int = Field(default=60, ge=0, le=86_400)
    stale_after_seconds: int = Field(default=30, ge=1, le=86_400)
    dead_after_seconds: int = Field(default=300, ge=1, le=30 * 86_400)
    racks: dict[str, str] = {}
    rack_script: str = ""
    rack_script_seconds_max: int = Field(default=5, ge=1, le=60)
    safe_mode_datanodes_percent: int = Field(default=60, ge=1, le=100)
    safe_mode_containers_percent: int = Field(default=99, ge=0, le=100)
    safe_mode_pipelines_percent: int = Field(default=10, ge=0, le=100)
    balancer_threshold_percent: float = Field(default=10, gt=0, lt=100, allow_inf_nan=False)
    balancer_containers_max: int = Field(default=200, ge=1, le=100_000)
    balancer_bytes_max: int = Field(default=500 * GIB, ge=1 * MIB)
    balancer_node_bytes_max: int = Field(default=26 * GIB, ge=1 * MIB)
    pipelines_per_node_max: int = Field(default=2, ge=1, le=100)
    pipeline_open_seconds_max: int = Field(default=60, ge=1, le=3_600)

    @field_validator("racks")
    @classmethod
    def _racks_are_paths(cls, racks: dict[str, str]) -> dict[str, str]:
        from trioxygen.metadata.scm.nodes.racks import RackTable

        RackTable.parse(racks)
        return racks

    @field_validator("rack_script")
    @classmethod
    def _script_is_a_path(cls, program: str) -> str:
        if program and not program.startswith("/"):
            raise ValueError(f"'{program}' is not the whole path of a program: begin it with '/'")
        return program

    @model_validator(mode="after")
    def _silences_follow_each_other(self) -> Self:
        if self.stale_after_seconds * 1_000 < 3 * self.heartbeat_interval_ms:
            raise ValueError(
                "stale_after_seconds is under three times heartbeat_interval_ms: a lost heartbeat "
                "would be a silence"
            )
        if self.dead_after_seconds < self.stale_after_seconds:
            raise ValueError("dead_after_seconds is under stale_after_seconds: raise it")
        if 0 < self.report_interval_seconds * 1_000 < self.heartbeat_interval_ms:
            raise ValueError(
                "report_interval_seconds is under heartbeat_interval_ms: raise it, or set it to 0"
            )
        return self


class DataNodeConfig(Section):
    """Attributes:
    id: which node this is; empty: the data folder's own, chosen at its first start.
    address: HOST:PORT under which the others reach it.
    listen: HOST:PORT to listen on, where it differs.
    volumes: folders, each on a disk of its own; none: one volume, in the data folder.
    """

    id: str = ""
    volumes: list[str] = []
    address: str = "127.0.0.1:9859"
    listen: str = ""
    admin_port: int = Field(default=9882, ge=0, le=65_535)

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, name: str) -> str:
        return checked_name(name, "a node id")

    @field_validator("address", "listen")
    @classmethod
    def _address_is_whole(cls, address: str) -> str:
        return address and checked_address(address)

    @field_validator("volumes")
    @classmethod
    def _volumes_differ(cls, paths: list[str]) -> list[str]:
        for path in paths:
            if not path.startswith("/"):
                raise ValueError(f"'{path}' is not the whole path of a folder: begin it with '/'")
        whole = [str(PurePosixPath(path)) for path in paths]
        twice = sorted({path for path in whole if whole.count(path) > 1})
        if twice:
            raise ValueError(f"two volumes are '{twice[0]}'")
        if len(paths) > _VOLUMES_MAX:
            raise ValueError(f"{len(paths)} volumes: a DataNode has {_VOLUMES_MAX} at most")
        return paths


class GatewayConfig(Section):
    """Attributes:
    id: for logs and metrics.
    admin_port: of several workers each has one: this, the next, and so on.
    workers: processes that serve the S3 port.
    """

    id: str = ""
    admin_port: int = Field(default=9879, ge=0, le=65_535)
    workers: int = Field(default=1, ge=1, le=256)

    @model_validator(mode="after")
    def _admin_ports_exist(self) -> Self:
        if self.admin_port and self.admin_port + self.workers - 1 > 65_535:
            raise ValueError("admin_port is too high: each worker has the next one")
        return self

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, name: str) -> str:
        return checked_name(name, "a node id")


class TlsConfig(Section):
    """Between nodes. PEM files; all three or none.

    Attributes:
        ca_file: verifies the certificates of the others.
        client_certificates: servers refuse clients without a certificate of that authority.
    """

    certificate_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    client_certificates: bool = True

    @property
    def is_on(self) -> bool:
        return bool(self.certificate_file)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if len({bool(self.certificate_file), bool(self.key_file), bool(self.ca_file)}) > 1:
            raise ValueError(
                "certificate_file, key_file and ca_file go together: set all three or none"
            )
        return self


class NetworkConfig(Section):
    """Between nodes.

    Attributes:
        ping_interval_ms, ping_timeout_ms: a node that is silent for both together is given up.
            Not short: on a busy machine a break costs streams that were only slow. Calls to OM and
            SCM do not wait for it, but for `call_try_ms`.
        call_try_ms: how long one server may keep a client waiting before it asks another.
        call_seconds_max: after which a client gives up; a gateway on each call to a DataNode.
        call_refused_seconds_max: the same while no server of the group listens at all.
        slow_call_ms: a call that takes its server longer is logged.
        drain_seconds: how long a stop waits for calls under way.
    """

    connect_timeout_ms: int = Field(default=2_000, ge=100, le=60_000)
    ping_interval_ms: int = Field(default=1_000, ge=50, le=60_000)
    ping_timeout_ms: int = Field(default=2_000, ge=50, le=60_000)
    call_try_ms: int = Field(default=700, ge=50, le=60_000)
    call_seconds_max: int = Field(default=30, ge=1, le=600)
    call_refused_seconds_max: int = Field(default=5, ge=0, le=600)
    slow_call_ms: int = Field(default=1_000, ge=1, le=3_600_000)
    drain_seconds: int = Field(default=30, ge=0, le=3_600)

    @model_validator(mode="after")
    def _tries_fit_the_deadline(self) -> Self:
        if self.call_try_ms > self.call_seconds_max * 1_000:
            raise ValueError("call_try_ms is longer than call_seconds_max: lower it")
        return self
