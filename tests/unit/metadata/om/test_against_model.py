"""Random commands against the OM and the model: the same keys, and every block in one place."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.models.namespace import Block, Namespace, Version
from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import CONFIG, CONTAINER, VOLUME, OmHarness
from trioxygen.common.errors import TrioxygenError
from trioxygen.metadata.om.service import OmConfig
from trioxygen.metadata.om.state.schema import (
    BLOCK_REFERENCES,
    GC,
    HISTORY,
    KEYS,
    LEASES,
    PARTS,
    UPLOADS,
)
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

LEASE_MS = 10**8
MODEL_CONFIG = OmConfig(
    gc_delay_ms=CONFIG.gc_delay_ms,
    lease_duration_ms=LEASE_MS,
    worker_interval_ms=CONFIG.worker_interval_ms,
    completed_uploads_kept_ms=10**12,
    answers_kept_ms=10**12,
)
KEY_NAMES = (b"a", b"a/", b"a/b", "é".encode())
ETAGS = ("00", "11", "22")

T = TypeVar("T")
names = st.sampled_from(KEY_NAMES)
etags = st.sampled_from(ETAGS)
choices = st.integers(0, 10**6)
conditions = st.sampled_from((*[""] * 10, "*", "00", "11"))


class OmAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Namespace()
        self.allocated: set[Block] = set()
        self.last: tuple[Message, type[Message], Message | str] | None = None
        self.requests = 0

    def run(self, step: Awaitable[T]) -> T:
        async def stepped() -> T:
            return await step

        return self.runner.run(stepped())

    @initialize()
    def begin(self) -> None:
        async def start() -> tuple[OmHarness, om.BucketRow]:
            harness = OmHarness(None, MODEL_CONFIG, MemoryReplica())
            await harness.start()
            return harness, await harness.bucket()

        self.harness, self.bucket = self.run(start())
        self.where: dict[str, Any] = {
            "bucket": self.bucket.name,
            "bucket_id": self.bucket.bucket_id,
        }

    def teardown(self) -> None:
        if hasattr(self, "harness"):
            self.run(self.harness.stop())
        self.runner.close()

    def send(self, request: Message, reply_type: type[Message]) -> Message | str:
        """The reply, or the name of the error."""
        self.requests += 1
        request.client_id, request.request_id = 77, self.requests  # type: ignore[attr-defined]
        answer = self.send_again(request, reply_type)
        self.last = (request, reply_type, answer)
        return answer

    def send_again(self, request: Message, reply_type: type[Message]) -> Message | str:
        method = "OzoneManager/" + type(request).__name__.removesuffix("Request")
        channel = self.harness.network.channel("om1")
        try:
            return self.run(channel.call(method, request, reply_type, timeout_ms=5_000))
        except TrioxygenError as error:
            return type(error).__name__

    def some_blocks(self, choice: int, count: int) -> tuple[int, list[Block]]:
        """(lease, blocks): mostly of a live lease, committed, unused or gone already."""
        if not self.model.blocks.leases:
            self.lease_blocks(count=12)
        leases = sorted(self.model.blocks.leases)
        lease = leases[choice % len(leases)]
        if choice % 11 == 10:
            # Of a lease that never was, or has ended, or is not the block's.
            return lease + choice % 3 - 1, [1 + choice // 7 % len(self.allocated)]
        blocks = sorted(self.model.blocks.leases[lease])
        start = choice // 7 % len(blocks)
        return lease, blocks[start : start + count]

    @staticmethod
    def slices(lease: int, blocks: Sequence[Block]) -> list[BlockSlice]:
        return [
            BlockSlice(container=CONTAINER, local=block, length_bytes=1, lease_id=lease)
            for block in blocks
        ]

    # ---- leases ----

    @rule(count=st.integers(1, 12))
    def lease_blocks(self, count: int) -> None:
        reply = self.send(om.LeaseBlocksRequest(count=count), om.LeaseBlocksReply)
        assert isinstance(reply, om.LeaseBlocksReply)
        first = reply.blocks.first_local
        blocks = set(range(first, first + count))
        assert blocks.isdisjoint(self.allocated)
        self.allocated |= blocks
        self.model.blocks.leases[reply.lease_id] = blocks

    @precondition(lambda self: self.model.blocks.leases)
    @rule(choice=choices, blocks=st.lists(choices, max_size=3), whole=st.booleans())
    def release(self, choice: int, blocks: list[int], whole: bool) -> None:
        leases = sorted(self.model.blocks.leases)
        ended = [leases[choice % len(leases)]] if whole else []
        allocated = sorted(self.allocated)
        given_back = [allocated[-1 - block % min(20, len(allocated))] for block in blocks]
        request = om.ReleaseLeasesRequest(
            lease_ids=ended,
            blocks=[BlockId(container=CONTAINER, local=block) for block in given_back],
        )
        assert isinstance(self.send(request, om.ReleaseLeasesReply), om.ReleaseLeasesReply)
        for lease in ended:
            self.model.blocks.end_lease(lease)
        for block in given_back:
            self.model.blocks.give_back(block)

    @precondition(lambda self: len(self.model.blocks.leases) > 3)
    @rule()
    def expire_leases(self) -> None:
        self.run(self.harness.pass_time(LEASE_MS))
        for lease in sorted(self.model.blocks.leases):
            self.model.blocks.end_lease(lease)

    @rule()
    def collect_garbage(self) -> None:
        self.run(self.harness.pass_time(CONFIG.gc_delay_ms))

    # ---- keys ----

    @rule(
        key=names,
        etag=etags,
        choice=choices,
        count=st.integers(0, 4).map(lambda count: min(count, 3)),
        if_none_match=conditions,
        if_match=conditions,
    )
    def put(
        self, key: bytes, etag: str, choice: int, count: int, if_none_match: str, if_match: str
    ) -> None:
        lease, blocks = self.some_blocks(choice, count)
        request = om.CommitKeyRequest(
            volume=VOLUME,
            key=key,
            row=om.KeyRow(etag=etag, size_bytes=len(blocks), blocks=self.slices(lease, blocks)),
            condition=om.WriteCondition(if_none_match=if_none_match, if_match=if_match),
            **self.where,
        )
        refusal = self.model.refusal(key, if_none_match=if_none_match, if_match=if_match)
        if refusal is None and not all(self.model.blocks.leased(lease, block) for block in blocks):
            refusal = "LeaseExpired"
        reply = self.send(request, om.CommitKeyReply)
        if refusal is not None:
            assert reply == refusal
            return
        assert isinstance(reply, om.CommitKeyReply), reply
        self.model.put(key, Version(etag, blocks, reply.object_id))

    @precondition(lambda self: self.model.keys)
    @rule(choice=choices, key=names)
    def copy(self, choice: int, key: bytes) -> None:
        sources = [*sorted(self.model.keys), b"missing"]
        source, stale = sources[choice % len(sources)], choice % 5 == 4
        known = self.model.keys.get(source)
        object_id = 0 if known is None else known.object_id - stale
        copy_source = om.CopySource(volume=VOLUME, key=source, object_id=object_id, **self.where)
        etag = "33" if known is None else known.etag
        request = om.CommitKeyRequest(
            volume=VOLUME, key=key, row=om.KeyRow(etag=etag), copy_source=copy_source, **self.where
        )
        reply = self.send(request, om.CommitKeyReply)
        if known is None or stale:
            assert reply == "ConditionConflict"
            return
        assert isinstance(reply, om.CommitKeyReply), reply
        self.model.put(key, Version(known.etag, list(known.blocks), reply.object_id))

    @rule(keys=st.lists(names, min_size=1, max_size=2), if_match=st.sampled_from(("", "", "*")))
    def delete(self, keys: list[bytes], if_match: str) -> None:
        request = om.DeleteKeysRequest(
            volume=VOLUME,
            keys=[om.KeyToDelete(key=key, if_match=if_match) for key in keys],
            **self.where,
        )
        reply = self.send(request, om.DeleteKeysReply)
        assert isinstance(reply, om.DeleteKeysReply), reply
        for key, code in zip(keys, reply.results, strict=True):
            assert bool(code) == (bool(if_match) and key not in self.model.keys)
            self.model.delete(key)

    # ---- uploads ----

    @rule(key=names)
    def create_upload(self, key: bytes) -> None:
        reply = self.send(
            om.CreateUploadRequest(volume=VOLUME, key=key, **self.where), om.CreateUploadReply
        )
        assert isinstance(reply, om.CreateUploadReply), reply
        self.model.uploads[reply.upload_id] = (key, {})

    def some_upload(self, choice: int) -> bytes:
        uploads = sorted(self.model.uploads)
        return uploads[choice % len(uploads)]

    @precondition(lambda self: self.model.uploads)
    @rule(choice=choices, number=st.integers(1, 4), etag=etags, count=st.integers(0, 3))
    def commit_part(self, choice: int, number: int, etag: str, count: int) -> None:
        upload_id = self.some_upload(choice)
        key, _ = self.model.uploads[upload_id]
        lease, blocks = self.some_blocks(choice, count)
        row = om.PartRow(etag=etag, size_bytes=len(blocks), blocks=self.slices(lease, blocks))
        request = om.CommitPartRequest(
            volume=VOLUME, key=key, upload_id=upload_id, number=number, row=row, **self.where
        )
        reply = self.send(request, om.CommitPartReply)
        if all(self.model.blocks.leased(lease, block) for block in blocks):
            assert isinstance(reply, om.CommitPartReply), reply
            self.model.put_part(upload_id, number, Version(etag, blocks, 0))
        else:
            assert reply == "LeaseExpired"

    @precondition(lambda self: self.model.uploads)
    @rule(choice=choices, mask=st.integers(1, 15))
    def complete_upload(self, choice: int, mask: int) -> None:
        upload_id = self.some_upload(choice)
        key, parts = self.model.uploads[upload_id]
        numbers = [number for number in sorted(parts) if mask >> (number - 1) & 1]
        listed = [om.CompletePart(number=number, etag=parts[number].etag) for number in numbers]
        request = om.CompleteUploadRequest(
            volume=VOLUME, key=key, upload_id=upload_id, parts=listed, size_bytes=-1, **self.where
        )
        reply = self.send(request, om.CompleteUploadReply)
        if not numbers:
            assert reply == "InvalidRequest"
            return
        assert isinstance(reply, om.CompleteUploadReply), reply
        self.model.complete(upload_id, numbers, reply.etag, reply.object_id)

    @precondition(lambda self: len(self.model.uploads) > 2)
    @rule(choice=choices)
    def abort_upload(self, choice: int) -> None:
        upload_id = self.some_upload(choice)
        key, _ = self.model.uploads[upload_id]
        request = om.AbortUploadRequest(volume=VOLUME, key=key, upload_id=upload_id, **self.where)
        assert isinstance(self.send(request, om.AbortUploadReply), om.AbortUploadReply)
        self.model.abort(upload_id)

    # ---- what must change nothing ----

    @precondition(lambda self: self.last is not None and isinstance(self.last[2], Message))
    @rule()
    def send_last_again(self) -> None:
        assert self.last is not None
        request, reply_type, answer = self.last
        if isinstance(request, om.LeaseBlocksRequest):
            # The blocks of the second allocation are nobody's: they never get a lease.
            return
        assert self.send_again(request, reply_type) == answer

    @rule()
    def restart(self) -> None:
        self.run(self.harness.restart())

    # ---- agreement ----

    @invariant()
    def keys_and_uploads_are_the_models(self) -> None:
        if not hasattr(self, "harness"):
            return
        actual = {
            key[8:]: om.KeyRow.FromString(value) for key, value in self.harness.rows(KEYS.table)
        }
        assert {
            key: (row.etag, [piece.local for piece in row.blocks], row.object_id)
            for key, row in actual.items()
        } == {
            key: (known.etag, known.blocks, known.object_id)
            for key, known in self.model.keys.items()
        }
        uploads = [om.UploadRow.FromString(value) for _, value in self.harness.rows(UPLOADS.table)]
        assert {row.upload_id: row.key for row in uploads} == {
            upload_id: key for upload_id, (key, _) in self.model.uploads.items()
        }

    @invariant()
    def every_block_is_in_exactly_one_place(self) -> None:
        if not hasattr(self, "harness"):
            return
        places = self.places()
        counted = Counter(block for blocks in places.values() for block in blocks)
        assert set(counted.values()) <= {1}, places
        assert counted.keys() == self.allocated
        assert set(places["unused"]) == self.model.blocks.unused()
        assert {*places["queued"], *places["deleted"]} == self.model.blocks.gone

    def places(self) -> dict[str, list[Block]]:
        rows = self.harness.rows
        references = {
            int.from_bytes(key[8:], "big"): om.BlockReferenceRow.FromString(value).references
            for key, value in rows(BLOCK_REFERENCES.table)
        }
        held: Counter[Block] = Counter()
        for _, value in rows(KEYS.table):
            held.update(piece.local for piece in om.KeyRow.FromString(value).blocks)
        for _, value in rows(PARTS.table):
            held.update(piece.local for piece in om.PartRow.FromString(value).blocks)
        assert references == held == self.model.blocks.holders
        assert rows(HISTORY.table) == []
        queued: list[Block] = []
        for _, value in rows(GC.table):
            blocks = om.GcRow.FromString(value).blocks
            queued += range(blocks.first_local, blocks.first_local + blocks.count)
        unused: list[Block] = []
        for _, value in rows(LEASES.table):
            lease = om.LeaseRow.FromString(value)
            bits = int.from_bytes(lease.collected, "little")
            unused += [
                lease.first_local + offset
                for offset in range(lease.count)
                if not bits >> offset & 1 and lease.first_local + offset not in references
            ]
        deleted = [local for _, local in self.harness.scm.deleted]
        return {
            "referenced": list(references),
            "queued": queued,
            "unused": unused,
            "deleted": deleted,
        }


TestOmAgainstModel = OmAgainstModel.TestCase
TestOmAgainstModel.settings = settings(max_examples=50, stateful_step_count=60, deadline=None)
