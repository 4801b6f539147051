"""What queries share: the bucket that a request names, and pages that fit a reply."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Final, TypeVar

from google.protobuf.message import Message

from trioxygen.common.errors import NoSuchBucket, NoSuchVolume
from trioxygen.common.paging import Room
from trioxygen.metadata.om.state.schema import (
    BUCKETS,
    IDENTITY_REVISION,
    VOLUMES,
    bucket_key,
    volume_key,
)
from trioxygen.metadata.om.state.settings import settings_of
from trioxygen.metadata.replication.state import get_integer
from trioxygen.metadata.store.ports import ReadTxn

PAGE_ROWS_MAX: Final = 10_000

Row = TypeVar("Row", bound=Message)


def read_bucket(txn: ReadTxn, request: Any, reply: Any) -> int:
    """Fills in the reply's bucket, and those of its settings that were asked for; its id.

    Raises: NoSuchVolume, NoSuchBucket.
    """
    value = txn.get(BUCKETS.table, bucket_key(request.volume, request.bucket))
    if value is None:
        if not VOLUMES.exists(txn, volume_key(request.volume)):
            raise NoSuchVolume(volume=request.volume, bucket=request.bucket)
        raise NoSuchBucket(bucket=request.bucket)
    bucket = reply.bucket
    bucket.ParseFromString(value)
    revision = get_integer(txn, IDENTITY_REVISION)
    if revision:
        bucket.identity_revision = revision
    if bucket.setting_kinds and request.setting_kinds:
        for row in settings_of(txn, bucket, request.setting_kinds):
            reply.settings.add().ParseFromString(row)
    bucket_id: int = bucket.bucket_id
    return bucket_id


def fitting(rows: Sequence[Row]) -> list[Row]:
    """As many of the first as a reply has room for."""
    room = Room()
    return list(takewhile(lambda row: room.takes(row.ByteSize()), rows))
