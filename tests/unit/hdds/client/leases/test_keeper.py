"""Leases at a client's stop."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from trioxygen.common.clock import SystemClock
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.source import GrantedLease, WantedBlocks
from trioxygen.proto.v1.om_pb2 import LeaseBlocksReply
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange


class Gone:
    """Has stopped answering."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def lease(self, wanted: WantedBlocks) -> GrantedLease:
        raise AssertionError("not asked")

    async def renew(self, lease_ids: Sequence[int]) -> Collection[int]:
        raise AssertionError("not due")

    async def release(self, lease_ids: Sequence[int], blocks: Sequence[BlockId]) -> None:
        self.asked.append(list(lease_ids))
        await asyncio.Event().wait()


def test_stop_does_not_wait_for_a_service_that_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    source = Gone()

    async def run() -> None:
        keeper = LeaseKeeper(SystemClock(), source, interval_ms=1_000, give_back_ms_max=10)
        blocks = BlockRange(container=1, first_local=1, count=10)
        keeper.add(LeaseBlocksReply(lease_id=7, blocks=blocks, duration_ms=60_000), 0.0)
        await keeper.give_back()

    asyncio.run(run())
    assert source.asked == [[7]]
    assert "leases_not_released waited_ms=10" in caplog.text
