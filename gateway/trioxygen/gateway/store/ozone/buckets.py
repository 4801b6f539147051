"""Buckets, as the OM keeps them."""

from collections.abc import Mapping

from trioxygen.gateway.store.ozone.attribute_rows import default_retention_row, encryption_row
from trioxygen.gateway.store.ozone.rows import bucket_of
from trioxygen.gateway.store.ozone.settings import SETTING_KINDS
from trioxygen.gateway.store.values.buckets import (
    NOTHING_SET,
    Bucket,
    BucketPage,
    DefaultRetention,
    SettingKind,
)
from trioxygen.gateway.store.values.encryption import Encryption
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2


class OzoneBuckets:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def create(
        self,
        volume: str,
        name: str,
        *,
        account_id: str,
        location: str,
        has_lock: bool = False,
        settings: Mapping[SettingKind, bytes] = NOTHING_SET,
    ) -> Bucket:
        reply = await self._om.create_bucket(
            om_pb2.CreateBucketRequest(
                volume=volume,
                bucket=name,
                account_id=account_id,
                location=location,
                object_lock=has_lock,
                settings=[
                    om_pb2.BucketSetting(kind=SETTING_KINDS[kind], document=document)
                    for kind, document in settings.items()
                ],
            )
        )
        return bucket_of(volume, reply.bucket)

    async def delete(self, bucket: Bucket) -> None:
        await self._om.delete_bucket(
            om_pb2.DeleteBucketRequest(
                volume=bucket.volume, bucket=bucket.name, bucket_id=bucket.bucket_id
            )
        )

    async def lookup(self, volume: str, name: str) -> Bucket:
        reply = await self._om.lookup_bucket(om_pb2.LookupBucketRequest(volume=volume, bucket=name))
        return bucket_of(volume, reply.bucket)

    async def list(
        self, volume: str, *, account_id: str, prefix: str, after: str, count_max: int
    ) -> BucketPage:
        reply = await self._om.list_buckets(
            om_pb2.ListBucketsRequest(
                volume=volume,
                account_id=account_id,
                prefix=prefix,
                after=after,
                count_max=count_max,
            )
        )
        return BucketPage([bucket_of(volume, row) for row in reply.buckets], reply.truncated)

    async def set_versioning(self, bucket: Bucket, *, is_enabled: bool) -> None:
        await self._om.set_bucket_versioning(
            om_pb2.SetBucketVersioningRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                versioning=om_pb2.VERSIONED if is_enabled else om_pb2.VERSIONING_SUSPENDED,
            )
        )

    async def set_encryption(
        self, bucket: Bucket, default: Encryption | None, *, blocks_customer_keys: bool
    ) -> None:
        await self._om.set_bucket_encryption(
            om_pb2.SetBucketEncryptionRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                encryption=encryption_row(default),
                blocks_customer_keys=blocks_customer_keys,
            )
        )

    async def set_lock(self, bucket: Bucket, default: DefaultRetention | None) -> None:
        await self._om.set_bucket_lock(
            om_pb2.SetBucketLockRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                lock=default_retention_row(default),
            )
        )
