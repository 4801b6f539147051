"""The scrubber: reads all blocks of a volume slowly and compares them with their checksums."""

from collections.abc import Sequence
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.disk import File
from trioxygen.common.errors import DamagedRow
from trioxygen.common.units import MIB, MINUTE_MS, SECOND_MS
from trioxygen.hdds.checksums import PIECE_BYTES, first_bad_piece
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_of_key, get_block
from trioxygen.hdds.container.open_files import FileId
from trioxygen.hdds.container.volume import Volume

_ROWS_AT_ONCE: Final = 256
_READ_BYTES: Final = 1 * MIB
# After a start, which is busy enough.
_FIRST_REST_MS: Final = 10 * MINUTE_MS
# Where a pass takes longer than the interval.
_REST_MS_MIN: Final = 1.0 * SECOND_MS


class Scrubber:
    """A Worker of one volume. It begins soon after a start, where one that never stopped would be
    by the clock: a node that is often started again has all of its blocks read all the same.
    Each pass begins there, and goes round to there: a block is read once in each interval, or as
    often as `bytes_per_s` lets it.

    Args:
        bytes_per_s: at most.
        interval_ms: from the begin of a pass to that of the next one.
    """

    def __init__(
        self, volume: Volume, clock: Clock, *, bytes_per_s: int, interval_ms: float
    ) -> None:
        self.name = f"scrubber-{volume.volume_id}"
        self.interval_ms, self._rest_ms = min(interval_ms, _FIRST_REST_MS), interval_ms
        self._volume, self._clock, self._bytes_per_s = volume, clock, bytes_per_s
        # Where passes begin, and where this one is: before, or behind the volume's last block.
        self._begin = self._after = b""
        self._is_behind_end = False
        self._began_ms = 0.0
        self._resting = self._is_new = True
        self.scrubbed_blocks = 0

    async def work(self) -> bool:
        if self._resting:
            self._resting = False
            return False
        if self._is_new:
            self._is_new = False
            containers = sorted(self._volume.containers)
            self._begin = place_in_round(containers, self._clock.wall_ms(), self._rest_ms)
            self._after = self._begin
        if self._is_at_begin:
            self._began_ms = self._clock.monotonic_ms()
        if await self.scrub_some():
            return True
        took_ms = self._clock.monotonic_ms() - self._began_ms
        self.interval_ms = max(_REST_MS_MIN, self._rest_ms - took_ms)
        return False

    @property
    def _is_at_begin(self) -> bool:
        return self._after == self._begin and not self._is_behind_end

    async def scrub_some(self) -> bool:
        """The next blocks in key order; False at the end of a pass."""
        rows = await self._volume.blocking.run(self._rows)
        for key, block in rows:
            await self._check(key, block)
            self._after = key
            self.scrubbed_blocks += 1
        if rows:
            return True
        self._is_behind_end = bool(self._begin) and not self._is_behind_end
        self._after = b"" if self._is_behind_end else self._begin
        return self._is_behind_end

    def _rows(self) -> list[tuple[bytes, Block]]:
        rows = self._volume.index.whole_after(self._after, count_max=_ROWS_AT_ONCE)
        return [row for row in rows if row[0] < self._begin] if self._is_behind_end else rows

    async def _check(self, key: bytes, block: Block) -> None:
        volume = self._volume
        container, local = block_of_key(key)
        home = volume.containers.get(container)
        if home is None or not home.is_readable:
            return
        file_id = FileId(container, block.segment, 0 if block.segment != OWN_FILE else local)
        reason: str | None = None
        for start in range(0, block.size_bytes, _READ_BYTES):
            size_bytes = min(_READ_BYTES, block.size_bytes - start)
            reason = await self._fault(file_id, block, start, size_bytes)
            await self._clock.sleep_ms(size_bytes / self._bytes_per_s * SECOND_MS)
            if reason is not None:
                break
        else:
            return
        # It may have moved or gone since the rows were read.
        try:
            with volume.store.read() as txn:
                current = get_block(txn, key)
        except DamagedRow:
            return
        if current == block:
            volume.record_corrupt(key, reason)

    async def _fault(
        self, file_id: FileId, block: Block, start: int, size_bytes: int
    ) -> str | None:
        """Of these of its bytes; None: they are sound."""
        volume = self._volume
        try:
            file = await volume.files.acquire(file_id)
            job = volume.blocking.run(_is_sound, file.file, block, start, size_bytes)
            is_sound = await volume.use(file, job)
        except OSError as error:
            return await volume.unreadable(error)
        return None if is_sound else "found by the scrubber"


def place_in_round(container_ids: Sequence[int], wall_ms: int, round_ms: float) -> bytes:
    """Before the blocks of the container at which a round that takes so long is by now."""
    if not container_ids:
        return b""
    done = (wall_ms % round_ms) / round_ms
    return container_ids[int(done * len(container_ids))].to_bytes(8, "big")


def _is_sound(file: File, block: Block, start: int, size_bytes: int) -> bool:
    data = file.pread(size_bytes, block.offset_bytes + start)
    return len(data) == size_bytes and (
        first_bad_piece(data, block.checksums, start // PIECE_BYTES) is None
    )
