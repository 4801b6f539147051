"""What the admin API says of replicas that the SCM has no container of."""

from pydantic import Field

from trioxygen.gateway.admin.model import AdminModel


class OrphanReplicaView(AdminModel):
    node_id: str
    container_id: int
    state: str
    used_bytes: int
    block_count: int
    reason: str
    age_ms: int
    goes: bool = Field(description="By itself, or because an operator wants it.")
    left_ms: int = Field(description="Until then.")


class OrphanReplicaPage(AdminModel):
    orphans: list[OrphanReplicaView]
    count: int = Field(description="Of all pages.")
    keep_ms: int = Field(description="From when one was noticed; 0: they stay.")
    next: str = Field(description="Where the next page begins; empty: it was the last.")


class UnwantedOrphans(AdminModel):
    node_id: str = Field(default="", max_length=128, description="Empty: at all.")


class RemovedOrphans(AdminModel):
    """They go with the next heartbeats."""

    count: int
