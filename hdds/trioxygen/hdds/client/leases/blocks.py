"""Blocks to write into: taken from leases, and used; with others where that fails."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from trioxygen.common.errors import (
    BlockExists,
    ContainerNotOpen,
    Internal,
    InvalidRequest,
    NoSpace,
    Stopping,
)
from trioxygen.common.replication import Replication
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.lease import TakenBlock
from trioxygen.hdds.client.leases.pool import LeasePool, SizeClass
from trioxygen.hdds.client.leases.source import LeaseSource
from trioxygen.hdds.client.patience import AWAY, is_refusal
from trioxygen.proto.v1.types_pb2 import EC

_CONTAINER_TRIES: Final = 4
# A DataNode that is restarted is back before that; where it is the only one, nobody else helps.
_AWAY_MS_MAX: Final = 15_000.0
# Of one block. More are full at once only where the SCM says so soon.
_FULL_TRIES: Final = 8

# After which no other block of the lease is of use either.
BLOCK_REFUSED: Final = (ContainerNotOpen, BlockExists)

_Begun = TypeVar("_Begun")


def defect_of(error: InvalidRequest) -> Internal:
    """What a DataNode or the SCM calls invalid is a mistake of ours, not of the client's."""
    return Internal(error.message, **error.facts)


class LeasedBlocks:
    """Args: away: DataNodes that the writer has left: blocks without them come first.

    Attributes: keeper: of all leases; who has taken a block settles it there."""

    def __init__(
        self, runtime: Runtime, source: LeaseSource, away: AwayNodes, config: LeasingConfig
    ) -> None:
        self._runtime, self._source, self._away, self._config = runtime, source, away, config
        self._clock = runtime.clock
        self.keeper = LeaseKeeper(
            runtime.clock,
            source,
            interval_ms=config.lease_check_ms,
            give_back_ms_max=config.give_back_ms_max,
        )
        self._keeping: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._small = SizeClass(config.small_blocks_leased, config.packed_bytes_max)
        self._large = SizeClass(config.large_blocks_leased, config.block_bytes_max)
        # As many as there are replications to choose from, twice.
        self._pools: dict[tuple[SizeClass, Replication | None], LeasePool] = {}

    def start(self) -> None:
        self._keeping = self._runtime.tasks.start_worker(self.keeper)

    async def stop(self) -> None:
        self._is_stopping = True
        for pool in self._pools.values():
            await pool.stop(self._config.give_back_ms_max)
        if self._keeping is not None:
            await self._runtime.tasks.end(self._keeping)
        await self.keeper.give_back()

    async def begin(
        self,
        size_bytes_max: int,
        replication: Replication | None,
        attempt: Callable[[TakenBlock], Awaitable[_Begun]],
    ) -> tuple[TakenBlock, _Begun]:
        """Takes a block and does something with it: with another one where its container has
        filled up since, or a DataNode of it is away."""
        is_small = size_bytes_max <= self._config.packed_bytes_max
        pool = self._pool(self._small if is_small else self._large, replication)
        tries_left, full_left = _CONTAINER_TRIES, _FULL_TRIES
        away_until_ms = self._clock.monotonic_ms() + _AWAY_MS_MAX
        refused: set[int] = set()
        while True:
            try:
                taken = await pool.take()
            except InvalidRequest as error:
                raise defect_of(error) from error
            try:
                return taken, await attempt(taken)
            except BLOCK_REFUSED:
                self.keeper.settle_refused(taken)
                tries_left -= 1
                if not tries_left:
                    raise
            except NoSpace:
                if taken.lease.pipeline.replication.type == EC:
                    # Not all members may be full: some have their part of it by now.
                    self.keeper.settle(taken, dropped=True)
                else:
                    # Refused before anything was written.
                    taken.lease.take_back(taken.local)
                full_left -= 1
                if not full_left or not pool.may_have_others(taken.lease):
                    raise
                pool.avoid(taken.lease)
            except AWAY as error:
                pool.avoid(taken.lease)
                self.keeper.settle(taken, dropped=True)
                pipeline = taken.lease.pipeline.pipeline_id
                # An avoided pipeline comes again when there is no other.
                is_last = is_refusal(error) and pipeline in refused
                if is_last or self._clock.monotonic_ms() >= away_until_ms:
                    raise
                if is_refusal(error):
                    refused.add(pipeline)
            except InvalidRequest as error:
                self.keeper.settle(taken, dropped=True)
                raise defect_of(error) from error
            except BaseException:
                self.keeper.settle(taken, dropped=True)
                raise

    def avoid(self, taken: TakenBlock, replication: Replication | None) -> bool:
        """A DataNode failed in the middle of it: the next request had better go elsewhere; whether
        there is a place for it."""
        may_go_on = any(pool.knows_others(taken.lease) for pool in self._pools_of(replication))
        for pool in self._pools.values():
            pool.avoid(taken.lease)
        return may_go_on

    def may_go_elsewhere(self, taken: TakenBlock, replication: Replication | None) -> bool:
        """Whether the next block may be in another pipeline than this one."""
        return any(pool.may_have_others(taken.lease) for pool in self._pools_of(replication))

    def _pools_of(self, replication: Replication | None) -> list[LeasePool]:
        """What is kept in another way has pipelines of its own."""
        return [pool for (_, kept_as), pool in self._pools.items() if kept_as == replication]

    def _pool(self, size_class: SizeClass, replication: Replication | None) -> LeasePool:
        pool = self._pools.get((size_class, replication))
        if pool is None:
            if self._is_stopping:
                raise Stopping("the client is stopping")
            pool = self._pools[size_class, replication] = LeasePool(
                self.keeper,
                self._clock,
                self._runtime.tasks,
                self._source,
                self._away,
                size_class,
                replication,
            )
        return pool
