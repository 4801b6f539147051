"""Answers that are kept: a command that is sent again is answered, not repeated."""

from typing import Any

import pytest
from google.protobuf.message import Message

from tests.unit.metadata.om.om_harness import ACCOUNT, OmHarness, om_test, slices_of
from trioxygen.common.errors import BucketAlreadyOwned, InvalidRequest, TrioxygenError
from trioxygen.common.units import HOUR_MS
from trioxygen.metadata.execution import RETRIES, expire_retries
from trioxygen.metadata.om.schema import ALL_TABLES
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import om_pb2 as om


async def send(harness: OmHarness, request: Message, reply_type: type[Message]) -> Message:
    """As a client does that keeps the ids of the request."""
    method = "OzoneManager/" + type(request).__name__.removesuffix("Request")
    channel = harness.network.channel("om1")
    return await channel.call(method, request, reply_type, timeout_ms=5_000)


def create_bucket(client_id: int, request_id: int, name: str = "bucket") -> om.CreateBucketRequest:
    return om.CreateBucketRequest(
        client_id=client_id, request_id=request_id, bucket=name, account_id=ACCOUNT
    )


def kept(harness: OmHarness) -> int:
    return len(harness.rows(RETRIES.table))


@om_test()
async def test_command_sent_again_gets_its_answer_again(harness: OmHarness) -> None:
    request = create_bucket(5, 1)
    first = await send(harness, request, om.CreateBucketReply)
    state = harness.all_rows()
    harness.clock.advance(1)
    assert await send(harness, request, om.CreateBucketReply) == first
    assert harness.all_rows() == state
    for other in (create_bucket(5, 2), create_bucket(6, 1)):
        with pytest.raises(BucketAlreadyOwned):
            await send(harness, other, om.CreateBucketReply)


@om_test()
async def test_kept_answers_survive_a_restart(harness: OmHarness) -> None:
    request = create_bucket(5, 1)
    first = await send(harness, request, om.CreateBucketReply)
    await harness.restart()
    assert await send(harness, request, om.CreateBucketReply) == first


@om_test()
async def test_kept_answers_are_replayed_from_the_log(harness: OmHarness) -> None:
    request = create_bucket(5, 1)
    first = await send(harness, request, om.CreateBucketReply)
    await harness.restart(lose_store=True)
    assert await send(harness, request, om.CreateBucketReply) == first


