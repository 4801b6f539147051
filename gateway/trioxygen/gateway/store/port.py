"""What S3 operations (and shells, and file systems) need of the store behind them.

`ObjectStore` is made of small ports: take the one you need. All raise TrioxygenErrors; all that
goes through them is one of `values`. `ozone` implements them over OM and DataNodes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trioxygen.common.errors import TrioxygenError
from trioxygen.gateway.store.contents_port import Contents, Written
from trioxygen.gateway.store.iam_port import Iam
from trioxygen.gateway.store.values.accounts import Signer, SigningKey
from trioxygen.gateway.store.values.buckets import (
    NOTHING_SET,
    Bucket,
    BucketPage,
    BucketSetting,
    DefaultRetention,
    SettingKind,
)
from trioxygen.gateway.store.values.encryption import Encryption
from trioxygen.gateway.store.values.keys import (
    Appended,
    Committed,
    CopySource,
    Deleted,
    KeyPage,
    KeyRecord,
    KeyToDelete,
    NewCopy,
    NewKey,
    Rename,
    Retention,
    Tags,
    VersionPage,
    WriteCondition,
)
from trioxygen.gateway.store.values.uploads import (
    CompletedUpload,
    Completion,
    NewPart,
    NewUpload,
    PartPage,
    PartSource,
    Upload,
    UploadPage,
)


class Buckets(Protocol):
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
        """has_lock: it keeps versions then, too. settings: documents that it begins with.

        Raises: NoSuchVolume, BucketAlreadyExists, BucketAlreadyOwned, TooManyBuckets."""
        ...

    async def delete(self, bucket: Bucket) -> None:
        """Raises: NoSuchBucket, BucketNotEmpty."""
        ...

    async def lookup(self, volume: str, name: str) -> Bucket:
        """Raises: NoSuchBucket."""
        ...

    async def list(
        self, volume: str, *, account_id: str, prefix: str, after: str, count_max: int
    ) -> BucketPage:
        """Of one account. after: names greater than this one."""
        ...

    async def set_versioning(self, bucket: Bucket, *, is_enabled: bool) -> None:
        """What is written already stays as it is. Raises: NoSuchBucket; BucketState: Object Lock
        needs versions."""
        ...

    async def set_encryption(
        self, bucket: Bucket, default: Encryption | None, *, blocks_customer_keys: bool
    ) -> None:
        """Of new objects that come with no word of it. Raises: NoSuchBucket."""
        ...

    async def set_lock(self, bucket: Bucket, default: DefaultRetention | None) -> None:
        """Object Lock is on from then on. Raises: NoSuchBucket; BucketState: it keeps no
        versions."""
        ...


class Settings(Protocol):
    """Documents of buckets, which the store does not read. Each raises NoSuchBucket."""

    async def lookup(
        self, volume: str, bucket: str, kinds: Collection[SettingKind]
    ) -> tuple[Bucket, Sequence[BucketSetting]]:
        """The bucket, and what it has of these kinds, in one call; by kind and id."""
        ...

    async def put(
        self,
        bucket: Bucket,
        kind: SettingKind,
        document: bytes,
        *,
        setting_id: str = "",
        replaces: int | None = None,
    ) -> int:
        """Its revision.

        Args:
            replaces: the revision that goes, 0: there is none yet; None: whatever there is.
        Raises: ConditionConflict: it is another. InvalidRequest: too much for one bucket."""
        ...

    async def delete(
        self,
        bucket: Bucket,
        kind: SettingKind,
        *,
        setting_id: str = "",
        replaces: int | None = None,
    ) -> bool:
        """Whether there was one. `replaces`: as of `put`."""
        ...


class Keys(Protocol):
    """Each raises NoSuchBucket."""

    async def lookup(
        self, volume: str, bucket: str, key: str, version: int | None = None
    ) -> tuple[Bucket, KeyRecord | None]:
        """With the bucket, in one call; None: there is no such version.

        Args:
            version: 0: the null version; None: the newest one, which may be a marker."""
        ...

    async def list(
        self,
        volume: str,
        bucket: str,
        *,
        prefix: str,
        delimiter: str,
        after: str,
        count_max: int,
    ) -> KeyPage:
        """after: keys and common prefixes greater than this one."""
        ...

    async def list_versions(
        self,
        volume: str,
        bucket: str,
        *,
        prefix: str,
        delimiter: str,
        key_marker: str,
        version_marker: int | None,
        count_max: int,
    ) -> VersionPage:
        """What comes behind the markers; without that of a version behind all those of its key."""
        ...

    async def commit(
        self,
        bucket: Bucket,
        key: str,
        new: NewKey,
        written: Written | None,
        condition: WriteCondition | None,
    ) -> Committed:
        """Makes the bytes visible under the key; None: there are none.

        Raises: ConditionFailed, ConditionConflict; BucketState: no lock where there is no
        Object Lock."""
        ...

    async def copy(
        self,
        bucket: Bucket,
        key: str,
        new: NewCopy,
        source: CopySource,
        condition: WriteCondition | None,
        written: Written | None = None,
    ) -> Committed:
        """The key shares the source's bytes, unless they were written again.

        Raises: ConditionFailed; ConditionConflict: the source has changed; BucketState."""
        ...

    async def append(
        self,
        bucket: Bucket,
        key: str,
        record: KeyRecord,
        new: Appended,
        written: Written,
        condition: WriteCondition | None,
    ) -> Committed:
        """The object with these bytes at its end, in place of `record`.

        Raises: ConditionFailed; ConditionConflict: it is not current any more; ObjectTooLarge."""
        ...

    async def rename(self, bucket: Bucket, rename: Rename) -> int:
        """How many keys have new names; of a prefix not at once, and again goes on with it.

        Raises: NoSuchKey, ConditionFailed; BucketState: it keeps versions; InvalidRequest: its
        token was another's, or a new key is too long."""
        ...

    async def delete(
        self, bucket: Bucket, keys: Sequence[KeyToDelete], *, bypasses_governance: bool = False
    ) -> Sequence[Deleted | TrioxygenError]:
        """For each, in order: what was, or why it was not (ConditionFailed, NoSuchKey,
        ObjectLocked). A key that is not there is deleted, unless a condition says otherwise."""
        ...

    async def set_tags(
        self, bucket: Bucket, key: str, version: int | None, tags: Tags
    ) -> int | None:
        """In place of those that it has. Which version it was, as of `Committed`.

        Raises: NoSuchKey, NoSuchKeyVersion, VersionIsMarker."""
        ...

    async def set_acl(
        self, bucket: Bucket, key: str, version: int | None, record: KeyRecord, acl: bytes
    ) -> int | None:
        """As of `KeyRecord`, in place of the one that `record` has. Answers and raises as
        `set_tags`; ConditionConflict: the version has become another."""
        ...

    async def set_retention(
        self,
        bucket: Bucket,
        key: str,
        version: int | None,
        retention: Retention | None,
        *,
        bypasses_governance: bool,
    ) -> int | None:
        """None: it has none from then on. Answers and raises as `set_tags`; BucketState: the bucket
        has no Object Lock; ObjectLocked: it would shorten what binds."""
        ...

    async def set_legal_hold(
        self, bucket: Bucket, key: str, version: int | None, *, is_held: bool
    ) -> int | None:
        """Answers and raises as `set_tags`; BucketState."""
        ...


