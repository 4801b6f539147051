"""Parts of erasure-coded blocks that are written by one call each: small ones, and what makes those
that were streamed readable. Each DataNode answers for the part that it holds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from functools import partial
from typing import Any

from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSuchBlock,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.replication import Replication
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import checksums_of, tag_of
from trioxygen.hdds.client.patience import DISPENSABLE
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockReply,
    PutBlockRequest,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline


def group_of(block: BlockId, layout: GroupLayout, checksums: Sequence[bytes]) -> BlockGroup:
    """Args: checksums: of the blocks of all indexes, in order."""
    tag = tag_of(block.container, block.local, b"".join(checksums))
    return BlockGroup(tag, layout.block_bytes, layout.data_cells)


async def ask_enough(
    pool: DataNodePool,
    asks: Sequence[tuple[DataNodeAddress, Callable[[], Awaitable[Any]]]],
    *,
    needed: int,
    most_ms: float,
) -> None:
    """Returns when so many have answered, and the others have had some time more: what they are
    asked goes on for a while behind the caller's back. `asks` must be safe to repeat.

    Args: most_ms: where one has answered, and it is not we who stand still, the others that are
        needed have so long for the next answer.
    Raises: what one refuses; why too few have answered."""

    async def ask(attempt: Callable[[], Awaitable[Any]]) -> TrioxygenError | None:
        try:
            await pool.retry(attempt, most_ms=pool.config.begin_patience_ms)
        except TrioxygenError as error:
            return error
        return None

    tasks = {pool.finishing.begin(ask(attempt)): member for member, attempt in asks}
    pending = set(tasks)
    errors: list[TrioxygenError] = []
    answers = 0
    try:
        while pending:
            wait_ms = pool.config.member_slow_ms if answers >= needed else most_ms
            done, pending = await asyncio.wait(
                pending,
                timeout=wait_ms / SECOND_MS if answers else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not done:
                break
            for task in done:
                error = task.result()
                if error is None:
                    answers += 1
                    continue
                if not isinstance(error, DISPENSABLE):
                    raise error
                errors.append(error)
                pool.note_failure(tasks[task], error)
        for task in pending:
            pool.note_away(tasks[task])
    finally:
        if pending:
            pool.finishing.begin(_end(pending, pool.config.straggler_ms))
    if answers < needed:
        raise (
            errors[0] if errors else DeadlineExceeded("too few members keep their part of a block")
        )


async def _end(stragglers: set[asyncio.Task[Any]], timeout_ms: float) -> None:
    _, pending = await asyncio.wait(stragglers, timeout=timeout_ms / SECOND_MS)
    for task in pending:
        task.cancel()


class Puts:
    """Of one block that was streamed.

    Args: parts: (size in bytes, checksums) by index."""

    def __init__(
        self,
        block: BlockId,
        pipeline: Pipeline,
        pool: DataNodePool,
        group: BlockGroup,
        parts: Mapping[int, tuple[int, bytes]],
    ) -> None:
        self._block, self._pipeline, self._pool = block, pipeline, pool
        self._group, self._parts = group, parts

    async def put(self, member: DataNodeAddress) -> None:
        """Safe to repeat: a block that was put is not put again."""
        pool = self._pool
        size_bytes, checksums = self._parts[member.replica_index]
        request = PutBlockRequest(
            block=self._block,
            pipeline_id=self._pipeline.pipeline_id,
            size_bytes=size_bytes,
            checksums=checksums,
            replica_index=member.replica_index,
            group=self._group.message,
        )
        try:
            await pool.channel(member.address).call(
                "DataNode/PutBlock", request, PutBlockReply, timeout_ms=pool.config.call_timeout_ms
            )
        except NoSuchBlock as error:
            # Received, but the DataNode was started again before it was put: what it had is gone.
            raise Unreachable(
                "a DataNode dropped what it had received", container=self._block.container
            ) from error

    async def put_at(self, members: Sequence[DataNodeAddress], *, needed: int) -> None:
        """Raises: why too few have."""
        asks = [(member, partial(self.put, member)) for member in members]
        await ask_enough(self._pool, asks, needed=needed, most_ms=self._pool.config.minority_ms)


async def write_small_parts(
    pool: DataNodePool, block: BlockId, pipeline: Pipeline, data: bytes
) -> tuple[int, Set[int]]:
    """The block's tag, and the indexes that have bytes of it: the first cell's, and parity's.

    Raises: as `ask_enough`."""
    replication = Replication.of_proto(pipeline.replication)
    assert len(data) <= replication.cell_bytes, (len(data), replication)
    codec = codec_of(replication.data, replication.parity)
    parity = codec.encode([data, *(b"" for _ in range(1, replication.data))])
    parts = {1: data} | dict(enumerate(parity, start=replication.data + 1))
    layout = GroupLayout.of(replication, len(data))
    group = group_of(block, layout, [checksums_of(part) for part in parts.values()])

    async def write(member: DataNodeAddress) -> WriteSmallBlockReply:
        request = WriteSmallBlockRequest(
            block=block,
            data=parts[member.replica_index],
            pipeline_id=pipeline.pipeline_id,
            replica_index=member.replica_index,
            group=group.message,
        )
        return await pool.channel(member.address).call(
            "DataNode/WriteSmallBlock",
            request,
            WriteSmallBlockReply,
            timeout_ms=pool.config.call_timeout_ms,
        )

    asks = [
        (member, partial(write, member))
        for member in pipeline.datanodes
        if member.replica_index in parts
    ]
    needed = layout.parts_min(without_spare=pipeline.without_spare)
    # Nothing is lost yet: another pipeline may take the block.
    await ask_enough(pool, asks, needed=needed, most_ms=pool.config.open_ms)
    return group.tag, parts.keys()