@om_test()
async def test_every_mutating_call_is_answered_again_alike(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    where: dict[str, Any] = {"bucket": bucket.name, "bucket_id": bucket.bucket_id}
    lease = await harness.lease(4)
    upload_request = om.CreateUploadRequest(key=b"large", **where)
    upload = await harness.client.call(upload_request, om.CreateUploadReply)
    part = om.PartRow(size_bytes=1, etag="00", blocks=slices_of(lease, 1, first=1))
    in_upload: dict[str, Any] = {"key": b"large", "upload_id": upload.upload_id, **where}
    listed = om.CompletePart(number=1, etag="00")
    row = om.KeyRow(size_bytes=1, blocks=slices_of(lease, 1))
    account = om.CreateAccountRequest()
    requests: list[tuple[Message, type[Message]]] = [
        (om.CreateBucketRequest(bucket="b", account_id=ACCOUNT), om.CreateBucketReply),
        (
            om.CommitKeyRequest(key=b"k", row=row, **where),
            om.CommitKeyReply,
        ),
        (om.DeleteKeysRequest(keys=[om.KeyToDelete(key=b"k")], **where), om.DeleteKeysReply),
        (om.CreateUploadRequest(key=b"k", **where), om.CreateUploadReply),
        (om.CommitPartRequest(number=1, row=part, **in_upload), om.CommitPartReply),
        (
            om.CompleteUploadRequest(parts=[listed], size_bytes=-1, **in_upload),
            om.CompleteUploadReply,
        ),
        (om.DeleteBucketRequest(bucket="b", bucket_id=0), om.DeleteBucketReply),
        (om.LeaseBlocksRequest(count=2), om.LeaseBlocksReply),
        (om.RenewLeasesRequest(lease_ids=[lease.lease_id]), om.RenewLeasesReply),
        (om.ReleaseLeasesRequest(lease_ids=[lease.lease_id]), om.ReleaseLeasesReply),
        (account, om.CreateAccountReply),
    ]
    for number, (request, reply_type) in enumerate(requests, start=1):
        request.client_id, request.request_id = 9, number  # type: ignore[attr-defined]
        if isinstance(request, om.DeleteBucketRequest):
            found = await harness.client.call(
                om.LookupBucketRequest(bucket="b"), om.LookupBucketReply
            )
            request.bucket_id = found.bucket.bucket_id
        first = await send(harness, request, reply_type)
        state = harness.all_rows()
        assert await send(harness, request, reply_type) == first, type(request).__name__
        assert harness.all_rows() == state, type(request).__name__


@om_test()
async def test_refusal_is_not_kept(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    before = kept(harness)
    with pytest.raises(BucketAlreadyOwned):
        await send(harness, create_bucket(5, 1), om.CreateBucketReply)
    assert kept(harness) == before
    await harness.delete_bucket(bucket)
    await send(harness, create_bucket(5, 1), om.CreateBucketReply)


@om_test()
async def test_answers_are_forgotten_after_ten_minutes(harness: OmHarness) -> None:
    await send(harness, create_bucket(5, 1, "old"), om.CreateBucketReply)
    await pass_minutes(harness, 5)
    await send(harness, create_bucket(5, 2, "newer"), om.CreateBucketReply)
    assert kept(harness) == 2
    await pass_minutes(harness, 4)
    assert kept(harness) == 2
    await pass_minutes(harness, 3)
    assert kept(harness) == 1
    with pytest.raises(TrioxygenError):
        await send(harness, create_bucket(5, 1, "old"), om.CreateBucketReply)
    await pass_minutes(harness, 12)
    assert kept(harness) == 0


async def pass_minutes(harness: OmHarness, minutes: int) -> None:
    """In steps, as workers run."""
    for _ in range(2 * minutes):
        await harness.pass_time(25_000)


@om_test(answers_kept_ms=600_000)
async def test_clock_that_jumps_makes_no_answer_older(harness: OmHarness) -> None:
    """Found by the simulator: a jump of ten minutes forgot an answer that was asked for again."""
    await send(harness, create_bucket(5, 1, "bucket"), om.CreateBucketReply)
    harness.clock.wall += HOUR_MS
    await pass_minutes(harness, 5)
    assert kept(harness) == 1
    harness.clock.wall -= 10 * HOUR_MS
    await pass_minutes(harness, 4)
    assert kept(harness) == 1
    await pass_minutes(harness, 3)
    assert kept(harness) == 0, "nor does one that jumps back keep it for longer"


def test_expiry_deletes_one_range_for_each_client() -> None:
    store = MemoryStore(ALL_TABLES)
    setup = store.begin()
    clients = (b"\0" * 8, b"\0" * 7 + b"\1", b"\xff" * 8)
    for client in clients:
        for request in range(10):
            row = om.RetryRow(answered_ms=request)
            RETRIES.put(setup, client + request.to_bytes(8, "big"), row)
    setup.commit()
    txn = CapturingTxn(store.begin())
    assert not expire_retries(txn, answered_before_ms=4, rows_max=100)
    assert len(txn.operations) == len(clients)
    left = [key[8:] for key, _ in RETRIES.scan(txn, prefix=b"")]
    assert left == [number.to_bytes(8, "big") for number in range(4, 10)] * 3
    assert expire_retries(txn, answered_before_ms=99, rows_max=7)
    assert sum(1 for _ in RETRIES.scan(txn, prefix=b"")) == 18 - 7
    while expire_retries(txn, answered_before_ms=99, rows_max=7):
        pass
    assert list(RETRIES.scan(txn, prefix=b"")) == []
    assert not expire_retries(txn, answered_before_ms=99, rows_max=7)


@om_test()
async def test_ids_of_a_request_of_another_kind_are_refused(harness: OmHarness) -> None:
    await send(harness, create_bucket(5, 1), om.CreateBucketReply)
    state = harness.all_rows()
    others: list[tuple[Message, type[Message]]] = [
        (om.CreateAccountRequest(client_id=5, request_id=1), om.CreateAccountReply),
        (om.LeaseBlocksRequest(client_id=5, request_id=1, count=1), om.LeaseBlocksReply),
        (
            om.RevokeAccessKeyRequest(client_id=5, request_id=1, access_key="a"),
            om.RevokeAccessKeyReply,
        ),
    ]
    for request, reply in others:
        with pytest.raises(InvalidRequest, match="another request's"):
            await send(harness, request, reply)
    assert harness.all_rows() == state
    assert await send(harness, create_bucket(5, 1), om.CreateBucketReply)
