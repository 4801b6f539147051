"""What the admin API says of namespaces of blocks."""

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NamespaceView(_Model):
    name: str
    owner: str = Field(description="The client that alone may use it; empty: each may.")
    replication: str
    created_ms: int
    blocks: int = Field(description="Committed.")
    size_bytes: int = Field(description="Of these.")
    blocks_max: int = Field(description="0: no limit.")
    bytes_max: int = Field(description="0: no limit.")


class NamespacePage(_Model):
    namespaces: list[NamespaceView]
    next: str = Field(description="The `after` of the next page; empty: it was the last.")


class DescribedNamespace(_Model):
    namespace: NamespaceView
    leases: int
    leased_blocks: int = Field(description="That clients may write, or have committed lately.")
