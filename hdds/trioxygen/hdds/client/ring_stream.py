"""A block streamed to all members of its pipeline at the same time; a majority is enough.

A member that fails, or stands still while a majority goes on, is left: the ring brings it the bytes
later. The stream fails when less than a majority is with it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch, DeadlineExceeded
from trioxygen.common.rpc.network import Upload
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.client.block_stream import put_block
from trioxygen.hdds.client.member_group import MemberGroup
from trioxygen.hdds.client.member_upload import MemberUpload
from trioxygen.hdds.client.patience import OUT_OF_REACH
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.datanode_pb2 import WriteStreamReply
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline


class RingStream:
    """A `BlockStream`. Args: open_: begins an upload to a member."""

    def __init__(
        self,
        block: BlockId,
        pipeline: Pipeline,
        open_: Callable[[DataNodeAddress], Awaitable[Upload]],
        pool: DataNodePool,
    ) -> None:
        self._block, self._pipeline, self._pool = block, pipeline, pool
        members = pipeline.datanodes
        self._majority = len(members) // 2 + 1
        usable = [each for each in members if not pool.unwritable.is_away(each.address)]
        if len(usable) < self._majority:
            usable = list(members)
        # One that has no part in this ring yet, or any more, is not avoided for it.
        self._members = MemberGroup(
            block, usable, open_, pool, needed=self._majority, avoided_for=OUT_OF_REACH
        )
        self._sent_bytes = 0
        self.tag = 0

    @property
    def left(self) -> Sequence[DataNodeAddress]:
        return self._members.left

    async def opened(self) -> None:
        """A majority has consented. Raises: what one refuses, or all do."""
        # Nothing is lost yet: another pipeline may take the block.
        members = self._members
        await members.until(
            lambda: members.consents >= self._majority, most_ms=self._pool.config.open_ms
        )

    async def send(self, piece: Buffer) -> None:
        self._sent_bytes += len(piece)
        for each in self._members.live:
            each.push(piece)
        if not self._keeps_pace():
            for each in self._members.live:
                each.wake()
            await self._members.until(self._keeps_pace)

    async def flush(self) -> None:
        for each in self._members.live:
            each.flush()
        await self._members.until(self._is_flushed)

    def _keeps_pace(self) -> bool:
        """The slowest is not too far behind."""
        config, pool = self._pool.config, self._pool
        is_crowded = pool.queued_bytes > config.queued_bytes_max
        most_bytes = 0 if is_crowded else config.lag_bytes_max
        return all(each.waiting_bytes <= most_bytes for each in self._members.live)

    def _is_flushed(self) -> bool:
        return self._keeps_pace() and self._members.idle >= self._majority

    async def finish(self) -> int:
        members = self._members
        for each in members.live:
            each.end()
        began_ms = self._pool.clock.monotonic_ms()
        most_ms = self._pool.config.finish_timeout_ms
        await members.until(
            lambda: members.receipts >= self._majority, most_ms=most_ms, is_patient=True
        )
        await self._wait_for_others(began_ms)
        received, holders = self._agreed()
        pool, block, pipeline = self._pool, self._block, self._pipeline
        self.tag = await put_block(pool, block, pipeline, received, holders)
        pool.locations.learn(block.container, pipeline, pool.leaders.of(pipeline))
        return received.size_bytes

    async def _wait_for_others(self, began_ms: float) -> None:
        """A little: who has no receipt when the block is put must fetch it."""
        pool = self._pool
        waiting = [each for each in self._members.live if not each.has_ended]
        if waiting:
            seconds = pool.config.receipt_grace_ms / SECOND_MS
            await asyncio.wait([each.task for each in waiting], timeout=seconds)
        for each in self._members.live:
            if each.has_ended:
                pool.unwritable.answered(each.member.address)
            else:
                pool.unwritable.note_silent(each.member, began_ms)
                pool.finishing.begin(self._follow(each))
        self._members.leave_failed()

    async def _follow(self, straggler: MemberUpload) -> None:
        if not await straggler.ended(self._pool.config.straggler_ms):
            self._members.note(straggler.member, DeadlineExceeded("no receipt came"))
            await straggler.cancel()

    def _agreed(self) -> tuple[WriteStreamReply, list[str]]:
        """What a majority has received, and it is what was sent; who has."""
        receipts = {
            each.member.node_id: (each.receipt.size_bytes, each.receipt.checksums)
            for each in self._members.live
            if each.receipt is not None
        }
        [(agreed, count)] = Counter(receipts.values()).most_common(1)
        size_bytes, checksums = agreed
        if count < self._majority or size_bytes != self._sent_bytes:
            raise ChecksumMismatch(
                "members of the pipeline received different bytes",
                container=self._block.container,
                local=self._block.local,
            )
        holders = [node_id for node_id, receipt in receipts.items() if receipt == agreed]
        return WriteStreamReply(size_bytes=size_bytes, checksums=checksums), holders

    async def cancel(self) -> None:
        await self._members.cancel()
