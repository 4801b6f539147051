"""A write whose lease the OM has ended meanwhile: its bytes are written again, with a new lease."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, Node, node
from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.errors import LeaseExpired
from trioxygen.common.fair_share import FairShare
from trioxygen.common.replication import RATIS_THREE, Replication
from trioxygen.common.units import MIB
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.ozone.rows import BlockContent, record_of
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.gateway.store.ozone.written import ObjectWritten
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import Checksum, CopySource, NewCopy, NewKey, ObjectHeaders
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockRange

CONFIG = LeasingConfig(small_blocks_leased=4, large_blocks_leased=2, block_bytes_max=2 << 20)

BUCKET = Bucket(volume="s3v", name="bucket", bucket_id=1, account_id="1", created_ms=0, location="")
NEW = NewKey(
    size_bytes=0,
    etag="e",
    account_id="1",
    headers=ObjectHeaders(),
    checksum=Checksum(Algorithm.CRC32, bytes(4), ChecksumType.FULL_OBJECT),
    replication=RATIS_THREE,
)


class Om:
    """Leases blocks of container 1; every lease up to `ended` has expired."""

    def __init__(self) -> None:
        self.leased = self.ended = self.renewals = 0
        self.committed: list[om.CommitKeyRequest] = []
        self.released: set[int] = set()
        self.replications: set[str] = set()

    async def lease_blocks(self, request: om.LeaseBlocksRequest) -> om.LeaseBlocksReply:
        self.leased += 1
        self.replications.add(Replication.of_proto(request.replication).text)
        blocks = BlockRange(container=1, first_local=100 * self.leased, count=request.count)
        return om.LeaseBlocksReply(
            lease_id=self.leased, blocks=blocks, pipeline=PIPELINE, duration_ms=600_000
        )

    async def renew_leases(self, request: om.RenewLeasesRequest) -> om.RenewLeasesReply:
        self.renewals += 1
        lost = [lease_id for lease_id in request.lease_ids if lease_id <= self.ended]
        return om.RenewLeasesReply(lost=lost)

    async def release_leases(self, request: om.ReleaseLeasesRequest) -> om.ReleaseLeasesReply:
        self.released |= {block.local for block in request.blocks}
        return om.ReleaseLeasesReply()

    async def commit_key(self, request: om.CommitKeyRequest) -> om.CommitKeyReply:
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
        self.ozone = OzoneStore(
            datanode.runtime,
            self.om,  # type: ignore[arg-type]
            datanode.writer,
            datanode.reader,
            CONFIG,
        )
        self.store = self.ozone.store

    async def write(self, body: bytes) -> ObjectWritten:
        contents = self.store.contents
        if len(body) <= CONFIG.small_bytes_max:
            written = await contents.write_small(body, RATIS_THREE)
        else:
            writer = contents.open_writer(len(body), RATIS_THREE)
            await writer.send((body,))
            written = await writer.finish()
        assert isinstance(written, ObjectWritten)
        return written

    async def commit(self, written: ObjectWritten) -> None:
        await self.store.keys.commit(BUCKET, "key", NEW, written, None)

    async def committed(self) -> bytes:
        slices = self.om.committed[-1].row.blocks
        size_bytes = sum(piece.length_bytes for piece in slices)
        pieces = self.store.contents.read(
            BlockContent(slices),
            offset_bytes=0,
            length_bytes=size_bytes,
            buffers=Buffers(FairShare(MIB), "reader"),
        )
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
            # Kept as it was asked for, also what was written again.
            assert Replication.of_proto(setting.om.committed[-1].row.replication) == RATIS_THREE
            assert setting.om.replications == {RATIS_THREE.text}
            # The next write does not even try a lease of then.
            asked = len(setting.om.committed)
            await setting.commit(await setting.write(body))
            assert len(setting.om.committed) == asked + 1
            await setting.ozone.stop()

    asyncio.run(run())


def test_all_leases_are_asked_about_at_once_when_one_has_expired(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as datanode:
            setting = Setting(datanode)
            small, large = await setting.write(b"small"), await setting.write(b"l" * (2 << 20))
            others = [await setting.write(b"%d" % number) for number in range(3)]
            setting.om.ended = setting.om.leased
            await asyncio.gather(*(setting.commit(each) for each in (small, large, *others)))
            assert len(setting.om.committed) == 5
            assert setting.om.renewals == 1
            await setting.ozone.stop()

    asyncio.run(run())


def test_copy_that_was_written_again_says_so_and_has_its_own_blocks(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as datanode:
            setting = Setting(datanode)
            written = await setting.write(b"body")
            record = record_of(om.KeyRow(object_id=8, size_bytes=4, etag="e"))
            new = NewCopy("1", ObjectHeaders(), None, RATIS_THREE)
            source = CopySource(BUCKET, "source", record)
            await setting.store.keys.copy(BUCKET, "key", new, source, None, written)
            [request] = setting.om.committed
            assert request.copy_source.rewritten and request.copy_source.object_id == 8
            assert Replication.of_proto(request.row.replication) == RATIS_THREE
            assert await setting.committed() == b"body"
            await setting.store.keys.copy(BUCKET, "key", new, source, None)
            request = setting.om.committed[-1]
            assert not request.copy_source.rewritten and not request.row.blocks
            await setting.ozone.stop()

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
            await setting.ozone.stop()

    asyncio.run(run())
