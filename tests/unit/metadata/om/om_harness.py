"""An OM on a real store, a log in memory, a clock that tests move, and an SCM double behind it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Server
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.token_keys import FetchTokenKeys, KnownTokenKeys
from trioxygen.metadata.om.service import OmConfig, OzoneManager
from trioxygen.metadata.om.state.schema import ALL_TABLES, VOLUMES
from trioxygen.metadata.om.workers.orphans import StoredBlocks
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.scm_pb2 import (
    AllocateBlocksReply,
    AllocateBlocksRequest,
    DeleteBlocksRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockRange, BlockSlice, DataNodeAddress, Pipeline

ACCOUNT = "111111111111"
VOLUME = "s3v"
CONTAINER = 7
# Each bit is a kind of settings.
EVERY_KIND = 2**64 - 1
MAP_BYTES = 256 << 20
CONFIG = OmConfig(gc_delay_ms=5_000, lease_duration_ms=60_000, worker_interval_ms=1_000)

Block = tuple[int, int]


@dataclass(slots=True)
class ScmDouble:
    """Hands out blocks of one container and remembers what was deleted."""

    container: int = CONTAINER
    next_local: int = 1
    allocated: set[Block] = field(default_factory=set)
    deleted: list[Block] = field(default_factory=list)
    deleted_bytes: int = 0
    refuse_with: Exception | None = None
    # What it says of ids of OMs, and what it was asked.
    om_last_id: int = 0
    requests: list[AllocateBlocksRequest] = field(default_factory=list)
    # How long it might have taken for each.
    most_ms: list[float] = field(default_factory=list)

    async def allocate_blocks(
        self, request: AllocateBlocksRequest, *, most_ms: float
    ) -> AllocateBlocksReply:
        if self.refuse_with is not None:
            raise self.refuse_with
        self.requests.append(request)
        self.most_ms.append(most_ms)
        first, self.next_local = self.next_local, self.next_local + request.count
        self.allocated |= {(self.container, local) for local in range(first, self.next_local)}
        datanode = DataNodeAddress(node_id="dn1", address="dn1:9859")
        return AllocateBlocksReply(
            blocks=BlockRange(container=self.container, first_local=first, count=request.count),
            pipeline=Pipeline(pipeline_id=1, datanodes=[datanode]),
            om_last_id=self.om_last_id,
        )

    async def delete_blocks(self, request: DeleteBlocksRequest) -> None:
        if self.refuse_with is not None:
            raise self.refuse_with
        for blocks in request.blocks:
            end = blocks.first_local + blocks.count
            self.deleted += [(blocks.container, local) for local in range(blocks.first_local, end)]
            self.deleted_bytes += blocks.size_bytes


def etag_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def slices_of(lease: om.LeaseBlocksReply, *sizes: int, first: int = 0) -> list[BlockSlice]:
    """One slice for each size, in blocks of the lease from its `first`-th on."""
    blocks = lease.blocks
    assert first + len(sizes) <= blocks.count
    return [
        BlockSlice(
            container=blocks.container,
            local=blocks.first_local + first + position,
            length_bytes=size,
            lease_id=lease.lease_id,
        )
        for position, size in enumerate(sizes)
    ]


def blocks_of(slices: Sequence[BlockSlice]) -> list[Block]:
    return [(piece.container, piece.local) for piece in slices]


class OmHarness:
    def __init__(self, path: Path | None, config: OmConfig, replica: MemoryReplica) -> None:
        """Args: path: of an LMDB store; None: a store in memory."""
        self._path, self.config = path, config
        self.clock = ManualClock()
        self.network = LocalNetwork(encode=True)
        self.scm = ScmDouble()
        # What the SCM tells of keys of block tokens; None: they are not used.
        self.token_keys: FetchTokenKeys | None = None
        # From the next start on.
        self.stored: StoredBlocks | None = None
        self.replica = replica
        self.store = self._open_store("om")
        self._seed = self._clients = 0
        self._server: Server | None = None
        self._started: list[asyncio.Future[Message]] = []
        self.runtime: Runtime
        self.manager: OzoneManager
        self.client: OmClient

    def _open_store(self, name: str) -> Store:
        if self._path is None:
            return MemoryStore(ALL_TABLES)
        return LmdbStore(self._path / name, ALL_TABLES, map_bytes=MAP_BYTES)

    async def start(self) -> None:
        self._seed += 1
        self.runtime = inline_runtime(self.clock, network=self.network, seed=self._seed)
        self.manager = OzoneManager(
            runtime=self.runtime,
            store=self.store,
            replica=self.replica,
            scm=self.scm,
            config=self.config,
            token_keys=(
                None if self.token_keys is None else KnownTokenKeys(self.runtime, self.token_keys)
            ),
            stored=self.stored,
        )
        await self.manager.start()
        if not self.rows(VOLUMES.table):
            await self.executor.execute(om.CreateVolumeRequest(volume=VOLUME))
        self._server = await self.network.serve("om1", [self.manager.service])
        self.client = self.new_client()
        await self.settle()

    def new_client(self) -> OmClient:
        client = OmClient(self.runtime, ["om1"])
        self._clients += 1
        client.first_group.client_id = self._clients
        return client

    @property
    def executor(self) -> Executor:
        return self.manager._executor

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.stop()
        await self.manager.stop()
        await self.runtime.stop()

    async def restart(self, *, lose_store: bool = False) -> None:
        """A clean stop and start, or one after which the state must come from the log."""
        assert self._server is not None
        if lose_store:
            await self._server.stop()
            await self.runtime.stop()
            await self.replica.stop()
            self.store.close()
            self.store = self._open_store("om-again")
        else:
            await self.stop()
        await self.start()

    async def settle(self) -> None:
        """Until every worker sleeps."""
        for _ in range(10_000):
            if self.clock.sleepers >= len(self.runtime.tasks.workers):
                return
            await asyncio.sleep(0)
        raise AssertionError("the workers never rest")

    async def pass_time(self, duration_ms: float) -> None:
        """Moves the clock in one step; the workers have done what was due."""
        self.clock.advance(duration_ms)
        await asyncio.sleep(0)
        await self.settle()
        # What one worker made due is for another one's next run.
        self.clock.advance(5 * self.config.worker_interval_ms)
        await asyncio.sleep(0)
        await self.settle()

    # ---- what tests say often ----

    async def bucket(self, name: str = "bucket", account_id: str = ACCOUNT) -> om.BucketRow:
        request = om.CreateBucketRequest(volume=VOLUME, bucket=name, account_id=account_id)
        return (await self.client.create_bucket(request)).bucket

    async def lease(self, count: int, client: OmClient | None = None) -> om.LeaseBlocksReply:
        request = om.LeaseBlocksRequest(count=count, block_bytes_max=1 << 20)
        return await (client or self.client).lease_blocks(request)

    async def put(
        self,
        bucket: om.BucketRow,
        key: bytes,
        data: bytes = b"data",
        *,
        blocks: Sequence[BlockSlice] | None = None,
        condition: om.WriteCondition | None = None,
    ) -> om.CommitKeyReply:
        """Commits a key of these blocks, or of one of a new lease, which ends then."""
        lease = None
        if blocks is None:
            lease = await self.lease(1)
            blocks = slices_of(lease, len(data))
        size_bytes = sum(piece.length_bytes for piece in blocks)
        row = om.KeyRow(
            size_bytes=size_bytes, etag=etag_of(data), account_id=ACCOUNT, blocks=blocks
        )
        request = om.CommitKeyRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key,
            row=row,
            condition=condition,
        )
        try:
            return await self.client.commit_key(request)
        finally:
            if lease is not None:
                await self.release(lease)

    async def copy(
        self, bucket: om.BucketRow, source_key: bytes, key: bytes, *, object_id: int = 0
    ) -> om.CommitKeyReply:
        """Args: object_id: of the source; 0: of the current one."""
        source = (await self.lookup(bucket, source_key)).row
        request = om.CommitKeyRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key,
            row=source,
            copy_source=om.CopySource(
                volume=VOLUME,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=source_key,
                object_id=object_id or source.object_id,
            ),
        )
        return await self.client.commit_key(request)

    async def release(self, lease: om.LeaseBlocksReply) -> None:
        request = om.ReleaseLeasesRequest(lease_ids=[lease.lease_id])
        await self.client.release_leases(request)

    async def lookup(self, bucket: om.BucketRow, key: bytes) -> om.LookupKeyReply:
        request = om.LookupKeyRequest(volume=VOLUME, bucket=bucket.name, key=key)
        return await self.client.lookup_key(request)

    async def delete(self, bucket: om.BucketRow, *keys: bytes, if_match: str = "") -> list[int]:
        """The code of each key."""
        request = om.DeleteKeysRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            keys=[om.KeyToDelete(key=key, if_match=if_match) for key in keys],
        )
        return list((await self.client.delete_keys(request)).results)

    async def delete_bucket(self, bucket: om.BucketRow) -> None:
        request = om.DeleteBucketRequest(
            volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id
        )
        await self.client.delete_bucket(request)

    def start_soon(self, command: Message) -> None:
        """Queues a command, so that many share a batch; `all_done` waits for them."""
        self._started.append(asyncio.ensure_future(self.executor.execute(command)))

    async def all_done(self) -> None:
        started, self._started = self._started, []
        await asyncio.gather(*started)

    # ---- what the state holds ----

    def rows(self, table: Table) -> list[tuple[bytes, bytes]]:
        with self.store.read() as txn:
            return list(txn.scan(table, prefix=b""))

    def all_rows(self) -> dict[str, list[tuple[bytes, bytes]]]:
        return {table.name: self.rows(table) for table in ALL_TABLES if table.name != "meta"}


Scenario = Callable[[OmHarness], Awaitable[None]]


async def with_om(
    path: Path | None,
    config: OmConfig,
    scenario: Scenario,
    *,
    replica: MemoryReplica | None = None,
) -> None:
    harness = OmHarness(path, config, replica or MemoryReplica())
    await harness.start()
    try:
        await scenario(harness)
    finally:
        await harness.stop()
        harness.store.close()


def om_test(**changed: Any) -> Callable[[Scenario], Callable[[Path], None]]:
    """Makes a test of a scenario with an OM whose configuration differs in these values."""

    def decorate(scenario: Scenario) -> Callable[[Path], None]:
        def run(tmp_path: Path) -> None:
            config = replace(CONFIG, **changed)
            asyncio.run(with_om(tmp_path, config, scenario))

        run.__name__ = run.__qualname__ = getattr(scenario, "__name__", "scenario")
        run.__module__, run.__doc__ = scenario.__module__, scenario.__doc__
        return run

    return decorate
