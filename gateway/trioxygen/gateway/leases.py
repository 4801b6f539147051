"""Blocks that this gateway may write: pools of leases, renewed while in use.

A PUT takes a block without a round trip. A lease is renewed while it has blocks left or writes
under way; then it is given back. What a gateway that died held expires at the OM."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import Stopping, TrioxygenError
from trioxygen.common.units import SECOND_MS
from trioxygen.common.worker import Tasks
from trioxygen.proto.v1.om_pb2 import (
    LeaseBlocksReply,
    LeaseBlocksRequest,
    ReleaseLeasesRequest,
    RenewLeasesReply,
    RenewLeasesRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockId, Pipeline

log = logs.get(__name__)

_DROPPED_BLOCKS_MAX: Final = 10_000
_RELEASED_AT_ONCE_MAX: Final = 1_000
_RENEWED_AT_SHARE: Final = 0.25
# Until then the SCM has noticed that a DataNode is away.
_AVOIDED_MS: Final = 30_000.0
_LEASES_TRIED: Final = 4
# For so long nobody is asked for other pipelines again, where none were found.
_ALONE_MS: Final = 5_000.0


@dataclass(slots=True, eq=False)
class Lease:
    """Attributes:
    next_local, end_local: blocks that nobody has taken.
    under_way: blocks that were taken and not settled."""

    lease_id: int
    container: int
    pipeline: Pipeline
    next_local: int
    end_local: int
    renewed_ms: float
    duration_ms: float
    under_way: int = 0
    lost: bool = False
    # Taken, and refused before anything was written: as good as new.
    unused: list[int] = field(default_factory=list)

    def usable(self, now_ms: float) -> bool:
        # Not to its very end: the commit must still find it.
        return (
            not self.lost
            and (self.next_local < self.end_local or bool(self.unused))
            and now_ms - self.renewed_ms < 0.8 * self.duration_ms
        )

    def take(self) -> int:
        """A block of one that is usable."""
        self.under_way += 1
        if self.unused:
            return self.unused.pop()
        local = self.next_local
        self.next_local += 1
        return local

    def retire(self) -> None:
        """No more blocks are taken from it."""
        self.next_local = self.end_local
        self.unused.clear()


@dataclass(frozen=True, slots=True)
class TakenBlock:
    lease: Lease
    local: int

    @property
    def block(self) -> BlockId:
        return BlockId(container=self.lease.container, local=self.local)


LeaseBlocks = Callable[[LeaseBlocksRequest], Awaitable[LeaseBlocksReply]]
RenewLeases = Callable[[RenewLeasesRequest], Awaitable[RenewLeasesReply]]
ReleaseLeases = Callable[[ReleaseLeasesRequest], Awaitable[object]]


class LeaseKeeper:
    """Every lease of one gateway; renews and releases them. A worker.

    Args:
        give_back_ms_max: a stop waits no longer for an OM that may be stopping too.
    """

    name = "gateway-leases"

    def __init__(
        self,
        clock: Clock,
        renew: RenewLeases,
        release: ReleaseLeases,
        *,
        interval_ms: float,
        give_back_ms_max: float = 2_000,
    ) -> None:
        self._clock, self._renew, self._release = clock, renew, release
        self.interval_ms, self._give_back_ms_max = interval_ms, give_back_ms_max
        self._leases: dict[int, Lease] = {}
        self._dropped: list[BlockId] = []
        # The worker and `give_back` release: each lease and block only once.
        self._releasing = asyncio.Lock()
        self._asking = asyncio.Lock()

    def add(self, reply: LeaseBlocksReply, asked_ms: float) -> Lease:
        """`asked_ms`: before the call, so that the lease is never thought longer than it is."""
        blocks = reply.blocks
        lease = Lease(
            lease_id=reply.lease_id,
            container=blocks.container,
            pipeline=reply.pipeline,
            next_local=blocks.first_local,
            end_local=blocks.first_local + blocks.count,
            renewed_ms=asked_ms,
            duration_ms=reply.duration_ms,
        )
        self._leases[lease.lease_id] = lease
        return lease

    def settle(self, taken: TakenBlock, *, dropped: bool) -> None:
        taken.lease.under_way -= 1
        # Beyond the bound a dropped block waits for the end of its lease.
        if dropped and len(self._dropped) < _DROPPED_BLOCKS_MAX:
            self._dropped.append(taken.block)

    def reuse(self, taken: TakenBlock) -> None:
        """Instead of `settle`: nothing was written to it."""
        taken.lease.under_way -= 1
        taken.lease.unused.append(taken.local)

    async def expired(self, lease_id: int) -> None:
        """The OM calls a lease expired: it is not used any more, and all others are renewed
        at once, which tells of them, too."""
        async with self._asking:
            lease = self._leases.get(lease_id)
            if lease is None or lease.lost:
                # Somebody else was told before.
                return
            self._lose(lease)
            await self._renew_all(list(self._leases.values()))

    async def work(self) -> bool:
        await self._release_done()
        await self._renew_due()
        return False

    async def _release_done(self) -> None:
        async with self._releasing:
            done = [lease.lease_id for lease in self._leases.values() if self._is_done(lease)]
            done, dropped = done[:_RELEASED_AT_ONCE_MAX], self._dropped[:_RELEASED_AT_ONCE_MAX]
            if done or dropped:
                await self._release(ReleaseLeasesRequest(lease_ids=done, blocks=dropped))
                del self._dropped[: len(dropped)]
                for lease_id in done:
                    # One that was lost meanwhile is gone already.
                    self._leases.pop(lease_id, None)

    async def _renew_due(self) -> None:
        asked_ms = self._clock.monotonic_ms()
        due = [
            lease
            for lease in self._leases.values()
            if asked_ms - lease.renewed_ms >= _RENEWED_AT_SHARE * lease.duration_ms
        ]
        await self._renew_all(due)

    async def _renew_all(self, due: Sequence[Lease]) -> None:
        if not due:
            return
        asked_ms = self._clock.monotonic_ms()
        reply = await self._renew(RenewLeasesRequest(lease_ids=[lease.lease_id for lease in due]))
        lost = set(reply.lost)
        for lease in due:
            if lease.lease_id in lost:
                self._lose(lease)
            else:
                lease.renewed_ms = asked_ms

    def _lose(self, lease: Lease) -> None:
        log.warning("lease_lost", lease=lease.lease_id, under_way=lease.under_way)
        lease.lost = True
        self._leases.pop(lease.lease_id, None)

    @staticmethod
    def _is_done(lease: Lease) -> bool:
        is_used_up = lease.next_local >= lease.end_local and not lease.unused
        return lease.under_way == 0 and (lease.lost or is_used_up)

    async def give_back(self) -> None:
        """Releases everything, at a clean stop; what cannot be released soon expires."""
        for lease in self._leases.values():
            lease.retire()
        try:
            async with asyncio.timeout(self._give_back_ms_max / SECOND_MS):
                await self._release_done()
        except TimeoutError:
            log.warning("leases_not_released", waited_ms=self._give_back_ms_max)
        except TrioxygenError as error:
            log.warning("leases_not_released", error=error)


class LeasePool:
    """Blocks of one size class.

    Args:
        count: blocks in one lease.
        block_bytes_max: what each will hold at most.
    """

    def __init__(
        self,
        keeper: LeaseKeeper,
        clock: Clock,
        tasks: Tasks,
        lease_blocks: LeaseBlocks,
        *,
        count: int,
        block_bytes_max: int,
    ) -> None:
        self._keeper, self._clock, self._tasks, self._lease_blocks = (
            keeper,
            clock,
            tasks,
            lease_blocks,
        )
        self._count, self._block_bytes_max = count, block_bytes_max
        self._current: Lease | None = None
        self._next: Lease | None = None
        # Pipelines that could not be written to -> until when others come first.
        self._avoided: dict[str, float] = {}
        self._seen: set[str] = set()
        # Whether there were others when the last lease was given.
        self._others_told = False
        # Until then it is known that only avoided pipelines are handed out.
        self._alone_until_ms = 0.0
        self._fetching: asyncio.Task[None] | None = None
        self._stopping = False

    async def take(self) -> TakenBlock:
        """Raises: what LeaseBlocks raises (SafeMode, NotEnoughDataNodes, Overloaded, ...)."""
        while True:
            lease = self._current
            now_ms = self._clock.monotonic_ms()
            if lease is not None and lease.usable(now_ms):
                local = lease.take()
                if self._next is None and lease.end_local - lease.next_local < self._count // 4:
                    self._fetch()
                return TakenBlock(lease, local)
            if self._stopping:
                raise Stopping("the gateway is stopping")
            if self._next is not None:
                self._current, self._next = self._next, None
                continue
            await asyncio.shield(self._fetch())

    def retire(self, lease: Lease) -> None:
        """No more blocks are taken from it (its container was closed)."""
        lease.retire()

    def avoid(self, lease: Lease) -> None:
        """A DataNode of its pipeline is away: blocks of others come first for a while."""
        now_ms = self._clock.monotonic_ms()
        self._avoided = {name: at for name, at in self._avoided.items() if at > now_ms}
        self._avoided[lease.pipeline.pipeline_id] = now_ms + _AVOIDED_MS
        for one in (lease, self._current, self._next):
            if one is not None and self._is_avoided(one):
                self.retire(one)

    def has_others(self, lease: Lease) -> bool:
        """Whether there may be pipelines besides the lease's that are not avoided. Those that it
        has seen are not all: where it knows of none, it is worth asking."""
        return self.knows_others(lease) or self._clock.monotonic_ms() >= self._alone_until_ms

    def knows_others(self, lease: Lease) -> bool:
        """The same, without what only asking would tell."""
        now_ms = self._clock.monotonic_ms()
        own = lease.pipeline.pipeline_id
        if any(name != own and self._avoided.get(name, 0) <= now_ms for name in self._seen):
            return True
        return self._others_told and now_ms >= self._alone_until_ms

    def _is_avoided(self, lease: Lease) -> bool:
        until_ms = self._avoided.get(lease.pipeline.pipeline_id)
        return until_ms is not None and until_ms > self._clock.monotonic_ms()

    def stop(self) -> None:
        self._stopping = True

    def _fetch(self) -> "asyncio.Task[None]":
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.get_running_loop().create_task(
                self._fetch_one(), name="lease-blocks"
            )
            self._fetching.add_done_callback(_seen)
        return self._fetching

    async def _fetch_one(self) -> None:
        tries_left = _LEASES_TRIED
        while True:
            asked_ms = self._clock.monotonic_ms()
            request = LeaseBlocksRequest(count=self._count, block_bytes_max=self._block_bytes_max)
            reply = await self._lease_blocks(request)
            lease = self._keeper.add(reply, asked_ms)
            self._seen.add(lease.pipeline.pipeline_id)
            self._others_told = reply.other_pipelines > 0
            tries_left -= 1
            is_avoided = self._is_avoided(lease)
            if not (tries_left and is_avoided):
                if is_avoided or not reply.other_pipelines:
                    self._alone_until_ms = self._clock.monotonic_ms() + _ALONE_MS
                self._next = lease
                return
            # Pipelines take turns at the SCM, which hears of a dead DataNode later.
            self.retire(lease)


def _seen(task: "asyncio.Task[None]") -> None:
    # A failed prefetch is tried again, and raised, by the next take() that needs it.
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("lease_failed", error=error)
