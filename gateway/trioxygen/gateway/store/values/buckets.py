"""Buckets and what is set of them, as the store gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, NamedTuple

from trioxygen.common.replication import Replication
from trioxygen.gateway.store.values.encryption import Encryption


class Versioning(Enum):
    """What becomes of a version when its key is written or deleted. NEVER: it goes, and nobody ever
    wanted otherwise. ENABLED: it is kept. SUSPENDED: it is kept unless it is the null version."""

    NEVER = auto()
    ENABLED = auto()
    SUSPENDED = auto()


class LockMode(Enum):
    """What whoever may bypass it can lift, and what nobody can."""

    GOVERNANCE = auto()
    COMPLIANCE = auto()


class DefaultRetention(NamedTuple):
    """Of new versions; one of days and years is 0."""

    mode: LockMode
    days: int = 0
    years: int = 0


class Bucket(NamedTuple):
    """bucket_id: of this one; a later bucket of the same name has another. location: "" where
    nobody chose one. replication: of objects that are stored as STANDARD; None: as all are.
    has_lock: Object Lock is on, for ever. default_retention: None: new versions have none.
    encryption: of new objects; None: as the store is configured. lifecycle_revision: of its rules;
    0: it has none. access_revision: of what decides who may do what in it (ACL, POLICY,
    PUBLIC_ACCESS_BLOCK, OWNERSHIP, REQUEST_PAYMENT, CORS); 0: nothing of it was ever set.
    identity_revision: of all identities and of what accounts block, when the bucket was read:
    whoever remembers one of another revision reads it again."""

    volume: str
    name: str
    bucket_id: int
    account_id: str
    created_ms: int
    location: str
    replication: Replication | None = None
    versioning: Versioning = Versioning.NEVER
    has_lock: bool = False
    default_retention: DefaultRetention | None = None
    encryption: Encryption | None = None
    blocks_customer_keys: bool = False
    lifecycle_revision: int = 0
    access_revision: int = 0
    identity_revision: int = 0


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


# Of a bucket that begins without settings.
NOTHING_SET: Final[Mapping[SettingKind, bytes]] = MappingProxyType({})


class BucketSetting(NamedTuple):
    """setting_id: "" where a bucket has one of the kind at most. revision: of this text of it; a
    later one has a higher."""

    kind: SettingKind
    setting_id: str
    document: bytes
    revision: int
