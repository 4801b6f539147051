"""What is done with a key touches as many rows when it has thousands of versions as when it has a
dozen: nothing walks over its history. Rows are counted, so that no machine's speed matters."""

import random
from collections.abc import Callable
from typing import Final, NamedTuple

import pytest
from google.protobuf.message import Message

from tests.unit.metadata.om.counted_txn import CountedTxn
from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
)
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.om.commands.buckets import BucketCommands
from trioxygen.metadata.om.commands.keys import KeyCommands
from trioxygen.metadata.om.commands.versions import VersionCommands
from trioxygen.metadata.om.queries.table import QUERIES
from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.lifecycles import RuleEvaluator, Stream
from trioxygen.metadata.om.state.schema import (
    ALL_TABLES,
    BUCKETS,
    VOLUMES,
    bucket_key,
    volume_key,
)
from trioxygen.metadata.om.state.settings import SettingLimits
from trioxygen.metadata.om.state.times import TimeKind, TimeRow
from trioxygen.metadata.om.state.versions import Versions, newest
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockSlice

FEW: Final = 24
MANY: Final = 3_000
PAGE: Final = 5
# By ten deletions of a version.
TOUCHED_MAX: Final = 200
KEY: Final = b"key"
# Others around it, so that no end of a table is met.
NEIGHBOURS: Final = (b"ka", b"key/", b"kz")
NOTHING: Final = om.VersionId()
RULES: Final = LifecycleRules(
    (
        LifecycleRule(
            rule_id="few",
            is_enabled=True,
            filter=Filter(Form.FILTER),
            expiration=Expiration(days=1),
            noncurrent=NoncurrentExpiration(days=1, newer_kept=3),
        ),
    )
)


class Shape(NamedTuple):
    """Of a key's versions.

    Attributes:
    null: which of them, counted from the oldest, was written before versions were kept, or while
        they were not.
    is_hidden: the newest is a marker.
    is_timed: lifecycle rules are about its bucket.
    """

    null: str = "none"
    is_hidden: bool = False
    is_timed: bool = False


SHAPES: Final = (
    Shape(),
    Shape(null="oldest"),
    Shape(null="middle", is_timed=True),
    Shape(is_hidden=True),
    Shape(null="oldest", is_hidden=True, is_timed=True),
)


