"""Lifecycle rules of buckets, read once of each text of them.

A bucket's record says which text it has: the rules are in force with the next request, and a
request in a bucket that has none costs nothing."""

from collections import OrderedDict
from typing import Final, NamedTuple

from trioxygen.common.errors import Corrupt
from trioxygen.common.lifecycle import LifecycleRules
from trioxygen.common.lifecycle_rows import load_rules
from trioxygen.gateway.store.port import Settings
from trioxygen.gateway.store.values.buckets import Bucket, SettingKind

_BUCKETS_MAX: Final = 1_000


class _Kept(NamedTuple):
    revision: int
    rules: LifecycleRules


class KeptRules:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # By bucket; the one that was asked for last is the last.
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    async def of(self, bucket: Bucket) -> LifecycleRules | None:
        """None: it has none. Raises: NoSuchBucket; Corrupt: they cannot be read."""
        if not bucket.lifecycle_revision:
            return None
        kept = self._kept.get(bucket.bucket_id)
        if kept is not None and kept.revision == bucket.lifecycle_revision:
            self._kept.move_to_end(bucket.bucket_id)
            return kept.rules
        now_there, rows = await self._settings.lookup(
            bucket.volume, bucket.name, (SettingKind.LIFECYCLE,)
        )
        for row in rows if now_there.bucket_id == bucket.bucket_id else ():
            try:
                rules = load_rules(row.document)
            except ValueError as error:
                raise Corrupt("lifecycle rules", bucket=bucket.name) from error
            self._kept[bucket.bucket_id] = _Kept(row.revision, rules)
            if len(self._kept) > _BUCKETS_MAX:
                self._kept.popitem(last=False)
            return rules
        # Taken away meanwhile.
        return None
