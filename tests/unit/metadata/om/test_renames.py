from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import VOLUME, OmHarness, etag_of, om_test, slices_of
from trioxygen.common.errors import (
    BucketState,
    ConditionFailed,
    InvalidRequest,
    NoSuchKey,
)
from trioxygen.metadata.om.commands import renames
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC, KEYS, RENAMES
from trioxygen.proto.v1 import om_pb2 as om

OF_DATA = etag_of(b"data")


async def rename(
    harness: OmHarness, bucket: om.BucketRow, source: bytes, key: bytes, **more: Any
) -> om.RenameKeyReply:
    return await harness.client.rename_key(
        om.RenameKeyRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            source=source,
            key=key,
            **more,
        )
    )


def keys_of(harness: OmHarness) -> list[bytes]:
    return [key[8:] for key, _ in harness.rows(KEYS.table)]


@om_test(gc_delay_ms=0)
async def test_object_moves_as_it_is_and_what_it_replaces_is_released(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"source", b"moved")
    await harness.put(bucket, b"key", b"replaced")
    before = (await harness.lookup(bucket, b"source")).row
    replaced = (await harness.lookup(bucket, b"key")).row
    await harness.pass_time(5_000)
    await rename(harness, bucket, b"source", b"key")
    assert keys_of(harness) == [b"key"]
    after = (await harness.lookup(bucket, b"key")).row
    assert after.object_id > replaced.object_id and after.modified_ms == before.modified_ms
    after.object_id = before.object_id
    assert after == before
    assert len(harness.rows(BLOCK_REFERENCES.table)) == 1
    [queued] = [om.GcRow.FromString(value).blocks for _, value in harness.rows(GC.table)]
    assert queued.first_local == replaced.blocks[0].local
    with pytest.raises(NoSuchKey):
        await rename(harness, bucket, b"source", b"key")


@pytest.mark.parametrize(
    ("wanted", "failed"),
    [
        ({"if_match": [OF_DATA]}, None),
        ({"if_match": ["x", "*"]}, None),
        ({"if_match": ["x"]}, "If-Match"),
        ({"if_none_match": ["x"]}, None),
        ({"if_none_match": ["x", OF_DATA]}, "If-None-Match"),
        ({"if_none_match": ["*"]}, "If-None-Match"),
        ({"if_modified_since_s": 9}, None),
        ({"if_modified_since_s": 10}, "If-Modified-Since"),
        ({"if_unmodified_since_s": 10}, None),
        ({"if_unmodified_since_s": 9}, "If-Unmodified-Since"),
    ],
)
def test_conditions_are_those_of_http(wanted: Any, failed: str | None) -> None:
    row = om.KeyRow(etag=OF_DATA, modified_ms=10_900)
    assert renames.failed_condition(om.HttpCondition(**wanted), row) == failed


def test_what_is_not_there_matches_nothing_and_was_never_modified() -> None:
    def failed(**wanted: Any) -> str | None:
        return renames.failed_condition(om.HttpCondition(**wanted), None)

    assert failed(if_match=["*"]) == "If-Match"
    assert failed(if_modified_since_s=0) == "If-Modified-Since"
    assert failed(if_none_match=["*"]) is None and failed(if_unmodified_since_s=0) is None


@om_test()
async def test_condition_that_fails_changes_nothing(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"source")
    await harness.put(bucket, b"key")
    before = harness.all_rows()
    for name, where in (
        ("If-None-Match", "condition"),
        ("x-amz-rename-source-If-None-Match", "source_condition"),
    ):
        wanted = {where: om.HttpCondition(if_none_match=["*"])}
        with pytest.raises(ConditionFailed) as refused:
            await rename(harness, bucket, b"source", b"key", **wanted)
        assert refused.value.facts["condition"] == name
    assert harness.all_rows() == before


@om_test(answers_kept_ms=10_000)
async def test_token_is_for_one_rename_until_it_is_forgotten(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"source", b"first")
    alone = om.HttpCondition(if_none_match=["*"])
    for _ in range(2):
        await rename(harness, bucket, b"source", b"key", token=b"t", condition=alone)
    # Also when there is another one under the former key by then.
    await harness.put(bucket, b"source", b"second")
    await rename(harness, bucket, b"source", b"key", token=b"t", condition=alone)
    assert (await harness.lookup(bucket, b"key")).row.etag == etag_of(b"first")
    for key, more in ((b"other", {"condition": alone}), (b"key", {})):
        with pytest.raises(InvalidRequest, match="token"):
            await rename(harness, bucket, b"source", key, token=b"t", **more)
    await rename(harness, bucket, b"source", b"other", token=b"u")
    assert len(harness.rows(RENAMES.table)) == 2
    await harness.pass_time(60_000)
    assert harness.rows(RENAMES.table) == []


@om_test()
async def test_token_of_a_rename_that_failed_is_not_used(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    with pytest.raises(NoSuchKey):
        await rename(harness, bucket, b"source", b"key", token=b"t")
    await harness.put(bucket, b"source")
    await rename(harness, bucket, b"source", b"other", token=b"t")


@om_test()
async def test_bucket_that_keeps_versions_is_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"source")
    for versioning in (om.VERSIONED, om.VERSIONING_SUSPENDED):
        await harness.client.set_bucket_versioning(
            om.SetBucketVersioningRequest(
                volume=VOLUME,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                versioning=versioning,
            )
        )
        with pytest.raises(BucketState):
            await rename(harness, bucket, b"source", b"key")


@om_test()
async def test_prefix_is_renamed_some_keys_at_a_time(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    count = renames.KEYS_AT_ONCE_MAX + 2
    lease = await harness.lease(1)
    [block] = slices_of(lease, 4)
    await harness.put(bucket, b"a/first", blocks=[block])
    for number in range(1, count):
        await harness.put(bucket, b"a/%05d" % number, blocks=[])
    await harness.put(bucket, b"ab")
    first = await rename(harness, bucket, b"a/", b"z/", is_prefix=True, is_new_prefix=True)
    assert (first.keys, first.more) == (renames.KEYS_AT_ONCE_MAX, True)
    with pytest.raises(ConditionFailed):
        await rename(harness, bucket, b"a/", b"z/", is_prefix=True, is_new_prefix=True)
    last = await rename(harness, bucket, b"a/", b"z/", is_prefix=True)
    assert (last.keys, last.more) == (2, False)
    keys = keys_of(harness)
    assert keys[0] == b"ab" and len(keys) == count + 1 and keys[-1] == b"z/first"


@om_test()
async def test_prefix_that_begins_with_the_other_or_gives_too_long_keys_is_refused(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a/1")
    await harness.put(bucket, b"a/" + b"2" * 1_000)
    for source, key in ((b"a/", b"a/b/"), (b"a/1", b"a/"), (b"a/", b"a/")):
        with pytest.raises(InvalidRequest):
            await rename(harness, bucket, source, key, is_prefix=True)
    long = b"z" * 50
    reply = await rename(harness, bucket, b"a/", long, is_prefix=True)
    assert (reply.keys, reply.more) == (1, True)
    with pytest.raises(InvalidRequest):
        await rename(harness, bucket, b"a/", long, is_prefix=True)
    assert keys_of(harness) == [b"a/" + b"2" * 1_000, long + b"1"]
