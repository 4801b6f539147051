"""Calls over one standing stream of batches, without the transport.

A message on a stream costs far more CPU than a call: each side therefore writes what has queued
since its last write as one batch. A stream that breaks takes its calls with it; who opens the
next one, and when, is the transport's business. Here is what both ends share; `session_client`
and `session_server` are the ends."""

import asyncio
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final, Protocol

from google.protobuf.message import DecodeError

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.units import KIB, MIB
from trioxygen.proto.v1.session_pb2 import Batch, Hello

PROTOCOL_VERSION: Final = 1

# A frame's fields beside its body, at most, but for a method or an error's text.
FRAME_BYTES: Final = 64
_DEADLINES_COMPACTED_AT: Final = 1024
_WRITE_GRACE_SECONDS: Final = 0.5


class BatchStream(Protocol):
    """One end of a stream of serialized batches. Both methods raise TrioxygenError when the
    stream broke: what the other end told, else Unreachable."""

    async def write(self, message: bytes) -> None:
        """Waits while the other end is behind."""
        ...

    async def read(self) -> bytes | None:
        """None when the other end ended the stream in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Of one stream; both ends should have the same.

    Attributes:
    calls_max, bytes_max: in flight; one more is refused with Overloaded.
    message_bytes_max: of one request or reply.
    batch_bytes: no frame is added to a batch that would grow over this.
    """

    calls_max: int = 4096
    bytes_max: int = 64 * MIB
    message_bytes_max: int = 8 * MIB
    batch_bytes: int = 512 * KIB

    def __post_init__(self) -> None:
        assert self.message_bytes_max <= self.bytes_max

    @property
    def batch_bytes_max(self) -> int:
        """What the transport has to carry: one frame of any size fits, errors' texts as well."""
        return self.message_bytes_max + self.batch_bytes


def check_hello(own: Hello, peer: Hello) -> None:
    """Raises InvalidRequest: the other end speaks another version or is of another cluster."""
    if own.protocol_version != peer.protocol_version:
        raise InvalidRequest(
            "another protocol version",
            own=own.protocol_version,
            other=peer.protocol_version,
            peer=peer.peer,
        )
    check_cluster(own.cluster_id, peer.cluster_id, peer.peer)


def check_cluster(own: str, other: str, peer: str) -> None:
    """An id that is not known (empty) goes with any. Raises InvalidRequest."""
    if own and other and own != other:
        raise InvalidRequest("another cluster", own=own, other=other, peer=peer)


def parse_batch(message: bytes) -> Batch:
    """Raises InvalidRequest."""
    try:
        batch = Batch.FromString(message)
    except DecodeError as error:
        raise InvalidRequest("not a session batch") from error
    RULES.check(batch, "Session/Exchange")
    return batch


class Deadlines:
    """Many deadlines on one timer: a timer for each call would cost more than the call.

    Args:
    live: ids that still wait; the others are dropped as they come up.
    expired: told the id, once."""

    def __init__(self, live: Container[int], expired: Callable[[int], None]) -> None:
        self._live, self._expired = live, expired
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._compact_at = _DEADLINES_COMPACTED_AT

    @property
    def count(self) -> int:
        """Those that are kept, whether they still wait or not."""
        return len(self._heap)

    def add(self, call_id: int, at: float) -> None:
        """`at` in seconds of the loop's clock."""
        heappush(self._heap, (at, call_id))
        if self._timer is None or at < self._timer_at:
            self._arm(at)
        if len(self._heap) >= self._compact_at:
            self._heap = [entry for entry in self._heap if entry[1] in self._live]
            heapify(self._heap)
            self._compact_at = max(_DEADLINES_COMPACTED_AT, 2 * len(self._heap))

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = self._loop.call_at(at, self._fire), at

    def _fire(self) -> None:
        self._timer = None
        # A timer's call may be late, and by the clock's resolution early.
        now = max(self._loop.time(), self._timer_at)
        heap = self._heap
        while heap and (heap[0][0] <= now or heap[0][1] not in self._live):
            _, call_id = heappop(heap)
            if call_id in self._live:
                self._expired(call_id)
        if heap:
            self._arm(heap[0][0])

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._heap.clear()


class CoalescingWriter:
    """Writes whatever queued while the write before was under way.

    Args:
    take: the next message, or None when nothing waits.
    written: called after each write."""

    def __init__(
        self, stream: BatchStream, take: Callable[[], bytes | None], written: Callable[[], None]
    ) -> None:
        self._stream, self._take, self._written = stream, take, written
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.Future[None] | None = None
        self._is_ending = False

    def wake(self) -> None:
        idle = self._idle
        if idle is not None:
            self._idle = None
            # Not yet run: all that queue in this turn of the loop share the batch.
            if not idle.done():
                idle.set_result(None)

    async def run(self) -> None:
        """Until `end`."""
        while not self._is_ending:
            message = self._take()
            if message is None:
                self._idle = self._loop.create_future()
                await self._idle
                continue
            await self._stream.write(message)
            self._written()

    async def end(self, run: "asyncio.Task[None]") -> None:
        """Ends `run`. A write under way is not broken off, `_WRITE_GRACE_SECONDS` long: the
        transport would go on with it, and take nothing else meanwhile, not even the status."""
        self._is_ending = True
        self.wake()
        await asyncio.wait((run,), timeout=_WRITE_GRACE_SECONDS)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def first_ended(*works: Awaitable[None]) -> None:
    """Runs all until one ends, then cancels the others; raises what that one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in done:
            task.result()
