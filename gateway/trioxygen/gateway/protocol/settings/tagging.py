"""Tags of a bucket."""

from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.protocol.xml.tags import check_bucket_tags, read_tags, tags_document
from trioxygen.gateway.store.values.buckets import SettingKind

TAGGING: Final = Setting(
    kind=SettingKind.TAGGING,
    body_bytes_max=256 * KIB,
    parse=read_tags,
    check=check_bucket_tags,
    show=tags_document,
    absent="NoSuchTagSet",
    is_digest_demanded=True,
)
