"""Buckets and what is set of them, as the store gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from trioxygen.common.replication import Replication


class Bucket(NamedTuple):
    """bucket_id: of this one; a later bucket of the same name has another. location: "" where
    nobody chose one. replication: of objects that are stored as STANDARD; None: as all are."""

    volume: str
    name: str
    bucket_id: int
    account_id: str
    created_ms: int
    location: str
    replication: Replication | None = None


@dataclass(frozen=True, slots=True)
class BucketPage:
    """By name. `is_truncated`: there are more behind the last."""

    buckets: Sequence[Bucket]
    is_truncated: bool


class SettingKind(Enum):
    """What can be set of a bucket. Of the last four it has many, each with an id."""

    VERSIONING = auto()
    ACL = auto()
    POLICY = auto()
    PUBLIC_ACCESS_BLOCK = auto()
    OWNERSHIP = auto()
    TAGGING = auto()
    CORS = auto()
    ENCRYPTION = auto()
    OBJECT_LOCK = auto()
    LIFECYCLE = auto()
    LOGGING = auto()
    NOTIFICATION = auto()
    REPLICATION = auto()
    WEBSITE = auto()
    ACCELERATE = auto()
    REQUEST_PAYMENT = auto()
    METADATA_TABLES = auto()
    ABAC = auto()
    INVENTORY = auto()
    METRICS = auto()
    ANALYTICS = auto()
    INTELLIGENT_TIERING = auto()


class BucketSetting(NamedTuple):
    """setting_id: "" where a bucket has one of the kind at most. revision: of this text of it; a
    later one has a higher."""

    kind: SettingKind
    setting_id: str
    document: bytes
    revision: int
