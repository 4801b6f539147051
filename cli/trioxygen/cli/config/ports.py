"""The HTTP ports: S3 and admin."""

import re
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from trioxygen.cli.config.section import Section, checked_replication
from trioxygen.common.rpc.rules.types import VOLUME_NAME
from trioxygen.common.units import GIB, KIB, MIB
from trioxygen.gateway.protocol.proxies import checked_networks
from trioxygen.gateway.protocol.storage_classes import CHOOSABLE

_DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
_VOLUME: Final = re.compile(VOLUME_NAME)


class S3Config(Section):
    """The S3 port.

    Attributes:
        own_host: of the addresses of DataNodes on the gateway's machine, where that is not `host`;
            rack: where it stands. Who is nearer is read from first.
        volume: that S3's buckets are in.
        domains: buckets are reached as `<bucket>.<domain>` under each; lower case, without a port.
        trusted_proxies: CIDR: whose X-Forwarded-For and X-Forwarded-Proto are believed.
        regions: that a signature may name; none means any.
        storage_classes: class -> replication, of those that are not kept as STANDARD; unless it is
            named, REDUCED_REDUNDANCY is RATIS/ONE.
        object_ownership, block_public_access: that new buckets begin with.
        dialect: whose answers are given where they differ.
        owner_display_name, if_none_match_tags: two of the differences, by themselves.
        signature_v2: where Signature Version 2 is taken: in presigned URLs, or in headers too.
        tls_certificate_file, tls_key_file: PEM; both or neither.
        rate_bytes_per_second_min, rate_window_seconds: slower clients are cut off.
        connections_max, requests_max, uploads_max, queries_max, buffer_bytes_max: shared fairly, by
            address or by account.
        intake_bytes_max: of bodies that have come and are not dealt with; then senders take turns.
        http: who speaks HTTP: our connection, or uvicorn's own protocol (docs/design/http-server.md
            says what is then missing).
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9878, ge=0, le=65_535)
    own_host: str = ""
    rack: str = ""
    volume: str = "s3v"
    domains: list[str] = []
    trusted_proxies: list[str] = []
    regions: list[str] = []
    storage_classes: dict[str, str] = {}
    dialect: Literal["aws", "ceph"] = "aws"
    owner_display_name: bool = False
    if_none_match_tags: bool = False
    signature_v2: Literal["presigned", "all"] = "presigned"
    object_ownership: Literal["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"] = (
        "BucketOwnerEnforced"
    )
    block_public_access: bool = True
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
    queries_max: int = Field(default=4, ge=1, le=1_000)
    buffer_bytes_max: int = Field(default=48 * MIB, ge=1 * MIB, le=1_024 * GIB)
    intake_bytes_max: int = Field(default=24 * MIB, ge=1 * MIB, le=1_024 * GIB)
    drain_seconds: int = Field(default=30, ge=0, le=3_600)
    http: Literal["trioxygen", "uvicorn"] = "trioxygen"

    @field_validator("rack")
    @classmethod
    def _rack_is_a_path(cls, rack: str) -> str:
        from trioxygen.metadata.scm.nodes.racks import checked_rack

        return checked_rack(rack) if rack else rack

    @field_validator("volume")
    @classmethod
    def _volume_is_a_name(cls, volume: str) -> str:
        if not _VOLUME.fullmatch(volume):
            raise ValueError("has 3 to 63 lower-case letters, digits, '-' and '.'")
        return volume

    @field_validator("domains")
    @classmethod
    def _domains_are_names(cls, domains: list[str]) -> list[str]:
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"'{domain}' is not a lower-case domain name without a port")
        return domains

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, networks: list[str]) -> list[str]:
        return list(checked_networks(networks))

    @field_validator("storage_classes")
    @classmethod
    def _storage_classes_are_offered(cls, classes: dict[str, str]) -> dict[str, str]:
        for name in classes:
            if name not in CHOOSABLE:
                raise ValueError(f"'{name}' is none of {', '.join(CHOOSABLE)}")
        return {name: checked_replication(text) for name, text in classes.items()}

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise ValueError(
                "tls_certificate_file and tls_key_file go together: set both or neither"
            )
        return self


class AdminConfig(Section):
    """Health, metrics and the admin API: `host` of every role, `port` of `o3 serve`; port 0 takes a
    free one.

    Attributes:
        body_bytes_max: of a request with the token; of others no body is received.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9879, ge=0, le=65_535)
    body_bytes_max: int = Field(default=64 * KIB, ge=KIB, le=16 * MIB)
