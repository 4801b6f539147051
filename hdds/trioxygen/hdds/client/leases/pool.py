"""Blocks of one size class and replication, at hand: a write takes one without a round trip.

What a client that died held expires where it was given."""

import asyncio
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import Stopping, TrioxygenError, again
from trioxygen.common.replication import Replication
from trioxygen.common.units import SECOND_MS
from trioxygen.common.worker import Tasks
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.lease import Lease, TakenBlock
from trioxygen.hdds.client.leases.pipelines import KnownPipelines
from trioxygen.hdds.client.leases.source import LeaseSource, WantedBlocks

log = logs.get(__name__)

_LEASES_TRIED: Final = 4
# The next lease is fetched when so much of the one at hand is left.
_FETCHED_AT_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class SizeClass:
    """Attributes:
    count: blocks in one lease.
    block_bytes_max: what each will hold at most."""

    count: int
    block_bytes_max: int


class LeasePool:
    """Args:
    away: DataNodes whose pipelines come last.
    replication: of its blocks; None: as the cluster is configured.
    """

    def __init__(
        self,
        keeper: LeaseKeeper,
        clock: Clock,
        tasks: Tasks,
        source: LeaseSource,
        away: AwayNodes,
        size_class: SizeClass,
        replication: Replication | None = None,
    ) -> None:
        self._keeper, self._clock, self._tasks = keeper, clock, tasks
        self._source, self._size_class = source, size_class
        self._replication = replication
        self._fetched_at = int(size_class.count * _FETCHED_AT_SHARE)
        self._away, self._pipelines = away, KnownPipelines(clock, away)
        self._current: Lease | None = None
        self._next: Lease | None = None
        # Its result: why there is no lease.
        self._fetching: asyncio.Task[TrioxygenError | None] | None = None
        self._is_stopping = False

    async def take(self) -> TakenBlock:
        """Raises: what the source of leases raises (NotEnoughDataNodes, NoSpace, ...)."""
        while True:
            lease = self._current
            if lease is not None and self._is_avoided(lease) and not self._pipelines.is_alone:
                lease.retire()
            if lease is not None and lease.is_usable(self._clock.monotonic_ms()):
                taken = lease.take()
                is_low = self._next is None and lease.blocks_left < self._fetched_at
                if is_low and not self._is_stopping:
                    self._fetch()
                return taken
            if self._is_stopping:
                raise Stopping("the client is stopping")
            if self._next is not None:
                self._current, self._next = self._next, None
                continue
            # Others wait for it too: who gives up waiting does not end it.
            fetching = self._fetch()
            await asyncio.wait((fetching,))
            if fetching.cancelled():
                raise Stopping("the client is stopping")
            error = fetching.result()
            if error is not None:
                raise again(error)

    def avoid(self, lease: Lease) -> None:
        """A DataNode of its pipeline is away: blocks of others come first for a while."""
        self._pipelines.avoid(lease.pipeline)
        for each in (lease, self._current, self._next):
            if each is not None and self._is_avoided(each):
                each.retire()

    def may_have_others(self, lease: Lease) -> bool:
        """Whether a block of another pipeline may be had."""
        return self._pipelines.may_have_others(lease.pipeline)

    def knows_others(self, lease: Lease) -> bool:
        """The same, without what only asking would tell."""
        return self._pipelines.knows_others(lease.pipeline)

    async def stop(self, wait_ms_max: float) -> None:
        """Nothing is leased any more, and nothing comes later: what is asked for already is
        waited for, so that it can be given back."""
        self._is_stopping = True
        if self._fetching is not None and not self._fetching.done():
            await asyncio.wait((self._fetching,), timeout=wait_ms_max / SECOND_MS)
            self._fetching.cancel()

    def _is_avoided(self, lease: Lease) -> bool:
        return self._pipelines.is_avoided(lease.pipeline)

    def _fetch(self) -> "asyncio.Task[TrioxygenError | None]":
        if self._fetching is None or self._fetching.done():
            self._fetching = self._tasks.start(
                self._fetched(), name="lease-blocks", for_request=True
            )
        return self._fetching

    async def _fetched(self) -> TrioxygenError | None:
        """Puts a lease at hand; why it cannot. Nobody may be waiting: it is tried again, and
        raised, by the next `take` that needs it."""
        try:
            await self._fetch_lease()
        except TrioxygenError as error:
            log.warning("lease_failed", error=error)
            return error
        return None

    async def _fetch_lease(self) -> None:
        tries_left = _LEASES_TRIED
        while True:
            asked_ms = self._clock.monotonic_ms()
            size_class = self._size_class
            reply = await self._source.lease(
                WantedBlocks(
                    count=size_class.count,
                    block_bytes_max=size_class.block_bytes_max,
                    replication=self._replication,
                    excluded_node_ids=self._away.node_ids,
                )
            )
            lease = self._keeper.add(reply, asked_ms)
            self._pipelines.met(lease.pipeline, reply.other_pipelines)
            tries_left -= 1
            is_avoided = self._is_avoided(lease)
            if not (tries_left and is_avoided):
                if is_avoided or not reply.other_pipelines:
                    self._pipelines.met_no_other()
                self._next = lease
                return
            # Pipelines take turns at the SCM, which hears of a dead DataNode later.
            lease.retire()
