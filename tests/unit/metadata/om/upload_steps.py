"""Steps of multipart uploads against the OM harness."""

from collections.abc import Sequence

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, etag_of, slices_of
from trioxygen.common import checksum
from trioxygen.metadata.om.state.multipart import ALGORITHMS
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.types_pb2 import BlockSlice, Checksum, ChecksumAlgorithm, ChecksumType

KEY = b"large"


class Uploading:
    """One upload of `KEY`. Remembers what its parts were."""

    def __init__(
        self,
        harness: OmHarness,
        bucket: om.BucketRow,
        algorithm: ChecksumAlgorithm,
        upload_id: bytes,
    ) -> None:
        self.harness, self.bucket, self.algorithm = harness, bucket, algorithm
        self.upload_id = upload_id
        self.parts: dict[int, om.CompletePart] = {}

    async def part(
        self, number: int, data: bytes, *, blocks: Sequence[BlockSlice] | None = None
    ) -> om.PartRow:
        """Commits a part of these blocks, or of one of a new lease, which ends then."""
        lease = None
        if blocks is None:
            lease = await self.harness.lease(1)
            blocks = slices_of(lease, len(data))
        known = ALGORITHMS.get(self.algorithm)
        row = om.PartRow(
            size_bytes=len(data),
            etag=etag_of(data),
            blocks=blocks,
            checksum_algorithm=self.algorithm,
            checksum=b"" if known is None else checksum.digest_of(known, data),
        )
        await self.commit(number, row)
        if lease is not None:
            await self.harness.release(lease)
        self.parts[number] = om.CompletePart(number=number, etag=row.etag)
        return row

    async def commit(self, number: int, row: om.PartRow) -> om.CommitPartReply:
        request = om.CommitPartRequest(
            volume=VOLUME,
            bucket=self.bucket.name,
            bucket_id=self.bucket.bucket_id,
            key=KEY,
            upload_id=self.upload_id,
            number=number,
            row=row,
        )
        return await self.harness.client.commit_part(request)

    async def complete(
        self,
        parts: Sequence[om.CompletePart] | None = None,
        *,
        minimum: int = 0,
        size_bytes: int = -1,
        claim: Checksum | None = None,
        condition: om.WriteCondition | None = None,
    ) -> om.CompleteUploadReply:
        """Args: parts: all, in order, when not said."""
        if parts is None:
            parts = [self.parts[number] for number in sorted(self.parts)]
        request = om.CompleteUploadRequest(
            volume=VOLUME,
            bucket=self.bucket.name,
            bucket_id=self.bucket.bucket_id,
            key=KEY,
            upload_id=self.upload_id,
            parts=parts,
            part_size_bytes_min=minimum,
            size_bytes=size_bytes,
            checksum=claim,
            condition=condition,
        )
        return await self.harness.client.complete_upload(request)

    async def abort(self) -> None:
        request = om.AbortUploadRequest(
            volume=VOLUME,
            bucket=self.bucket.name,
            bucket_id=self.bucket.bucket_id,
            key=KEY,
            upload_id=self.upload_id,
        )
        await self.harness.client.abort_upload(request)

    async def list_parts(self, *, after: int = 0, count_max: int = 1_000) -> om.ListPartsReply:
        request = om.ListPartsRequest(
            volume=VOLUME,
            bucket=self.bucket.name,
            key=KEY,
            upload_id=self.upload_id,
            after_number=after,
            count_max=count_max,
        )
        return await self.harness.client.list_parts(request)


async def begin_upload(
    harness: OmHarness,
    bucket: om.BucketRow,
    algorithm: ChecksumAlgorithm = types_pb2.CHECKSUM_NONE,
    kind: ChecksumType = types_pb2.CHECKSUM_TYPE_UNSPECIFIED,
) -> Uploading:
    row = om.UploadRow(
        account_id=ACCOUNT,
        checksum_algorithm=algorithm,
        checksum_type=kind,
        headers=om.ObjectHeaders(content_type="text/plain"),
    )
    request = om.CreateUploadRequest(
        volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, key=KEY, row=row
    )
    reply = await harness.client.create_upload(request)
    return Uploading(harness, bucket, algorithm, reply.upload_id)
