"""The members that a block is streamed to at the same time: who is with it, and who was left.

A member that fails, or stands still while enough of them go on, is left. The block fails when fewer
are with it than it needs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import (
    DeadlineExceeded,
    TrioxygenError,
    again,
)
from trioxygen.common.rpc.network import Upload
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.client.member_upload import MemberState, MemberUpload
from trioxygen.hdds.client.patience import AWAY, DISPENSABLE
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress

log = logs.get(__name__)

# The silence of members is measured in so many parts: our own standing still counts as one.
_PARTS: Final = 4


class MemberGroup:
    """Args:
    members: that are asked. open_: begins an upload to one.
    needed: so many must be with the block.
    avoided_for: errors after which other blocks go to others, too.

    Attributes:
    live: who is with it. left: who was, or should have been; away, slow or full.
    """

    def __init__(
        self,
        block: BlockId,
        members: Iterable[DataNodeAddress],
        open_: Callable[[DataNodeAddress], Awaitable[Upload]],
        pool: DataNodePool,
        *,
        needed: int,
        avoided_for: tuple[type[TrioxygenError], ...] = AWAY,
    ) -> None:
        self._block, self._pool, self.needed = block, pool, needed
        self._avoided_for = avoided_for
        self._moved = asyncio.Event()
        self.left: list[DataNodeAddress] = []
        self.live = [
            MemberUpload(each, partial(open_, each), pool, self._moved.set) for each in members
        ]

    @property
    def consents(self) -> int:
        return sum(each.state is not MemberState.OPENING for each in self.live)

    @property
    def idle(self) -> int:
        return sum(each.is_idle for each in self.live)

    @property
    def receipts(self) -> int:
        return sum(each.state is MemberState.RECEIVED for each in self.live)

    async def until(
        self,
        is_enough: Callable[[], bool],
        *,
        most_ms: float | None = None,
        is_patient: bool = False,
    ) -> None:
        """Args: is_patient: disks are at it, which may take long: nobody is left for silence.

        Raises: why too few are left."""
        config, clock = self._pool.config, self._pool.clock
        part_ms = config.member_slow_ms / _PARTS
        left_ms = config.call_timeout_ms if most_ms is None else most_ms
        while True:
            self.leave_failed()
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
                log.debug("members_silent", block=self._block.local)
            passed_ms = min(clock.monotonic_ms() - before_ms, part_ms)
            left_ms -= passed_ms
            if not is_patient:
                self._leave_silent(passed_ms)

    def leave_failed(self) -> None:
        failed = [each for each in self.live if each.state is MemberState.FAILED]
        for each in failed:
            error = each.error
            if not isinstance(error, DISPENSABLE):
                assert error is not None, "a member failed without a reason"
                raise again(error) if isinstance(error, TrioxygenError) else error
            self.leave(each, error)
            if len(self.live) < self.needed:
                raise again(error)

    def _leave_silent(self, passed_ms: float) -> None:
        config = self._pool.config
        slow_ms = config.member_slow_ms
        for each in self.live:
            each.count_silence(passed_ms)
        silent = [each for each in self.live if each.silent_ms >= slow_ms]
        going_on = sum(each.silent_ms < slow_ms / 2 for each in self.live)
        # Where one goes on, it is not we who stand still; too few are left then.
        is_lost = going_on and any(each.silent_ms >= config.minority_ms for each in silent)
        if silent and (going_on >= self.needed or is_lost):
            error = DeadlineExceeded("it takes nothing", timeout_ms=int(slow_ms))
            for each in silent:
                self.leave(each, error)
                self._pool.finishing.begin(each.cancel())
            if len(self.live) < self.needed:
                raise error

    def leave(self, upload: MemberUpload, error: TrioxygenError) -> None:
        self.live.remove(upload)
        self.note(upload.member, error)

    def note(self, member: DataNodeAddress, error: TrioxygenError) -> None:
        log.warning("member_left", node=member.node_id, block=self._block.local, error=error)
        if self._pool.note_failure(member, error, avoided_for=self._avoided_for):
            self.left.append(member)

    async def cancel(self) -> None:
        """They drop what they got. Idempotent."""
        await asyncio.gather(*(each.cancel() for each in self.live))
