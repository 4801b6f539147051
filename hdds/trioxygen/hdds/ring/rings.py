"""The rings of one volume: each a state machine and a member of a Raft group of its own, all over
one log and one index."""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.finishing import joined
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.hdds.container.blocks import BLOCKS, Block, block_key, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.gone import forget_gone
from trioxygen.hdds.container.marks import marks
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring import recovery
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.machine import RingMachine
from trioxygen.hdds.ring.pending import Generation, PendingBlock
from trioxygen.hdds.ring.phase import RingPhase, moved, phase_of
from trioxygen.hdds.ring.places import Places, Recovered
from trioxygen.hdds.ring.ports import ReplicaFactory, SharedLog
from trioxygen.hdds.ring.ring import Ring
from trioxygen.hdds.ring.rows import FORMER_RING, LOCAL_RING, delete_ring, put_ring, ring_rows
from trioxygen.hdds.ring.streams import Streams
from trioxygen.hdds.ring.volume_blocks import VolumeBlocks
from trioxygen.metadata.raft.ports import Entry, EntryKind
from trioxygen.metadata.store.ports import Store, WriteTxn
from trioxygen.proto.v1.datanode_pb2 import RingEntry, RingRow

log = logs.get(__name__)

_READ_AT_ONCE_BYTES: Final = 4 * MIB


