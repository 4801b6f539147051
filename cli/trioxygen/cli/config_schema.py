"""What can be configured: one schema for the all-in-one store and for every role. Values only;
`config` reads them. docs/reference/configuration.md has a line for each key, checked by a test."""

import re
from typing import Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from trioxygen.cli.config_units import in_unit_of
from trioxygen.common.units import GIB, KIB, MIB

_DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_REPLICAS_MAX: Final = 7
_RESERVED_BYTES_MIN: Final = 16 * MIB


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _units_are_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name is not None
        return in_unit_of(info.field_name, value)


def _checked_name(name: str, what: str) -> str:
    if name and not _NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' is not {what}: use letters, digits and '.', '_', '-', 64 at most"
        )
    return name


def _checked_address(address: str, *, port_min: int = 1) -> str:
    found = _ADDRESS.fullmatch(address)
    if found is None or not port_min <= int(found[2]) <= 65_535:
        raise ValueError(f"'{address}' is not an address: write HOST:PORT")
    return address


class ClusterConfig(_Section):
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
        return _checked_name(name, "a cluster id")


class Peer(_Section):
    """A node of a role. Attributes: address: HOST:PORT under which the others reach it."""

    id: str = Field(min_length=1)
    address: str

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, name: str) -> str:
        return _checked_name(name, "a node id")

    @field_validator("address")
    @classmethod
    def _address_is_whole(cls, address: str) -> str:
        return _checked_address(address)


class _Replicated(_Section):
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
        return address and _checked_address(address)

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


class OmConfig(_Replicated):
    admin_port: int = Field(default=9874, ge=0, le=65_535)


class ScmConfig(_Replicated):
    admin_port: int = Field(default=9876, ge=0, le=65_535)


class DataNodeConfig(_Section):
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
        return _checked_name(name, "a node id")

    @field_validator("address", "listen")
    @classmethod
    def _address_is_whole(cls, address: str) -> str:
        return address and _checked_address(address)


class GatewayConfig(_Section):
    """Attributes:
    id: for logs and metrics.
    """

    id: str = ""
    admin_port: int = Field(default=9879, ge=0, le=65_535)

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, name: str) -> str:
        return _checked_name(name, "a node id")


class TlsConfig(_Section):
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


class NetworkConfig(_Section):
    """Between nodes.

    Attributes:
        ping_interval_ms, ping_timeout_ms: a node that is silent for both together is given up.
            Not short: on a busy machine a break costs streams that were only slow. Calls to OM and
            SCM do not wait for it, but for `call_try_ms`.
        call_try_ms: how long one server may keep a client waiting before it asks another.
        call_seconds_max: after which a client gives up.
        call_refused_seconds_max: the same while no server of the group listens at all.
        drain_seconds: how long a stop waits for calls under way.
    """

    connect_timeout_ms: int = Field(default=2_000, ge=100, le=60_000)
    ping_interval_ms: int = Field(default=1_000, ge=50, le=60_000)
    ping_timeout_ms: int = Field(default=2_000, ge=50, le=60_000)
    call_try_ms: int = Field(default=700, ge=50, le=60_000)
    call_seconds_max: int = Field(default=30, ge=1, le=600)
    call_refused_seconds_max: int = Field(default=5, ge=0, le=600)
    drain_seconds: int = Field(default=30, ge=0, le=3_600)

    @model_validator(mode="after")
    def _tries_fit_the_deadline(self) -> Self:
        if self.call_try_ms > self.call_seconds_max * 1_000:
            raise ValueError("call_try_ms is longer than call_seconds_max: lower it")
        return self


class S3Config(_Section):
    """The S3 port.

    Attributes:
        domains: buckets are reached as `<bucket>.<domain>` under each; lower case, without a port.
        regions: that a signature may name; none means any.
        tls_certificate_file, tls_key_file: PEM; both or neither.
        rate_bytes_per_second_min, rate_window_seconds: slower clients are cut off.
        connections_max, requests_max, uploads_max, buffer_bytes_max: shared fairly, by address or
            by account.
        intake_bytes_max: of bodies that have come and are not dealt with; then senders take turns.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9878, ge=0, le=65_535)
    domains: list[str] = []
    regions: list[str] = []
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    clock_skew_seconds_max: int = Field(default=900, ge=1, le=86_400)
    keep_alive_seconds: int = Field(default=75, ge=75, le=86_400)
    head_seconds_max: int = Field(default=60, ge=1, le=3_600)
    body_idle_seconds_max: int = Field(default=60, ge=1, le=3_600)
    write_idle_seconds_max: int = Field(default=60, ge=1, le=3_600)
    tls_handshake_seconds_max: int = Field(default=20, ge=1, le=3_600)
    rate_bytes_per_second_min: int = Field(default=512, ge=0, le=1 * GIB)
    rate_window_seconds: int = Field(default=60, ge=1, le=3_600)
    connections_max: int = Field(default=8_000, ge=1, le=1_000_000)
    requests_max: int = Field(default=8_192, ge=1, le=1_000_000)
    uploads_max: int = Field(default=2_048, ge=1, le=1_000_000)
    buffer_bytes_max: int = Field(default=48 * MIB, ge=1 * MIB, le=1_024 * GIB)
    intake_bytes_max: int = Field(default=24 * MIB, ge=1 * MIB, le=1_024 * GIB)
    drain_seconds: int = Field(default=30, ge=0, le=3_600)

    @field_validator("domains")
    @classmethod
    def _domains_are_names(cls, domains: list[str]) -> list[str]:
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"'{domain}' is not a lower-case domain name without a port")
        return domains

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise ValueError(
                "tls_certificate_file and tls_key_file go together: set both or neither"
            )
        return self


class AdminConfig(_Section):
    """Health, metrics and the admin API: `host` of every role, `port` of `o3 serve`; port 0 takes a
    free one.

    Attributes:
        body_bytes_max: of a request with the token; of others no body is received.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9879, ge=0, le=65_535)
    body_bytes_max: int = Field(default=64 * KIB, ge=KIB, le=16 * MIB)


