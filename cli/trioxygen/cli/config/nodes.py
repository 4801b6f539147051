"""Which nodes there are, where they listen, and how they reach each other."""

from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from trioxygen.cli.config.section import Section, checked_address, checked_name

_REPLICAS_MAX: Final = 7


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
    admin_port: int = Field(default=9876, ge=0, le=65_535)


class DataNodeConfig(Section):
    """Attributes:
    id: which node this is; empty: the data folder's own, chosen at its first start.
    address: HOST:PORT under which the others reach it.
    listen: HOST:PORT to listen on, where it differs.
    """

    id: str = ""
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
