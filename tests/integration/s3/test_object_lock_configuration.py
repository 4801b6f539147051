"""Object Lock of a bucket: when it begins, its default, and the documents that S3 does not take."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, refusal
from tests.integration.s3.locks import CRC, configuration, put_document
from tests.integration.s3.versions import put, set_versioning
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_bucket_that_begins_with_it_keeps_versions_for_ever(s3: "S3Client", locked: str) -> None:
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    answer = s3.get_object_lock_configuration(Bucket=locked)
    assert answer["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    wanted: Any = {"Status": "Suspended"}
    error = refusal(s3.put_bucket_versioning, Bucket=locked, VersioningConfiguration=wanted)
    assert (error.status, error.code) == (409, "InvalidBucketState")
    assert error.message == (
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be"
        " changed."
    )


def test_it_is_switched_on_later_where_versions_are_kept(s3: "S3Client", bucket: str) -> None:
    error = refusal(s3.get_object_lock_configuration, Bucket=bucket)
    assert (error.status, error.code) == (404, "ObjectLockConfigurationNotFoundError")
    assert error.details["BucketName"] == bucket
    for status in ("", "Suspended"):
        if status:
            set_versioning(s3, bucket, status)
        error = refusal(
            s3.put_object_lock_configuration,
            Bucket=bucket,
            ObjectLockConfiguration=configuration(),
            **CRC,
        )
        assert (error.status, error.code) == (409, "InvalidBucketState")
        assert error.message == (
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    set_versioning(s3, bucket, "Enabled")
    for wanted in (configuration("GOVERNANCE", Days=3), configuration("COMPLIANCE", Years=100)):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=wanted, **CRC)
        answer = s3.get_object_lock_configuration(Bucket=bucket)
        assert answer["ObjectLockConfiguration"] == wanted
    # Without a rule the default goes, and Object Lock stays.
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration(), **CRC)
    answer = s3.get_object_lock_configuration(Bucket=bucket)
    assert answer["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    assert "ObjectLockMode" not in s3.head_object(
        Bucket=bucket, Key="k", VersionId=put(s3, bucket, "k")
    )


def rule(content: str) -> str:
    return (
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
        f"<DefaultRetention>{content}</DefaultRetention></Rule></ObjectLockConfiguration>"
    )


MODE = "<Mode>GOVERNANCE</Mode>"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("", "MissingRequestBodyError", ""),
        ("<ObjectLockConfiguration/>", "MalformedXML", ""),
        (rule("").replace("Enabled<", "Disabled<"), "MalformedXML", ""),
        (rule(f"{MODE}<Days>1</Days><Years>1</Years>"), "MalformedXML", ""),
        (rule(MODE), "MalformedXML", ""),
        (rule("<Days>1</Days>"), "MalformedXML", ""),
        (rule("<Mode>governance</Mode><Days>1</Days>"), "MalformedXML", ""),
        (rule(f"{MODE}<Days>many</Days>"), "MalformedXML", ""),
        *(
            (rule(f"{MODE}<{unit}>{count}</{unit}>"), "InvalidArgument", message)
            for unit, count, message in (
                ("Days", 0, "Default retention period must be a positive integer value."),
                ("Years", -1, "Default retention period must be a positive integer value."),
                ("Days", 36_501, "Default retention period too large."),
                ("Years", 101, "Default retention period too large."),
                ("Days", 10**30, "Default retention period too large."),
            )
        ),
    ],
)
def test_configuration_that_is_none_changes_nothing(
    endpoint: Endpoint, s3: "S3Client", locked: str, body: str, code: str, message: str
) -> None:
    answer = put_document(endpoint, f"/{locked}", "object-lock", body)
    assert (answer.status, answer.code) == (400, code)
    assert not message or answer.error["Message"] == message
    if code == "InvalidArgument":
        assert answer.error["ArgumentName"] in ("Days", "Years")
    shown = s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]
    assert "Rule" not in shown


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [
        ("", "object-lock", "<ObjectLockConfiguration/>"),
        ("/k", "retention", "<Retention/>"),
        ("/k", "legal-hold", "<LegalHold><Status>ON</Status></LegalHold>"),
    ],
)
def test_document_without_a_digest_is_refused(
    endpoint: Endpoint, s3: "S3Client", locked: str, path: str, query: str, body: str
) -> None:
    put(s3, locked, "k")
    answer = send(endpoint, Request("PUT", f"/{locked}{path}", query, body.encode()))
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.error["Message"] == (
        "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
    )
