"""Clients that put, read and delete objects of their own through the gateway's store, and check
every byte that they read."""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.errors import (
    BucketAlreadyOwned,
    Internal,
    NoSuchBlock,
    NoSuchContainer,
    TrioxygenError,
    Unavailable,
    VolumeAlreadyExists,
    WrongBlock,
)
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Network
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import KIB
from trioxygen.gateway.shares import Buffers, ShareLimits, Shares
from trioxygen.gateway.store.contents_port import ObjectWriter, Written
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import (
    Checksum,
    KeyRecord,
    KeyToDelete,
    NewKey,
    ObjectHeaders,
)
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.client.writing import BlocksWritten
from trioxygen.hdds.tokens.granted import GrantedTokens
from trioxygen.hdds.tokens.network import TokenNetwork
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.types_pb2 import BlockSlice
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.storage.sizes import Sizes, sizes_of
from trioxygen.sim.trace import Trace

VOLUME: Final = "sim"
_PIECE_BYTES: Final = 8 * KIB
_CALL_TIMEOUT_MS: Final = 6_000.0
# After which a write's blocks are referred to, or will never be: the lease has ended.
_UNSETTLED_S: Final = 20.0
# After which who looks up what is referred to has seen it.
_SETTLED_S: Final = 2.0


def _config(sizes: Sizes) -> LeasingConfig:
    return LeasingConfig(
        block_bytes_max=sizes.block_bytes_max,
        small_bytes_max=sizes.small_bytes_max,
        packed_bytes_max=sizes.packed_bytes_max,
        small_blocks_leased=8,
        large_blocks_leased=2,
        lease_check_ms=500,
    )


def body_of(value: str) -> bytes:
    """The bytes that a value stands for: `client/number/size`."""
    return random.Random(value).randbytes(int(value.rpartition("/")[2]))


@dataclass(slots=True)
class Expected:
    """Of one key, which one client uses, one call after another.

    Attributes:
    value: acknowledged last; None: there is none.
    perhaps: of calls that were given up: each may have happened, or happen yet."""

    value: str | None = None
    perhaps: set[str | None] = field(default_factory=set)

    def acknowledged(self, value: str | None) -> None:
        self.value = value
        self.perhaps.discard(value)

    def allows(self, value: str | None) -> bool:
        return value == self.value or value in self.perhaps


@dataclass(slots=True)
class Fresh:
    """What was written lately. Attributes: until_s: then who looks up what is referred to knows."""

    slices: list[BlockSlice]
    until_s: float


@dataclass(slots=True)
class Memory:
    """What one sequence of calls has come to, whatever process makes them.

    Attributes:
    keys: what each holds, by what it was told.
    puts: how many there were.
    fresh: see there.
    counts: of calls, by what became of them.
    """

    keys: dict[str, Expected]
    puts: int = 0
    fresh: list[Fresh] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, keys: int) -> "Memory":
        return cls({f"{name}-{number}": Expected() for number in range(keys)})


