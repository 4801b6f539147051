"""A replica's state in a store: how far it is, who the group's members are, and its snapshots."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from trioxygen.common import logs
from trioxygen.common.blocking import Blocking, run_or_undo
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, UnknownFormat
from trioxygen.common.finishing import joined
from trioxygen.metadata.raft.ports import Applied, Entry, EntryKind, Snapshot
from trioxygen.metadata.store.delta import apply_delta
from trioxygen.metadata.store.ports import Copy, Incoming, ReadTxn, Store, Table, WriteTxn
from trioxygen.metadata.store.twice import get_either, put_twice
from trioxygen.proto.v1.replication_pb2 import MemberRow

log = logs.get(__name__)

T = TypeVar("T")

# Tables 0 and 1 (`retries.RETRIES`) are those of all replicated services; each numbers its own from
# 2.
META: Final = Table(0, "meta")

# Index 8, term 8, big-endian. The term is missing in states from before there were several voters.
# Twice: how far a state is nobody else can tell, and all that is in it hangs on it.
_APPLIED: Final = (b"applied", b"applied.copy")
_CONFIGURATION: Final = b"configuration"
MEMBER_PREFIX: Final = b"member/"
# The last id that was given.
SEQUENCE: Final = b"sequence"


def get_integer(txn: ReadTxn, name: bytes) -> int:
    value = txn.get(META, name)
    return 0 if value is None else int.from_bytes(value, "big")


def put_integer(txn: WriteTxn, name: bytes, value: int) -> None:
    txn.put(META, name, value.to_bytes(8, "big"))


def member_key(replica_id: int) -> bytes:
    return MEMBER_PREFIX + replica_id.to_bytes(8, "big")


def own_rows(txn: ReadTxn) -> dict[bytes, bytes]:
    """Rows of META that say how far this very state is: each replica's own.

    Raises: DamagedRow: none of them is whole."""
    value = get_either(txn, META, _APPLIED)
    return {} if value is None else dict.fromkeys(_APPLIED, value)


def is_own(key: bytes) -> bool:
    """Of a row of META."""
    return key in _APPLIED


def read_applied(txn: ReadTxn) -> Applied:
    value = get_either(txn, META, _APPLIED) or b""
    return Applied(
        index=int.from_bytes(value[:8], "big"),
        term=int.from_bytes(value[8:16], "big"),
        configuration=txn.get(META, _CONFIGURATION) or b"",
    )


def forget_group(txn: WriteTxn) -> None:
    """Makes it the state of no group yet: how far it is stays."""
    txn.delete(META, _CONFIGURATION)
    txn.delete_range(META, MEMBER_PREFIX, MEMBER_PREFIX + b"\xff" * 9)


def _note_applied(txn: WriteTxn, entries: Sequence[Entry]) -> None:
    last = entries[-1]
    value = last.index.to_bytes(8, "big") + last.term.to_bytes(8, "big")
    put_twice(txn, META, _APPLIED, value)
    for entry in entries:
        if entry.kind is EntryKind.CONFIGURATION:
            txn.put(META, _CONFIGURATION, entry.payload)


class ReplicatedState:
    """`commit` and `copy` run on the thread of the store's writer."""

    def __init__(self, store: Store, tables: Iterable[Table], blocking: Blocking) -> None:
        self.store, self._blocking = store, blocking
        self._tables = {table.number: table for table in tables}
        self._members: list[MemberRow] | None = None
        # Entries that are no deltas, since the start.
        self.refused_entries = 0

    def applied(self) -> Applied:
        with self.store.read() as txn:
            return read_applied(txn)

    # ---- the group's members ----

    def members(self) -> Sequence[MemberRow]:
        """In the order of their ids."""
        if self._members is None:
            with self.store.read() as txn:
                rows = txn.scan(META, prefix=MEMBER_PREFIX)
                self._members = [MemberRow.FromString(value) for _, value in rows]
        return self._members

    def changed(self, entries: Sequence[Entry]) -> None:
        """They can be read now."""
        if any([MEMBER_PREFIX in entry.payload for entry in entries]):
            self._members = None

    # ---- entries ----

    def commit(self, txn: WriteTxn, entries: Sequence[Entry]) -> None:
        """`txn` holds what the one of them that is a delta changes."""
        _note_applied(txn, entries)
        txn.commit()

    def copy(self, entries: Sequence[Entry]) -> None:
        txn = self.store.begin()
        try:
            for entry in entries:
                if entry.kind is EntryKind.NORMAL:
                    self._apply(txn, entry)
            _note_applied(txn, entries)
        except BaseException:
            txn.abort()
            raise
        txn.commit()

    def _apply(self, txn: WriteTxn, entry: Entry) -> None:
        """What fails here fails on every replica alike, or stops this one: see
        docs/internals/metadata.md."""
        try:
            apply_delta(txn, entry.payload, self._tables, key_bytes_max=self.store.key_bytes_max)
        except InvalidRequest as error:
            # No leader makes such; a later start must not fail at it for ever.
            self.refused_entries += 1
            log.error("log_entry_refused", index=entry.index, term=entry.term, error=error)

    def put_configuration(self, configuration: bytes) -> None:
        """Where the state does not say."""
        txn = self.store.begin()
        try:
            if txn.get(META, _CONFIGURATION) is None:
                txn.put(META, _CONFIGURATION, configuration)
        except BaseException:
            txn.abort()
            raise
        txn.commit()

    # ---- snapshots ----

    async def open_snapshot(self) -> Snapshot:
        copy = await run_or_undo(self._blocking, self.store.copy, lambda copy: copy.close())
        return _StoreSnapshot(
            copy, read_applied(copy.txn()), self.store.copy_format, self._blocking
        )

    async def receive(self, format: str) -> Incoming:
        if format != self.store.copy_format:
            raise UnknownFormat(
                "a snapshot of another format", format=format, known=self.store.copy_format
            )
        return await run_or_undo(
            self._blocking, self.store.receive, lambda incoming: incoming.abort()
        )

    def installed(self) -> None:
        self._members = None


