"""The blocks of a container as the holders of its parts list them, put side by side."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import ContainerNotOpen
from trioxygen.common.rpc.network import Channel
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.ec.part_stream import all_of
from trioxygen.hdds.reconstruction.parts import HeldPart
from trioxygen.proto.v1.datanode_pb2 import ListReplicaReply, ListReplicaRequest

_BLOCKS_AT_ONCE = 500
_CALL_MS = 60 * SECOND_MS
_COMPLETE = frozenset({ContainerState.CLOSED, ContainerState.QUASI_CLOSED})


@dataclass(slots=True)
class _Page:
    """Of one holder. Attributes: next_local: where its next page begins; None: there is none."""

    next_local: int | None = 0
    parts: dict[int, HeldPart] = field(default_factory=dict)


class Listing:
    """Args: sources: holders by index.

    Attributes: used_bytes, highest_local, commit_sequence: the most that one of them says."""

    def __init__(self, container_id: int, sources: Mapping[int, Channel]) -> None:
        self._container_id, self._sources = container_id, sources
        self.used_bytes = self.highest_local = self.commit_sequence = 0

    async def blocks(
        self, first_local: int = 0
    ) -> AsyncGenerator[tuple[int, dict[int, HeldPart]], None]:
        """(local, parts by index), in order.

        Raises: ContainerNotOpen: one of them may still change; what the holders raise."""
        pages = {index: _Page(first_local) for index in self._sources}
        while any(page.next_local is not None for page in pages.values()) or any(
            page.parts for page in pages.values()
        ):
            empty = [
                index
                for index, page in pages.items()
                if not page.parts and page.next_local is not None
            ]
            await all_of([self._turn(index, pages[index]) for index in empty])
            # What lies behind the shortest page is not known of all.
            ends = [page.next_local for page in pages.values() if page.next_local is not None]
            end = min(ends, default=None)
            locals_known = sorted({local for page in pages.values() for local in page.parts})
            for local in locals_known:
                if end is not None and local >= end:
                    break
                yield (
                    local,
                    {
                        index: page.parts.pop(local)
                        for index, page in pages.items()
                        if local in page.parts
                    },
                )

    async def _turn(self, index: int, page: _Page) -> None:
        request = ListReplicaRequest(
            container_id=self._container_id,
            replica_index=index,
            next_local=page.next_local,
            count_max=_BLOCKS_AT_ONCE,
        )
        reply = await self._sources[index].call(
            "DataNode/ListReplica", request, ListReplicaReply, timeout_ms=_CALL_MS
        )
        if ContainerState(reply.state) not in _COMPLETE:
            raise ContainerNotOpen("only closed replicas are rebuilt", index=index)
        self.used_bytes = max(self.used_bytes, reply.used_bytes)
        self.highest_local = max(self.highest_local, reply.highest_local)
        self.commit_sequence = max(self.commit_sequence, reply.commit_sequence)
        for stored in reply.blocks:
            page.parts[stored.block.local] = HeldPart(
                stored.size_bytes, stored.checksums, BlockGroup.of_message(stored.group)
            )
        page.next_local = reply.next_local or None