class ObjectClient:
    """One sequence of calls.

    Attributes: is_writing: blocks of which nobody else knows where they are.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        runtime: Runtime,
        cluster: Cluster,
        trace: Trace,
        rng: random.Random,
        *,
        memory: Memory,
        replication: Replication,
        tokens: bool = False,
    ) -> None:
        self.name = name
        self._loop, self._runtime, self._trace, self._rng = loop, runtime, trace, rng
        self._replication = replication
        self._om = OmClient(
            runtime, cluster.om_addresses, timeout_ms=_CALL_TIMEOUT_MS, try_ms=500.0
        )
        scm = ScmClient(runtime, cluster.scm_addresses, timeout_ms=3_000, try_ms=500)
        network: Network = runtime.network
        if tokens:
            known = GrantedTokens(self._om.tokens_for, runtime.tasks)
            self._om.hear_tokens(known.learn)
            network = TokenNetwork(network, known)
        pool = DataNodePool(network, runtime.clock, scm.locate)
        self._sizes = sizes_of(replication)
        self._ozone = OzoneStore(
            runtime, self._om, BlockWriter(pool), BlockReader(pool), _config(self._sizes)
        )
        self._store = self._ozone.store
        self._bucket: Bucket | None = None
        self._buffers = Buffers(Shares(ShareLimits()).buffers, name)
        self.memory = memory
        self.is_writing = False

    @property
    def keys(self) -> dict[str, Expected]:
        return self.memory.keys

    @property
    def counts(self) -> dict[str, int]:
        return self.memory.counts

    async def begin(self) -> None:
        """When it returns its bucket is there."""
        self._ozone.start()
        while self._bucket is None:
            try:
                self._bucket = await self._made_bucket()
            except Unavailable as error:
                self._trace.note("no-bucket", self.name, str(error))
                await self._runtime.clock.sleep_ms(100.0)

    async def _made_bucket(self) -> Bucket:
        try:
            await self._om.create_volume(om_pb2.CreateVolumeRequest(volume=VOLUME))
        except VolumeAlreadyExists:
            self._trace.note("volume", self.name)
        buckets = self._store.buckets
        try:
            return await buckets.create(VOLUME, self.name, account_id=self.name, location="")
        except BucketAlreadyOwned:
            return await buckets.lookup(VOLUME, self.name)

    async def stop(self) -> None:
        """Gives back what is leased."""
        await self._ozone.stop()

    async def call_once(self, think_ms: float) -> None:
        key = self._rng.choice(list(self.keys))
        [deed] = self._rng.choices((self.put, self.get, self.delete), (5, 4, 1))
        await deed(key)
        await self._runtime.clock.sleep_ms(think_ms * self._rng.random())

    # ---- calls ----

    async def put(self, key: str) -> bool:
        """Whether it was acknowledged; else it may have happened."""
        self.memory.puts += 1
        size_bytes = self._rng.randint(*self._rng.choice(self._sizes.objects))
        value = f"{self.name}/{self.memory.puts}/{size_bytes}"
        expected = self.keys[key]
        # Also where nobody lives to learn what becomes of it.
        expected.perhaps.add(value)
        try:
            await self._put(key, value)
        except (Unavailable, Internal) as error:
            self._given_up("put", key, error)
            return False
        expected.acknowledged(value)
        self._done("put", key, value)
        return True

    async def _put(self, key: str, value: str) -> None:
        body = body_of(value)
        written = await self._write(body)
        assert isinstance(written, BlocksWritten)
        fresh = Fresh([*written.slices], self._loop.time() + _UNSETTLED_S)
        self.memory.fresh.append(fresh)
        new = NewKey(
            size_bytes=len(body),
            etag=hashlib.md5(body, usedforsecurity=False).hexdigest(),
            account_id=self.name,
            headers=ObjectHeaders(user_metadata=(("value", value),)),
            checksum=Checksum(
                Algorithm.SHA256, hashlib.sha256(body).digest(), ChecksumType.FULL_OBJECT
            ),
            replication=self._replication,
        )
        assert self._bucket is not None
        await self._store.keys.commit(self._bucket, key, new, written, None)
        fresh.until_s = self._loop.time() + _SETTLED_S

    async def _write(self, body: bytes) -> Written:
        self.is_writing = True
        try:
            return await self._write_blocks(body)
        finally:
            self.is_writing = False

    async def _write_blocks(self, body: bytes) -> Written:
        contents = self._store.contents
        if len(body) <= contents.small_bytes_max:
            return await contents.write_small(body, self._replication)
        writer: ObjectWriter = contents.open_writer(len(body), self._replication)
        try:
            for at in range(0, len(body), _PIECE_BYTES):
                await writer.send([body[at : at + _PIECE_BYTES]])
            return await writer.finish()
        except BaseException:
            await writer.cancel()
            raise

    async def delete(self, key: str) -> bool:
        """As `put`."""
        expected = self.keys[key]
        assert self._bucket is not None
        was_possible = None in expected.perhaps
        expected.perhaps.add(None)
        try:
            await self._store.keys.delete(self._bucket, [KeyToDelete(key)])
        except (Unavailable, Internal) as error:
            self._given_up("delete", key, error)
            return False
        expected.acknowledged(None)
        if was_possible:
            expected.perhaps.add(None)
        self._done("delete", key, None)
        return True

    async def get(self, key: str) -> bool:
        """Whether it was answered, and so is right. Raises Violation."""
        try:
            record = await self._looked_up(key)
            if record is not None:
                await self._check_body(key, record)
        except (Unavailable, Internal) as error:
            self._given_up("get", key, error)
            return False
        except TrioxygenError as error:
            raise Violation("readable", f"{key} cannot be read: {error!r}") from error
        self._done("get", key, None if record is None else _value_of(record))
        return True

    async def _looked_up(self, key: str) -> KeyRecord | None:
        _, record = await self._store.keys.lookup(VOLUME, self.name, key)
        value = None if record is None else _value_of(record)
        if not self.keys[key].allows(value):
            raise Violation("acknowledged", f"{key} is {value}, not {self.keys[key]}")
        return record

    async def _check_body(self, key: str, record: KeyRecord) -> None:
        try:
            actual = await self._read(record)
        except (NoSuchBlock, NoSuchContainer, WrongBlock):
            # A call that was given up may have taken it away meanwhile: its blocks went with it.
            if _value_of(record) == await self._current_value(key):
                raise
            self._trace.note("changed", self.name, key)
            return
        wanted = body_of(_value_of(record))
        if actual != wanted:
            raise Violation(
                "bytes", f"{key} has {len(actual)} bytes that are not those of {record.etag}"
            )

    async def _current_value(self, key: str) -> str | None:
        record = await self._looked_up(key)
        return None if record is None else _value_of(record)

    async def _read(self, record: KeyRecord) -> bytes:
        contents = self._store.contents
        if record.size_bytes <= contents.small_bytes_max:
            return bytes(
                await contents.read_small(
                    record.content, offset_bytes=0, length_bytes=record.size_bytes
                )
            )
        pieces = contents.read(
            record.content, offset_bytes=0, length_bytes=record.size_bytes, buffers=self._buffers
        )
        return b"".join([bytes(piece) async for piece in pieces])

    async def slices(self) -> Iterable[BlockSlice]:
        """Of all that its keys hold. Raises: Unavailable."""
        slices: list[BlockSlice] = []
        for key in self.keys:
            record = await self._looked_up(key)
            if record is not None:
                assert isinstance(record.content, BlockContent)
                slices += record.content.slices
        return slices

    def fresh_slices(self) -> list[BlockSlice]:
        """Of what was written so lately that `slices` may not have shown it."""
        now_s = self._loop.time()
        memory = self.memory
        memory.fresh = [fresh for fresh in memory.fresh if fresh.until_s > now_s]
        return [piece for fresh in memory.fresh for piece in fresh.slices]

    def _done(self, what: str, key: str, value: str | None) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        self._trace.note("client", self.name, what, key, value or "-")

    def _given_up(self, what: str, key: str, error: TrioxygenError) -> None:
        name = f"{what}-given-up"
        self.counts[name] = self.counts.get(name, 0) + 1
        self._trace.note("given-up", self.name, what, key, str(error))


def _value_of(record: KeyRecord) -> str:
    return dict(record.headers.user_metadata)["value"]
