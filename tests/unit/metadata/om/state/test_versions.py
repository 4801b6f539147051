"""Every short sequence of writes, deletions and removals of one key, against the model: which rows
are where, and where the newest says that the null version is."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest

from tests.models.versions import Version, VersionedBucket, Versioning
from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.schema import ALL_TABLES, HISTORY, KEYS, history_key_parts
from trioxygen.metadata.om.state.versions import Versions, find, newest
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1 import om_pb2 as om

KEY: Final = b"k"
STEPS: Final = ("switch", "put", "delete", "remove newest", "remove oldest", "remove null")
LENGTH: Final = 5


class OneKey:
    """The state and its model, side by side."""

    def __init__(self, txn: WriteTxn, *begins_with: str) -> None:
        self._txn = txn
        self._versions = Versions(BlockKeeper(gc_delay_ms=0))
        self._now = Now(1_000, 1_000, 0, random.Random(0))
        self._bucket = om.BucketRow(bucket_id=9)
        self._model = VersionedBucket()
        for step in begins_with:
            self.do(step)

    def do(self, step: str) -> None:
        if step == "switch":
            enabled = self._model.versioning is not Versioning.ENABLED
            self._model.versioning = Versioning.ENABLED if enabled else Versioning.SUSPENDED
            self._bucket.versioning = om.VERSIONED if enabled else om.VERSIONING_SUSPENDED
        elif step == "put":
            row = om.KeyRow(etag="e")
            before = newest(self._txn, self._bucket, KEY)
            self._versions.put(self._txn, self._bucket, KEY, row, before, self._now)
            self._model.put(KEY, Version(row.object_id, "e", is_null=True))
        elif step == "delete":
            before = newest(self._txn, self._bucket, KEY)
            row_or_none = self._versions.delete(self._txn, self._bucket, KEY, before, self._now)
            object_id = 0 if row_or_none is None else row_or_none.object_id
            self._model.delete(KEY, Version(object_id, "", is_null=True, is_marker=True))
        else:
            self._remove(step)

    def _remove(self, step: str) -> None:
        versions = self._model.keys.get(KEY, [])
        if step == "remove null":
            version = self._model.find(KEY, None)
        else:
            version = versions[0 if step == "remove newest" else -1] if versions else None
        if version is None:
            return
        wanted = om.VersionId(object_id=0 if version.is_null else version.object_id)
        placed = find(self._txn, self._bucket, KEY, wanted)
        assert placed is not None and placed.row.object_id == version.object_id
        self._versions.remove(self._txn, self._bucket, KEY, placed, self._now)
        self._model.remove(KEY, version)

    def check(self) -> None:
        versions = self._model.keys.get(KEY, [])
        current, null = self._model.current(KEY), self._model.find(KEY, None)
        rows = self._rows()
        assert [row.object_id for _, row in rows] == [each.object_id for each in versions]
        assert [is_current for is_current, _ in rows] == [each is current for each in versions]
        for (_, row), version in zip(rows, versions, strict=True):
            assert (row.is_versioned, row.is_marker) == (not version.is_null, version.is_marker)
            is_named = version is versions[0] and null is not None and null is not version
            expected = null.object_id if is_named and null is not None else 0
            assert row.null_object_id == expected
        top = newest(self._txn, self._bucket, KEY)
        assert (top and top.row.object_id) == (versions[0].object_id if versions else None)
        placed = find(self._txn, self._bucket, KEY, om.VersionId())
        assert (placed and placed.row.object_id) == (null and null.object_id)

    def _rows(self) -> list[tuple[bool, om.KeyRow]]:
        """Newest first, each with whether it is the key's own."""
        rows = [
            (True, om.KeyRow.FromString(value))
            for _, value in self._txn.scan(KEYS.table, prefix=b"")
        ]
        for place, value in self._txn.scan(HISTORY.table, prefix=b""):
            assert history_key_parts(place)[1] == KEY
            rows.append((False, om.HistoryRow.FromString(value).row))
        return sorted(rows, key=lambda pair: pair[1].object_id, reverse=True)


def sequences() -> Iterator[tuple[str, ...]]:
    return product(STEPS, repeat=LENGTH)


@pytest.mark.parametrize(
    "begins_with", [("switch",), ("put", "switch"), ("put", "delete")], ids=str
)
def test_every_short_sequence_agrees_with_the_model(begins_with: tuple[str, ...]) -> None:
    store = MemoryStore(ALL_TABLES)
    for sequence in sequences():
        txn = store.begin()
        key = OneKey(txn, *begins_with)
        for step in sequence:
            key.do(step)
            key.check()
        txn.abort()
