"""A store of one bucket for tests of the gate: it answers what the gate asks for, and notes it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NoReturn

from tests.unit.gateway.auth.signing import SECRET
from trioxygen.common.errors import NoSuchBucket
from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.access.permissions import NO_PERMISSIONS
from trioxygen.gateway.credentials import Credential
from trioxygen.gateway.identities import caller_of
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.shares import ShareLimits, Shares
from trioxygen.gateway.store.port import ObjectStore
from trioxygen.gateway.store.values.accounts import ROOT_IDENTITY, Account, Identity, SigningKey
from trioxygen.gateway.store.values.buckets import NOTHING_SET, Bucket, BucketSetting, SettingKind
from trioxygen.gateway.store.values.keys import (
    Content,
    KeyPage,
    KeyRecord,
    ObjectHeaders,
    VersionPage,
)
from trioxygen.gateway.store.values.uploads import Upload, UploadPage

OWNER: Final = Account("111111111111", "1" * 64, "owner")
STRANGER: Final = Account("222222222222", "2" * 64, "stranger")
UPLOAD_ID: Final = bytes(range(16))
RECORD: Final = KeyRecord(
    7, 4, 1_000, "e" * 32, "111111111111", ObjectHeaders(), None, (), Content()
)
UPLOAD: Final = Upload(UPLOAD_ID, "k", 1_000, "STANDARD", None, False)


class OneBucket:
    """Args:
    owners: account ids by name of bucket; the others are not there.
    signer: whose every signature with the tests' key is.
    settings: that each bucket has.
    accounts: that the store knows; None: nobody asks.
    Attributes: asked: names of the calls, in order."""

    def __init__(
        self,
        owners: dict[str, str],
        *,
        is_empty: bool = False,
        signer: Account | None = None,
        settings: Mapping[SettingKind, bytes] = NOTHING_SET,
        accounts: Any = None,
    ) -> None:
        self._owners, self._is_empty, self._settings = owners, is_empty, settings
        self.identity_revision = 0
        self.asked: list[str] = []
        parts: dict[str, Any] = {
            "buckets": _Buckets(self),
            "settings": _Settings(self),
            "keys": _Keys(self),
            "uploads": _Uploads(self),
            "accounts": _Unused() if signer is None else _Accounts(signer),
            "iam": accounts or NoAccounts(),
            "contents": _NoContents(),
        }
        self.port = ObjectStore(**parts)

    def bucket(self, asked: str, name: str) -> Bucket:
        self.asked.append(asked)
        if name not in self._owners:
            raise NoSuchBucket(bucket=name)
        made = Bucket("s3v", name, 1, self._owners[name], 0, "eu-west-1")
        return made._replace(
            access_revision=1 if self._settings else 0, identity_revision=self.identity_revision
        )

    def rows(self, kinds: Collection[SettingKind]) -> list[BucketSetting]:
        return [
            BucketSetting(kind, "", document, 1)
            for kind, document in self._settings.items()
            if kind in kinds
        ]

    def unless_empty(self, value: Any) -> Any:
        return None if self._is_empty else value


class _Unused:
    """Of what the gate has no business with."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} was used before the decision")


class _Directory(_Unused):
    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        return None


class _AccessKeys(_Unused):
    async def note_uses(self, uses: Sequence[tuple[str, int, str, str]]) -> None:
        """Nobody asks when they were used."""


class NoAccounts:
    directory: Any = _Directory()
    access_keys: Any = _AccessKeys()


class _Accounts(_Unused):
    def __init__(self, signer: Account) -> None:
        self._signer = signer

    async def derive_signing_key(
        self,
        *,
        access_key: str,
        date: str,
        region: str,
        service: str,
        session_token: str | None = None,
    ) -> SigningKey:
        key = derive_signing_key(secret=SECRET, date=date, region=region, service=service)
        return SigningKey(key, self._signer)


class _NoContents(_Unused):
    small_bytes_max = 0


class _Buckets(_Unused):
    def __init__(self, store: OneBucket) -> None:
        self._store = store

    async def lookup(self, volume: str, name: str) -> Bucket:
        return self._store.bucket("bucket", name)


class _Settings(_Unused):
    def __init__(self, store: OneBucket) -> None:
        self._store = store

    async def lookup(
        self, volume: str, bucket: str, kinds: Collection[SettingKind]
    ) -> tuple[Bucket, list[BucketSetting]]:
        return self._store.bucket("settings", bucket), self._store.rows(kinds)


class _Keys(_Unused):
    def __init__(self, store: OneBucket) -> None:
        self._store = store

    async def lookup(
        self, volume: str, bucket: str, key: str, version: int | None = None
    ) -> tuple[Bucket, Any]:
        return self._store.bucket(f"key {bucket}/{key}", bucket), self._store.unless_empty(RECORD)

    async def list(self, volume: str, bucket: str, **page: Any) -> KeyPage:
        return KeyPage(self._store.bucket("page", bucket), [], [], False, "")

    async def list_versions(self, volume: str, bucket: str, **page: Any) -> VersionPage:
        return VersionPage(self._store.bucket("versions", bucket), [], [], False, "", None)


class _Uploads(_Unused):
    def __init__(self, store: OneBucket) -> None:
        self._store = store

    async def lookup(
        self, volume: str, bucket: str, key: str, upload_id: bytes
    ) -> tuple[Bucket, Any]:
        return self._store.bucket("upload", bucket), self._store.unless_empty(UPLOAD)

    async def list(self, volume: str, bucket: str, **page: Any) -> UploadPage:
        return UploadPage(self._store.bucket("uploads", bucket), [], [], False, "", b"")


async def _no_body() -> dict[str, object]:
    raise AssertionError("a body was asked for")


def request_to(
    bucket: str | None,
    key: str | None,
    account: Account | None,
    headers: dict[str, str] | None = None,
    query: str = f"uploadId={UPLOAD_ID.hex()}&partNumber=1",
) -> S3Request:
    """A request that has all that any operation's arguments want."""
    fields = {
        "x-amz-copy-source": "source/s",
        "x-amz-rename-source": "/bucket/s",
        "x-amz-object-attributes": "ETag",
        "x-amz-account-id": OWNER.account_id,
        **(headers or {}),
    }
    head = RequestHead(
        "PUT",
        b"/",
        query.encode(),
        [(name.encode(), value.encode()) for name, value in fields.items()],
    )
    made = S3Request(head, _no_body, "id", "host", "http", Shares(ShareLimits()))
    made.bucket, made.key = bucket, key
    if account is not None:
        made.identify(credential_of(account))
    return made


def credential_of(account: Account, identity: Identity = ROOT_IDENTITY) -> Credential:
    return Credential(
        b"", account, caller_of(account, identity), NO_PERMISSIONS, identity.revision, None, 0.0
    )
