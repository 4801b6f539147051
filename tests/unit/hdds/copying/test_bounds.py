"""Copies are bounded: how many wait, how fast they go, how long one that broke off is kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hdds.copying.two import CONTAINER, Two, with_two
from tests.unit.hdds.ring.three import until
from tests.unit.hdds.support import config, new_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.errors import NoSpace, Overloaded
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.copying.copies import Copies
from trioxygen.hdds.copying.pace import Pace
from trioxygen.hdds.ring.deletions import Deletions
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.proto.v1.datanode_pb2 import ImportContainerHeader
from trioxygen.proto.v1.scm_pb2 import CLOSED, ReplicateContainerCommand
from trioxygen.proto.v1.types_pb2 import DataNodeAddress


class NoHomes:
    """Implements `ReplicaHomes`. Attributes: asked: which containers, in order."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def find(self, container_id: int) -> None:
        self.asked.append(container_id)

    def in_service(self) -> Sequence[Any]:
        return ()


def wanted(container_id: int, *, is_low: bool = False) -> ReplicateContainerCommand:
    target = DataNodeAddress(node_id="target", address="target")
    return ReplicateContainerCommand(
        container_id=container_id, target=target, is_low_priority=is_low
    )


def test_copies_wait_in_order_of_urgency_once_each_and_no_more_than_fit() -> None:
    async def run() -> None:
        homes, runtime = NoHomes(), new_runtime(SystemDisk())
        copies = Copies(runtime, config(copies_queued_max=4), homes)
        for container_id, is_low in ((1, True), (2, False), (3, True), (2, False), (4, False)):
            copies.ask(wanted(container_id, is_low=is_low), expires_ms=None)
        assert len(copies) == 4
        copies.ask(wanted(5), expires_ms=None)
        # More urgent than before; and one that is too late when its turn comes.
        copies.ask(wanted(3), expires_ms=None)
        for _ in range(4):
            await copies.copy_next()
        assert homes.asked == [2, 4, 3, 1]
        copies.ask(wanted(6), expires_ms=runtime.clock.monotonic_ms() - 1)
        await copies.copy_next()
        assert homes.asked == [2, 4, 3, 1]
        assert len(copies) == 0
        await runtime.stop()

    asyncio.run(run())


def test_pace_lets_no_more_through_than_it_says() -> None:
    async def run() -> None:
        clock = SkippingClock()
        pace = Pace(clock, 1_000)
        for _ in range(5):
            await pace.take(500)
        # The first needs not wait.
        assert clock.monotonic_ms() == 2_000
        await Pace(clock, 0).take(10**9)
        assert clock.monotonic_ms() == 2_000

    asyncio.run(run())


def test_watch_of_deletions_ends_and_is_bounded() -> None:
    deletions = Deletions()
    watch, other = deletions.watch(1), deletions.watch(2)
    deletions.note(DeletedRange(1, 5, 2))
    assert [watch.holds(local) for local in (4, 5, 6, 7)] == [False, True, True, False]
    assert other.ranges() == []
    deletions.end(watch)
    deletions.end(watch)
    deletions.note(DeletedRange(1, 9, 1))
    assert not watch.holds(9)
    for local in range(10_001):
        deletions.note(DeletedRange(2, local, 1))
    with pytest.raises(Overloaded):
        other.ranges()


def header(*, used_bytes: int = 1_000, transfer_id: str = "first") -> ImportContainerHeader:
    return ImportContainerHeader(
        transfer_id=transfer_id, container_id=CONTAINER, state=CLOSED, used_bytes=used_bytes
    )


async def break_off(two: Two, sent: ImportContainerHeader) -> None:
    upload = await two.network.channel("target").upload("DataNode/ImportContainer", sent)
    await until(lambda: two.copied is not None)
    await upload.cancel()


async def expire(two: Two) -> None:
    imports, volume = two.target.datanode.imports, two.target.work.volume
    await break_off(two, header())
    assert volume.room.under_way_bytes == 1_000
    await imports.work()
    assert len(imports) == 1
    imports._incoming[CONTAINER].expires_ms = 0
    await until(lambda: not imports._incoming[CONTAINER].is_running)
    imports._incoming[CONTAINER].expires_ms = 0
    await imports.work()
    assert len(imports) == 0
    assert volume.room.under_way_bytes == 0
    await until(lambda: two.copied is None)


def test_copy_that_broke_off_is_dropped_after_a_time(tmp_path: Path) -> None:
    with_two(tmp_path, expire)


async def too_large(two: Two) -> None:
    channel = two.network.channel("target")
    with pytest.raises(NoSpace):
        await channel.upload("DataNode/ImportContainer", header(used_bytes=1 << 60))
    assert two.copied is None
    assert len(two.target.datanode.imports) == 0


def test_replica_without_room_is_refused_before_it_comes(tmp_path: Path) -> None:
    with_two(tmp_path, too_large)
