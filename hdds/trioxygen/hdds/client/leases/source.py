"""Who gives blocks on lease: the OM to a gateway, the SCM to who has a namespace of its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from trioxygen.common.replication import Replication
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBlocks:
    """Attributes:
    block_bytes_max: what each will hold at most.
    replication: None: as the one who gives them is configured.
    excluded_node_ids: the writer has found them away, or full.
    """

    count: int
    block_bytes_max: int
    replication: Replication | None = None
    excluded_node_ids: Sequence[str] = ()


class GrantedLease(Protocol):
    """A reply of one of them: fields of the same names."""

    @property
    def lease_id(self) -> int: ...
    @property
    def blocks(self) -> BlockRange: ...
    @property
    def pipeline(self) -> Pipeline: ...
    @property
    def duration_ms(self) -> int: ...
    @property
    def other_pipelines(self) -> int:
        """Where the blocks might be, if not in this pipeline."""
        ...


class LeaseSource(Protocol):
    """Raises: what the service raises."""

    async def lease(self, wanted: WantedBlocks) -> GrantedLease: ...

    async def renew(self, lease_ids: Sequence[int]) -> Collection[int]:
        """Those that are not there any more."""
        ...

    async def release(self, lease_ids: Sequence[int], blocks: Sequence[BlockId]) -> None:
        """Args: blocks: of leases that go on: nothing refers to them, nor will."""
        ...
