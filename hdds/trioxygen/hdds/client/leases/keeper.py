"""Keeps every lease of one client: renewed while in use, given back when done."""

import asyncio
from collections.abc import Sequence
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import LeaseExpired, TrioxygenError
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.client.leases.lease import Lease, LeaseState, TakenBlock
from trioxygen.hdds.client.leases.source import GrantedLease, LeaseSource
from trioxygen.proto.v1.types_pb2 import BlockId

log = logs.get(__name__)

_DROPPED_BLOCKS_MAX: Final = 10_000
_RELEASED_AT_ONCE_MAX: Final = 1_000
_RENEWED_AT_SHARE: Final = 0.25


class LeaseKeeper:
    """Renews and releases. A Worker.

    Args:
        give_back_ms_max: a stop waits no longer for a service that may be stopping too.
    """

    name = "block-leases"

    def __init__(
        self,
        clock: Clock,
        source: LeaseSource,
        *,
        interval_ms: float,
        give_back_ms_max: float,
    ) -> None:
        self._clock, self._source = clock, source
        self.interval_ms, self._give_back_ms_max = interval_ms, give_back_ms_max
        self._leases: dict[int, Lease] = {}
        self._dropped: list[BlockId] = []
        # The worker and `give_back` release: each lease and block only once.
        self._releasing = asyncio.Lock()
        self._asking = asyncio.Lock()

    def add(self, reply: GrantedLease, asked_ms: float) -> Lease:
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
        """dropped: nothing refers to the block, nor will: its space can be given back at once."""
        taken.lease.settle()
        # Beyond the bound a dropped block waits for the end of its lease.
        if dropped and len(self._dropped) < _DROPPED_BLOCKS_MAX:
            self._dropped.append(taken.block)

    def settle_refused(self, taken: TakenBlock) -> None:
        """Its container takes no more blocks, or somebody else has had this one: no more are taken
        from the lease, and what is in the block is not ours to drop."""
        taken.lease.retire()
        self.settle(taken, dropped=False)

    async def expired(self, error: LeaseExpired) -> None:
        """Who gave a lease calls it expired: it is not used any more, and all others are renewed
        at once, which tells of them, too."""
        async with self._asking:
            lease = self._leases.get(int(error.facts.get("lease", 0)))
            if lease is None:
                # Another write has met it before.
                return
            self._lose(lease)
            await self._renew_all(list(self._leases.values()))

    async def work(self) -> bool:
        await self._release_done()
        await self._renew_due()
        return False

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

    async def _release_done(self) -> None:
        async with self._releasing:
            done = [lease for lease in self._leases.values() if lease.is_done()]
            done, dropped = done[:_RELEASED_AT_ONCE_MAX], self._dropped[:_RELEASED_AT_ONCE_MAX]
            if not done and not dropped:
                return
            lease_ids = [lease.lease_id for lease in done]
            await self._source.release(lease_ids, dropped)
            del self._dropped[: len(dropped)]
            for lease in done:
                # One that was lost meanwhile is gone already.
                if lease.state is not LeaseState.LOST:
                    lease.release()
                    del self._leases[lease.lease_id]

    async def _renew_due(self) -> None:
        now_ms = self._clock.monotonic_ms()
        await self._renew_all(
            [
                lease
                for lease in self._leases.values()
                if now_ms - lease.renewed_ms >= _RENEWED_AT_SHARE * lease.duration_ms
            ]
        )

    async def _renew_all(self, due: Sequence[Lease]) -> None:
        if not due:
            return
        asked_ms = self._clock.monotonic_ms()
        lost = set(await self._source.renew([lease.lease_id for lease in due]))
        for lease in due:
            if lease.lease_id not in lost:
                lease.renewed_ms = asked_ms
            elif lease.lease_id in self._leases:
                self._lose(lease)

    def _lose(self, lease: Lease) -> None:
        log.warning("lease_lost", lease=lease.lease_id, under_way=lease.under_way)
        lease.lose()
        del self._leases[lease.lease_id]
