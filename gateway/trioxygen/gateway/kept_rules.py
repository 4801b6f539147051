"""Lifecycle rules of buckets, read once of each text of them.

A bucket's record says which text it has: the rules are in force with the next request, and a
request in a bucket that has none costs nothing."""

from collections import OrderedDict
from typing import Final, NamedTuple

from trioxygen.common.errors import Corrupt
from trioxygen.common.lifecycle import LifecycleRules
from trioxygen.common.lifecycle_rows import load_rules
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.store.port import Settings
from trioxygen.gateway.store.values.buckets import Bucket, SettingKind

# As stored, which takes a fifteenth of their memory. One bucket's may be 1 MiB; most are less than
# 1 KiB.
_KEPT_BYTES_MAX: Final = 4 * MIB
# Counted for a bucket besides its text.
_ROW_BYTES: Final = KIB


class _Kept(NamedTuple):
    revision: int
    rules: LifecycleRules
    size_bytes: int


class KeptRules:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # By bucket; the one that was asked for last is the last.
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._kept_bytes = 0

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
            self._keep(bucket.bucket_id, _Kept(row.revision, rules, _ROW_BYTES + len(row.document)))
            return rules
        # Taken away meanwhile.
        return None

    def _keep(self, bucket_id: int, kept: _Kept) -> None:
        before = self._kept.pop(bucket_id, None)
        self._kept_bytes += kept.size_bytes - (0 if before is None else before.size_bytes)
        self._kept[bucket_id] = kept
        while self._kept_bytes > _KEPT_BYTES_MAX:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.size_bytes
