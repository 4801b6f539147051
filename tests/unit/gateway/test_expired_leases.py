"""A write whose lease the OM has ended meanwhile: its bytes are written again, with a new lease."""

import asyncio
import random
from pathlib import Path

import pytest
from google.protobuf.message import Message

from tests.unit.hdds.support import PIPELINE, Node, node
from trioxygen.common.errors import LeaseExpired
from trioxygen.common.fair_share import FairShare
from trioxygen.common.units import MIB
from trioxygen.gateway.backend import Written
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.ozone_backend import BackendConfig, OzoneBackend
from trioxygen.gateway.s3.put_object import BodyWriter
from trioxygen.gateway.shares import Buffers
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockRange

CONFIG = BackendConfig(small_blocks_leased=4, large_blocks_leased=2, block_bytes_max=2 << 20)


class Om:
    """Leases blocks of container 1; every lease up to `ended` has expired."""

    def __init__(self) -> None:
        self.leased = self.ended = self.renewals = 0
        self.committed: list[om.CommitKeyRequest] = []
        self.released: set[int] = set()

    async def call(self, request: Message, reply_type: type[Message]) -> Message:
        if isinstance(request, om.LeaseBlocksRequest):
            self.leased += 1
            blocks = BlockRange(container=1, first_local=100 * self.leased, count=request.count)
            return om.LeaseBlocksReply(
                lease_id=self.leased, blocks=blocks, pipeline=PIPELINE, duration_ms=600_000
            )
        if isinstance(request, om.RenewLeasesRequest):
            self.renewals += 1
            lost = [lease_id for lease_id in request.lease_ids if lease_id <= self.ended]
            return om.RenewLeasesReply(lost=lost)
        if isinstance(request, om.ReleaseLeasesRequest):
            self.released |= {block.local for block in request.blocks}
            return om.ReleaseLeasesReply()
        assert isinstance(request, om.CommitKeyRequest)
        for piece in request.row.blocks:
            if piece.lease_id <= self.ended:
                raise LeaseExpired(lease=str(piece.lease_id))
        kept = om.CommitKeyRequest()
        kept.CopyFrom(request)
        self.committed.append(kept)
        return om.CommitKeyReply(object_id=1)


class Setting:
    def __init__(self, datanode: Node) -> None:
        self.om, self.node = Om(), datanode
        self.backend = OzoneBackend(
            datanode.runtime,
            self.om,  # type: ignore[arg-type]
            datanode.writer,
            datanode.reader,
            CONFIG,
        )
        runtime = datanode.runtime
        self.puts = BodyWriter(self.backend, runtime.blocking, runtime.clock, S3Config())

    async def write(self, body: bytes) -> Written:
        if len(body) <= CONFIG.small_bytes_max:
            return await self.backend.write_small(body)
        writer = self.backend.open_writer(len(body))
        await writer.send((body,))
        return await writer.finish()

    async def commit(self, written: Written) -> None:
        request = om.CommitKeyRequest(row=om.KeyRow(blocks=written.slices))
        await self.puts.commit(request, written, om.CommitKeyReply)

    async def committed(self) -> bytes:
        slices = self.om.committed[-1].row.blocks
        size_bytes = sum(piece.length_bytes for piece in slices)
        buffers = Buffers(FairShare(MIB), "reader")
        pieces = self.backend.read(slices, offset_bytes=0, length_bytes=size_bytes, buffers=buffers)
        return b"".join([bytes(piece) async for piece in pieces])


@pytest.mark.parametrize("size_bytes", [1, 4_096, 70_000, 5 << 20])
def test_write_of_an_expired_lease_is_committed_with_another_one(
    tmp_path: Path, size_bytes: int
) -> None:
    async def run() -> None:
        async with node(tmp_path) as datanode:
            setting = Setting(datanode)
            body = random.Random(1).randbytes(size_bytes)
            written = await setting.write(body)
            former = {piece.local for piece in written.slices}
            setting.om.ended = setting.om.leased
            await setting.commit(written)
            assert await setting.committed() == body
            assert not former & {piece.local for piece in setting.om.committed[-1].row.blocks}
            # The next write does not even try a lease of then.
            asked = len(setting.om.committed)
            await setting.commit(await setting.write(body))
            assert len(setting.om.committed) == asked + 1
            await setting.backend.stop()

    asyncio.run(run())


def test_all_leases_are_asked_about_at_once_when_one_has_expired(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as datanode:
            setting = Setting(datanode)
            small, large = await setting.write(b"small"), await setting.write(b"l" * (2 << 20))
            others = [await setting.write(b"%d" % number) for number in range(3)]
            setting.om.ended = setting.om.leased
            await asyncio.gather(*(setting.commit(one) for one in (small, large, *others)))
            assert len(setting.om.committed) == 5
            assert setting.om.renewals == 1
            await setting.backend.stop()

    asyncio.run(run())


def test_write_whose_bytes_are_gone_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as datanode:
            setting = Setting(datanode)
            written = await setting.write(b"body")
            setting.om.ended = setting.om.leased
            await datanode.delete((written.slices[0].local, 1))
            with pytest.raises(LeaseExpired):
                await setting.commit(written)
            assert not setting.om.committed
            await setting.backend.stop()

    asyncio.run(run())
