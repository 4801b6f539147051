"""Answers that are kept: a command that is sent again is answered, not repeated."""

from typing import Any

import pytest
from google.protobuf.message import Message

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, om_test, slices_of
from trioxygen.common.errors import (
    BucketAlreadyOwned,
    InvalidRequest,
    NoSuchBucket,
    Overloaded,
    TrioxygenError,
)
from trioxygen.common.units import HOUR_MS
from trioxygen.metadata.om.state.schema import ALL_TABLES
from trioxygen.metadata.replication.retries import RETRIES, expire_retries
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import replication_pb2 as replication


async def send(harness: OmHarness, request: Message, reply_type: type[Message]) -> Message:
    """As a client does that keeps the ids of the request."""
    method = "OzoneManager/" + type(request).__name__.removesuffix("Request")
    channel = harness.network.channel("om1")
    return await channel.call(method, request, reply_type, timeout_ms=5_000)


def create_bucket(client_id: int, request_id: int, name: str = "bucket") -> om.CreateBucketRequest:
    return om.CreateBucketRequest(
        volume=VOLUME, client_id=client_id, request_id=request_id, bucket=name, account_id=ACCOUNT
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
async def test_first_try_that_comes_after_its_retry_was_refused_is_not_done(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket("bucket")
    first, retry = create_bucket(5, 1), create_bucket(5, 1)
    retry.is_retry = True
    with pytest.raises(BucketAlreadyOwned) as refused:
        await send(harness, retry, om.CreateBucketReply)
    await harness.client.delete_bucket(
        om.DeleteBucketRequest(volume=VOLUME, bucket="bucket", bucket_id=bucket.bucket_id)
    )
    await harness.restart()
    with pytest.raises(BucketAlreadyOwned) as refused_again:
        await send(harness, first, om.CreateBucketReply)
    assert refused_again.value.detail() == refused.value.detail()
    with pytest.raises(NoSuchBucket):
        await harness.client.lookup_bucket(om.LookupBucketRequest(volume=VOLUME, bucket="bucket"))


@om_test()
async def test_refusal_of_what_was_never_sent_before_leaves_nothing_behind(
    harness: OmHarness,
) -> None:
    await harness.bucket("bucket")
    state = harness.all_rows()
    with pytest.raises(BucketAlreadyOwned):
        await send(harness, create_bucket(5, 1), om.CreateBucketReply)
    assert harness.all_rows() == state


@om_test(leases_max=1)
async def test_retry_that_is_refused_for_now_may_come_again(harness: OmHarness) -> None:
    lease = await harness.lease(1)
    request = om.LeaseBlocksRequest(client_id=5, request_id=1, is_retry=True, count=1)
    with pytest.raises(Overloaded):
        await send(harness, request, om.LeaseBlocksReply)
    await harness.client.release_leases(om.ReleaseLeasesRequest(lease_ids=[lease.lease_id]))
    assert await send(harness, request, om.LeaseBlocksReply)


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
    upload_request = om.CreateUploadRequest(volume=VOLUME, key=b"large", **where)
    upload = await harness.client.create_upload(upload_request)
    part = om.PartRow(size_bytes=1, etag="00", blocks=slices_of(lease, 1, first=1))
    in_upload: dict[str, Any] = {"key": b"large", "upload_id": upload.upload_id, **where}
    listed = om.CompletePart(number=1, etag="00")
    row = om.KeyRow(size_bytes=1, blocks=slices_of(lease, 1))
    account = om.CreateAccountRequest()
    requests: list[tuple[Message, type[Message]]] = [
        (
            om.CreateBucketRequest(volume=VOLUME, bucket="b", account_id=ACCOUNT),
            om.CreateBucketReply,
        ),
        (
            om.CommitKeyRequest(volume=VOLUME, key=b"k", row=row, **where),
            om.CommitKeyReply,
        ),
        (
            om.DeleteKeysRequest(volume=VOLUME, keys=[om.KeyToDelete(key=b"k")], **where),
            om.DeleteKeysReply,
        ),
        (om.CreateUploadRequest(volume=VOLUME, key=b"k", **where), om.CreateUploadReply),
        (om.CommitPartRequest(volume=VOLUME, number=1, row=part, **in_upload), om.CommitPartReply),
        (
            om.CompleteUploadRequest(volume=VOLUME, parts=[listed], size_bytes=-1, **in_upload),
            om.CompleteUploadReply,
        ),
        (om.DeleteBucketRequest(volume=VOLUME, bucket="b", bucket_id=0), om.DeleteBucketReply),
        (om.LeaseBlocksRequest(count=2), om.LeaseBlocksReply),
        (om.RenewLeasesRequest(lease_ids=[lease.lease_id]), om.RenewLeasesReply),
        (om.ReleaseLeasesRequest(lease_ids=[lease.lease_id]), om.ReleaseLeasesReply),
        (account, om.CreateAccountReply),
    ]
    for number, (request, reply_type) in enumerate(requests, start=1):
        request.client_id, request.request_id = 9, number  # type: ignore[attr-defined]
        if isinstance(request, om.DeleteBucketRequest):
            reply = await harness.client.lookup_bucket(
                om.LookupBucketRequest(volume=VOLUME, bucket="b")
            )
            request.bucket_id = reply.bucket.bucket_id
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
            row = replication.RetryRow(answered_ms=request)
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
