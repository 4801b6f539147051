"""A versioned, locked, tagged bucket against a model, by random calls through the endpoint."""

import itertools
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.endpoint import read, refused
from tests.integration.s3.versions import set_versioning, shown
from tests.models.versions import Lock, Mode, Version, VersionedBucket, Versioning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = st.sampled_from(("a", "a/b", "ü"))
CHOICES = st.integers(0, 9)
TAGS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(("", "1", "zwei")), max_size=3)
MODES = st.sampled_from((Mode.GOVERNANCE, Mode.COMPLIANCE))
DAYS = st.integers(1, 5)
TODAY = datetime.now(UTC).replace(microsecond=0)
DENIED = (403, "AccessDenied")
_numbers = itertools.count(1)


def until(days: int) -> datetime:
    return TODAY + timedelta(days=days)


def wall_ms(time: datetime) -> int:
    return int(time.timestamp() * 1_000)


class BucketAgainstModel(RuleBasedStateMachine):
    """Bodies are told apart by the number in them, which the model has as their ETag."""

    def __init__(self, s3: "S3Client", bucket: str, *, has_lock: bool) -> None:
        super().__init__()
        self.s3, self.bucket, self.has_lock = s3, bucket, has_lock
        self.model = VersionedBucket()
        self.run = next(_numbers)
        # Buckets are one for many runs: keys are the run's own.
        self.prefix = f"{self.run}/"

    @initialize(is_enabled=st.booleans())
    def begin(self, is_enabled: bool) -> None:
        if self.has_lock:
            self.model.versioning = Versioning.ENABLED
        elif is_enabled:
            self.set_versioning(Versioning.ENABLED)
        else:
            self.set_versioning(Versioning.SUSPENDED)

    def at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.prefix + key}

    def chosen(self, key: str, choice: int) -> Version | None:
        versions = self.model.keys.get(key.encode(), [])
        return versions[choice % len(versions)] if versions else None

    def wire_id(self, version: Version) -> str:
        return "null" if version.is_null else f"{version.object_id:016x}"

    def added(self, answer: Any) -> int:
        """Its id; of a null version one that nothing else has."""
        version = answer.get("VersionId", "null")
        is_null = self.model.versioning is not Versioning.ENABLED
        assert (version == "null") == is_null
        return -next(_numbers) if is_null else int(version, 16)

    def put_version(self, key: str, answer: Any, etag: str, tags: dict[str, str]) -> Version:
        version = Version(self.added(answer), etag, False, tags=tuple(sorted(tags.items())))
        self.model.put(key.encode(), version)
        return version

    @precondition(lambda self: not self.has_lock)
    @rule(versioning=st.sampled_from((Versioning.ENABLED, Versioning.SUSPENDED)))
    def set_versioning(self, versioning: Versioning) -> None:
        set_versioning(self.s3, self.bucket, versioning.name.capitalize())
        self.model.versioning = versioning

    @rule(key=KEYS, tags=TAGS)
    def put(self, key: str, tags: dict[str, str]) -> None:
        body = str(next(_numbers))
        tagging = "&".join(f"{name}={value}" for name, value in tags.items())
        answer = self.s3.put_object(**self.at(key), Body=body.encode(), Tagging=tagging)
        self.put_version(key, answer, body, tags)

    @precondition(lambda self: self.has_lock)
    @rule(key=KEYS, mode=MODES, days=DAYS, hold=st.booleans())
    def put_locked(self, key: str, mode: Mode, days: int, hold: bool) -> None:
        body = str(next(_numbers))
        held: Any = "ON" if hold else "OFF"
        lock: Any = {"ObjectLockMode": mode.name, "ObjectLockRetainUntilDate": until(days)}
        answer = self.s3.put_object(
            **self.at(key), Body=body.encode(), ObjectLockLegalHoldStatus=held, **lock
        )
        version = self.put_version(key, answer, body, {})
        version.lock = Lock(mode, wall_ms(until(days)), hold=hold)

    @rule(source=KEYS, choice=CHOICES, key=KEYS)
    def copy(self, source: str, choice: int, key: str) -> None:
        version = self.chosen(source, choice)
        if version is None or version.is_marker:
            return
        named: Any = {**self.at(source), "VersionId": self.wire_id(version)}
        # Onto itself something has to change.
        answer = self.s3.copy_object(
            **self.at(key), CopySource=named, MetadataDirective="REPLACE", Metadata={"n": "1"}
        )
        self.put_version(key, answer, version.etag, dict(version.tags))

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        answer = self.s3.delete_object(**self.at(key))
        assert answer["DeleteMarker"] is True
        marker = Version(self.added(answer), "", False, is_marker=True)
        self.model.delete(key.encode(), marker)

    @rule(key=KEYS, choice=CHOICES, bypass=st.booleans(), at_once=st.booleans())
    def remove(self, key: str, choice: int, bypass: bool, at_once: bool) -> None:
        version = self.chosen(key, choice)
        if version is None:
            return
        lock = version.lock
        binds = lock.mode is Mode.COMPLIANCE or (lock.mode is Mode.GOVERNANCE and not bypass)
        more: Any = {"BypassGovernanceRetention": True} if bypass and self.has_lock else {}
        name = self.wire_id(version)
        if at_once:
            doomed: Any = {"Objects": [{"Key": self.prefix + key, "VersionId": name}]}
            answer = self.s3.delete_objects(Bucket=self.bucket, Delete=doomed, **more)
            errors = [error["Code"] for error in answer.get("Errors", [])]
        else:
            try:
                self.s3.delete_object(**self.at(key), VersionId=name, **more)
                errors = []
            except ClientError as error:
                errors = [error.response["Error"]["Code"]]
        if lock.hold or binds:
            assert errors == ["AccessDenied"]
            return
        assert errors == []
        self.model.remove(key.encode(), version)

    @precondition(lambda self: self.has_lock)
    @rule(key=KEYS, choice=CHOICES, hold=st.booleans())
    def set_hold(self, key: str, choice: int, hold: bool) -> None:
        version = self.chosen(key, choice)
        if version is None or version.is_marker:
            return
        status: Any = {"Status": "ON" if hold else "OFF"}
        named = {**self.at(key), "VersionId": self.wire_id(version)}
        self.s3.put_object_legal_hold(**named, LegalHold=status)
        version.lock.hold = hold
        assert self.s3.get_object_legal_hold(**named)["LegalHold"] == status

    @precondition(lambda self: self.has_lock)
    @rule(key=KEYS, choice=CHOICES, mode=MODES, days=DAYS, bypass=st.booleans())
    def set_retention(self, key: str, choice: int, mode: Mode, days: int, bypass: bool) -> None:
        version = self.chosen(key, choice)
        if version is None or version.is_marker:
            return
        lock, wanted_ms = version.lock, wall_ms(until(days))
        is_longer = lock.mode is mode and wanted_ms >= lock.until_wall_ms
        may = lock.mode is Mode.NONE or is_longer or (lock.mode is Mode.GOVERNANCE and bypass)
        named: Any = {**self.at(key), "VersionId": self.wire_id(version)}
        retention: Any = {"Mode": mode.name, "RetainUntilDate": until(days)}
        call = {**named, "Retention": retention, "BypassGovernanceRetention": bypass}
        if not may:
            assert refused(self.s3.put_object_retention, **call) == DENIED
        else:
            self.s3.put_object_retention(**call)
            lock.mode, lock.until_wall_ms = mode, wanted_ms
        told = self.s3.get_object_retention(**named)["Retention"]
        assert (told["Mode"], wall_ms(told["RetainUntilDate"])) == (
            lock.mode.name,
            lock.until_wall_ms,
        )

    @rule(key=KEYS, choice=CHOICES, tags=TAGS)
    def set_tags(self, key: str, choice: int, tags: dict[str, str]) -> None:
        version = self.chosen(key, choice)
        if version is None or version.is_marker:
            return
        named: Any = {**self.at(key), "VersionId": self.wire_id(version)}
        tag_set: Any = {"TagSet": [{"Key": name, "Value": tags[name]} for name in tags]}
        self.s3.put_object_tagging(**named, Tagging=tag_set)
        version.tags = tuple(sorted(tags.items()))

    @rule(key=KEYS, choice=CHOICES)
    def read_version(self, key: str, choice: int) -> None:
        version = self.chosen(key, choice)
        if version is None:
            return
        named: Any = {**self.at(key), "VersionId": self.wire_id(version)}
        if version.is_marker:
            assert refused(self.s3.get_object, **named) == (405, "MethodNotAllowed")
            return
        assert read(self.s3, self.bucket, self.prefix + key, VersionId=named["VersionId"]) == (
            version.etag.encode()
        )
        told = self.s3.get_object_tagging(**named)["TagSet"]
        assert tuple(sorted((tag["Key"], tag["Value"]) for tag in told)) == version.tags

    @rule(key=KEYS)
    def read_current(self, key: str) -> None:
        version = self.model.current(key.encode())
        if version is None:
            assert refused(self.s3.get_object, **self.at(key)) == (404, "NoSuchKey")
        else:
            body = read(self.s3, self.bucket, self.prefix + key)
            assert body == version.etag.encode()

    @invariant()
    def lists_agree(self) -> None:
        expected = {
            (self.prefix + item.key.decode(), self.wire_id(version), item.is_latest)
            + (version.is_marker,)
            for item in self.model.listed(prefix=b"", delimiter=b"")
            if (version := item.version) is not None
        }
        assert set(shown(self.s3, self.bucket, Prefix=self.prefix)) == expected


def run_against_model(s3: "S3Client", bucket: str, *, has_lock: bool, examples: int) -> None:
    made: Any = partial(BucketAgainstModel, s3, bucket, has_lock=has_lock)
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_versioned_bucket_is_what_its_model_is(s3: "S3Client", bucket: str) -> None:
    run_against_model(s3, bucket, has_lock=False, examples=12)


def test_locked_bucket_is_what_its_model_is(s3: "S3Client", locked: str) -> None:
    run_against_model(s3, locked, has_lock=True, examples=12)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_buckets_are_what_their_models_are(s3: "S3Client", bucket: str, locked: str) -> None:
    run_against_model(s3, bucket, has_lock=False, examples=150)
    run_against_model(s3, locked, has_lock=True, examples=150)
