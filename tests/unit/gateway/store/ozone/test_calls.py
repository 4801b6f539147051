"""What the port's calls ask of the OM."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from google.protobuf.message import Message

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.errors import ConditionFailed
from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.gateway.store.ozone.rows import BlockContent, PartRows
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.gateway.store.port import ObjectStore
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.encryption import Encryption, EncryptionKind
from trioxygen.gateway.store.values.keys import (
    Checksum,
    CopySource,
    Deleted,
    KeyRecord,
    KeyToDelete,
    NewCopy,
    NewKey,
    ObjectHeaders,
)
from trioxygen.gateway.store.values.uploads import (
    Completion,
    NewPart,
    NewUpload,
    Upload,
    UploadChecksum,
)
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2, types_pb2

VOLUME = "another"
BUCKET = Bucket(
    volume=VOLUME, name="bucket", bucket_id=3, account_id="1", created_ms=0, location=""
)
CHECKSUM = Checksum(Algorithm.CRC32, bytes(4), ChecksumType.FULL_OBJECT)
HEADERS = ObjectHeaders(content_type="text/plain")
PARTS = [om_pb2.ObjectPart(number=n, size_bytes=5, checksum=b"abcd") for n in (1, 2)]
RECORD = KeyRecord(
    object_id=8,
    size_bytes=10,
    modified_ms=1,
    etag="e-2",
    account_id="2",
    headers=ObjectHeaders(),
    checksum=Checksum(Algorithm.CRC32, b"whole", ChecksumType.COMPOSITE),
    parts=PartRows(PARTS),
    content=BlockContent([types_pb2.BlockSlice(container=1, local=1, length_bytes=10)]),
)
SOURCE = CopySource(BUCKET._replace(name="source", bucket_id=4), "from", RECORD)
UPLOAD = Upload(
    upload_id=b"u" * 16,
    key="key",
    created_ms=0,
    storage_class="STANDARD",
    checksum=UploadChecksum(algorithm=Algorithm.CRC32, type=ChecksumType.COMPOSITE),
    is_checksum_chosen=False,
)


class Om:
    """Remembers what it was asked, and answers with nothing unless it has an answer."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.answers: dict[type[Message], Callable[[Any], Message]] = {}

    def __getattr__(self, name: str) -> Callable[[Message], Awaitable[Message]]:
        async def answer(request: Message) -> Message:
            self.requests.append(request)
            made = self.answers.get(type(request))
            if made is not None:
                return made(request)
            return cast(Message, getattr(om_pb2, f"{type(request).__name__[:-7]}Reply")())

        return answer


async def _nowhere(container_ids: list[int]) -> list[Any]:
    return []


def store_over(om: Om) -> ObjectStore:
    clock = SkippingClock()
    pool = DataNodePool(LocalNetwork(), clock, _nowhere)
    return OzoneStore(
        inline_runtime(clock),
        cast(OmClient, om),
        BlockWriter(pool),
        BlockReader(pool),
        LeasingConfig(),
    ).store


def requests_of(use: Callable[[ObjectStore], Awaitable[object]], om: Om | None = None) -> list[Any]:
    om = om or Om()

    async def run() -> None:
        await use(store_over(om))

    asyncio.run(run())
    return om.requests


async def _every_call(store: ObjectStore) -> None:
    names = {"prefix": "", "count_max": 1}
    where = {**names, "delimiter": ""}
    buckets, keys, uploads = store.buckets, store.keys, store.uploads
    await buckets.create(VOLUME, "b", account_id="1", location="")
    await buckets.delete(BUCKET)
    await buckets.lookup(VOLUME, "b")
    await buckets.list(VOLUME, account_id="1", after="", **names)  # type: ignore[arg-type]
    await keys.lookup(VOLUME, "b", "k")
    await keys.list(VOLUME, "b", after="", **where)  # type: ignore[arg-type]
    await keys.commit(BUCKET, "k", NewKey(0, "e", "1", HEADERS, CHECKSUM, RATIS_THREE), None, None)
    await keys.copy(BUCKET, "k", NewCopy("1", HEADERS, None, RATIS_THREE), SOURCE, None)
    await uploads.create(
        BUCKET,
        "k",
        NewUpload("1", HEADERS, cast(UploadChecksum, UPLOAD.checksum), False, RATIS_THREE),
    )
    await uploads.lookup(VOLUME, "b", "k", UPLOAD.upload_id)
    await uploads.list(VOLUME, "b", key_marker="", upload_id_marker=b"", **where)  # type: ignore[arg-type]
    await uploads.commit_part(BUCKET, UPLOAD, 1, NewPart(0, "e", CHECKSUM, RATIS_THREE), None)
    await uploads.list_parts(BUCKET, UPLOAD, after_number=0, count_max=1)
    await uploads.complete(BUCKET, "k", b"u", Completion(parts=[], part_size_bytes_min=5))
    await uploads.abort(BUCKET, UPLOAD)


