import asyncio

from trioxygen.gateway.store.ozone.settings import OzoneSettings
from trioxygen.gateway.store.values.buckets import Bucket, BucketSetting, SettingKind
from trioxygen.proto.v1 import om_pb2 as om

BUCKET = Bucket("s3v", "b", 7, "111111111111", 0, "")
TAGGING = om.BucketSetting.TAGGING


class Om:
    """Has the tags of one bucket; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def lookup_bucket(self, request: om.LookupBucketRequest) -> om.LookupBucketReply:
        self.asked.append(request)
        row = om.BucketSetting(kind=TAGGING, document=b"tags", revision=5)
        return om.LookupBucketReply(bucket=om.BucketRow(name="b", bucket_id=7), settings=[row])

    async def put_bucket_setting(
        self, request: om.PutBucketSettingRequest
    ) -> om.PutBucketSettingReply:
        self.asked.append(request)
        return om.PutBucketSettingReply(revision=6)

    async def delete_bucket_setting(
        self, request: om.DeleteBucketSettingRequest
    ) -> om.DeleteBucketSettingReply:
        self.asked.append(request)
        return om.DeleteBucketSettingReply(deleted=True)


def test_kinds_are_those_of_the_om() -> None:
    names = set(om.BucketSetting.Kind.keys()) - {"KIND_UNSPECIFIED"}
    assert {kind.name for kind in SettingKind} == names


def test_settings_come_with_their_bucket_and_are_changed_by_kind() -> None:
    async def test() -> None:
        asked = Om()
        settings = OzoneSettings(asked)  # type: ignore[arg-type]
        kinds = (SettingKind.TAGGING, SettingKind.POLICY)
        bucket, rows = await settings.lookup("s3v", "b", kinds)
        assert (bucket.volume, bucket.bucket_id) == ("s3v", 7)
        assert rows == [BucketSetting(SettingKind.TAGGING, "", b"tags", 5)]
        put = await settings.put(BUCKET, SettingKind.TAGGING, b"new", replaces=5)
        assert put == 6
        assert await settings.delete(BUCKET, SettingKind.INVENTORY, setting_id="daily")
        wanted = 1 << TAGGING | 1 << om.BucketSetting.POLICY
        assert asked.asked == [
            om.LookupBucketRequest(volume="s3v", bucket="b", setting_kinds=wanted),
            om.PutBucketSettingRequest(
                volume="s3v",
                bucket="b",
                bucket_id=7,
                setting=om.BucketSetting(kind=TAGGING, document=b"new"),
                replaces=5,
            ),
            om.DeleteBucketSettingRequest(
                volume="s3v",
                bucket="b",
                bucket_id=7,
                kind=om.BucketSetting.INVENTORY,
                id="daily",
            ),
        ]

    asyncio.run(test())
