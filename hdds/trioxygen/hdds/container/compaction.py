"""Giving back the disk space of packed segments that are mostly dead: the rest is moved."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import File
from trioxygen.common.errors import DamagedRow, NoSpace
from trioxygen.common.finishing import Finishing
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.checksums import first_bad_piece
from trioxygen.hdds.container.blocks import (
    Block,
    container_key,
    get_block,
    put_block,
)
from trioxygen.hdds.container.container import Container, CounterChanges
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.view import ContainerView
from trioxygen.hdds.container.volume import Volume
from trioxygen.metadata.store.ports import Store

log = logs.get(__name__)

_ROWS_AT_ONCE: Final = 4_096
_COPY_BYTES: Final = 4 * MIB
# What compaction of a segment must give back to be worth it.
_GAIN_BYTES_MIN: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class _Copy:
    key: bytes
    former: Block
    data: bytes


class Compactor:
    """A Worker of one volume: one segment at a time.

    A segment that is still written to is left alone. Readers that know the old place find it until
    the rows are on stable storage, and keep an open file after that; a late one looks again.
    """

    def __init__(self, volume: Volume, *, interval_ms: float, live_share: float) -> None:
        self.name = f"compactor-{volume.volume_id}"
        self.interval_ms = interval_ms
        self._volume, self._live_share = volume, live_share
        self._corrupt: set[tuple[int, int]] = set()
        # What was begun on the lane is followed up in memory, also when the worker is stopped.
        self._finishing = Finishing()
        self.segments_compacted = 0

    async def work(self) -> bool:
        async with self._volume.housekeeping:
            chosen = await self._choose()
            if chosen is None:
                return False
            await self.compact(*chosen)
            return True

    async def _choose(self) -> tuple[Container, int] | None:
        """A segment that takes much more disk space than its live blocks, closed to new writes."""
        volume = self._volume
        room_bytes = volume.room.look_for_housekeeping()
        for container in list(volume.containers.values()):
            if not container.is_readable:
                continue
            for number, segment in list(container.segments.items()):
                if (
                    segment.unindexed
                    or segment.live_bytes > room_bytes
                    or segment.size_bytes == 0
                    or segment.live_bytes >= segment.size_bytes * self._live_share
                    or (container.container_id, number) in self._corrupt
                ):
                    continue
                path = volume.layout.segment(container.container_id, number)
                if not await volume.blocking.run(volume.disk.exists, path):
                    continue
                taken_bytes = await volume.blocking.run(volume.disk.allocated_bytes, path)
                gain_bytes = taken_bytes - segment.live_bytes
                worthwhile = gain_bytes >= max(
                    _GAIN_BYTES_MIN, taken_bytes * (1 - self._live_share)
                )
                if not worthwhile and segment.live_bytes > 0:
                    continue
                # No flush is under way while the lock is held: what was reserved is in the index.
                async with volume.commit_lock:
                    if number == container.current_segment:
                        container.roll()
                    if not segment.unindexed:
                        return container, number
        return None

    async def compact(self, container: Container, number: int) -> None:
        """Moves the live blocks of a segment to the current one, then removes it."""
        volume = self._volume
        file = await volume.files.acquire(FileId(container.container_id, number, 0))
        try:
            after = container_key(container.container_id)
            while True:
                try:
                    rows = await volume.blocking.run(self._rows, container.container_id, after)
                except DamagedRow as error:
                    # It may be of a block that lies here: the segment has to stay.
                    log.error("segment_not_compacted", segment=number, reason=error)
                    self._corrupt.add((container.container_id, number))
                    return
                if not rows:
                    break
                after = rows[-1][0]
                here = [(key, block) for key, block in rows if block.segment == number]
                if not await self._move(container, file.file, here):
                    self._corrupt.add((container.container_id, number))
                    return
        finally:
            volume.files.release(file)
        await self._finishing.run(self._remove(container, number))
        self.segments_compacted += 1
        log.info("segment_compacted", container=container.container_id, segment=number)

    def _rows(self, container_id: int, after: bytes) -> list[tuple[bytes, Block]]:
        prefix = container_key(container_id)
        return self._volume.index.after(after, count_max=_ROWS_AT_ONCE, prefix=prefix)

    async def _move(
        self, container: Container, file: File, blocks: list[tuple[bytes, Block]]
    ) -> bool:
        """Whether all of them were sound."""
        blocks = sorted(blocks, key=lambda row: row[1].offset_bytes)
        start = 0
        while start < len(blocks):
            end, size_bytes = start, 0
            while end < len(blocks) and (end == start or size_bytes < _COPY_BYTES):
                size_bytes += blocks[end][1].size_bytes
                end += 1
            batch = blocks[start:end]
            start = end
            copies, failure = await self._volume.blocking.run(_read_all, file, batch)
            if failure is not None:
                await self._volume.unreadable(failure)
            for key in {key for key, _ in batch} - {copy.key for copy in copies}:
                if not await self._is_gone(key, dict(batch)[key]):
                    self._volume.record_corrupt(key, "found while moving")
                    return False
            if copies:
                await self._finishing.run(self._write(container, copies))
        return True

    async def _is_gone(self, key: bytes, block: Block) -> bool:
        """Deleted (its pages may be holes by now) since the rows were read."""
        self._volume.index.forget(key)
        return self._volume.index.get(key) != block

    async def _write(self, container: Container, copies: list[_Copy]) -> None:
        volume = self._volume
        size_bytes = sum(len(copy.data) for copy in copies)
        place = container.reserve(size_bytes, segment_bytes_max=volume.limits.segment_bytes_max)
        segment = container.segment(place.segment)
        segment.hold()
        try:
            try:
                file_id = FileId(container.container_id, place.segment, 0)
                target = await volume.files.acquire(file_id, create=True)
                writing = volume.blocking.run(_append, target.file, copies, place)
                await volume.use(target, writing)
            except Exception:
                # What was written of it already is no block's.
                container.give_back(place, size_bytes)
                raise
            async with volume.commit_lock:
                seen = ContainerView.of(container, container.committed_state)
                try:
                    changes = await volume.store_lane.run(
                        _commit_moves, volume.store, seen, copies, place
                    )
                except BaseException:
                    seen.give_back()
                    raise
                seen.adopt(changes)
                for copy in copies:
                    volume.index.forget(copy.key)
        finally:
            segment.release()

    async def _remove(self, container: Container, number: int) -> None:
        volume = self._volume
        async with volume.commit_lock:
            gone = frozenset({number})
            assert container.segments[number].live_bytes == 0, (container.container_id, number)
            seen = ContainerView.of(container, container.committed_state)
            try:
                # On stable storage, the moves before it too: only then may the file go.
                await volume.store_lane.run(_commit_removal, volume.store, seen, gone)
            except BaseException:
                seen.give_back()
                raise
            seen.adopt(CounterChanges(), gone)
            volume.container_changed(container.container_id)
        await volume.remove_segment(container.container_id, number)

    async def finished(self) -> None:
        """What the worker had begun when it was stopped is done."""
        await self._finishing.ended()


def _read_all(file: File, blocks: list[tuple[bytes, Block]]) -> tuple[list[_Copy], OSError | None]:
    """Those that are sound; and what the last one that could not be read met."""
    copies: list[_Copy] = []
    failure: OSError | None = None
    for key, block in blocks:
        try:
            data = file.pread(block.size_bytes, block.offset_bytes)
        except OSError as error:
            failure = error
            continue
        if len(data) == block.size_bytes and first_bad_piece(data, block.checksums) is None:
            copies.append(_Copy(key, block, data))
    return copies, failure


def _append(file: File, copies: list[_Copy], place: Place) -> None:
    try:
        file.pwrite([copy.data for copy in copies], place.offset_bytes)
        file.datasync()
    except NoSpace:
        file.punch_hole(place.offset_bytes, sum(len(copy.data) for copy in copies))
        raise


def _commit_moves(
    store: Store, seen: ContainerView, copies: list[_Copy], place: Place
) -> CounterChanges:
    changes = CounterChanges()
    offset_bytes = place.offset_bytes
    txn = store.begin()
    try:
        for copy in copies:
            # Deleted or written again meanwhile: the copy is garbage.
            if get_block(txn, copy.key) == copy.former:
                moved = copy.former._replace(segment=place.segment, offset_bytes=offset_bytes)
                put_block(txn, copy.key, moved)
                changes.moved(copy.former, -1)
                changes.moved(moved, 1)
            offset_bytes += len(copy.data)
        seen.put(txn, changes)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    return changes


def _commit_removal(store: Store, seen: ContainerView, gone: frozenset[int]) -> None:
    txn = store.begin()
    try:
        seen.put(txn, CounterChanges(), gone)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    store.sync()
