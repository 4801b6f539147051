"""A block streamed to all members of its pipeline at the same time; a majority is enough.

A member that fails, or stands still while a majority goes on, is left: the ring brings it the bytes
later. The stream fails when less than a majority is with it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    ChecksumMismatch,
    Corrupt,
    DeadlineExceeded,
    NotLeader,
    TrioxygenError,
    Unavailable,
    again,
)
from trioxygen.common.rpc.network import Upload
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.client.block_stream import put_block
from trioxygen.hdds.client.member_upload import MemberState, MemberUpload
from trioxygen.hdds.client.patience import AWAY, takes_nothing
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.datanode_pb2 import WriteStreamReply
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

log = logs.get(__name__)

# What the others of a ring can do without that member. All else is an answer to what was asked.
_DISPENSABLE: Final = (Unavailable, Corrupt)
# The silence of members is measured in so many parts: our own standing still counts as one.
_PARTS: Final = 4


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
        self._moved = asyncio.Event()
        self._sent_bytes = 0
        self.tag = 0
        self.left: list[DataNodeAddress] = []
        usable = [each for each in members if not pool.unwritable.is_away(each.address)]
        if len(usable) < self._majority:
            usable = list(members)
        self._live = [
            MemberUpload(each, partial(open_, each), pool, self._moved.set) for each in usable
        ]

    async def opened(self) -> None:
        """A majority has consented. Raises: what one refuses, or all do."""
        # Nothing is lost yet: another pipeline may take the block.
        await self._until(self._is_open, most_ms=self._pool.config.open_ms)

    def _is_open(self) -> bool:
        consents = sum(each.state is not MemberState.OPENING for each in self._live)
        return consents >= self._majority

    async def send(self, piece: Buffer) -> None:
        self._sent_bytes += len(piece)
        for each in self._live:
            each.push(piece)
        if not self._keeps_pace():
            for each in self._live:
                each.wake()
            await self._until(self._keeps_pace)

    async def flush(self) -> None:
        for each in self._live:
            each.flush()
        await self._until(self._is_flushed)

    def _keeps_pace(self) -> bool:
        """The slowest is not too far behind."""
        config, pool = self._pool.config, self._pool
        is_crowded = pool.queued_bytes > config.queued_bytes_max
        most_bytes = 0 if is_crowded else config.lag_bytes_max
        return all(each.waiting_bytes <= most_bytes for each in self._live)

    def _is_flushed(self) -> bool:
        return self._keeps_pace() and sum(each.is_idle for each in self._live) >= self._majority

    async def finish(self) -> int:
        for each in self._live:
            each.end()
        began_ms = self._pool.clock.monotonic_ms()
        most_ms = self._pool.config.finish_timeout_ms
        await self._until(self._is_received, most_ms=most_ms, is_patient=True)
        await self._wait_for_others(began_ms)
        received, holders = self._agreed()
        pool, block, pipeline = self._pool, self._block, self._pipeline
        self.tag = await put_block(pool, block, pipeline, received, holders)
        pool.locations.learn(block.container, pipeline, pool.leaders.of(pipeline))
        return received.size_bytes

    def _is_received(self) -> bool:
        receipts = sum(each.state is MemberState.RECEIVED for each in self._live)
        return receipts >= self._majority

    async def _wait_for_others(self, began_ms: float) -> None:
        """A little: who has no receipt when the block is put must fetch it."""
        pool = self._pool
        waiting = [each for each in self._live if not each.has_ended]
        if waiting:
            seconds = pool.config.receipt_grace_ms / SECOND_MS
            await asyncio.wait([each.task for each in waiting], timeout=seconds)
        for each in self._live:
            if each.has_ended:
                pool.unwritable.answered(each.member.address)
            else:
                pool.unwritable.note_silent(each.member, began_ms)
                pool.finishing.begin(self._follow(each))
        self._leave_failed()

    async def _follow(self, straggler: MemberUpload) -> None:
        if not await straggler.ended(self._pool.config.straggler_ms):
            self._note(straggler, DeadlineExceeded("no receipt came"))
            await straggler.cancel()

    def _agreed(self) -> tuple[WriteStreamReply, list[str]]:
        """What a majority has received, and it is what was sent; who has."""
        receipts = {
            each.member.node_id: (each.receipt.size_bytes, each.receipt.checksums)
            for each in self._live
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
        await asyncio.gather(*(each.cancel() for each in self._live))

    async def _until(
        self,
        is_enough: Callable[[], bool],
        *,
        most_ms: float | None = None,
        is_patient: bool = False,
    ) -> None:
        """Args: is_patient: disks are at it, which may take long: nobody is left for silence.

        Raises: why there is no majority."""
        config, clock = self._pool.config, self._pool.clock
        part_ms = config.member_slow_ms / _PARTS
        left_ms = config.call_timeout_ms if most_ms is None else most_ms
        while True:
            self._leave_failed()
            if is_enough():
                return
            if left_ms <= 0:
                raise DeadlineExceeded("too few members take a block", block=self._block.local)
            self._moved.clear()
            before_ms = clock.monotonic_ms()
            try:
                async with asyncio.timeout(part_ms / SECOND_MS):
                    await self._moved.wait()
            except TimeoutError:
                log.debug("members_silent", pipeline=self._pipeline.pipeline_id)
            passed_ms = min(clock.monotonic_ms() - before_ms, part_ms)
            left_ms -= passed_ms
            if not is_patient:
                self._leave_silent(passed_ms)

    def _leave_failed(self) -> None:
        failed = [each for each in self._live if each.state is MemberState.FAILED]
        for each in failed:
            error = each.error
            if not isinstance(error, _DISPENSABLE):
                assert error is not None, "a member failed without a reason"
                raise again(error) if isinstance(error, TrioxygenError) else error
            self._leave(each, error)
            if len(self._live) < self._majority:
                raise again(error)

    def _leave_silent(self, passed_ms: float) -> None:
        config = self._pool.config
        slow_ms = config.member_slow_ms
        for each in self._live:
            each.count_silence(passed_ms)
        silent = [each for each in self._live if each.silent_ms >= slow_ms]
        going_on = sum(each.silent_ms < slow_ms / 2 for each in self._live)
        # Where one goes on, it is not we who stand still; too few are left then.
        is_lost = going_on and any(each.silent_ms >= config.minority_ms for each in silent)
        if silent and (going_on >= self._majority or is_lost):
            error = DeadlineExceeded("it takes nothing", timeout_ms=int(slow_ms))
            for each in silent:
                self._leave(each, error)
                self._pool.finishing.begin(each.cancel())
            if len(self._live) < self._majority:
                raise error

    def _leave(self, upload: MemberUpload, error: TrioxygenError) -> None:
        self._live.remove(upload)
        self._note(upload, error)

    def _note(self, upload: MemberUpload, error: TrioxygenError) -> None:
        """Whoever is away or full is avoided from now on; not who has no part in this ring yet, or
        any more."""
        member, pool = upload.member, self._pool
        log.warning("member_left", node=member.node_id, block=self._block.local, error=error)
        if takes_nothing(error):
            pool.unwritable.note(member)
        elif isinstance(error, AWAY) and not isinstance(error, NotLeader):
            pool.note_away(member)
        else:
            return
        self.left.append(member)
