"""A bucket's history answers for every moment of its window which version was current: by the rows
that S3's versions are kept in, of which those that S3 was told to remove are kept as well."""

import random
from typing import Final

import pytest

from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.schema import ALL_TABLES, HISTORY, KEYS, history_key_parts
from trioxygen.metadata.om.state.versions import Versions, find, newest
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1 import om_pb2 as om

KEY: Final = b"k"
STEPS: Final = 60
VERSIONING: Final = (om.VERSIONED, om.VERSIONED, om.VERSIONING_SUSPENDED)


def current_at(txn: ReadTxn, time_ms: int) -> int | None:
    """The id of the version: the newest one that there was then, unless that was a marker."""
    rows = [(row, 0) for _, row in KEYS.scan(txn, prefix=b"")]
    for row_key, history in HISTORY.scan(txn, prefix=b""):
        assert history_key_parts(row_key)[1] == KEY
        rows.append((history.row, history.removed_group_ms))
    there = [
        row
        for row, removed_ms in rows
        if row.modified_ms <= time_ms and (not removed_ms or time_ms < removed_ms)
    ]
    top = max(there, key=lambda row: row.object_id, default=None)
    return None if top is None or top.is_marker else top.object_id


class Bucket:
    def __init__(self, txn: WriteTxn, rng: random.Random, versioning: "om.Versioning") -> None:
        self.txn, self._rng = txn, rng
        self.row = om.BucketRow(bucket_id=9, history_retention_ms=10**9, versioning=versioning)
        self.versions = Versions(BlockKeeper(gc_delay_ms=0))
        self.now = Now(1_000, 1_000, 0, random.Random(0))

    def step(self) -> int | None:
        """What is current after it."""
        self.now.wall_ms, self.now.group_ms = self.now.wall_ms + 1, self.now.group_ms + 1
        top = newest(self.txn, self.row, KEY)
        chance = self._rng.randrange(10)
        if chance < 5:
            row = om.KeyRow(etag="e")
            self.versions.put(self.txn, self.row, KEY, row, top, self.now)
        elif chance < 7:
            self.versions.delete(self.txn, self.row, KEY, top, self.now)
        elif self.row.versioning != om.NEVER_VERSIONED:
            self._remove_one()
            self.row.versioning = self._rng.choice(VERSIONING)
        after = newest(self.txn, self.row, KEY)
        return after.row.object_id if after is not None and after.is_current else None

    def _remove_one(self) -> None:
        """Mostly the newest."""
        rows = [row for _, row in KEYS.scan(self.txn, prefix=b"")]
        rows += [
            history.row
            for _, history in HISTORY.scan(self.txn, prefix=b"")
            if not history.removed_group_ms
        ]
        if rows:
            chosen = self._rng.choice([rows[0], rows[0], *rows])
            wanted = om.VersionId(object_id=chosen.object_id if chosen.is_versioned else 0)
            gone = find(self.txn, self.row, KEY, wanted)
            assert gone is not None
            self.versions.remove(self.txn, self.row, KEY, gone, self.now)


@pytest.mark.parametrize("versioning", [om.NEVER_VERSIONED, om.VERSIONED])
@pytest.mark.parametrize("seed", range(20))
def test_the_history_tells_what_was_current_at_every_moment(
    seed: int, versioning: "om.Versioning"
) -> None:
    txn = MemoryStore(ALL_TABLES).begin()
    bucket = Bucket(txn, random.Random(seed), versioning)
    was: dict[int, int | None] = {}
    for _ in range(STEPS):
        current = bucket.step()
        was[bucket.now.group_ms] = current
    assert {time_ms: current_at(txn, time_ms) for time_ms in was} == was
    assert len(set(was.values())) > STEPS // 4
