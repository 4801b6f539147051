"""Object Lock: retention and legal hold of versions, and what they refuse."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, keys_of, read, refusal, refused
from tests.integration.s3.locks import (
    CRC,
    LOCKED,
    ahead,
    configuration,
    content_md5,
    put_document,
    retention,
)
from tests.integration.s3.versions import put
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_bucket_without_it_locks_nothing(s3: "S3Client", bucket: str) -> None:
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**at)
    message = "Bucket is missing Object Lock Configuration"
    for call, more in (
        (s3.get_object_retention, {}),
        (s3.get_object_legal_hold, {}),
        (s3.put_object_legal_hold, {"LegalHold": {"Status": "ON"}, **CRC}),
        (
            s3.put_object_retention,
            {"Retention": retention("GOVERNANCE", ahead(days=1)), **CRC},
        ),
    ):
        arguments: dict[str, Any] = {**at, **more}
        error = refusal(call, **arguments)
        assert (error.status, error.code, error.message) == (400, "InvalidRequest", message)
    to: dict[str, Any] = {"Bucket": bucket, "Key": "c", "ObjectLockLegalHoldStatus": "OFF"}
    source = {"CopySource": f"{bucket}/k"}
    writes: list[Any] = [(s3.put_object, {}), (s3.create_multipart_upload, {})]
    for call, more in [*writes, (s3.copy_object, source)]:
        error = refusal(call, **to, **more)
        assert (error.status, error.code) == (400, "InvalidRequest")
        assert error.message == "Bucket is missing ObjectLockConfiguration"


# ---- headers of writes ----


@pytest.mark.parametrize(
    ("fields", "message", "name"),
    [
        (
            {"mode": "GOVERNANCE"},
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied.",
            "x-amz-object-lock-retain-until-date",
        ),
        (
            {"retain-until-date": "2099-01-01T00:00:00Z"},
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied.",
            "x-amz-object-lock-mode",
        ),
        (
            {"mode": "x", "retain-until-date": "soon"},
            "The retain until date must be provided in ISO 8601 format",
            "x-amz-object-lock-retain-until-date",
        ),
        (
            {"mode": "x", "retain-until-date": "2020-01-01T00:00:00Z"},
            "The retain until date must be in the future!",
            "x-amz-object-lock-retain-until-date",
        ),
        (
            {"mode": "governance", "retain-until-date": "2099-01-01T00:00:00Z"},
            "Unknown wormMode directive.",
            "x-amz-object-lock-mode",
        ),
        (
            {"legal-hold": "on"},
            "Legal Hold must be either of 'ON' or 'OFF'",
            "x-amz-object-lock-legal-hold",
        ),
    ],
)
def test_headers_that_lock_nothing_write_nothing(
    endpoint: Endpoint,
    s3: "S3Client",
    locked: str,
    fields: dict[str, str],
    message: str,
    name: str,
) -> None:
    sent = {f"x-amz-object-lock-{field}": value for field, value in fields.items()}
    sent["Content-MD5"] = "1B2M2Y8AsgTpgAmY7PhCfg=="
    for method, query in (("PUT", ""), ("POST", "uploads")):
        answer = send(endpoint, Request(method, f"/{locked}/k", query, b"", dict(sent)))
        assert (answer.status, answer.code) == (400, "InvalidArgument")
        assert (answer.error["Message"], answer.error["ArgumentName"]) == (message, name)
    assert keys_of(s3, locked) == []


def test_what_is_locked_comes_with_a_digest(
    endpoint: Endpoint, s3: "S3Client", locked: str
) -> None:
    held = {"x-amz-object-lock-legal-hold": "OFF"}
    answer = send(endpoint, Request("PUT", f"/{locked}/k", "", b"x", dict(held)))
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.error["Message"].startswith("Content-MD5 OR x-amz-checksum- HTTP header is")
    assert send(endpoint, Request("PUT", f"/{locked}/k", "", b"x")).status == 200
    wanted = configuration("GOVERNANCE", Days=1)
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=wanted, **CRC)
    appends = {"x-amz-write-offset-bytes": "1"}
    for fields in ({}, appends):
        answer = send(endpoint, Request("PUT", f"/{locked}/k", "", b"x", dict(fields)))
        assert (answer.status, answer.code) == (400, "InvalidRequest")
    fields = {**appends, **content_md5(b"x")}
    answer = send(endpoint, Request("PUT", f"/{locked}/k", "", b"x", fields))
    assert answer.status == 200


def test_locks_are_of_the_version_that_was_written_with_them(s3: "S3Client", locked: str) -> None:
    until = ahead(days=1)
    at: dict[str, Any] = {"Bucket": locked, "Key": "k"}
    lock: dict[str, Any] = {
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": until,
        "ObjectLockLegalHoldStatus": "ON",
    }
    version = s3.put_object(**at, **lock, **CRC)["VersionId"]
    for read_it in (s3.head_object, s3.get_object):
        answer: Any = read_it(**at)
        assert {name: answer[name] for name in lock} == lock
    held = s3.get_object_legal_hold(**at)
    assert held["LegalHold"] == {"Status": "ON"}
    assert s3.get_object_retention(**at)["Retention"] == retention("GOVERNANCE", until)
    # The next one has none, nor has a copy; an upload has what it began with.
    put(s3, locked, "k")
    assert not lock.keys() & s3.head_object(**at).keys()
    for ask in (s3.get_object_retention, s3.get_object_legal_hold):
        error = refusal(ask, **at)
        assert (error.status, error.code) == (404, "NoSuchObjectLockConfiguration")
        assert error.message == "The specified object does not have a ObjectLock configuration"
    source: Any = {"Bucket": locked, "Key": "k", "VersionId": version}
    s3.copy_object(Bucket=locked, Key="c", CopySource=source)
    assert not lock.keys() & s3.head_object(Bucket=locked, Key="c").keys()
    s3.copy_object(Bucket=locked, Key="c", CopySource=source, **lock)
    assert lock.keys() <= s3.head_object(Bucket=locked, Key="c").keys()
    of_upload: dict[str, Any] = {"Bucket": locked, "Key": "u"}
    of_upload["UploadId"] = s3.create_multipart_upload(**of_upload, **lock)["UploadId"]
    part = s3.upload_part(**of_upload, PartNumber=1, Body=b"x")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**of_upload, MultipartUpload=parts)
    answer = s3.head_object(Bucket=locked, Key="u")
    assert {name: answer[name] for name in lock} == lock


def test_default_is_of_new_versions_and_weaker_than_headers(s3: "S3Client", locked: str) -> None:
    before = put(s3, locked, "k")
    wanted = configuration("GOVERNANCE", Days=2)
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=wanted, **CRC)
    at: dict[str, Any] = {"Bucket": locked, "Key": "k"}
    assert "ObjectLockMode" not in s3.head_object(**at, VersionId=before)
    s3.put_object(**at, **CRC)
    head = s3.head_object(**at)
    assert head["ObjectLockMode"] == "GOVERNANCE"
    # To the millisecond: whoever puts back what is shown shortens nothing.
    shown = head["ObjectLockRetainUntilDate"]
    left = shown - ahead()
    assert timedelta(days=2, minutes=-5) < left < timedelta(days=2, seconds=1)
    s3.put_object_retention(**at, Retention=retention("GOVERNANCE", shown), **CRC)
    assert s3.get_object_retention(**at)["Retention"]["RetainUntilDate"] == shown
    until = ahead(hours=1)
    s3.put_object(**at, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until, **CRC)
    assert s3.head_object(**at)["ObjectLockRetainUntilDate"] == until
    # A marker is never locked, and a deletion without a version never refused.
    marker = s3.delete_object(**at)["VersionId"]
    s3.delete_object(**at, VersionId=marker)


# ---- what is refused ----


def test_governance_is_lifted_by_who_says_so(s3: "S3Client", locked: str) -> None:
    at: dict[str, Any] = {"Bucket": locked, "Key": "k"}
    until = ahead(days=1)
    at["VersionId"] = s3.put_object(
        **at, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until, **CRC
    )["VersionId"]

    def refuses(call: Any, **more: Any) -> None:
        error = refusal(call, **at, **more)
        assert (error.status, error.code, error.message) == (403, "AccessDenied", LOCKED)

    refuses(s3.delete_object)
    later, earlier = ahead(days=2), ahead(hours=1)
    s3.put_object_retention(**at, Retention=retention("GOVERNANCE", later), **CRC)
    changes: list[Any] = [retention("GOVERNANCE", earlier), retention("COMPLIANCE", later), {}]
    for changed in changes:
        refuses(s3.put_object_retention, Retention=changed, **CRC)
    assert s3.get_object_retention(**at)["Retention"] == retention("GOVERNANCE", later)
    bypass: Any = {"BypassGovernanceRetention": True}
    s3.put_object_retention(**at, Retention=retention("GOVERNANCE", earlier), **bypass, **CRC)
    s3.put_object_retention(**at, Retention={}, **bypass, **CRC)
    error = refusal(s3.get_object_retention, **at)
    assert error.code == "NoSuchObjectLockConfiguration"
    s3.put_object_retention(**at, Retention=retention("GOVERNANCE", until), **CRC)
    s3.delete_object(**at, **bypass)
    assert refused(s3.head_object, **at) == (404, "404")


def test_compliance_is_lifted_by_nobody(s3: "S3Client", locked: str) -> None:
    at: dict[str, Any] = {"Bucket": locked, "Key": "k"}
    until = ahead(days=1)
    at["VersionId"] = s3.put_object(
        **at, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until, **CRC
    )["VersionId"]
    later = ahead(days=2)
    for bypass in (False, True):
        more: Any = {"BypassGovernanceRetention": bypass}
        error = refusal(s3.delete_object, **at, **more)
        assert (error.status, error.code, error.message) == (403, "AccessDenied", LOCKED)
        shorter = retention("COMPLIANCE", ahead(hours=1))
        changes: list[Any] = [shorter, retention("GOVERNANCE", later), {}]
        for changed in changes:
            error = refusal(s3.put_object_retention, **at, Retention=changed, **more, **CRC)
            assert (error.status, error.code, error.message) == (403, "AccessDenied", LOCKED)
    s3.put_object_retention(**at, Retention=retention("COMPLIANCE", later), **CRC)
    assert s3.get_object_retention(**at)["Retention"] == retention("COMPLIANCE", later)


def test_legal_hold_holds_whatever_the_mode(s3: "S3Client", locked: str) -> None:
    at: dict[str, Any] = {"Bucket": locked, "Key": "k", "VersionId": put(s3, locked, "k", b"x")}
    done = s3.put_object_legal_hold(**at, LegalHold={"Status": "ON"}, **CRC)
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.head_object(**at)["ObjectLockLegalHoldStatus"] == "ON"
    for bypass in (False, True):
        error = refusal(s3.delete_object, **at, BypassGovernanceRetention=bypass)
        assert (error.status, error.code, error.message) == (403, "AccessDenied", LOCKED)
    # Tags are no part of what is held.
    s3.put_object_tagging(**at, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_object_legal_hold(**at, LegalHold={"Status": "OFF"}, **CRC)
    assert s3.get_object_legal_hold(**at)["LegalHold"] == {"Status": "OFF"}
    assert s3.head_object(**at)["ObjectLockLegalHoldStatus"] == "OFF"
    s3.delete_object(**at)


def test_of_many_only_what_is_locked_is_refused(s3: "S3Client", locked: str) -> None:
    free, governed, held = (put(s3, locked, key, b"x") for key in ("free", "governed", "held"))
    at: dict[str, Any] = {"Bucket": locked}
    s3.put_object_retention(
        **at,
        Key="governed",
        Retention=retention("GOVERNANCE", ahead(days=1)),
        **CRC,
    )
    s3.put_object_legal_hold(**at, Key="held", LegalHold={"Status": "ON"}, **CRC)
    asked: Any = [
        {"Key": "free", "VersionId": free},
        {"Key": "governed", "VersionId": governed},
        {"Key": "held", "VersionId": held},
        {"Key": "held"},
    ]
    answer: Any = s3.delete_objects(**at, Delete={"Objects": asked})
    assert [(done["Key"], "DeleteMarker" in done) for done in answer["Deleted"]] == [
        ("free", False),
        ("held", True),
    ]
    for error, key, version in zip(
        answer["Errors"], ("governed", "held"), (governed, held), strict=True
    ):
        assert error == {
            "Key": key,
            "VersionId": version,
            "Code": "AccessDenied",
            "Message": LOCKED,
        }
    answer = s3.delete_objects(**at, Delete={"Objects": asked}, BypassGovernanceRetention=True)
    assert [error["Key"] for error in answer["Errors"]] == ["held"]
    assert read(s3, locked, "held", VersionId=held) == b"x"


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("retention", "", "MalformedXML"),
        ("retention", "<Retention><Mode>GOVERNANCE</Mode></Retention>", "MalformedXML"),
        (
            "retention",
            "<Retention><Mode>governance</Mode>"
            "<RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>",
            "MalformedXML",
        ),
        (
            "retention",
            "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>soon</RetainUntilDate></Retention>",
            "MalformedXML",
        ),
        (
            "retention",
            "<Retention><Mode>GOVERNANCE</Mode>"
            "<RetainUntilDate>2020-01-01T00:00:00Z</RetainUntilDate></Retention>",
            "InvalidArgument",
        ),
        ("legal-hold", "", "MalformedXML"),
        ("legal-hold", "<LegalHold/>", "MalformedXML"),
        ("legal-hold", "<LegalHold><Status>on</Status></LegalHold>", "MalformedXML"),
    ],
)
def test_document_that_is_none_locks_nothing(
    endpoint: Endpoint, s3: "S3Client", locked: str, query: str, body: str, code: str
) -> None:
    put(s3, locked, "k")
    answer = put_document(endpoint, f"/{locked}/k", query, body)
    assert (answer.status, answer.code) == (400, code)
    error = send(endpoint, Request("GET", f"/{locked}/k", query))
    assert (error.status, error.code) == (404, "NoSuchObjectLockConfiguration")


def test_operations_on_locks_name_the_version_and_meet_markers(s3: "S3Client", locked: str) -> None:
    version = put(s3, locked, "k")
    marker = s3.delete_object(Bucket=locked, Key="k")["VersionId"]
    wanted = retention("GOVERNANCE", ahead(days=1))
    for call, more in (
        (s3.put_object_retention, {"Retention": wanted, **CRC}),
        (s3.put_object_legal_hold, {"LegalHold": {"Status": "OFF"}, **CRC}),
        (s3.get_object_retention, {}),
        (s3.get_object_legal_hold, {}),
    ):
        at: dict[str, Any] = {"Bucket": locked, "Key": "k", **more}
        done: Any = call(**at, VersionId=version)
        assert done["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == version
        hidden = refusal(call, **at)
        assert (hidden.status, hidden.code) == (404, "NoSuchKey")
        assert hidden.headers["x-amz-version-id"] == marker
        named = refusal(call, **at, VersionId=marker)
        assert (named.status, named.code) == (405, "MethodNotAllowed")
        assert named.headers["x-amz-delete-marker"] == "true"
        unknown = refused(call, **at, VersionId="0123456789abcdef")
        assert unknown == (404, "NoSuchVersion")
