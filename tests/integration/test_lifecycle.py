"""Lifecycle rules of a store whose days last two seconds: what goes, when, and what is said of
it."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.conftest import NewStore
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import StoreProcess, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "days"
DAY_S = 2
EXPIRY = re.compile('expiry-date="([^"]+)", rule-id="([^"]+)"')


@pytest.fixture
def store(new_store: NewStore) -> StoreProcess:
    return new_store({"lifecycle.day_seconds": DAY_S}).start()


@pytest.fixture
def s3(store: StoreProcess) -> "Iterator[S3Client]":
    with store.endpoint.client() as client:
        client.create_bucket(Bucket=BUCKET)
        yield client


def put_rules(s3: "S3Client", *rules: Any) -> None:
    numbered: Any = [
        {"ID": f"rule {number}", "Status": "Enabled", **rule} for number, rule in enumerate(rules)
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": numbered})


def keep_versions(s3: "S3Client") -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def versions_of(s3: "S3Client") -> list[str]:
    reply = s3.list_object_versions(Bucket=BUCKET)
    return [
        *(f"{each['Key']} {each['Size']}" for each in reply.get("Versions", ())),
        *(f"{each['Key']} marker" for each in reply.get("DeleteMarkers", ())),
    ]


def status_of(store: StoreProcess) -> dict[str, Any]:
    [row] = json.loads(store.o3("lifecycle", "status", "--json").stdout)
    assert isinstance(row, dict)
    return row


def test_objects_expire_by_prefix_tag_and_size(store: StoreProcess, s3: "S3Client") -> None:
    began = time.monotonic()
    s3.put_object(Bucket=BUCKET, Key="old/was there before", Body=b"x")
    put_rules(
        s3,
        {"Filter": {"Prefix": "old/"}, "Expiration": {"Days": 1}},
        {"Filter": {"Tag": {"Key": "k", "Value": "v"}}, "Expiration": {"Days": 1}},
        {
            "Filter": {"And": {"Prefix": "sized/", "ObjectSizeGreaterThan": 3}},
            "Expiration": {"Days": 1},
        },
    )
    s3.put_object(Bucket=BUCKET, Key="tagged", Body=b"x", Tagging="k=v&l=w")
    s3.put_object(Bucket=BUCKET, Key="tagged otherwise", Body=b"x", Tagging="k=w")
    s3.put_object(Bucket=BUCKET, Key="sized/3", Body=b"123")
    s3.put_object(Bucket=BUCKET, Key="sized/4", Body=b"1234")
    left = ["sized/3", "tagged otherwise"]
    keys = keys_of(s3, BUCKET)
    # Nothing goes before its day is over, which may be so by now on a slow machine.
    assert len(keys) == 5 or time.monotonic() - began >= DAY_S, keys
    wait_until(lambda: keys_of(s3, BUCKET) == left, output=lambda: keys_of(s3, BUCKET))
    shown = status_of(store)
    assert (shown["bucket"], shown["state"], shown["expired"]) == (BUCKET, "WORKING", 3)
    s3.put_object_tagging(
        Bucket=BUCKET,
        Key="tagged otherwise",
        Tagging={"TagSet": [{"Key": "k", "Value": "v"}]},
    )
    wait_until(lambda: keys_of(s3, BUCKET) == left[:1], output=lambda: keys_of(s3, BUCKET))
    assert read(s3, BUCKET, "sized/3") == b"123"
    assert BUCKET in store.o3("lifecycle", "status").stdout


def test_versions_go_and_the_markers_that_hide_nothing(s3: "S3Client") -> None:
    keep_versions(s3)
    for size in (1, 2, 3):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"x" * size)
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="b")
    put_rules(
        s3,
        {
            "Filter": {"Prefix": "a"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1},
        },
        {"Filter": {"Prefix": "b"}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
        {"Filter": {"Prefix": ""}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    )
    wait_until(lambda: versions_of(s3) == ["a 3", "a 2"], output=lambda: versions_of(s3))


def test_locked_version_stays_until_its_lock_is_over(s3: "S3Client") -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + timedelta(seconds=9)
    kept = s3.put_object(
        Bucket="locked",
        Key="a",
        Body=b"x",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
    )["VersionId"]
    s3.delete_object(Bucket="locked", Key="a")
    rule: Any = {
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    s3.put_bucket_lifecycle_configuration(Bucket="locked", LifecycleConfiguration={"Rules": [rule]})

    def versions() -> list[str]:
        listed = s3.list_object_versions(Bucket="locked").get("Versions", [])
        return [each["VersionId"] for each in listed]

    seen = versions()
    # Looked at afterwards: the answer is of a time before that.
    while datetime.now(UTC) < until - timedelta(seconds=1):
        assert seen == [kept]
        seen = versions()
    wait_until(lambda: versions() == [], output=lambda: versions())


def test_uploads_are_aborted_and_say_when(store: StoreProcess, s3: "S3Client") -> None:
    put_rules(
        s3,
        {
            "Filter": {"Prefix": "tmp/"},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 6},
        },
    )
    before = datetime.now(UTC)
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key="tmp/x")
    after = datetime.now(UTC)
    other = s3.create_multipart_upload(Bucket=BUCKET, Key="x")
    assert begun["AbortRuleId"] == "rule%200" and "AbortDate" not in other
    shown = s3.list_parts(Bucket=BUCKET, Key="tmp/x", UploadId=begun["UploadId"])
    assert (shown["AbortDate"], shown["AbortRuleId"]) == (begun["AbortDate"], "rule%200")
    second = timedelta(seconds=1)
    earliest, latest = before + 6 * DAY_S * second, after + 7 * DAY_S * second
    assert earliest - second <= begun["AbortDate"] <= latest + second

    def uploads() -> list[str]:
        listed = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return [each["Key"] for each in listed]

    listed = uploads()
    assert listed == ["tmp/x", "x"] or datetime.now(UTC) >= begun["AbortDate"], listed
    wait_until(lambda: uploads() == ["x"], output=lambda: uploads())
    assert status_of(store)["aborted"] == 1


def test_answers_say_when_an_object_expires(s3: "S3Client") -> None:
    keep_versions(s3)
    long = {"Expiration": {"Days": 1_000}}
    put_rules(
        s3,
        {"Filter": {"Tag": {"Key": "k", "Value": "v"}}, **long},
        {"Filter": {"Prefix": "é/"}, **long},
    )
    put = s3.put_object(Bucket=BUCKET, Key="a", Body=b"x", Tagging="k=v")
    match = EXPIRY.fullmatch(put["Expiration"])
    assert match is not None and match[2] == "rule%200"
    away = (parsedate_to_datetime(match[1]) - datetime.now(UTC)).total_seconds()
    assert 1_000 * DAY_S - 2 <= away <= 1_001 * DAY_S
    said = put["Expiration"]
    assert s3.head_object(Bucket=BUCKET, Key="a")["Expiration"] == said
    assert s3.get_object(Bucket=BUCKET, Key="a")["Expiration"] == said
    named: Any = {"Bucket": BUCKET, "Key": "a", "VersionId": put["VersionId"]}
    assert s3.head_object(**named)["Expiration"] == said
    assert s3.get_object(**named)["Expiration"] == said
    newer = s3.put_object(Bucket=BUCKET, Key="a", Body=b"y", Tagging="k=v")
    # It is noncurrent now, which no rule on expiration is about; and then current again.
    assert "Expiration" not in s3.head_object(**named)
    assert "Expiration" not in s3.get_object(**named)
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=newer["VersionId"])
    assert s3.head_object(**named)["Expiration"] == said
    source: Any = {"Bucket": BUCKET, "Key": "a"}
    copied = s3.copy_object(Bucket=BUCKET, Key="b", CopySource=source)
    assert "rule%200" in copied["Expiration"]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="é/x")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="é/x", UploadId=upload, PartNumber=1, Body=b"x")
    done = s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key="é/x",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert "rule%201" in done["Expiration"]
    assert "Expiration" not in s3.put_object(Bucket=BUCKET, Key="c", Body=b"x")
    # Other rules are in force with the next request.
    put_rules(s3, {"Filter": {}, "Expiration": {"Days": 2_000}})
    assert s3.head_object(Bucket=BUCKET, Key="a")["Expiration"] != said
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    assert "Expiration" not in s3.head_object(Bucket=BUCKET, Key="a")
