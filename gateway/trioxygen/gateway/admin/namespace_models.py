"""What the admin API says of namespaces of blocks."""

from pydantic import Field

from trioxygen.gateway.admin.model import AdminModel


class NamespaceView(AdminModel):
    name: str
    owner: str = Field(description="The client that alone may use it; empty: each may.")
    replication: str
    created_ms: int
    blocks: int = Field(description="Committed.")
    size_bytes: int = Field(description="Of these.")
    blocks_max: int = Field(description="0: no limit.")
    bytes_max: int = Field(description="0: no limit.")


class NamespacePage(AdminModel):
    namespaces: list[NamespaceView]
    next: str = Field(description="The `after` of the next page; empty: it was the last.")


class DescribedNamespace(AdminModel):
    namespace: NamespaceView
    leases: int
    leased_blocks: int = Field(description="That clients may write, or have committed lately.")