class Rings:
    """Only for the event loop."""

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        volume: Volume,
        shared_log: SharedLog,
        replicas: ReplicaFactory,
        recovered: Recovered,
    ) -> None:
        self._runtime, self._config, self._replicas = runtime, config, replicas
        self.volume, self.log = volume, shared_log
        self.blocks = VolumeBlocks(
            volume,
            pending_bytes_max=config.pending_bytes_max,
            is_blocked=lambda: shared_log.is_short,
        )
        self.streams = Streams(
            volume,
            config,
            runtime.clock,
            find=self.blocks.find_block,
            ended=self.stream_ended,
            sealed=self._sealed,
        )
        self._places = Places(volume, recovered)
        self._rings: dict[int, Ring] = {}
        self._leaving: dict[int, Ring] = {}
        # What is known to be committed was applied since the start.
        self.are_replayed = False
        self._left: set[int] = set()
        # Files of an earlier life that a writer may count on, and until when.
        self._unput: list[bytes] = []
        self._unput_until_ms = math.inf
        self.blocks.is_catching_up = self.is_catching_up
        self._local_making = asyncio.Lock()

    def is_catching_up(self) -> bool:
        """What was acknowledged may be in a log and not be applied yet: of a member that does not
        lead, until the leader says what is committed."""
        return any(not ring.replica.has_caught_up and ring.replica.failure is None for ring in self)

    def __iter__(self) -> Iterator[Ring]:
        """Of pipelines."""
        return (ring for ring in self._rings.values() if ring.pipeline_id != LOCAL_RING)

    def __len__(self) -> int:
        return len(self._rings) - (LOCAL_RING in self._rings)

    def all(self) -> Iterator[Ring]:
        """The volume's own as well."""
        return iter(self._rings.values())

    def get(self, pipeline_id: int) -> Ring | None:
        return self._rings.get(pipeline_id)

    def of_container(self, container: Container) -> Ring | None:
        """Its pipeline's, if that is here."""
        return self._rings.get(container.pipeline_id or FORMER_RING)

    async def governing(self, container: Container) -> Ring:
        """Its pipeline's, or else the volume's own. Raises: as `local`."""
        return self.of_container(container) or await self.local()

    async def local(self) -> Ring:
        """The volume's own ring; it begins when it is first needed.

        Raises: NoSpace, LogCorrupt, OSError."""
        async with self._local_making:
            ring = self._rings.get(LOCAL_RING)
            if ring is None:
                await self.join(RingRow(pipeline_id=LOCAL_RING))
                ring = self._rings[LOCAL_RING]
            return ring

    def stream_ended(self, container: Container) -> None:
        """It has one less: its ring may have waited for that."""
        ring = self.of_container(container)
        if ring is not None:
            ring.stream_ended(container)

    def _sealed(self, key: bytes) -> None:
        """The log may have put the block already, and missed its bytes."""
        block = self.blocks.missing.get(key)
        if block is None:
            return
        sealed = self.streams.sealed.take(key, block.size_bytes, block.checksums)
        if sealed is not None:
            pending = PendingBlock(
                sealed.container,
                sealed.block(block.commit_sequence)._replace(group=block.group),
                None,
                sealed.record,
                was_missing=True,
            )
            self.blocks.has_come(key, pending)

    # ---- start ----

    async def start(self) -> None:
        """Replays the log, as far as it is known to be committed. `blocks.find` is right then."""
        rows = await self._runtime.blocking.run(_rows, self.volume.store)
        self._find_homes(rows)
        for key, block, sequence in await self._runtime.blocking.run(_marks, self.volume.store):
            container = self.volume.containers.get(block_of_key(key)[0])
            if container is not None:
                self.blocks.missing.add(key, container, block, sequence)
        for row in sorted(rows.values(), key=_replayed):
            if phase_of(row) is RingPhase.MEMBER:
                ring = self._rings[row.pipeline_id] = self._make(row)
                await ring.start()
            elif phase_of(row) is RingPhase.LEAVING:
                ring = self._leaving[row.pipeline_id] = self._make(row)
                await ring.read_out()
            else:
                self._left.add(row.pipeline_id)
        awaited, shared = await self._awaited(), self._shared()
        self._places.replayed(awaited, shared)
        pending = self.blocks.pending_keys() | awaited
        self._unput = await self._runtime.blocking.run(
            recovery.remove_orphans, self.volume, pending, shared
        )
        self._unput_until_ms = self._runtime.clock.monotonic_ms() + self._config.sealed_expiry_ms
        self.are_replayed = True

    def _shared(self) -> set[int]:
        """Containers of rings with other members, or not known of which."""
        alone = {ring.pipeline_id for ring in self.all() if len(ring.machine.members) <= 1}
        return {
            container.container_id
            for container in self.volume.containers.values()
            if container.is_bare or (container.pipeline_id or FORMER_RING) not in alone
        }

    async def drop_unput(self) -> None:
        """What streams of an earlier life had brought, and nobody has put for so long."""
        if self._runtime.clock.monotonic_ms() < self._unput_until_ms:
            return
        self._unput_until_ms = math.inf
        awaited = await self._awaited()
        self._places.forget_unput(awaited)
        unput, self._unput = self._unput, []
        for key in unput:
            await self.streams.sealed.settled(key)
            is_named = self.blocks.find_known(key) is not None or key in awaited
            if not is_named and self.streams.sealed.get(key) is None:
                await self.streams.sealed.remove_file(key)

    def _find_homes(self, rows: Mapping[int, RingRow]) -> None:
        """Of containers whose rows were damaged, and with them what is kept beside those, where
        there is no choice. Others can be read."""
        pipelines = rows.keys() - {LOCAL_RING}
        if FORMER_RING in rows or len(pipelines) != 1:
            return
        [only] = pipelines
        for container in self.volume.containers.values():
            if not container.pipeline_id and not container.is_bare:
                log.warning("container_of_lost_row", container=container.container_id, ring=only)
                container.belongs_to(only)

    def _make(self, row: RingRow) -> Ring:
        """Not started: what its start applies is to be flushed as this ring's already."""
        machine = RingMachine(row, self.blocks, self.streams.sealed, self._places)
        return Ring(
            self._runtime,
            self._config,
            self.blocks,
            self.streams.sealed,
            machine,
            self._replicas(row),
        )

    async def _awaited(self) -> set[bytes]:
        """Blocks that are put by entries which may yet be committed."""
        awaited: set[bytes] = set()
        for ring in self._rings.values():
            index = self.blocks.reached(ring.pipeline_id).index + 1
            while entries := await ring.replica.read_log(index, bytes_max=_READ_AT_ONCE_BYTES):
                for entry in entries:
                    key = _put_by(entry)
                    if key is not None:
                        awaited.add(key)
                index = entries[-1].index + 1
        return awaited

    async def join(self, row: RingRow) -> None:
        """Takes part in a new ring, now and after each start. One at a time.

        Raises: LogCorrupt, OSError: it does not; it may be told again."""
        # On stable storage before the member promises anything.
        await self._change_rows(partial(put_ring, row=row))
        ring = self._rings[row.pipeline_id] = self._make(row)
        try:
            await ring.start()
        except Exception:
            await ring.replica.stop()
            del self._rings[row.pipeline_id]
            await self._take_back(row.pipeline_id)
            raise
        log.info("ring_joined", pipeline=row.pipeline_id, members=len(row.members))

    async def _take_back(self, pipeline_id: int) -> None:
        """One that did not start: the next start of the node would fail by it."""
        # After a flush that began before: it may bring the row again.
        async with self.volume.commit_lock:
            await self._change_rows(partial(delete_ring, pipeline_id=pipeline_id))

    async def _change_rows(self, change: Callable[[WriteTxn], None]) -> None:
        volume = self.volume
        await joined(volume.store_lane.run(_change_durably, volume.store, change))

    # ---- leaving (the order: `leaving`) ----

    def has_left(self, pipeline_id: int) -> bool:
        """It took part and does so no more, or is about to end: it never does again."""
        return pipeline_id in self._leaving or pipeline_id in self._left

    def leaving(self) -> Sequence[Ring]:
        return list(self._leaving.values())

    def left(self) -> Set[int]:
        return self._left

    async def begin_leaving(self, ring: Ring) -> None:
        """Nothing is proposed here any more, and no start takes part again.

        Raises: NoSpace, OSError: it stays a member until the next start, and takes nothing new."""
        pipeline_id = ring.pipeline_id
        # After a flush that began before: it may bring the row as it was.
        async with self.volume.commit_lock:
            ring.machine.move(RingPhase.LEAVING)
            self._leaving[pipeline_id] = self._rings.pop(pipeline_id)
            row = ring.machine.row(self.blocks.persisted[pipeline_id])
            await self._change_rows(partial(put_ring, row=row))

    async def end_leaving(self, ring: Ring) -> None:
        """All that its log held is in the index, which this makes durable. Raises: NoSpace,
        OSError."""
        pipeline_id = ring.pipeline_id
        gone = [container_id for container_id, of in self.volume.gone.items() if of == pipeline_id]
        row = moved(ring.machine.row(self.blocks.persisted[pipeline_id]), RingPhase.LEFT)

        def write(txn: WriteTxn) -> None:
            put_ring(txn, row)
            forget_gone(txn, gone)

        async with self.volume.commit_lock:
            await self._change_rows(write)
            del self._leaving[pipeline_id], self.blocks.persisted[pipeline_id]
            self._left.add(pipeline_id)
            self.volume.forget_gone(gone)

    # ---- for the flusher ----

    def rows_of(self, generation: Generation) -> list[RingRow]:
        """As they are to be stored with it."""
        rings = self._rings | self._leaving
        return [
            rings[pipeline_id].machine.row(position)
            for pipeline_id, position in generation.applied.items()
            if pipeline_id in rings
        ]

    def state_is_durable(self, persisted: dict[int, int]) -> None:
        """The index is on stable storage, with entries up to these: the log may drop them."""
        for pipeline_id, index in persisted.items():
            if pipeline_id in self._rings:
                self._rings[pipeline_id].replica.state_is_durable_through(index)

    async def abandon(self, error: TrioxygenError) -> None:
        """The volume has failed: nothing more is taken, and others may lead."""
        for ring in self.all():
            ring.replica.fail(error)
        await self.stop()

    async def stop(self) -> None:
        # Of those that are being left one may have got no further than its row.
        for ring in (*self._rings.values(), *self._leaving.values()):
            await ring.replica.stop()


def _put_by(entry: Entry) -> bytes | None:
    """The key of the received block that it makes readable. None: it is no PutBlock, or cannot be
    read at all: once it is committed it is set aside."""
    if entry.kind is not EntryKind.NORMAL:
        return None
    try:
        read = RingEntry.FromString(entry.payload)
    except DecodeError:
        return None
    if not read.HasField("put_block"):
        return None
    block = read.put_block.block
    return block_key(block.container, block.local)


def _replayed(row: RingRow) -> int:
    """In which order: the volume's own log closes what rings that are being left have filled, and
    others may bring entries for a replica that came here by it."""
    if row.pipeline_id == LOCAL_RING:
        return 1
    return 0 if phase_of(row) is RingPhase.LEAVING else 2


def _rows(store: Store) -> dict[int, RingRow]:
    with store.read() as txn:
        return ring_rows(txn)


def _marks(store: Store) -> list[tuple[bytes, Block, int]]:
    """Of blocks without a row."""
    with store.read() as txn:
        return [mark for mark in marks(txn) if not txn.get(BLOCKS.table, mark[0])]


def _change_durably(store: Store, change: Callable[[WriteTxn], None]) -> None:
    txn = store.begin()
    try:
        change(txn)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    store.sync()
