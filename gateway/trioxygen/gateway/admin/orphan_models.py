"""What the admin API says of replicas that the SCM has no container of."""

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrphanReplicaView(_Model):
    node_id: str
    container_id: int
    state: str
    used_bytes: int
    block_count: int
    reason: str
    age_ms: int
    goes: bool = Field(description="By itself, or because an operator wants it.")
    left_ms: int = Field(description="Until then.")


class OrphanReplicaPage(_Model):
    orphans: list[OrphanReplicaView]
    count: int = Field(description="Of all pages.")
    keep_ms: int = Field(description="From when one was noticed; 0: they stay.")
    next: str = Field(description="Where the next page begins; empty: it was the last.")


class UnwantedOrphans(_Model):
    node_id: str = Field(default="", max_length=128, description="Empty: at all.")


class RemovedOrphans(_Model):
    """They go with the next heartbeats."""

    count: int
