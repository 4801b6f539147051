"""Clients that put, get, delete and list a few keys at the same time, and write down what they were
told."""

import random

from trioxygen.common.errors import (
    BucketAlreadyOwned,
    ConditionFailed,
    Internal,
    LeaseExpired,
    NoSuchKey,
    Refused,
    TrioxygenError,
    Unavailable,
    VolumeAlreadyExists,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    CommitKeyRequest,
    DeleteKeysRequest,
    KeyRow,
    ObjectHeaders,
    WriteCondition,
)
from trioxygen.proto.v1.types_pb2 import BlockSlice
from trioxygen.sim.checkers.blocks import BlockLedger
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.history import History, Kind, Operation, Outcome
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.trace import Trace

VOLUME = "sim"
_KINDS = (
    (Kind.PUT, 6),
    (Kind.CREATE, 4),
    (Kind.REPLACE, 5),
    (Kind.DELETE, 3),
    (Kind.DELETE_MATCH, 2),
    (Kind.GET, 10),
    (Kind.LIST, 3),
)


class Client:
    """One sequence of calls.

    Args:
    ledger: is told of every block that this client was leased; None: keys without blocks.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        runtime: Runtime,
        om: OmClient,
        history: History,
        trace: Trace,
        rng: random.Random,
        ledger: BlockLedger | None,
        *,
        row_bytes: int = 0,
    ) -> None:
        self._padding = ObjectHeaders(content_type="x" * row_bytes) if row_bytes else None
        self.name = name
        self._loop, self._runtime, self._om = loop, runtime, om
        self._history, self._trace, self._rng, self._ledger = history, trace, rng, ledger
        self._known: dict[tuple[str, str], str] = {}
        self._bucket_ids: dict[str, int] = {}
        self._blocks: list[BlockSlice] = []
        self._count = 0

    async def make_buckets(self, names: list[str]) -> None:
        """Until they are there, and their volume."""
        while not await self._has_volume():
            pass
        for name in names:
            while name not in self._bucket_ids:
                try:
                    reply = await self._om.create_bucket(
                        om_pb2.CreateBucketRequest(volume=VOLUME, bucket=name, account_id="admin")
                    )
                    self._bucket_ids[name] = reply.bucket.bucket_id
                except BucketAlreadyOwned:
                    bucket = await self._om.lookup_bucket(
                        om_pb2.LookupBucketRequest(volume=VOLUME, bucket=name)
                    )
                    self._bucket_ids[name] = bucket.bucket.bucket_id
                except Unavailable as error:
                    self._trace.note("no-bucket", name, str(error))

    async def _has_volume(self) -> bool:
        try:
            await self._om.create_volume(om_pb2.CreateVolumeRequest(volume=VOLUME))
        except VolumeAlreadyExists:
            return True
        except Unavailable as error:
            self._trace.note("no-volume", VOLUME, str(error))
            return False
        return True

    def know_buckets(self, other: "Client") -> None:
        self._bucket_ids = dict(other._bucket_ids)

    async def call_once(self, keys: list[str], think_ms: float) -> None:
        rng = self._rng
        kind = rng.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
        bucket = rng.choice(list(self._bucket_ids))
        key = "" if kind is Kind.LIST else rng.choice(keys)
        await self.call(kind, bucket, key)
        await self._runtime.clock.sleep_ms(think_ms * rng.random())

    async def call(self, kind: Kind, bucket: str, key: str) -> Operation:
        """One call, in the history. Its outcome is UNKNOWN when it was given up."""
        self._count += 1
        operation = Operation(self.name, kind, bucket, key, self._loop.time() * 1_000)
        if kind in (Kind.PUT, Kind.CREATE, Kind.REPLACE):
            operation.value = f"{self.name}-{self._count}"
        if kind in (Kind.REPLACE, Kind.DELETE_MATCH):
            operation.expected = self._known.get((bucket, key), "none")
        blocks = await self._take_block() if operation.value else []
        operation.start = self._loop.time() * 1_000
        self._history.begin(operation)
        outcome = await self._ask(operation, blocks)
        if outcome is not Outcome.UNKNOWN:
            operation.end = self._loop.time() * 1_000
        operation.outcome = outcome
        self._trace.note(
            "client", self.name, kind.value, bucket, key, operation.value, outcome.value
        )
        return operation

    async def _ask(self, operation: Operation, blocks: list[BlockSlice]) -> Outcome:
        try:
            if operation.kind is Kind.GET:
                await self._get(operation)
            elif operation.kind is Kind.LIST:
                await self._list(operation)
            elif operation.kind in (Kind.DELETE, Kind.DELETE_MATCH):
                return await self._delete(operation)
            else:
                await self._put(operation, blocks)
        except ConditionFailed:
            return Outcome.FAILED
        except NoSuchKey:
            return Outcome.MISSING
        except LeaseExpired as error:
            self._check_lease(blocks)
            self._trace.note("lease-expired", self.name, str(error))
            # Nothing happened: as if it had not been asked.
            self._history.operations.remove(operation)
            return Outcome.FAILED
        except Refused as error:
            raise Violation("linearizability", f"{operation}: {error}") from error
        except (Unavailable, Internal):
            # Internal: the server's log failed, or its disk; it may be in there.
            return Outcome.UNKNOWN
        return Outcome.OK

    def _check_lease(self, blocks: list[BlockSlice]) -> None:
        """Raises Violation."""
        assert self._ledger is not None
        self._ledger.expired(blocks[0].lease_id, self._loop.time() * 1_000)

    async def _get(self, operation: Operation) -> None:
        reply = await self._om.lookup_key(
            om_pb2.LookupKeyRequest(
                volume=VOLUME, bucket=operation.bucket, key=operation.key.encode()
            )
        )
        operation.value = reply.row.etag if reply.exists else None
        self._known[operation.bucket, operation.key] = operation.value or "none"

    async def _list(self, operation: Operation) -> None:
        reply = await self._om.list_keys(
            om_pb2.ListKeysRequest(volume=VOLUME, bucket=operation.bucket, count_max=1_000)
        )
        for key, row in zip(reply.keys, reply.rows, strict=True):
            operation.listed[key.decode()] = KeyRow.FromString(row).etag

    async def _put(self, operation: Operation, blocks: list[BlockSlice]) -> None:
        condition = WriteCondition()
        if operation.kind is Kind.CREATE:
            condition.if_none_match = "*"
        elif operation.kind is Kind.REPLACE:
            condition.if_match = operation.expected
        row = KeyRow(
            etag=operation.value, size_bytes=len(blocks), blocks=blocks, headers=self._padding
        )
        request = CommitKeyRequest(
            volume=VOLUME,
            bucket=operation.bucket,
            bucket_id=self._bucket_ids[operation.bucket],
            key=operation.key.encode(),
            row=row,
            condition=condition,
        )
        await self._om.commit_key(request)
        self._known[operation.bucket, operation.key] = operation.value or ""

    async def _delete(self, operation: Operation) -> Outcome:
        wanted = om_pb2.KeyToDelete(key=operation.key.encode(), if_match=operation.expected)
        reply = await self._om.delete_keys(
            DeleteKeysRequest(
                volume=VOLUME,
                bucket=operation.bucket,
                bucket_id=self._bucket_ids[operation.bucket],
                keys=[wanted],
            )
        )
        code = reply.results[0]
        if code == types_pb2.CONDITION_FAILED:
            return Outcome.FAILED
        return Outcome.MISSING if code == types_pb2.NO_SUCH_KEY else Outcome.OK

    async def _take_block(self) -> list[BlockSlice]:
        """A block of a lease; none when there is no SCM or it does not answer."""
        if self._ledger is None or self._rng.random() < 0.3:
            return []
        if not self._blocks:
            asked_ms = self._loop.time() * 1_000
            try:
                reply = await self._om.lease_blocks(
                    om_pb2.LeaseBlocksRequest(count=4, block_bytes_max=1 << 20)
                )
            except TrioxygenError as error:
                self._trace.note("no-lease", self.name, type(error).__name__)
                return []
            blocks = reply.blocks
            self._ledger.leased(
                self.name, reply.lease_id, blocks.container, blocks.first_local, blocks.count
            )
            self._ledger.lasts(reply.lease_id, asked_ms, reply.duration_ms)
            self._blocks = [
                BlockSlice(
                    container=blocks.container,
                    local=blocks.first_local + number,
                    lease_id=reply.lease_id,
                    length_bytes=1,
                )
                for number in range(blocks.count)
            ]
        return [self._blocks.pop()]