class ManyVersions:
    """A bucket with one key of so many versions, besides few others."""

    def __init__(self, count: int, shape: Shape) -> None:
        self.shape = shape
        self.store = MemoryStore(ALL_TABLES)
        blocks = BlockKeeper(gc_delay_ms=0)
        self._versions = Versions(blocks)
        self.commands = {
            **KeyCommands(blocks, self._versions).handlers(),
            **VersionCommands(self._versions).handlers(),
            **BucketCommands(buckets_max=10, limits=SettingLimits(1, 1, 1)).handlers(),
        }
        self.now = Now(DAY_MS, DAY_MS, 100, random.Random(0))
        self.bucket = om.BucketRow(
            bucket_id=9,
            name="bucket",
            account_id=ACCOUNT,
            versioning=om.VERSIONED,
            lifecycle_revision=1 if shape.is_timed else 0,
        )
        self.txn = CountedTxn(self.store.begin())
        VOLUMES.put(self.txn, volume_key(VOLUME), om.VolumeRow())
        BUCKETS.put(self.txn, bucket_key(VOLUME, "bucket"), self.bucket)
        for key in NEIGHBOURS:
            self._put(key, 3, is_null=False)
            self._put(key, 4, is_null=False)
        null = {"none": -1, "oldest": 0, "middle": count // 2}[shape.null]
        self.ids = [self._put(KEY, number, is_null=number == null) for number in range(count)]
        if shape.is_hidden:
            top = newest(self.txn, self.bucket, KEY)
            marker = self._versions.delete(self.txn, self.bucket, KEY, top, self.now)
            assert marker is not None
            self.ids.append(marker.object_id)
        self.null_position = null

    def _put(self, key: bytes, number: int, *, is_null: bool) -> int:
        self.now.wall_ms += 1
        self.bucket.versioning = om.VERSIONING_SUSPENDED if is_null else om.VERSIONED
        piece = BlockSlice(container=7, local=self.now.next_id(), length_bytes=4)
        row = om.KeyRow(size_bytes=4, etag=f"{number:032}", account_id=ACCOUNT, blocks=[piece])
        BlockKeeper(gc_delay_ms=0).reference(self.txn, row.blocks)
        before = newest(self.txn, self.bucket, key)
        self._versions.put(self.txn, self.bucket, key, row, before, self.now)
        self.bucket.versioning = om.VERSIONED
        return row.object_id

    def version(self, position: int) -> om.VersionId:
        """Args: position: from the oldest on; negative: from the newest."""
        position %= len(self.ids)
        return om.VersionId(object_id=0 if position == self.null_position else self.ids[position])

    @property
    def middle(self) -> int:
        # Beside the null version, which is found in another way.
        return len(self.ids) // 2 + 2

    def ask(self, query: Message) -> Message:
        query.volume, query.bucket = VOLUME, "bucket"  # type: ignore[attr-defined]
        return QUERIES[type(query)](self.txn, query)

    def do(self, command: Message) -> Message | Refusal:
        command.volume, command.bucket = VOLUME, "bucket"  # type: ignore[attr-defined]
        command.bucket_id = self.bucket.bucket_id  # type: ignore[attr-defined]
        return self.commands[type(command)](CapturingTxn(self.txn), command, self.now)

    # ---- operations ----

    def look_up(self, *positions: int) -> None:
        for position in positions:
            version = self.version(position)
            found = self.ask(om.LookupKeyRequest(key=KEY, version=version))
            assert isinstance(found, om.LookupKeyReply) and found.exists
            assert found.row.object_id == self.ids[position]

    def look_up_null(self) -> None:
        found = self.ask(om.LookupKeyRequest(key=KEY, version=NOTHING))
        assert isinstance(found, om.LookupKeyReply)
        assert found.exists is (self.shape.null != "none")

    def list_after(self, position: int) -> None:
        marker = self.version(position)
        page = self.ask(
            om.ListVersionsRequest(key_marker=KEY, version_marker=marker, count_max=PAGE)
        )
        assert isinstance(page, om.ListVersionsReply) and page.truncated
        shown = [each.row.object_id for each in page.versions]
        assert shown == self.ids[position - PAGE : position][::-1]

    def list_first(self, **options: bytes) -> None:
        page = self.ask(om.ListVersionsRequest(count_max=PAGE, **options))  # type: ignore[arg-type]
        assert isinstance(page, om.ListVersionsReply)
        assert len(page.versions) + len(page.common_prefixes) == PAGE

    def list_behind(self) -> None:
        """The keys behind it: all its versions are passed in one go."""
        page = self.ask(om.ListVersionsRequest(key_marker=KEY, count_max=2))
        assert isinstance(page, om.ListVersionsReply)
        assert [each.key for each in page.versions] == [b"key/", b"key/"]

    def list_rolled_up(self) -> None:
        page = self.ask(om.ListVersionsRequest(delimiter=b"e", count_max=PAGE))
        assert isinstance(page, om.ListVersionsReply)
        assert page.common_prefixes == [b"ke"] and len(page.versions) == 4

    def list_keys(self) -> None:
        page = self.ask(om.ListKeysRequest(count_max=10))
        assert isinstance(page, om.ListKeysReply)
        assert len(page.keys) == len(NEIGHBOURS) + (not self.shape.is_hidden)

    def put(self) -> None:
        row = om.KeyRow(size_bytes=0, etag="e", account_id=ACCOUNT)
        assert isinstance(self.do(om.CommitKeyRequest(key=KEY, row=row)), om.CommitKeyReply)

    def delete(self, *wanted: om.VersionId | None) -> None:
        """Each version, or the key."""
        keys = [om.KeyToDelete(key=KEY, version=version) for version in wanted]
        reply = self.do(om.DeleteKeysRequest(keys=keys))
        assert isinstance(reply, om.DeleteKeysReply) and not any(reply.results)
        assert len(reply.versions) == len(wanted)

    def delete_at(self, *positions: int) -> None:
        self.delete(*(self.version(position) for position in positions))

    def delete_bucket(self) -> None:
        assert isinstance(self.do(om.DeleteBucketRequest()), Refusal)

    def tag(self, position: int) -> None:
        tagged = self.do(om.SetTagsRequest(key=KEY, version=self.version(position)))
        assert isinstance(tagged, om.SetTagsReply)

    def evaluate(self, position: int, *, days: int) -> None:
        """What rules that keep the newest three say of a noncurrent version."""
        evaluator = RuleEvaluator(self.txn, self.bucket, RULES, now_ms=9 * DAY_MS, day_ms=DAY_MS)
        subject = self.ids[position].to_bytes(8, "big")
        row = TimeRow(TimeKind.NONCURRENT, 0, subject)
        assert len(evaluator.due_actions(Stream(TimeKind.NONCURRENT, days), row, KEY)) <= 3

    def evaluate_marker(self) -> None:
        evaluator = RuleEvaluator(self.txn, self.bucket, RULES, now_ms=9 * DAY_MS, day_ms=DAY_MS)
        row = TimeRow(TimeKind.MARKER, 0, self.ids[-1].to_bytes(8, "big"))
        assert not evaluator.due_actions(Stream(TimeKind.MARKER, 1), row, KEY)


OPERATIONS: Final[dict[str, Callable[[ManyVersions], None]]] = {
    "get current": lambda key: _ignore(key.ask(om.LookupKeyRequest(key=KEY))),
    "get newest, middle, oldest": lambda key: key.look_up(-1, key.middle, 1, 0),
    "get null version": ManyVersions.look_up_null,
    "list first page": lambda key: key.list_first(),
    "list first page of a prefix": lambda key: key.list_first(prefix=b"key"),
    "list after newest": lambda key: key.list_after(len(key.ids) - 1),
    "list after middle": lambda key: key.list_after(key.middle),
    "list after null version": lambda key: key.list_after(max(key.null_position, PAGE)),
    "list keys behind": ManyVersions.list_behind,
    "list rolled up": ManyVersions.list_rolled_up,
    "list current keys": ManyVersions.list_keys,
    "put": ManyVersions.put,
    "delete key": lambda key: key.delete(None),
    "delete key thrice": lambda key: key.delete(None, None, None),
    "delete newest": lambda key: key.delete_at(-1),
    "delete middle": lambda key: key.delete_at(key.middle),
    "delete oldest": lambda key: key.delete_at(0),
    "delete null version": lambda key: key.delete(NOTHING),
    "delete newest ten": lambda key: key.delete_at(*range(-1, -11, -1)),
    "delete oldest ten": lambda key: key.delete_at(*range(10)),
    "delete bucket": ManyVersions.delete_bucket,
    "tag oldest": lambda key: key.tag(0),
    "rules on newest": lambda key: key.evaluate(-3, days=1),
    "rules on oldest": lambda key: key.evaluate(0, days=1),
    "rules on what is one too many": lambda key: key.evaluate(-3, days=0),
    "rules on marker": ManyVersions.evaluate_marker,
}


def _ignore(_: object) -> None:
    return None


def touched(key: ManyVersions, operation: Callable[[ManyVersions], None]) -> dict[str, int]:
    """By table. What it changes is taken back."""
    txn = key.txn
    key.txn = CountedTxn(key.store.begin())
    try:
        operation(key)
        return dict(key.txn.touched)
    finally:
        key.txn.abort()
        key.txn = txn


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_operation_touches_more_rows_of_many_versions(shape: Shape) -> None:
    keys = [ManyVersions(count, shape) for count in (FEW, MANY)]
    for key in keys:
        key.txn.commit()
    for name, operation in OPERATIONS.items():
        few, many = (touched(key, operation) for key in keys)
        assert many == few, name
        assert 0 < sum(many.values()) <= TOUCHED_MAX, name