class MetadataConfig(_Section):
    """OM and SCM.

    Attributes:
        gc_delay_seconds: how long blocks that nothing refers to are kept, for readers under way.
        lease_duration_seconds: how long a gateway may write into blocks without renewing.
        retry_seconds: how long the answer of a command is kept for its repetitions.
        completed_upload_seconds: how long a repeated CompleteMultipartUpload is answered alike.
        batch_commands_max: commands that share one transaction and one sync.
        map_bytes: upper bound of each LMDB file; sparse, so it takes no space.
        reserved_bytes: of disk space that each LMDB file holds beyond what it uses, a 32nd of the
            disk at most: deleting finds room when nothing else does. Below half of it nothing new
            is created.
        start_check_bytes_max: size of an LMDB file that is checked at a start page by page; of a
            larger one only the inner pages are.
        raft_tick_ms: the unit of the two below; a replica that has heard of no leader for
            `raft_election_ticks`, and by chance up to as many again, stands for election.
    """

    gc_delay_seconds: int = Field(default=300, ge=0, le=30 * 86_400)
    lease_duration_seconds: int = Field(default=600, ge=10, le=86_400)
    retry_seconds: int = Field(default=600, ge=60, le=86_400)
    completed_upload_seconds: int = Field(default=86_400, ge=600, le=30 * 86_400)
    batch_commands_max: int = Field(default=256, ge=1, le=10_000)
    log_segment_bytes: int = Field(default=16 * MIB, ge=1 * MIB, le=4 * GIB)
    map_bytes: int = Field(default=1_024 * GIB, ge=1 * GIB, le=64 * 1_024 * GIB)
    reserved_bytes: int = Field(default=64 * MIB, ge=1 * MIB, le=64 * GIB)
    start_check_bytes_max: int = Field(default=1 * GIB, ge=0, le=64 * 1_024 * GIB)
    raft_tick_ms: int = Field(default=50, ge=5, le=5_000)
    raft_election_ticks: int = Field(default=10, ge=3, le=1_000)
    raft_heartbeat_ticks: int = Field(default=2, ge=1, le=100)

    @model_validator(mode="after")
    def _heartbeats_come_before_elections(self) -> Self:
        if self.raft_election_ticks < 3 * self.raft_heartbeat_ticks:
            raise ValueError(
                "raft_election_ticks is under three times raft_heartbeat_ticks: one lost heartbeat "
                "would cost a leader"
            )
        return self


class StorageConfig(_Section):
    """The DataNode.

    Attributes:
        scrub_bytes_per_second: read by the scrubber at most; 0 switches it off.
        reserved_bytes: of each volume that stay free: below it no client data is written. Logs and
            compaction need some of them, so it cannot be nothing; 0: a 20th of the disk, 1 GiB at
            most.
    """

    container_bytes: int = Field(default=5 * GIB, ge=1 * MIB, le=1_024 * GIB)
    block_bytes: int = Field(default=256 * MIB, ge=64 * KIB, le=16 * GIB)
    log_segment_bytes: int = Field(default=16 * MIB, ge=1 * MIB, le=4 * GIB)
    scrub_bytes_per_second: int = Field(default=16 * MIB, ge=0)
    scrub_interval_seconds: int = Field(default=7 * 86_400, ge=60)
    reserved_bytes: int = Field(default=0, ge=0)

    @field_validator("reserved_bytes")
    @classmethod
    def _reserve_is_of_use(cls, reserved_bytes: int) -> int:
        if 0 < reserved_bytes < _RESERVED_BYTES_MIN:
            raise ValueError(
                f"must be at least {_RESERVED_BYTES_MIN} (16 MiB), or 0: what the disk suggests"
            )
        return reserved_bytes

    @model_validator(mode="after")
    def _blocks_fit_containers(self) -> Self:
        if self.block_bytes > self.container_bytes:
            raise ValueError("block_bytes is larger than container_bytes: lower it")
        return self


class LogConfig(_Section):
    """Attributes:
    access_log: write `logs/access.log` in the data folder.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    access_log: bool = True
    access_log_file_bytes: int = Field(default=64 * MIB, ge=1 * MIB, le=64 * GIB)
    access_log_files_max: int = Field(default=5, ge=1, le=1_000)


class Config(_Section):
    """All of a store. Each role reads what concerns it, so one file serves every machine."""

    cluster: ClusterConfig = ClusterConfig()
    om: OmConfig = OmConfig()
    scm: ScmConfig = ScmConfig()
    datanode: DataNodeConfig = DataNodeConfig()
    gateway: GatewayConfig = GatewayConfig()
    tls: TlsConfig = TlsConfig()
    network: NetworkConfig = NetworkConfig()
    s3: S3Config = S3Config()
    admin: AdminConfig = AdminConfig()
    metadata: MetadataConfig = MetadataConfig()
    storage: StorageConfig = StorageConfig()
    log: LogConfig = LogConfig()

    def group(self, role: str) -> OmConfig | ScmConfig:
        """The section of the role om or scm."""
        return self.om if role == "om" else self.scm

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        same = self.s3.port == self.admin.port != 0
        if same and self.s3.host == self.admin.host:
            raise ValueError("s3.port and admin.port are the same: choose another admin.port")
        return self

    @model_validator(mode="after")
    def _addresses_differ(self) -> Self:
        shared = sorted(set(self.om.addresses) & set(self.scm.addresses))
        if shared:
            raise ValueError(f"an OM and an SCM have the address '{shared[0]}'")
        return self
