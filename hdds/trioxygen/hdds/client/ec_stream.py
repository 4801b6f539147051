"""An erasure-coded block on its way to its DataNodes: cells round robin to the data members, and at
the end of each stripe parity to the others.

A block is kept when one part more of it is than it takes to read it (`GroupLayout.parts_min`): so
many members but one may fail on the way as there are for parity. What a slow one has received it is
told to keep behind the writer's back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch, DeadlineExceeded
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Upload
from trioxygen.common.units import MIB, SECOND_MS
from trioxygen.hdds.checksums import RunningChecksums
from trioxygen.hdds.client.ec_put import Puts, group_of
from trioxygen.hdds.client.member_group import MemberGroup
from trioxygen.hdds.client.member_upload import MemberState, MemberUpload
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

# What waits for members, of one block. With a stripe that is being filled it is what a gateway has
# for one request.
_WAITING_BYTES_MAX: Final = 4 * MIB
# A member that was away lately is with the block if it consents at once.
_RETURN_MS: Final = 50.0


class EcStream:
    """A `BlockStream`. `filled`: indexes that may have bytes of it.

    Args:
        size_bytes_max: of the block.
        open_: begins an upload to a member, of at most so many bytes.
    """

    def __init__(
        self,
        block: BlockId,
        pipeline: Pipeline,
        size_bytes_max: int,
        open_: Callable[[int, DataNodeAddress], Awaitable[Upload]],
        pool: DataNodePool,
    ) -> None:
        self._replication = replication = Replication.of_proto(pipeline.replication)
        self._codec = codec_of(replication.data, replication.parity)
        self._block, self._pipeline, self._pool = block, pipeline, pool
        most = GroupLayout.of(replication, size_bytes_max)

        def begin(member: DataNodeAddress) -> Awaitable[Upload]:
            return open_(most.index_bytes(member.replica_index), member)

        members = [each for each in pipeline.datanodes if most.index_bytes(each.replica_index)]
        # Known before: no reason to end the block early, as for those that are left.
        self._away = {each.address for each in members if pool.unwritable.is_away(each.address)}
        self.filled = frozenset(each.replica_index for each in members)
        needed = most.parts_min(without_spare=pipeline.without_spare)
        self._members = MemberGroup(block, members, begin, pool, needed=needed)
        self._checksums = {index: RunningChecksums() for index in most.indexes}
        # Of the stripe that is being filled, by data index.
        self._cells: list[list[Buffer]] = [[] for _ in most.data_indexes]
        self._stripe_bytes = self._sent_bytes = 0
        # Whose receipts did not come in time; they are followed once the block is kept.
        self._stragglers: list[MemberUpload] = []
        self.tag = 0

    @property
    def left(self) -> Sequence[DataNodeAddress]:
        return [each for each in self._members.left if each.address not in self._away]

    async def opened(self) -> None:
        """All that were not away lately have consented, but for those that are left. Raises: what
        one refuses, or too many do."""
        members = self._members

        def is_open() -> bool:
            opening = [each for each in members.live if each.state is MemberState.OPENING]
            return members.consents >= members.needed and all(
                each.member.address in self._away for each in opening
            )

        # Nothing is lost yet: another pipeline may take the block.
        await members.until(is_open, most_ms=self._pool.config.open_ms)
        opening = [each for each in members.live if each.state is MemberState.OPENING]
        if not opening:
            return
        await asyncio.wait([each.task for each in opening], timeout=_RETURN_MS / SECOND_MS)
        for each in opening:
            if each.state is MemberState.OPENING:
                members.live.remove(each)
                self._pool.finishing.begin(each.cancel())

    # ---- cells ----

    async def send(self, piece: Buffer) -> None:
        cell_bytes = self._replication.cell_bytes
        while size_bytes := len(piece):
            cell, filled = divmod(self._stripe_bytes, cell_bytes)
            taken = min(cell_bytes - filled, size_bytes)
            part = piece if taken == size_bytes else memoryview(piece)[:taken]
            piece = memoryview(piece)[taken:]
            self._cells[cell].append(part)
            self._push(cell + 1, part)
            self._stripe_bytes += taken
            self._sent_bytes += taken
            if self._stripe_bytes == self._replication.data * cell_bytes:
                self._end_stripe()
        if not self._keeps_pace():
            for each in self._members.live:
                each.wake()
            await self._members.until(self._keeps_pace)

    def _push(self, index: int, piece: Buffer) -> None:
        self._checksums[index].update((piece,))
        for each in self._members.live:
            if each.member.replica_index == index:
                each.push(piece)

    def _end_stripe(self) -> None:
        parity = self._codec.encode([_whole(cell) for cell in self._cells])
        for index, cell in enumerate(parity, start=self._replication.data + 1):
            self._push(index, cell)
        self._cells = [[] for _ in self._cells]
        self._stripe_bytes = 0

    def _keeps_pace(self) -> bool:
        pool = self._pool
        is_crowded = pool.queued_bytes > pool.config.queued_bytes_max
        waiting_bytes = sum(each.waiting_bytes for each in self._members.live)
        return waiting_bytes <= (0 if is_crowded else _WAITING_BYTES_MAX)

    async def flush(self) -> None:
        members = self._members
        for each in members.live:
            each.flush()
        await members.until(lambda: self._keeps_pace() and members.idle >= members.needed)

    # ---- the end ----

    async def finish(self) -> int:
        if self._stripe_bytes:
            self._end_stripe()
        layout = GroupLayout.of(self._replication, self._sent_bytes)
        members = self._members
        # Of a short block some indexes have nothing: that is known, and counts as kept.
        members.needed = layout.parts_min(without_spare=self._pipeline.without_spare)
        for each in list(members.live):
            if layout.index_bytes(each.member.replica_index):
                each.end()
            else:
                # The block ends before it would have had anything.
                members.live.remove(each)
                self._pool.finishing.begin(each.cancel())
        await members.until(
            lambda: members.receipts >= members.needed,
            most_ms=self._pool.config.finish_timeout_ms,
            is_patient=True,
        )
        parts = {
            index: (layout.index_bytes(index), checksums.finish())
            for index, checksums in self._checksums.items()
        }
        group = group_of(self._block, layout, [parts[index][1] for index in parts])
        puts = Puts(self._block, self._pipeline, self._pool, group, parts)
        await self._wait_for_others(parts)
        holders = [each.member for each in members.live]
        await puts.put_at(holders, needed=members.needed)
        for straggler in self._stragglers:
            self._pool.finishing.begin(self._follow(straggler, puts, parts))
        self._stragglers = []
        self.tag = group.tag
        return self._sent_bytes

    async def _wait_for_others(self, parts: dict[int, tuple[int, bytes]]) -> None:
        """A part that is not kept must be reconstructed: they have some time."""
        members, pool = self._members, self._pool
        if waiting := [each.task for each in members.live if not each.has_ended]:
            await asyncio.wait(waiting, timeout=pool.config.member_slow_ms / SECOND_MS)
        for each in list(members.live):
            receipt = each.receipt
            if not each.has_ended:
                members.leave(each, DeadlineExceeded("no receipt came in time"))
                self._stragglers.append(each)
            elif receipt is not None and not _is_right(each, parts):
                members.leave(each, ChecksumMismatch("a member received other bytes"))
        members.leave_failed()
        if len(members.live) < members.needed:
            raise ChecksumMismatch(
                "members received other bytes than were sent", container=self._block.container
            )

    async def _follow(
        self, straggler: MemberUpload, puts: Puts, parts: dict[int, tuple[int, bytes]]
    ) -> None:
        pool = self._pool
        if await straggler.ended(pool.config.straggler_ms) and _is_right(straggler, parts):
            await puts.put(straggler.member)
        else:
            await straggler.cancel()

    async def cancel(self) -> None:
        await asyncio.gather(
            self._members.cancel(), *(straggler.cancel() for straggler in self._stragglers)
        )


def _whole(parts: list[Buffer]) -> Buffer:
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _is_right(upload: MemberUpload, parts: dict[int, tuple[int, bytes]]) -> bool:
    receipt = upload.receipt
    part = parts[upload.member.replica_index]
    return receipt is not None and (receipt.size_bytes, receipt.checksums) == part
