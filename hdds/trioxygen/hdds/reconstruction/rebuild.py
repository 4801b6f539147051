"""One container's lost parts, computed from those that are left, and sent to their new holders.

A holder takes them in as a copy (`copying/incoming`): nothing can be read there before all of it is
on stable storage. A block is checked as a whole, by its tag, before the holder is told its sums."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import ChecksumMismatch, InvalidRequest, NoSpace, Unavailable
from trioxygen.common.replication import Replication
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.network import Channel
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token
from trioxygen.common.units import KIB, MIB, SECOND_MS
from trioxygen.hdds.checksums import RunningChecksums
from trioxygen.hdds.container.blocks import Block
from trioxygen.hdds.copying.frames import block_frame, checksums_frame, end_frame
from trioxygen.hdds.copying.outgoing import Outgoing
from trioxygen.hdds.copying.pace import Pace
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.hdds.ec.part_stream import PartLost, PartStream, all_of
from trioxygen.hdds.reconstruction.listing import Listing
from trioxygen.hdds.reconstruction.parts import (
    HeldPart,
    Rebuilding,
    is_whole_block,
    rebuilding_of,
)
from trioxygen.hdds.reconstruction.stripes import lost_cells, part_header
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.proto.v1.datanode_pb2 import ImportContainerHeader
from trioxygen.proto.v1.scm_pb2 import ReconstructContainerCommand

log = logs.get(__name__)

# A part of at most that much is kept until its checksums are known.
_KEPT_BYTES_MAX: Final = MIB
# Blocks of which the largest parts are so small are rebuilt several at a time.
_SMALL_PART_BYTES: Final = 64 * KIB
_SMALL_AT_ONCE: Final = 16
_SILENCE_MS: Final = 30 * SECOND_MS
_TRIES: Final = 3
_WAIT_MS_FIRST: Final = 500.0
_WAIT_MS_MAX: Final = 10_000.0

# By index.
Targets = Mapping[int, Outgoing]


class Rebuild:
    """Args:
    node_id: of whoever computes. pace: of all that this node sends. stall_ms: see `Outgoing`.

    Attributes:
    rebuilt_blocks, rebuilt_bytes: of parts that were computed and sent.
    abandoned: blocks that there are too few parts of.
    """

    def __init__(
        self,
        runtime: Runtime,
        command: ReconstructContainerCommand,
        *,
        node_id: str,
        pace: Pace,
        stall_ms: float,
    ) -> None:
        self._runtime, self._command, self._node_id = runtime, command, node_id
        self._pace, self._stall_ms = pace, stall_ms
        self._container_id = command.container_id
        self._replication = Replication.of_proto(command.replication)
        self._codec = codec_of(self._replication.data, self._replication.parity)
        channel = runtime.network.channel
        self._sources: dict[int, Channel] = {
            each.replica_index: channel(each.address) for each in command.sources
        }
        self._targets: dict[int, Channel] = {
            each.replica_index: channel(each.address) for each in command.targets
        }
        # Those get all that their index has bytes of, or only what nobody of it holds.
        self._made_anew = frozenset[int]() if command.completes else self._targets.keys()
        self._transfer_id = random_token(runtime.rng, 16)
        # (local, index): could not be read.
        self._bad: set[tuple[int, int]] = set()
        # Blocks, in all tries.
        self._sent: set[int] = set()
        self.rebuilt_blocks = self.rebuilt_bytes = self.abandoned = 0

    async def run(self) -> None:
        """Returns when the targets have their parts.

        Raises: ContainerNotOpen: a source may still change; Unavailable: no codec, no sources;
            InvalidRequest: nothing of what targets lack can be made; what sources and targets
            raise."""
        # Of short blocks fewer are enough than hold data: each block is looked at.
        if not self._sources:
            raise Unavailable("no parts are left", container=self._container_id)
        backoff = Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX)
        for tries_left in reversed(range(_TRIES)):
            try:
                await self._try()
                self._check_completed()
                return
            except PartLost as part:
                if not tries_left:
                    raise part.error from part
                log.warning("part_not_read", container=self._container_id, reason=part)
            except NoSpace:
                # Another node may have room: the SCM is told.
                raise
            except Unavailable as error:
                # A target may be at what the last try had begun there.
                if not tries_left:
                    raise
                log.info("rebuild_broken_off", container=self._container_id, reason=error)
            await self._runtime.clock.sleep_ms(backoff.take_ms())

    def _check_completed(self) -> None:
        """Else reports show nothing: the SCM would wait until the time of this is over."""
        if self._command.completes and not self._sent:
            raise InvalidRequest(
                "nothing that is lacking can be made", container=self._container_id
            )

    async def _try(self) -> None:
        self.rebuilt_blocks = self.rebuilt_bytes = self.abandoned = 0
        listing = Listing(self._container_id, self._sources)
        # The first page tells what is announced.
        async with aclosing(listing.blocks()) as blocks:
            first = await anext(blocks, None)
            targets: dict[int, Outgoing] = {}
            try:
                for index in self._targets:
                    target = await Outgoing.begin(
                        self._targets[index],
                        self._header(index, listing),
                        stall_ms=self._stall_ms,
                    )
                    if target is not None:
                        targets[index] = target
                if first is not None:
                    await self._send_all(targets, first, blocks)
                gone = await self._deleted()
                for target in targets.values():
                    await target.send(end_frame(gone))
                await all_of([target.finish() for target in targets.values()])
            finally:
                for target in targets.values():
                    await target.cancel()

    def _header(self, index: int, listing: Listing) -> ImportContainerHeader:
        return ImportContainerHeader(
            transfer_id=self._transfer_id,
            container_id=self._container_id,
            state=ContainerState.CLOSED.proto,
            pipeline_id=self._command.pipeline_id,
            replica_index=index,
            commit_sequence=listing.commit_sequence,
            origin_node_id=self._node_id,
            highest_local=listing.highest_local,
            # No part is larger than the first data part, which one of the sources has, or parity.
            used_bytes=listing.used_bytes,
            completes=self._command.completes,
        )

    async def _send_all(
        self,
        targets: Targets,
        first: tuple[int, dict[int, HeldPart]],
        others: AsyncIterator[tuple[int, dict[int, HeldPart]]],
    ) -> None:
        small: list[tuple[Rebuilding, dict[int, HeldPart]]] = []
        local, held = first
        while True:
            rebuilding = self._rebuilding(local, held)
            if rebuilding is not None and _wanted(targets, rebuilding):
                self._sent.add(local)
                is_small = rebuilding.part_bytes_max <= _SMALL_PART_BYTES
                if is_small:
                    small.append((rebuilding, held))
                if not is_small or len(small) >= _SMALL_AT_ONCE:
                    await self._send_small(targets, small)
                    small.clear()
                if not is_small:
                    await self._send_block(targets, rebuilding, held)
            following = await anext(others, None)
            if following is None:
                break
            local, held = following
        await self._send_small(targets, small)

    def _rebuilding(self, local: int, held: Mapping[int, HeldPart]) -> Rebuilding | None:
        def layout_of(block_bytes: int) -> GroupLayout:
            return GroupLayout.of(self._replication, block_bytes)

        avoided = {index for bad_local, index in self._bad if bad_local == local}
        rebuilding = rebuilding_of(local, held, layout_of, avoided=avoided, targets=self._made_anew)
        # Where a replica that is completed has another block in its place, that one stays.
        completed = held.keys() & self._targets.keys() if self._command.completes else set[int]()
        is_taken = rebuilding is not None and not rebuilding.lost.isdisjoint(completed)
        if rebuilding is None or is_taken:
            self.abandoned += 1
            log.error("block_not_rebuilt", container=self._container_id, local=local)
            return None
        return rebuilding

    # ---- blocks ----

    async def _send_small(
        self,
        targets: Targets,
        blocks: Sequence[tuple[Rebuilding, Mapping[int, HeldPart]]],
    ) -> None:
        if not blocks:
            return
        computed = await all_of([self._compute(rebuilding) for rebuilding, _ in blocks])
        for (rebuilding, held), parts in zip(blocks, computed, strict=True):
            await self._send_computed(targets, rebuilding, held, parts)

    async def _compute(self, rebuilding: Rebuilding) -> dict[int, bytes]:
        parts: dict[int, list[bytes]] = {index: [] for index in rebuilding.lost}
        async with aclosing(self._stripes(rebuilding)) as stripes:
            async for stripe in stripes:
                for index, cell in stripe.items():
                    parts[index].append(cell)
        return {index: b"".join(cells) for index, cells in parts.items()}

    async def _send_computed(
        self,
        targets: Targets,
        rebuilding: Rebuilding,
        held: Mapping[int, HeldPart],
        parts: Mapping[int, bytes],
    ) -> None:
        sums: dict[int, bytes] = {}
        for index, part in parts.items():
            running = RunningChecksums()
            running.update((part,))
            sums[index] = running.finish()
        self._check(rebuilding, held, sums)
        for index in _wanted(targets, rebuilding):
            target = targets[index]
            await self._pace.take(len(parts[index]))
            await target.send(self._frame(rebuilding, index, sums[index]))
            await target.send(parts[index])
            self._count(len(parts[index]))

    async def _send_block(
        self,
        targets: Targets,
        rebuilding: Rebuilding,
        held: Mapping[int, HeldPart],
    ) -> None:
        if rebuilding.part_bytes_max <= _KEPT_BYTES_MAX:
            await self._send_computed(targets, rebuilding, held, await self._compute(rebuilding))
            return
        running = {index: RunningChecksums() for index in rebuilding.lost}
        wanted = _wanted(targets, rebuilding)
        for index in wanted:
            await targets[index].send(self._frame(rebuilding, index, b""))
        async with aclosing(self._stripes(rebuilding)) as stripes:
            async for stripe in stripes:
                for index, cell in stripe.items():
                    running[index].update((cell,))
                filled = wanted & stripe.keys()
                await self._pace.take(sum(len(stripe[index]) for index in filled))
                await all_of([targets[index].send(stripe[index]) for index in filled])
        sums = {index: each.finish() for index, each in running.items()}
        self._check(rebuilding, held, sums)
        for index in wanted:
            await targets[index].send(checksums_frame(sums[index]))
            self._count(rebuilding.layout.index_bytes(index))

    def _count(self, size_bytes: int) -> None:
        self.rebuilt_blocks += 1
        self.rebuilt_bytes += size_bytes

    def _frame(self, rebuilding: Rebuilding, index: int, checksums: bytes) -> bytes:
        size_bytes = rebuilding.layout.index_bytes(index)
        block = Block(size_bytes, 0, checksums, 0, 0, rebuilding.group)
        return block_frame(rebuilding.local, block)

    def _check(
        self, rebuilding: Rebuilding, held: Mapping[int, HeldPart], sums: Mapping[int, bytes]
    ) -> None:
        """Raises: ChecksumMismatch."""
        checksums = {index: part.checksums for index, part in held.items()} | dict(sums)
        if not is_whole_block(self._container_id, rebuilding, checksums):
            raise ChecksumMismatch(
                "a rebuilt block is not the one that was written",
                container=self._container_id,
                local=rebuilding.local,
            )

    async def _stripes(self, rebuilding: Rebuilding) -> AsyncGenerator[dict[int, bytes], None]:
        """Cells of the lost indexes, as long as they are. Raises: PartLost."""

        def open_(index: int) -> PartStream:
            header = part_header(self._container_id, rebuilding, index)
            return PartStream(self._sources[index], header, timeout_ms=_SILENCE_MS)

        try:
            async with aclosing(
                lost_cells(rebuilding, self._codec, open_, silence_ms=_SILENCE_MS)
            ) as stripes:
                async for stripe in stripes:
                    yield stripe
        except PartLost as part:
            self._bad.add((rebuilding.local, part.index))
            raise

    async def _deleted(self) -> list[DeletedRange]:
        """Blocks that were deleted since they were listed: the targets may not have been told."""
        gone = set(self._sent)
        async with aclosing(Listing(self._container_id, self._sources).blocks()) as blocks:
            async for local, _ in blocks:
                gone.discard(local)
        return [DeletedRange(self._container_id, local, 1) for local in sorted(gone)]


def _wanted(targets: Targets, rebuilding: Rebuilding) -> set[int]:
    """Indexes whose new holders are sent their part."""
    return {
        index
        for index, target in targets.items()
        if index in rebuilding.lost and rebuilding.local >= target.next_local
    }