def test_every_call_names_the_volume() -> None:
    requests = requests_of(_every_call)
    assert len({type(each) for each in requests}) == len(requests) - 1  # a copy is a commit
    assert {each.volume for each in requests} == {VOLUME}
    [copy] = [each.copy_source for each in requests if type(each) is om_pb2.CommitKeyRequest][1:]
    assert (copy.volume, copy.bucket, copy.object_id) == (VOLUME, "source", 8)


def test_copy_keeps_the_sources_parts_and_leaves_its_blocks_to_the_om() -> None:
    [request] = requests_of(
        lambda store: store.keys.copy(
            BUCKET, "k", NewCopy("1", HEADERS, None, RATIS_THREE), SOURCE, None
        )
    )
    row = request.row
    assert (row.size_bytes, row.etag, row.account_id) == (10, "e-2", "1")
    assert (row.checksum, row.checksum_type) == (b"whole", types_pb2.COMPOSITE)
    assert list(row.parts) == PARTS and not row.blocks
    assert row.headers.content_type == "text/plain"


def test_parts_of_a_copy_with_another_checksum_have_none() -> None:
    [request] = requests_of(
        lambda store: store.keys.copy(
            BUCKET, "k", NewCopy("1", HEADERS, CHECKSUM, RATIS_THREE), SOURCE, None
        )
    )
    row = request.row
    assert (row.checksum, row.checksum_type) == (bytes(4), types_pb2.FULL_OBJECT)
    assert [(part.number, part.size_bytes, part.checksum) for part in row.parts] == [
        (1, 5, b""),
        (2, 5, b""),
    ]


def test_parts_of_a_copy_have_no_md5_where_the_sources_have_other_etags() -> None:
    parts = [om_pb2.ObjectPart(number=1, size_bytes=5, checksum=b"abcd", md5=b"no md5")]
    encryption = Encryption(EncryptionKind.SSE_KMS, "key")
    record = RECORD._replace(parts=PartRows(parts), encryption=encryption)
    [request] = requests_of(
        lambda store: store.keys.copy(
            BUCKET,
            "k",
            NewCopy("1", HEADERS, None, RATIS_THREE),
            replace(SOURCE, record=record),
            None,
        )
    )
    [part] = request.row.parts
    assert (part.checksum, part.md5) == (b"abcd", b"")


def test_deletion_asks_again_for_what_the_om_has_left() -> None:
    om = Om()
    om.answers[om_pb2.DeleteKeysRequest] = lambda request: om_pb2.DeleteKeysReply(
        results=[
            types_pb2.CONDITION_FAILED
            if request.keys[0].if_match
            else types_pb2.ERROR_CODE_UNSPECIFIED
        ],
        versions=[om_pb2.DeletedVersion(version=om_pb2.VersionId(), is_marker=True)],
    )
    keys = [KeyToDelete("a"), KeyToDelete("b", "etag"), KeyToDelete("c")]

    async def delete(store: ObjectStore) -> None:
        results = await store.keys.delete(BUCKET, keys)
        assert results[0] == results[2] == Deleted(0, is_marker=True)
        assert isinstance(results[1], ConditionFailed)

    requests = requests_of(delete, om)
    assert [len(each.keys) for each in requests] == [3, 2, 1]


def test_abort_asks_again_until_no_part_is_left() -> None:
    om, left = Om(), [3]

    def abort(_: object) -> Message:
        left[0] -= 1
        return om_pb2.AbortUploadReply(more=left[0] > 0)

    om.answers[om_pb2.AbortUploadRequest] = abort
    assert len(requests_of(lambda store: store.uploads.abort(BUCKET, UPLOAD), om)) == 3


def test_size_that_nobody_claims_is_not_checked() -> None:
    for claimed, sent in ((None, -1), (0, 0), (7, 7)):
        completion = Completion(parts=[], part_size_bytes_min=5, size_bytes=claimed)
        [request] = requests_of(
            lambda store, completion=completion: store.uploads.complete(  # type: ignore[misc]
                BUCKET, "k", b"u", completion
            )
        )
        assert request.size_bytes == sent