class _StoreSnapshot:
    """Implements `ports.Snapshot`."""

    def __init__(self, copy: Copy, applied: Applied, format: str, blocking: Blocking) -> None:
        self._copy, self.applied, self.format = copy, applied, format
        self._thread = _Serial(blocking)

    async def pieces(self) -> AsyncIterator[Buffer]:
        while piece := await self._thread.run(self._copy.read):
            yield piece

    async def close(self) -> None:
        await self._thread.run(self._copy.close)


class _Serial:
    """Calls of one object: one waits for the end of the one before, whose caller may have been
    cancelled while its thread went on."""

    def __init__(self, blocking: Blocking) -> None:
        self._blocking = blocking
        self._last: asyncio.Future[Any] | None = None

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        last = self._last
        if last is not None and not last.done():
            await asyncio.wait([last])
        running = self._last = self._blocking.run(function, *arguments)
        return await joined(running)


class StoreIncoming:
    """Implements `ports.IncomingSnapshot`.

    Args:
        install: runs when no write transaction is open.
    """

    def __init__(
        self,
        incoming: Incoming,
        blocking: Blocking,
        install: Callable[[Incoming, bytes], Awaitable[None]],
    ) -> None:
        self._incoming, self._install = incoming, install
        self._thread = _Serial(blocking)
        self._installed = False

    async def write(self, piece: Buffer) -> None:
        await self._thread.run(self._incoming.write, piece)

    async def complete(self) -> Applied:
        await self._thread.run(self._incoming.complete)
        with self._incoming.read() as txn:
            return read_applied(txn)

    async def install(self, configuration: bytes) -> None:
        self._installed = True
        await self._install(self._incoming, configuration)

    async def abort(self) -> None:
        if not self._installed:
            await self._thread.run(self._incoming.abort)
