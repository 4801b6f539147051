"""The segment after the one in use: made ahead of need, handed to the writer, taken into use. Where
there is no room for it, the search for room."""

import asyncio
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Final

from trioxygen.common.errors import NoSpace
from trioxygen.common.runtime import Runtime
from trioxygen.common.states import Moves, State, move
from trioxygen.metadata.raft.log.format import SegmentHeader
from trioxygen.metadata.raft.log.room import RoomSearch
from trioxygen.metadata.raft.log.segment import Segment, make_segment

# More than that are there because some group has not released its entries for long.
_SEGMENTS_CALM: Final = 4


class Next(State):
    """LACKING: there is none; there was no room, or nobody asked yet.
    PREPARING: a thread makes it.
    READY: it stands by, empty.
    HANDED: the writer goes on to it with the batch under way, if that succeeds.
    """

    LACKING = enum.auto()
    PREPARING = enum.auto()
    READY = enum.auto()
    HANDED = enum.auto()


MOVES: Final[Moves[Next]] = {
    Next.LACKING: frozenset((Next.PREPARING,)),
    Next.PREPARING: frozenset((Next.READY, Next.LACKING)),
    Next.READY: frozenset((Next.HANDED,)),
    Next.HANDED: frozenset((Next.READY, Next.LACKING)),
}


class SegmentSupply:
    """Args:
        segments: of the log, oldest first; the last is in use. What is taken into use is added.
        is_wanted: whether the log goes on.
        ready, no_space, failed: a try to make one has ended so.
    Attributes:
    preparing: the try under way, for those who wait for its end.
    """

    def __init__(
        self,
        runtime: Runtime,
        name: str,
        directory: Path,
        segments: list[Segment],
        *,
        segment_bytes: int,
        is_wanted: Callable[[], bool],
        ready: Callable[[], None],
        no_space: Callable[[NoSpace], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._runtime, self._directory, self._segments = runtime, directory, segments
        self._segment_bytes, self._is_wanted = segment_bytes, is_wanted
        self._ready, self._no_space, self._failed = ready, no_space, failed
        self._room = RoomSearch(runtime, name, self.prepare_again)
        self.watch_pressure = self._room.watch
        self._state = Next.LACKING
        self._segment: Segment | None = None
        self.preparing: asyncio.Future[Segment] | None = None

    def _move(self, to: Next) -> None:
        self._state = move(MOVES, self._state, to)

    @property
    def is_ready(self) -> bool:
        return self._state is Next.READY

    @property
    def is_short(self) -> bool:
        """Whether there is no room for one."""
        return self._room.is_under_way and not self.is_ready

    def _is_lacking(self) -> bool:
        return self._state in (Next.LACKING, Next.PREPARING) and self._is_wanted()

    async def prepare_again(self) -> bool:
        """Whether there is one, in use already, or none is wanted any more."""
        if self._is_lacking():
            self.prepare()
            if self.preparing is not None:
                await asyncio.wait((self.preparing,))
        return not self._is_lacking()

    def prepare(self) -> None:
        """Makes one unless that is under way."""
        if self._state is Next.PREPARING:
            return
        self._move(Next.PREPARING)
        last = self._segments[-1]
        header = SegmentHeader(
            log_id=last.header.log_id,
            base_offset=last.end_offset,
            size_bytes=self._segment_bytes,
            salt=self._runtime.rng.getrandbits(64),
        )
        self.preparing = self._runtime.blocking.run(
            make_segment, self._runtime.disk, self._directory, header
        )
        self.preparing.add_done_callback(self._ended)

    def _ended(self, preparing: "asyncio.Future[Segment]") -> None:
        self.preparing = None
        error = preparing.exception()
        if error is None:
            self._segment = preparing.result()
            self._move(Next.READY)
            self._ready()
            return
        self._move(Next.LACKING)
        if isinstance(error, NoSpace):
            self._no_space(error)
            if self._is_wanted():
                self._room.begin()
        else:
            self._failed(error)

    def hand_out(self) -> Segment:
        """To the writer, with one batch."""
        self._move(Next.HANDED)
        assert self._segment is not None
        return self._segment

    def settle(self, in_use: Segment) -> None:
        """After the batch. Args: in_use: what the writer was handed, if it went on to it."""
        segment = self._segment
        assert segment is not None
        if segment is not in_use:
            self._move(Next.READY)
            return
        self._move(Next.LACKING)
        self._segment = None
        self._segments.append(segment)
        if self._is_wanted():
            self.prepare()
        if len(self._segments) > _SEGMENTS_CALM:
            self._room.press()

    def end(self) -> None:
        """Looks for room no more."""
        self._room.end()

    def take_unused(self) -> Segment | None:
        segment, self._segment = self._segment, None
        return segment
