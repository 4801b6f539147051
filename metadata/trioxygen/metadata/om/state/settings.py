"""Where a bucket's settings stand, how many there may be, and which come with the bucket.

A bucket's row says of which kinds it has any: one without settings costs its readers nothing."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from trioxygen.metadata.om.state.schema import BUCKET_SETTINGS, bucket_prefix
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import BucketRow, BucketSetting

# What decides who may do what in a bucket: its row tells readers when to read them again.
ACCESS_KINDS: Final = frozenset(
    (
        BucketSetting.ACL,
        BucketSetting.POLICY,
        BucketSetting.PUBLIC_ACCESS_BLOCK,
        BucketSetting.OWNERSHIP,
        BucketSetting.REQUEST_PAYMENT,
        BucketSetting.CORS,
    )
)


class SettingLimits(NamedTuple):
    """Attributes:
    bytes_max: of one document.
    bucket_bytes_max: of all rows of a bucket together, so that they come in one reply.
    ids_max: settings of one kind.
    """

    bytes_max: int
    bucket_bytes_max: int
    ids_max: int


def kind_prefix(bucket_id: int, kind: int) -> bytes:
    return bucket_prefix(bucket_id) + bytes((kind,))


def setting_key(bucket_id: int, kind: int, setting_id: str) -> bytes:
    return kind_prefix(bucket_id, kind) + setting_id.encode()


def settings_of(txn: ReadTxn, bucket: BucketRow, kinds: int) -> Iterator[bytes]:
    """The rows of these kinds that there are, by kind and id.

    Args:
        kinds: bit k is kind k.
    """
    left = bucket.setting_kinds & kinds
    while left:
        lowest = left & -left
        left ^= lowest
        prefix = kind_prefix(bucket.bucket_id, lowest.bit_length() - 1)
        for _, row in txn.scan(BUCKET_SETTINGS.table, prefix=prefix):
            yield row


def check_room(
    txn: ReadTxn, bucket_id: int, row: BucketSetting, limits: SettingLimits
) -> Refusal | None:
    """Whether a bucket may have this setting beside its others."""
    if len(row.document) > limits.bytes_max:
        return _too_much("document_bytes", len(row.document), limits.bytes_max)
    key, prefix = setting_key(bucket_id, row.kind, row.id), kind_prefix(bucket_id, row.kind)
    total_bytes, count = row.ByteSize(), 1
    for other, value in txn.scan(BUCKET_SETTINGS.table, prefix=bucket_prefix(bucket_id)):
        if other != key:
            total_bytes += len(value)
            count += other.startswith(prefix)
    if count > limits.ids_max:
        return _too_much("settings_of_kind", count, limits.ids_max)
    if total_bytes > limits.bucket_bytes_max:
        return _too_much("bucket_bytes", total_bytes, limits.bucket_bytes_max)
    return None


def check_first(rows: Sequence[BucketSetting], limits: SettingLimits) -> Refusal | None:
    """The same of all settings that a bucket begins with."""
    if len({(row.kind, row.id) for row in rows}) != len(rows):
        return Refusal(types_pb2.INVALID_REQUEST, "a setting is there twice")
    for row in rows:
        if len(row.document) > limits.bytes_max:
            return _too_much("document_bytes", len(row.document), limits.bytes_max)
    total_bytes = sum(row.ByteSize() for row in rows)
    if total_bytes > limits.bucket_bytes_max:
        return _too_much("bucket_bytes", total_bytes, limits.bucket_bytes_max)
    return None


def put_setting(txn: WriteTxn, bucket: BucketRow, row: BucketSetting, now: Now) -> bool:
    """In place of the one of its kind and id; its revision and time are chosen here. Whether the
    bucket's row says something new by it, and has to be put too."""
    row.revision, row.modified_ms = now.next_id(), now.wall_ms
    BUCKET_SETTINGS.put(txn, setting_key(bucket.bucket_id, row.kind, row.id), row)
    is_known = bool(bucket.setting_kinds >> row.kind & 1)
    bucket.setting_kinds |= 1 << row.kind
    if row.kind in ACCESS_KINDS:
        bucket.access_revision = row.revision
        return True
    return not is_known


def _too_much(what: str, amount: int, most: int) -> Refusal:
    return Refusal(
        types_pb2.INVALID_REQUEST,
        "more than a bucket's settings may have",
        {what: str(amount), "most": str(most)},
    )