class Uploads(Protocol):
    """Uploads in parts. Each raises NoSuchBucket, and those of an upload NoSuchUpload."""

    async def create(self, bucket: Bucket, key: str, new: NewUpload) -> bytes:
        """Its id."""
        ...

    async def lookup(
        self, volume: str, bucket: str, key: str, upload_id: bytes
    ) -> tuple[Bucket, Upload | None]:
        """With the bucket, in one call; None: there is no such upload."""
        ...

    async def list(
        self,
        volume: str,
        bucket: str,
        *,
        prefix: str,
        delimiter: str,
        key_marker: str,
        upload_id_marker: bytes,
        count_max: int,
    ) -> UploadPage: ...

    async def commit_part(
        self,
        bucket: Bucket,
        upload: Upload,
        number: int,
        new: NewPart,
        written: Written | None,
        source: PartSource | None = None,
    ) -> int:
        """In place of the part that had the number; its time of modification.

        Args: source: whose bytes it shares, where none were written. Raises: ConditionConflict: it
            has changed."""
        ...

    async def list_parts(
        self, bucket: Bucket, upload: Upload, *, after_number: int, count_max: int
    ) -> PartPage: ...

    async def complete(
        self, bucket: Bucket, key: str, upload_id: bytes, completion: Completion
    ) -> CompletedUpload:
        """Once; the same completion again is answered alike.

        Raises: InvalidPart, InvalidPartOrder, PartTooSmall, ObjectTooLarge, ConditionFailed,
        ConditionConflict; SizeMismatch, ChecksumMismatch: of what was claimed of the whole."""
        ...

    async def abort(self, bucket: Bucket, upload: Upload) -> None: ...


class Accounts(Protocol):
    """Who signed. Secrets never leave the store. Each raises NoSuchAccessKey, also of a key that is
    inactive; InvalidToken: the token is not the key's, or whose it is is gone; ExpiredToken."""

    async def derive_signing_key(
        self,
        *,
        access_key: str,
        date: str,
        region: str,
        service: str,
        session_token: str | None = None,
    ) -> SigningKey:
        """Of Signature Version 4. session_token: None: the request came with none."""
        ...

    async def verify_signature_v2(
        self,
        *,
        access_key: str,
        string_to_sign: bytes,
        signature: str,
        session_token: str | None = None,
    ) -> Signer | None:
        """Of Signature Version 2, base64 as sent; None: it is not this one."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectStore:
    buckets: Buckets
    settings: Settings
    keys: Keys
    uploads: Uploads
    accounts: Accounts
    iam: Iam
    contents: Contents
