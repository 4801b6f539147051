"""Where a bucket's settings stand, and which of them come with the bucket.

A bucket's row says of which kinds it has any: one without settings costs its readers nothing."""

from collections.abc import Iterator

from trioxygen.metadata.om.state.schema import BUCKET_SETTINGS, bucket_prefix
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.om_pb2 import BucketRow


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
