"""A client that writes versions, markers, tags, locks and encrypted objects without rest until the
store dies, and knows of each key what it may be then: as before the call that was not answered, or
as after it, whole."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from tests.crash.client import RestlessClient
from tests.crash.model import Content

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEYS: Final = 4
# More of a key are not made: then one goes first.
_VERSIONS_MAX: Final = 6
_CUSTOMER_KEY: Final = bytes(range(32))
_KINDS: Final[dict[str, Any]] = {
    "AES256": {},
    "aws:kms": {"ServerSideEncryption": "aws:kms"},
    "customer": {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": _CUSTOMER_KEY},
}
_NULL: Final = "null"
# Of a version that was not answered.
_UNKNOWN: Final = ""


@dataclass(frozen=True, slots=True)
class Version:
    """Attributes: content: None: a delete marker. kind: of its encryption."""

    version_id: str
    content: Content | None = None
    kind: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    is_held: bool = False
    is_retained: bool = False

    @property
    def size_bytes(self) -> int:
        return 0 if self.content is None else self.content.size_bytes

    @property
    def is_locked(self) -> bool:
        return self.is_held or self.is_retained


History = tuple[Version, ...]
"""Of one key, newest first."""


@dataclass(slots=True)
class VersionModel:
    """Attributes:
    known: the acknowledged versions of each key.
    maybe: the key whose call is under way, and what it has if that was done.
    """

    known: dict[str, History] = field(default_factory=dict)
    maybe: tuple[str, History] | None = None
    is_suspended: bool = False
    may_be_switched: bool = False
    acknowledged: int = 0

    def of(self, key: str) -> History:
        return self.known.get(key, ())

    def with_new(self, key: str, version: Version) -> History:
        """A null version takes the place of the one that there is."""
        if not self.is_suspended:
            return (version, *self.of(key))
        others = [each for each in self.of(key) if each.version_id != _NULL]
        return (replace(version, version_id=_NULL), *others)

    def acknowledge(self, version_id: str | None = None) -> None:
        """Args: version_id: of the new version."""
        assert self.maybe is not None
        key, after = self.maybe
        if after and after[0].version_id == _UNKNOWN:
            assert version_id not in (None, _NULL, _UNKNOWN), version_id
            after = (replace(after[0], version_id=version_id), *after[1:])
        self.known[key], self.maybe = after, None
        self.acknowledged += 1

    def possible(self, key: str, newest_id: str) -> list[History]:
        """Args: newest_id: as it is found; if the new version is there, it is its id."""
        histories = [self.of(key)]
        if self.maybe is not None and self.maybe[0] == key:
            after = self.maybe[1]
            if after and after[0].version_id == _UNKNOWN:
                after = (replace(after[0], version_id=newest_id), *after[1:])
            histories.append(after)
        return histories

    def settle(self, key: str, seen: Sequence[Version], newest_id: str) -> None:
        """What a look has found is what it is. Args: seen: in any order."""
        possible = self.possible(key, newest_id)
        for history in possible:
            if {*history} == {*seen} and (not history or history[0].version_id == newest_id):
                self.known[key] = history
                if self.maybe is not None and self.maybe[0] == key:
                    self.maybe = None
                return
        raise AssertionError((key, seen, newest_id, possible))


class VersionWriter(RestlessClient):
    """Owns a bucket. Half of them lock versions; the others suspend versioning now and then."""

    def __init__(self, number: int, rng: random.Random) -> None:
        super().__init__(rng)
        self.bucket = f"crash-versions-{number}"
        self.locks = number % 2 == 0
        self.model = VersionModel()
        self._seeds = iter(range(number * 10_000_000, (number + 1) * 10_000_000))

    @property
    def acknowledged(self) -> int:
        return self.model.acknowledged

    def make_bucket(self, s3: "S3Client") -> None:
        s3.create_bucket(Bucket=self.bucket, ObjectLockEnabledForBucket=self.locks)
        self._set_versioning(s3, is_suspended=False)

    def _set_versioning(self, s3: "S3Client", *, is_suspended: bool) -> None:
        status: Any = {"Status": "Suspended" if is_suspended else "Enabled"}
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=status)

    def steps(self) -> Sequence[tuple[int, Callable[["S3Client"], None]]]:
        common = [
            (10, self._put),
            (3, self._delete),
            (4, self._delete_version),
            (4, self._tag),
            (3, self._copy),
        ]
        if self.locks:
            return [*common, (4, self._hold), (2, self._delete_locked)]
        return [*common, (2, self._switch)]

    # ---- what it does ----

    def _key(self) -> str:
        return f"k{self._rng.randrange(_KEYS)}"

    def _chosen(self, wanted: Callable[[Version], bool]) -> tuple[str, Version] | None:
        key = self._key()
        found = [each for each in self.model.of(key) if each.content is not None and wanted(each)]
        return (key, self._rng.choice(found)) if found else None

    def _put(self, s3: "S3Client") -> None:
        key, kind = self._key(), self._rng.choice([*_KINDS])
        if len(self.model.of(key)) >= _VERSIONS_MAX:
            self._delete_version(s3)
            return
        content = Content.new(next(self._seeds), self._rng.choice([0, 100, 90_000, 1 << 20]))
        version = Version(
            _UNKNOWN,
            content,
            kind,
            self._tags(),
            is_held=self.locks and self._rng.random() < 0.2,
            is_retained=self.locks and self._rng.random() < 0.2,
        )
        options: Any = {**_KINDS[kind], "Tagging": "&".join(f"{k}={v}" for k, v in version.tags)}
        if version.is_held:
            options["ObjectLockLegalHoldStatus"] = "ON"
        if version.is_retained:
            until = datetime.now(UTC) + timedelta(days=1)
            options |= {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
        self.model.maybe = key, self.model.with_new(key, version)
        put = s3.put_object(Bucket=self.bucket, Key=key, Body=content.body, **options)
        self.model.acknowledge(put["VersionId"])

    def _tags(self) -> tuple[tuple[str, str], ...]:
        return tuple([(f"t{n}", str(next(self._seeds))) for n in range(self._rng.randrange(3))])

    def _delete(self, s3: "S3Client") -> None:
        key = self._key()
        if len(self.model.of(key)) >= _VERSIONS_MAX:
            return
        self.model.maybe = key, self.model.with_new(key, Version(_UNKNOWN))
        self.model.acknowledge(s3.delete_object(Bucket=self.bucket, Key=key)["VersionId"])

    def _delete_version(self, s3: "S3Client") -> None:
        """Locked by retention alone: with leave to."""
        key = self._key()
        found = [each for each in self.model.of(key) if not each.is_held]
        if not found:
            return
        gone = self._rng.choice(found)
        left = tuple([each for each in self.model.of(key) if each != gone])
        self.model.maybe = key, left
        options: Any = {"BypassGovernanceRetention": True} if gone.is_retained else {}
        s3.delete_object(Bucket=self.bucket, Key=key, VersionId=gone.version_id, **options)
        self.model.acknowledge()

    def _delete_locked(self, s3: "S3Client") -> None:
        chosen = self._chosen(lambda version: version.is_locked)
        if chosen is None:
            return
        key, version = chosen
        try:
            s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version.version_id)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied", error
        else:
            raise AssertionError(f"{key}: deleted although it is locked: {version}")

    def _change(self, key: str, old: Version, new: Version) -> None:
        after = tuple([new if each == old else each for each in self.model.of(key)])
        self.model.maybe = key, after

    def _tag(self, s3: "S3Client") -> None:
        chosen = self._chosen(lambda _: True)
        if chosen is None:
            return
        key, old = chosen
        tags = self._tags()
        self._change(key, old, replace(old, tags=tags))
        tagging: Any = {"TagSet": [{"Key": name, "Value": value} for name, value in tags]}
        named: Any = {"Bucket": self.bucket, "Key": key, "VersionId": old.version_id}
        s3.put_object_tagging(**named, Tagging=tagging)
        self.model.acknowledge()

    def _hold(self, s3: "S3Client") -> None:
        chosen = self._chosen(lambda _: True)
        if chosen is None:
            return
        key, old = chosen
        self._change(key, old, replace(old, is_held=not old.is_held))
        hold: Any = {"Status": "OFF" if old.is_held else "ON"}
        named: Any = {"Bucket": self.bucket, "Key": key, "VersionId": old.version_id}
        s3.put_object_legal_hold(**named, LegalHold=hold)
        self.model.acknowledge()

    def _copy(self, s3: "S3Client") -> None:
        """Of a version that the store has the key of; its tags go with it."""
        chosen = self._chosen(lambda version: version.kind != "customer")
        key = self._key()
        if chosen is None or len(self.model.of(key)) >= _VERSIONS_MAX or chosen[0] == key:
            return
        source, old = chosen
        kind = self._rng.choice(["AES256", "aws:kms"])
        version = Version(_UNKNOWN, old.content, kind, old.tags)
        self.model.maybe = key, self.model.with_new(key, version)
        named: Any = {"Bucket": self.bucket, "Key": source, "VersionId": old.version_id}
        copied = s3.copy_object(Bucket=self.bucket, Key=key, CopySource=named, **_KINDS[kind])
        self.model.acknowledge(copied["VersionId"])

    def _switch(self, s3: "S3Client") -> None:
        self.model.may_be_switched = True
        self._set_versioning(s3, is_suspended=not self.model.is_suspended)
        self.model.is_suspended = not self.model.is_suspended
        self.model.may_be_switched = False

    # ---- what there is afterwards ----

    def check(self, s3: "S3Client") -> None:
        """Every version of every key, byte for byte, with all that it carries."""
        is_suspended = s3.get_bucket_versioning(Bucket=self.bucket)["Status"] == "Suspended"
        assert is_suspended == self.model.is_suspended or self.model.may_be_switched
        self.model.is_suspended, self.model.may_be_switched = is_suspended, False
        for key in (f"k{number}" for number in range(_KEYS)):
            page = s3.list_object_versions(Bucket=self.bucket, Prefix=key)
            versions, markers = page.get("Versions", []), page.get("DeleteMarkers", [])
            newest = [each["VersionId"] for each in (*versions, *markers) if each["IsLatest"]]
            assert len(newest) == bool(versions or markers), page
            newest_id = newest[0] if newest else ""
            seen = [Version(each["VersionId"]) for each in markers]
            for version in versions:
                seen.append(self._look(s3, key, version["VersionId"], newest_id))
                assert version["Size"] == seen[-1].size_bytes
            self.model.settle(key, seen, newest_id)

    def _look(self, s3: "S3Client", key: str, version_id: str, newest_id: str) -> Version:
        """It must have the bytes of one that is possible; what else it has is told."""
        for history in self.model.possible(key, newest_id):
            for version in history:
                if version.version_id == version_id and version.content is not None:
                    found = self._read(s3, key, version)
                    if found is not None:
                        return found
        raise AssertionError(f"{key}: {version_id} is not what was written there")

    def _read(self, s3: "S3Client", key: str, wanted: Version) -> Version | None:
        named: Any = {"Bucket": self.bucket, "Key": key, "VersionId": wanted.version_id}
        reading: Any = _KINDS["customer"] if wanted.kind == "customer" else {}
        try:
            got = s3.get_object(**named, **reading)
        except ClientError as error:
            # Null versions take each other's place: it is the other one that was written.
            assert error.response["Error"]["Code"] == "InvalidRequest", error
            return None
        if wanted.content is None or got["Body"].read() != wanted.content.body:
            return None
        tags = s3.get_object_tagging(**named)["TagSet"] if "TagCount" in got else []
        return replace(
            wanted,
            kind="customer" if "SSECustomerAlgorithm" in got else got["ServerSideEncryption"],
            tags=tuple([(tag["Key"], tag["Value"]) for tag in tags]),
            is_held=got.get("ObjectLockLegalHoldStatus") == "ON",
            is_retained="ObjectLockMode" in got,
        )
