"""Lifecycle rules of buckets: put, shown as they were put, removed; refused ones change nothing."""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.integration.endpoint import refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NONE = (404, "NoSuchLifecycleConfiguration")
LOGS: Final[dict[str, Any]] = {
    "ID": "logs",
    "Status": "Enabled",
    "Filter": {"Prefix": "logs/"},
    "Expiration": {"Days": 30},
}
SEVERAL: Final[dict[str, Any]] = {
    "ID": "several",
    "Status": "Disabled",
    "Filter": {
        "And": {
            "Prefix": "é ",
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}],
            "ObjectSizeGreaterThan": 10,
        }
    },
    "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 5},
}


def put(s3: "S3Client", bucket: str, *rules: Any, **more: Any) -> Any:
    return s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": rules}, **more
    )


def test_rules_are_shown_as_they_were_put_and_removed(s3: "S3Client", bucket: str) -> None:
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == NONE
    answer = put(s3, bucket, LOGS, SEVERAL)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert shown["Rules"] == [LOGS, SEVERAL]
    assert shown["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    varies = "varies_by_storage_class"
    answer = put(s3, bucket, LOGS, TransitionDefaultMinimumObjectSize=varies)
    assert answer["TransitionDefaultMinimumObjectSize"] == varies
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert shown["Rules"] == [LOGS] and shown["TransitionDefaultMinimumObjectSize"] == varies
    for _ in range(2):
        removed = s3.delete_bucket_lifecycle(Bucket=bucket)
        assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == NONE


def test_rules_of_the_old_form_are_shown_in_it(s3: "S3Client", bucket: str) -> None:
    old = {"ID": "old", "Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}}
    put(s3, bucket, old)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [old]


def test_rules_without_an_id_get_one(s3: "S3Client", bucket: str) -> None:
    unnamed = {name: value for name, value in LOGS.items() if name != "ID"}
    put(s3, bucket, unnamed, unnamed)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert len({rule["ID"] for rule in rules}) == 2


def test_refused_rules_leave_the_ones_there_are(s3: "S3Client", bucket: str) -> None:
    put(s3, bucket, LOGS)
    error = refusal(partial(put, s3, bucket, LOGS, LOGS))
    assert (error.status, error.code) == (400, "InvalidArgument")
    move = {**LOGS, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
    assert refused(partial(put, s3, bucket, move)) == (400, "InvalidStorageClass")
    assert refused(partial(put, s3, bucket, {**LOGS, "Status": "on"})) == (400, "MalformedXML")
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [LOGS]


def test_rule_of_the_most_days_there_are_hinders_nobody(s3: "S3Client", bucket: str) -> None:
    days = 2**31 - 1
    late = {**LOGS, "Expiration": {"Days": days}}
    put(s3, bucket, {**late, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}})
    written = s3.put_object(Bucket=bucket, Key="logs/a", Body=b"a")
    read = s3.get_object(Bucket=bucket, Key="logs/a")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="logs/b")
    # No date of HTTP says when.
    assert "Expiration" not in written and "Expiration" not in read
    assert "AbortDate" not in upload
