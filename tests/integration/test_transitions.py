"""Objects that lifecycle rules move to another storage class, in a store whose days last two
seconds: what is seen of it, and what stays as it was."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.store_process import StoreProcess, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "moved"
LARGE = 128 << 10
# On as many DataNodes as REDUCED_REDUNDANCY, so that it has to be written again.
TARGET = "GLACIER_IR"


@pytest.fixture
def store(new_store: NewStore) -> StoreProcess:
    config = {"lifecycle.day_seconds": 2, "s3.storage_classes": f"{TARGET}=RATIS/ONE"}
    return new_store(config).start()


@pytest.fixture
def s3(store: StoreProcess) -> "Iterator[S3Client]":
    with store.endpoint.client() as client:
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


def classes_of(s3: "S3Client") -> dict[tuple[str, int], str]:
    """By key and size."""
    versions = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    return {(each["Key"], each["Size"]): each["StorageClass"] for each in versions}


def seen_of(s3: "S3Client", key: str, **arguments: Any) -> dict[str, Any]:
    """All of an object's head but its class."""
    head: dict[str, Any] = dict(
        s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED", **arguments)
    )
    head["tags"] = s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    return {
        name: value
        for name, value in head.items()
        if name not in ("ResponseMetadata", "StorageClass")
    }


def test_objects_are_moved_and_nothing_else_of_them_changes(
    store: StoreProcess, s3: "S3Client"
) -> None:
    s3.put_object(Bucket=BUCKET, Key="in one", Body=b"old" * LARGE)
    s3.put_object(
        Bucket=BUCKET, Key="in one", Body=b"x" * LARGE, Tagging="k=v", Metadata={"some": "thing"}
    )
    s3.put_object(Bucket=BUCKET, Key="small", Body=b"x" * (LARGE - 1))
    s3.put_object(Bucket=BUCKET, Key="sized/small", Body=b"x" * 10)
    s3.put_object(Bucket=BUCKET, Key="other/kept", Body=b"x" * LARGE)
    # Its class needs more DataNodes than there are.
    s3.put_object(Bucket=BUCKET, Key="coded", Body=b"x" * LARGE)
    key: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    s3.put_object(Bucket=BUCKET, Key="in one/customer", Body=b"y" * LARGE, **key)
    upload = Upload.begin(s3, BUCKET, "in parts")
    upload.put(1, b"1" * PART_MIN)
    upload.put(2, b"2" * 100)
    upload.complete()
    source: Any = {"Bucket": BUCKET, "Key": "in parts"}
    s3.copy_object(Bucket=BUCKET, Key="other/copy", CopySource=source)
    before = {name: seen_of(s3, name) for name in ("in one", "in parts")}

    def rule(prefix: str, **actions: Any) -> dict[str, Any]:
        wanted: dict[str, Any] = {"Prefix": prefix}
        if prefix == "sized/":
            wanted = {"And": {**wanted, "ObjectSizeGreaterThan": 1}}
        move = {"StorageClass": TARGET, "Days": 0}
        return {"Status": "Enabled", "Filter": wanted, "Transitions": [move], **actions}

    late = {"NoncurrentVersionTransitions": [{"NoncurrentDays": 0, "StorageClass": TARGET}]}
    coded = rule("coded", Transitions=[{"StorageClass": "EC_3_2", "Days": 0}])
    rules: Any = [coded, rule("in ", **late), rule("s"), rule("sized/")]
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})
    moved = {
        ("coded", LARGE): "STANDARD",
        ("in one", LARGE): TARGET,
        ("in one", 3 * LARGE): TARGET,
        ("in one/customer", LARGE): TARGET,
        ("in parts", PART_MIN + 100): TARGET,
        ("sized/small", 10): TARGET,
        ("small", LARGE - 1): "STANDARD",
        ("other/kept", LARGE): "STANDARD",
        ("other/copy", PART_MIN + 100): "STANDARD",
    }
    wait_until(lambda: classes_of(s3) == moved, output=lambda: classes_of(s3))
    assert {name: seen_of(s3, name) for name in before} == before
    for name in before:
        assert s3.head_object(Bucket=BUCKET, Key=name)["StorageClass"] == TARGET
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="in parts")["Contents"]
    assert [each["StorageClass"] for each in listed] == [TARGET]
    assert s3.get_object(Bucket=BUCKET, Key="in one")["StorageClass"] == TARGET
    assert read(s3, BUCKET, "in one") == b"x" * LARGE
    assert read(s3, BUCKET, "in one/customer", **key) == b"y" * LARGE
    assert read(s3, BUCKET, "sized/small") == b"x" * 10
    in_parts = b"1" * PART_MIN + b"2" * 100
    assert read(s3, BUCKET, "in parts") == read(s3, BUCKET, "other/copy") == in_parts
    part = s3.get_object(Bucket=BUCKET, Key="in parts", PartNumber=2)
    assert part["Body"].read() == b"2" * 100
    [row] = json.loads(store.o3("lifecycle", "status", "--json").stdout)
    assert row["transitioned"] == 5
    assert read(s3, BUCKET, "coded") == b"x" * LARGE
    # What has moved is a source like any other.
    s3.copy_object(Bucket=BUCKET, Key="other/again", CopySource=source)
    assert read(s3, BUCKET, "other/again") == in_parts


def test_locked_object_is_moved_and_stays_locked(s3: "S3Client") -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="locked", Key="a", Body=b"x" * LARGE, ObjectLockLegalHoldStatus="ON")
    move: Any = {"StorageClass": "INTELLIGENT_TIERING", "Days": 0}
    rule: Any = {"Status": "Enabled", "Filter": {}, "Transitions": [move]}
    s3.put_bucket_lifecycle_configuration(Bucket="locked", LifecycleConfiguration={"Rules": [rule]})

    def seen() -> tuple[Any, Any]:
        head = s3.head_object(Bucket="locked", Key="a")
        return head.get("StorageClass"), head["ObjectLockLegalHoldStatus"]

    # Kept as before, so that only the name changes.
    wait_until(lambda: seen() == ("INTELLIGENT_TIERING", "ON"), output=seen)
    assert read(s3, "locked", "a") == b"x" * LARGE
    version = s3.head_object(Bucket="locked", Key="a")["VersionId"]
    s3.put_object_legal_hold(
        Bucket="locked", Key="a", VersionId=version, LegalHold={"Status": "OFF"}
    )
