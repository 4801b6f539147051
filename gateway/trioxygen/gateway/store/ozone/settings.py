"""Settings of buckets, as the OM keeps them."""

from collections.abc import Collection, Sequence
from typing import Final

from trioxygen.gateway.store.ozone.rows import bucket_of
from trioxygen.gateway.store.values.buckets import Bucket, BucketSetting, SettingKind
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2

# They have the same names.
SETTING_KINDS: Final[dict[SettingKind, om_pb2.BucketSetting.Kind]] = {
    kind: getattr(om_pb2.BucketSetting, kind.name) for kind in SettingKind
}
_KINDS: Final = {row: kind for kind, row in SETTING_KINDS.items()}


class OzoneSettings:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def lookup(
        self, volume: str, bucket: str, kinds: Collection[SettingKind]
    ) -> tuple[Bucket, Sequence[BucketSetting]]:
        reply = await self._om.lookup_bucket(
            om_pb2.LookupBucketRequest(
                volume=volume,
                bucket=bucket,
                setting_kinds=sum(1 << SETTING_KINDS[kind] for kind in set(kinds)),
            )
        )
        settings = [
            BucketSetting(_KINDS[row.kind], row.id, row.document, row.revision)
            for row in reply.settings
        ]
        return bucket_of(volume, reply.bucket), settings

    async def put(
        self,
        bucket: Bucket,
        kind: SettingKind,
        document: bytes,
        *,
        setting_id: str = "",
        replaces: int | None = None,
    ) -> int:
        reply = await self._om.put_bucket_setting(
            om_pb2.PutBucketSettingRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                setting=om_pb2.BucketSetting(
                    kind=SETTING_KINDS[kind], id=setting_id, document=document
                ),
                replaces=replaces,
            )
        )
        return reply.revision

    async def delete(
        self,
        bucket: Bucket,
        kind: SettingKind,
        *,
        setting_id: str = "",
        replaces: int | None = None,
    ) -> bool:
        reply = await self._om.delete_bucket_setting(
            om_pb2.DeleteBucketSettingRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                kind=SETTING_KINDS[kind],
                id=setting_id,
                replaces=replaces,
            )
        )
        return reply.deleted
