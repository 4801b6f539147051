"""The store where DataNodes are away: writes go to those that are there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import NoSpace, TrioxygenError, Unreachable
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.hdds.client.block_stream import BlockStream
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.client.writing import BlocksWritten
from trioxygen.proto.v1.om_pb2 import (
    LeaseBlocksReply,
    LeaseBlocksRequest,
    ReleaseLeasesReply,
    ReleaseLeasesRequest,
    RenewLeasesReply,
    RenewLeasesRequest,
)
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, DataNodeAddress, Pipeline


class Om:
    """Leases blocks of its pipelines in turn, of one DataNode each: 0, 1, ..."""

    def __init__(self, pipelines: int) -> None:
        self._pipelines = pipelines
        self.leased = 0
        self.released: list[ReleaseLeasesRequest] = []
        self.replication = RATIS_ONE

    async def renew_leases(self, request: RenewLeasesRequest) -> RenewLeasesReply:
        raise AssertionError("leases of ten minutes are not renewed here")

    async def release_leases(self, request: ReleaseLeasesRequest) -> ReleaseLeasesReply:
        self.released.append(request)
        return ReleaseLeasesReply()

    async def lease_blocks(self, request: LeaseBlocksRequest) -> LeaseBlocksReply:
        number = self.leased % self._pipelines
        self.leased += 1
        return LeaseBlocksReply(
            lease_id=self.leased,
            blocks=BlockRange(container=number, first_local=1_000 * self.leased, count=4),
            pipeline=Pipeline(
                pipeline_id=number + 1,
                replication=self.replication.proto,
                datanodes=[DataNodeAddress(node_id=f"dn{number}", address=str(number))],
            ),
            duration_ms=600_000,
        )


class Writer(BlockWriter):
    """Some DataNodes are away, until they were asked so often."""

    def __init__(self, pool: DataNodePool, clock: SkippingClock) -> None:
        super().__init__(pool)
        self._clock = clock
        self.gone: set[str] = set()
        self.full: set[str] = set()
        self.refused: list[int] = []
        self.back_after = 1_000
        self.asked: list[str] = []
        self.stream: BlockStream = BrokenStream()

    async def write_small(self, block: BlockId, pipeline: Pipeline, data: bytes) -> int:
        [node] = pipeline.datanodes
        self.asked.append(node.node_id)
        if len(self.asked) > self.back_after:
            self.gone.clear()
        if node.node_id in self.full:
            self.refused.append(block.local)
            raise NoSpace("the volume is full")
        if node.node_id in self.gone:
            await self._clock.sleep_ms(1_000)
            raise Unreachable(address=node.address)
        return 0

    async def open(self, block: BlockId, pipeline: Pipeline, size_bytes_max: int) -> BlockStream:
        return self.stream


class BrokenStream:
    """Takes everything, and cannot be given up."""

    tag = 0
    left: Sequence[DataNodeAddress] = ()

    async def send(self, piece: Buffer) -> None:
        pass

    async def flush(self) -> None:
        pass

    async def finish(self) -> int:
        raise AssertionError("it is given up")

    async def cancel(self) -> None:
        raise Unreachable("the stream's end")


class FullStream(BrokenStream):
    async def send(self, piece: Buffer) -> None:
        raise NoSpace("the volume is full")

    async def cancel(self) -> None:
        pass


class Setting:
    def __init__(self, pipelines: int) -> None:
        self.clock = SkippingClock()
        self.runtime: Runtime = inline_runtime(self.clock)
        pool = DataNodePool(LocalNetwork(), self.clock, _nowhere)
        self.om, self.writer = Om(pipelines), Writer(pool, self.clock)
        self.ozone = OzoneStore(
            self.runtime,
            self.om,  # type: ignore[arg-type]
            self.writer,
            BlockReader(pool),
            LeasingConfig(small_blocks_leased=4),
        )

    async def write(self) -> int:
        """The container."""
        written = await self.ozone.store.contents.write_small(b"data")
        assert isinstance(written, BlocksWritten)
        written.committed()
        return written.slices[0].container


async def _nowhere(container_ids: list[int]) -> list[ContainerLocation]:
    return []


def scenario(
    pipelines: int,
) -> Callable[[Callable[[Setting], Awaitable[None]]], Callable[[], None]]:
    def decorate(test: Callable[[Setting], Awaitable[None]]) -> Callable[[], None]:
        def run() -> None:
            async def whole() -> None:
                setting = Setting(pipelines)
                await test(setting)
                await setting.runtime.stop()

            asyncio.run(whole())

        run.__name__ = test.__name__
        return run

    return decorate


@scenario(pipelines=3)
async def test_write_goes_to_another_datanode_where_one_is_away(setting: Setting) -> None:
    setting.writer.gone = {"dn0"}
    assert await setting.write() != 0
    # It is not tried again soon, though the OM still leases blocks of it.
    for _ in range(30):
        assert await setting.write() != 0
    assert setting.writer.asked.count("dn0") == 1


@scenario(pipelines=1)
async def test_only_datanode_is_waited_for_until_it_is_back(setting: Setting) -> None:
    setting.writer.gone = {"dn0"}
    setting.writer.back_after = 3
    assert await setting.write() == 0
    assert len(setting.writer.asked) == 4


@scenario(pipelines=2)
async def test_write_fails_in_the_end_where_all_are_away(setting: Setting) -> None:
    setting.writer.gone = {"dn0", "dn1"}
    began_ms = setting.clock.monotonic_ms()
    with pytest.raises(Unreachable) as failed:
        await setting.write()
    assert isinstance(failed.value, TrioxygenError)
    assert 15_000 <= setting.clock.monotonic_ms() - began_ms <= 20_000
    assert set(setting.writer.asked) == {"dn0", "dn1"}


@scenario(pipelines=1)
async def test_full_datanode_uses_up_no_blocks_and_is_told_at_once(setting: Setting) -> None:
    setting.writer.full = {"dn0"}
    began_ms = setting.clock.monotonic_ms()
    for _ in range(50):
        with pytest.raises(NoSpace):
            await setting.write()
    assert setting.clock.monotonic_ms() == began_ms
    assert setting.om.leased == 1 and len(set(setting.writer.refused)) == 1
    setting.writer.full = set()
    assert await setting.write() == 0


@scenario(pipelines=1)
async def test_block_of_an_erasure_code_is_not_used_again_where_one_datanode_is_full(
    setting: Setting,
) -> None:
    """Others may have their parts of it: what is written later has other bytes."""
    setting.om.replication = Replication.parse("EC/3-2-64k")
    setting.writer.full = {"dn0"}
    for _ in range(50):
        with pytest.raises(NoSpace):
            await setting.write()
    assert len(set(setting.writer.refused)) == len(setting.writer.refused) == 50
    # Whoever has given them hears that nothing refers to them.
    await setting.ozone.stop()
    dropped = [block.local for request in setting.om.released for block in request.blocks]
    assert sorted(dropped) == sorted(setting.writer.refused)


@scenario(pipelines=2)
async def test_write_goes_to_another_datanode_where_one_is_full(setting: Setting) -> None:
    assert await setting.write() == 0
    for _ in range(4):
        await setting.write()
    setting.writer.full = {"dn0"}
    for _ in range(20):
        assert await setting.write() == 1
    setting.writer.full = {"dn0", "dn1"}
    for _ in range(5):
        with pytest.raises(NoSpace):
            await setting.write()


@scenario(pipelines=1)
async def test_blocks_of_a_write_that_is_given_up_go_back_though_the_streams_end_fails(
    setting: Setting,
) -> None:
    writer = setting.ozone.store.contents.open_writer(None)
    await writer.send([b"data"])
    with pytest.raises(Unreachable):
        await writer.cancel()
    await setting.ozone.stop()
    [released] = setting.om.released
    assert list(released.lease_ids) == [1]
    assert [block.local for block in released.blocks] == [1_000]


@scenario(pipelines=2)
async def test_other_pipeline_is_no_place_where_it_keeps_objects_in_another_way(
    setting: Setting,
) -> None:
    contents = setting.ozone.store.contents
    assert await setting.write() == 0
    once = await contents.write_small(b"data", RATIS_ONE)
    assert isinstance(once, BlocksWritten) and once.slices[0].container == 1
    once.committed()
    setting.writer.stream = FullStream()
    writer = contents.open_writer(None)
    with pytest.raises(NoSpace):
        await writer.send([b"data"])
    await writer.cancel()
