"""The state store on a simulated disk: LMDB's promise with `metasync=False`, in memory.

After a loss of power the last commit or the one before it stands, whole;
after a killed process the last. `observe` sees every commit: the checkers compare states by it.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trioxygen.common.errors import NoSpace
from trioxygen.metadata.replication.state import META, read_applied
from trioxygen.metadata.store.memory_kv import MemoryStore, MemoryWriteTxn
from trioxygen.metadata.store.ports import Table
from trioxygen.sim.disk import SimDisk

_COMMIT_MS: Final = 0.2
# The executor's table of answers, by client and request id.
_ANSWERS_NUMBER: Final = 1
# Of one commit: a full disk leaves a little room for small ones.
_GROWTH_BYTES: Final = 4096

Tables = Mapping[Table, Any]


@dataclass(slots=True, eq=False)
class StoreImage:
    """What the disk holds of one environment.

    Attributes:
    last: the last commit; `before` the one before, or None when the last is durable.
    row_hash: of all rows of `last`, whatever their order.
    """

    last: Tables
    before: Tables | None = None
    row_hash: int = 0
    row_hash_before: int = 0

    def lose_power(self, rng: random.Random) -> None:
        if self.before is not None and rng.random() < 0.5:
            self.last, self.row_hash = self.before, self.row_hash_before
        self.before = None


Observe = Callable[["SimStore"], None]


class SimStore(MemoryStore):
    """One life's handle of an environment.

    Attributes:
    row_hash: of all rows, whatever their order: equal states have equal ones.
    answered_again: client and request id of a command that was carried out although an answer to it
        was kept; empty: none was.
    """

    def __init__(
        self, disk: SimDisk, path: Path, tables: Iterable[Table], observe: Observe
    ) -> None:
        super().__init__(tables)
        self._disk, self._path, self._observe = disk, path, observe
        self.row_hash = 0
        self.answered_again = b""
        image = disk.platter.stores.get(path)
        if image is None:
            image = disk.platter.stores[path] = StoreImage(dict(self._tables))
        assert isinstance(image, StoreImage)
        self._image = image
        self._tables = dict(image.last)
        self.row_hash = image.row_hash

    def applied(self) -> tuple[int, int]:
        """(index, term) of the last entry that the state holds."""
        with self.read() as txn:
            applied = read_applied(txn)
        return applied.index, applied.term

    def begin(self) -> MemoryWriteTxn:
        return _HashingTxn(self, super().begin())

    def replace(self, changed: Mapping[Table, Any]) -> None:
        if changed:
            raise AssertionError("commits come through `commit`")
        super().replace(changed)

    def commit(self, changed: Tables, row_hash: int) -> None:
        """Raises: NoSpace: nothing was changed; Crashed."""
        try:
            cost_ms = max(_COMMIT_MS, self._disk.sync_cost_ms())
            self._disk.operate(self._path, cost_ms, changes=True)
            self._disk.check_space(_GROWTH_BYTES, self._path)
        except (NoSpace, OSError):
            super().replace({})
            raise
        super().replace(changed)
        image = self._image
        image.before, image.row_hash_before = image.last, image.row_hash
        image.last, image.row_hash = dict(self._tables), row_hash
        self.row_hash = row_hash
        self._observe(self)

    def replace_all(self, tables: Tables) -> None:
        self._disk.operate(self._path, _COMMIT_MS, changes=True)
        super().replace_all(tables)
        self.row_hash = 0
        for table in self._tables:
            rows = self._tables[table]
            for key in rows.keys:
                self.row_hash ^= _hash(table, key, rows.values[key])
        self._image.last, self._image.before = dict(self._tables), None
        self._image.row_hash = self.row_hash
        self._observe(self)

    def sync(self) -> None:
        self._disk.operate(self._path, self._disk.sync_cost_ms(), changes=True)
        self._image.before = None


def _hash(table: Table, key: bytes, value: bytes) -> int:
    if table is META and key == b"configuration":
        # A state that came as a snapshot says what a first member's state leaves unsaid.
        return 0
    return hash((table.number, key, value))


class _HashingTxn(MemoryWriteTxn):
    """Keeps the hash of all rows as they change: one number that equal states share."""

    def __init__(self, store: SimStore, txn: MemoryWriteTxn) -> None:
        super().__init__(store, txn._tables)
        self._sim_store = store
        self._row_hash = store.row_hash

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        old = self.rows(table).values.get(key)
        if old is not None:
            self._row_hash ^= _hash(table, key, old)
            if table.number == _ANSWERS_NUMBER:
                self._sim_store.answered_again = key
        super().put(table, key, value)
        self._row_hash ^= _hash(table, key, bytes(value))

    def delete(self, table: Table, key: bytes) -> bool:
        old = self.rows(table).values.get(key)
        if old is not None:
            self._row_hash ^= _hash(table, key, old)
        return super().delete(table, key)

    def delete_range(self, table: Table, start: bytes, end: bytes) -> int:
        for key, value in self.rows(table).values.items():
            if start <= key < end:
                self._row_hash ^= _hash(table, key, value)
        return super().delete_range(table, start, end)

    def commit(self) -> None:
        assert self._is_open, "a transaction ends once"
        try:
            self._sim_store.commit(
                {table: self._tables[table] for table in self._changed}, self._row_hash
            )
        finally:
            self.end()
