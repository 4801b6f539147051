"""Commands may run more than once before they count: what they are must not change by that."""

import asyncio
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import (
    CONFIG,
    VOLUME,
    OmHarness,
    om_test,
    slices_of,
    with_om,
)
from tests.unit.metadata.om.upload_steps import KEY, begin_upload
from trioxygen.common.errors import Internal, Overloaded
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2 as om


class Defect(Exception):
    pass


def broken(txn: CapturingTxn, command: om.KeyToDelete, now: Now) -> Message:
    raise Defect("half-way")


@om_test()
async def test_batch_that_runs_again_without_a_broken_command_commits_the_others(
    harness: OmHarness,
) -> None:
    handlers = harness.executor._runner._handlers
    assert isinstance(handlers, dict)
    handlers[om.KeyToDelete] = broken
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    lease = await harness.lease(2)
    where: dict[str, Any] = {"bucket": bucket.name, "bucket_id": bucket.bucket_id}
    commands: list[Message] = [
        om.CommitKeyRequest(
            volume=VOLUME,
            key=b"key",
            row=om.KeyRow(size_bytes=1, blocks=slices_of(lease, 1)),
            **where,
        ),
        om.CommitPartRequest(
            volume=VOLUME,
            key=KEY,
            upload_id=upload.upload_id,
            number=1,
            row=om.PartRow(size_bytes=1, etag="00", blocks=slices_of(lease, 1, first=1)),
            **where,
        ),
        om.KeyToDelete(key=b"broken"),
        om.CreateUploadRequest(volume=VOLUME, key=b"another", **where),
    ]
    as_sent = [command.SerializeToString() for command in commands]
    results = await asyncio.gather(
        *(harness.executor.execute(command) for command in commands), return_exceptions=True
    )
    assert [type(result) for result in results] == [
        om.CommitKeyReply,
        om.CommitPartReply,
        Internal,
        om.CreateUploadReply,
    ]
    assert [command.SerializeToString() for command in commands] == as_sent


class OnceOverloaded(MemoryReplica):
    overloads = 0

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        if self.overloads:
            self.overloads -= 1
            raise Overloaded("too many proposals wait")
        return await super().propose(payload, committed=committed)


def test_commit_is_tried_again_on_a_network_that_hands_messages_over() -> None:
    """Without a copy on the way, the second try sends what the first one left."""

    async def scenario(harness: OmHarness) -> None:
        harness.network.encode = False
        bucket = await harness.bucket()
        lease = await harness.lease(1)
        assert isinstance(harness.replica, OnceOverloaded)
        harness.replica.overloads = 1
        putting = asyncio.ensure_future(harness.put(bucket, b"key", blocks=slices_of(lease, 1)))
        for _ in range(20):
            await asyncio.sleep(0)
            harness.clock.advance(1)
        await putting
        assert (await harness.lookup(bucket, b"key")).exists

    asyncio.run(with_om(None, CONFIG, scenario, replica=OnceOverloaded()))
