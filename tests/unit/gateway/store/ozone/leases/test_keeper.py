"""Leases at a gateway's stop."""

import asyncio

import pytest

from trioxygen.common.clock import SystemClock
from trioxygen.gateway.store.ozone.leases.keeper import LeaseKeeper
from trioxygen.proto.v1.om_pb2 import (
    LeaseBlocksReply,
    ReleaseLeasesRequest,
    RenewLeasesReply,
    RenewLeasesRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockRange


def test_stop_does_not_wait_for_an_om_that_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[ReleaseLeasesRequest] = []

    async def renew(request: RenewLeasesRequest) -> RenewLeasesReply:
        raise AssertionError("not due")

    async def never_answered(request: ReleaseLeasesRequest) -> object:
        asked.append(request)
        return await asyncio.Event().wait()

    async def run() -> None:
        keeper = LeaseKeeper(
            SystemClock(), renew, never_answered, interval_ms=1_000, give_back_ms_max=10
        )
        blocks = BlockRange(container=1, first_local=1, count=10)
        keeper.add(LeaseBlocksReply(lease_id=7, blocks=blocks, duration_ms=60_000), 0.0)
        await keeper.give_back()

    asyncio.run(run())
    assert [list(request.lease_ids) for request in asked] == [[7]]
    assert "leases_not_released waited_ms=10" in caplog.text
