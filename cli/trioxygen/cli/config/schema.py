"""What can be configured: one schema for the all-in-one store and for every role. Values only;
`reading` reads them. docs/reference/configuration.md has a line for each key, checked by a test."""

from typing import Self

from pydantic import model_validator

from trioxygen.cli.config.encryption import EncryptionConfig
from trioxygen.cli.config.iam import IamConfig
from trioxygen.cli.config.nodes import (
    ClusterConfig,
    DataNodeConfig,
    GatewayConfig,
    NetworkConfig,
    OmConfig,
    ScmConfig,
    TlsConfig,
)
from trioxygen.cli.config.ports import AdminConfig, S3Config
from trioxygen.cli.config.section import Section
from trioxygen.cli.config.security import SecurityConfig
from trioxygen.cli.config.services import (
    LifecycleConfig,
    LogConfig,
    MetadataConfig,
    ReplicationConfig,
    StorageConfig,
)


class Config(Section):
    """All of a store. Each role reads what concerns it, so one file serves every machine."""

    cluster: ClusterConfig = ClusterConfig()
    om: OmConfig = OmConfig()
    scm: ScmConfig = ScmConfig()
    datanode: DataNodeConfig = DataNodeConfig()
    gateway: GatewayConfig = GatewayConfig()
    tls: TlsConfig = TlsConfig()
    security: SecurityConfig = SecurityConfig()
    encryption: EncryptionConfig = EncryptionConfig()
    network: NetworkConfig = NetworkConfig()
    s3: S3Config = S3Config()
    iam: IamConfig = IamConfig()
    admin: AdminConfig = AdminConfig()
    metadata: MetadataConfig = MetadataConfig()
    storage: StorageConfig = StorageConfig()
    replication: ReplicationConfig = ReplicationConfig()
    lifecycle: LifecycleConfig = LifecycleConfig()
    log: LogConfig = LogConfig()

    def group(self, role: str) -> OmConfig | ScmConfig:
        """The section of the role om or scm."""
        return self.om if role == "om" else self.scm

    @property
    def uses_block_tokens(self) -> bool:
        chosen = self.security.block_tokens
        return chosen == "on" or (chosen == "auto" and self.tls.is_on)

    def admin_port(self, role: str) -> int:
        """Of a process of the role."""
        port: int = getattr(self, role).admin_port
        return port

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
