"""Versions: what becomes of them as keys are written, deleted and read, in each of a bucket's
states."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, keys_of, read, refusal, refused
from tests.integration.s3.versions import put, set_versioning, shown
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 5 << 20
UNKNOWN = "0123456789abcdef"


# ---- the state of a bucket ----


def test_state_is_empty_then_enabled_then_suspended(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    root = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    body = send(endpoint, Request("GET", f"/{bucket}", "versioning")).body
    assert body.endswith((root + b"/>", root + b"></VersioningConfiguration>"))
    for status in ("Enabled", "Suspended", "Enabled"):
        set_versioning(s3, bucket, status)
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "MissingRequestBodyError"),
        ("<x", 400, "MalformedXML"),
        ("<Other/>", 400, "MalformedXML"),
        ("<VersioningConfiguration/>", 400, "MalformedXML"),
        ("<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", 400, "M"),
        (
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Maybe</MfaDelete>"
            "</VersioningConfiguration>",
            *(400, "MalformedXML"),
        ),
        (
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"
            "</VersioningConfiguration>",
            *(501, "NotImplemented"),
        ),
    ],
)
def test_configuration_that_is_none_changes_nothing(
    endpoint: Endpoint, s3: "S3Client", bucket: str, body: str, status: int, code: str
) -> None:
    answer = send(endpoint, Request("PUT", f"/{bucket}", "versioning", body.encode()))
    assert answer.status == status and answer.code.startswith(code)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_deletion_with_a_second_factor_is_refused_clearly(s3: "S3Client", bucket: str) -> None:
    wanted: Any = {"Status": "Enabled", "MFADelete": "Enabled"}
    error = refusal(
        s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=wanted, MFA="serial 123456"
    )
    assert (error.status, error.code) == (501, "NotImplemented")
    assert "MFA" in error.details["additionalMessage"]
    # Where it is off, as it always is here, saying so changes nothing.
    wanted["MFADelete"] = "Disabled"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=wanted)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


# ---- each write and deletion, in each state ----


def test_each_write_makes_a_version_that_stays(s3: "S3Client", versioned: str) -> None:
    ids = [put(s3, versioned, "k", body) for body in (b"1", b"22", b"333")]
    assert len(set(ids)) == 3 and read(s3, versioned, "k") == b"333"
    for version, body in zip(ids, (b"1", b"22", b"333"), strict=True):
        head = s3.head_object(Bucket=versioned, Key="k", VersionId=version)
        assert (head["VersionId"], head["ContentLength"]) == (version, len(body))
        assert read(s3, versioned, "k", VersionId=version) == body
    assert keys_of(s3, versioned) == ["k"]
    expected = [("k", ids[n], n == 2, False) for n in (2, 1, 0)]
    assert shown(s3, versioned) == expected


def test_what_was_there_before_is_the_null_version(s3: "S3Client", bucket: str) -> None:
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    assert "VersionId" not in made
    assert "VersionId" not in s3.head_object(Bucket=bucket, Key="k")
    set_versioning(s3, bucket, "Enabled")
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    newer = put(s3, bucket, "k", b"new")
    assert read(s3, bucket, "k", VersionId="null") == b"old"
    assert shown(s3, bucket) == [("k", newer, True, False), ("k", "null", False, False)]
    # Newest is what was written last, whatever it is called.
    s3.delete_object(Bucket=bucket, Key="k", VersionId=newer)
    assert read(s3, bucket, "k") == b"old"


def test_suspended_bucket_has_one_null_version(s3: "S3Client", versioned: str) -> None:
    kept = put(s3, versioned, "k", b"kept")
    set_versioning(s3, versioned, "Suspended")
    for body in (b"1", b"2"):
        assert put(s3, versioned, "k", body) == "null"
        assert shown(s3, versioned) == [("k", "null", True, False), ("k", kept, False, False)]
    assert read(s3, versioned, "k") == b"2"
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == "null"
    # A deletion takes the null version and leaves a null marker; again, and there is still one.
    for _ in range(2):
        done = s3.delete_object(Bucket=versioned, Key="k")
        assert (done["DeleteMarker"], done["VersionId"]) == (True, "null")
        assert shown(s3, versioned) == [("k", kept, False, False), ("k", "null", True, True)]
    error = refusal(s3.get_object, Bucket=versioned, Key="k", VersionId="null")
    assert (error.status, error.code) == (405, "MethodNotAllowed")
    assert put(s3, versioned, "k", b"3") == "null"
    assert shown(s3, versioned) == [("k", "null", True, False), ("k", kept, False, False)]
    # Enabled again, it is a version like the others.
    set_versioning(s3, versioned, "Enabled")
    newest = put(s3, versioned, "k", b"4")
    assert read(s3, versioned, "k", VersionId="null") == b"3"
    assert [row[1] for row in shown(s3, versioned)] == [newest, "null", kept]


def test_deletion_leaves_a_marker_also_of_what_was_never_there(
    s3: "S3Client", versioned: str
) -> None:
    version = put(s3, versioned, "k", b"x")
    for key in ("k", "k", "never"):
        done = s3.delete_object(Bucket=versioned, Key=key)
        assert done["DeleteMarker"] is True and done["VersionId"] not in ("null", version)
    assert keys_of(s3, versioned) == []
    assert [row[0] for row in shown(s3, versioned) if row[3]] == ["k", "k", "never"]
    assert read(s3, versioned, "k", VersionId=version) == b"x"
    # A write above the marker is what is read.
    put(s3, versioned, "k", b"y")
    assert read(s3, versioned, "k") == b"y" and keys_of(s3, versioned) == ["k"]


def test_marker_that_is_removed_uncovers_what_is_below(s3: "S3Client", versioned: str) -> None:
    version = put(s3, versioned, "k", b"x")
    markers = [s3.delete_object(Bucket=versioned, Key="k")["VersionId"] for _ in range(2)]
    for marker in reversed(markers):
        assert refused(s3.head_object, Bucket=versioned, Key="k") == (404, "404")
        done = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
        assert (done["DeleteMarker"], done["VersionId"]) == (True, marker)
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == version
    done = s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    assert done["VersionId"] == version and "DeleteMarker" not in done
    assert shown(s3, versioned) == []
    s3.put_object(Bucket=versioned, Key="k")


def test_version_that_is_not_there_is_deleted_and_not_read(s3: "S3Client", versioned: str) -> None:
    put(s3, versioned, "k", b"x")
    for version in (UNKNOWN, "null"):
        done = s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
        assert done["VersionId"] == version and "DeleteMarker" not in done
        error = refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=version)
        assert (error.status, error.code) == (404, "NoSuchVersion")
        assert (error.details["Key"], error.details["VersionId"]) == ("k", version)
    assert read(s3, versioned, "k") == b"x"


def test_bucket_with_a_marker_is_not_empty(s3: "S3Client", versioned: str) -> None:
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    error = refusal(s3.delete_bucket, Bucket=versioned)
    assert (error.status, error.code) == (409, "BucketNotEmpty")
    assert error.message == (
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    )
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)


# ---- versionId on whatever takes one ----


def calls_of_a_version(s3: "S3Client") -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    tags: Any = {"TagSet": [{"Key": "a", "Value": "b"}]}
    return [
        (s3.get_object, {}),
        (s3.head_object, {}),
        (s3.get_object_attributes, {"ObjectAttributes": ["ETag"]}),
        (s3.get_object_tagging, {}),
        (s3.put_object_tagging, {"Tagging": tags}),
        (s3.delete_object_tagging, {}),
    ]


def test_every_operation_names_the_version_it_was_of(s3: "S3Client", versioned: str) -> None:
    older, newer = (put(s3, versioned, "k", body) for body in (b"old", b"newer"))
    for call, more in calls_of_a_version(s3):
        assert call(Bucket=versioned, Key="k", **more)["VersionId"] == newer
        assert call(Bucket=versioned, Key="k", VersionId=older, **more)["VersionId"] == older


@pytest.mark.parametrize("position", range(6))
def test_marker_is_met_the_same_by_every_operation(
    s3: "S3Client", versioned: str, position: int
) -> None:
    call, more = calls_of_a_version(s3)[position]
    older = put(s3, versioned, "k", b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    is_head = call == s3.head_object
    hidden = refusal(call, Bucket=versioned, Key="k", **more)
    assert (hidden.status, hidden.code) == (404, "404" if is_head else "NoSuchKey")
    assert hidden.headers["x-amz-delete-marker"] == "true"
    assert hidden.headers["x-amz-version-id"] == marker
    named = refusal(call, Bucket=versioned, Key="k", VersionId=marker, **more)
    assert (named.status, named.code) == (405, "405" if is_head else "MethodNotAllowed")
    assert named.headers["allow"] == "DELETE" and named.headers["last-modified"]
    assert named.headers["x-amz-delete-marker"] == "true"
    if not is_head:
        assert named.details["ResourceType"] == "DeleteMarker" and named.details["Method"]
    assert call(Bucket=versioned, Key="k", VersionId=older, **more)["VersionId"] == older


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("x", "Invalid version id specified"),
        ("NULL", "Invalid version id specified"),
        # More than any id that is given.
        ("4" + "0" * 15, "Invalid version id specified"),
        ("f" * 16, "Invalid version id specified"),
    ],
)
def test_version_id_of_no_form_is_refused(
    s3: "S3Client", versioned: str, position: int, version: str, message: str
) -> None:
    call, more = calls_of_a_version(s3)[position]
    put(s3, versioned, "k")
    error = refusal(call, Bucket=versioned, Key="k", VersionId=version, **more)
    assert error.status == 400
    if call != s3.head_object:
        assert (error.code, error.message) == ("InvalidArgument", message)
        assert error.details["ArgumentName"] == "versionId"
        assert error.details["ArgumentValue"] == version


def test_conditions_are_of_the_version_that_is_read(s3: "S3Client", versioned: str) -> None:
    older, newer = (s3.put_object(Bucket=versioned, Key="k", Body=b) for b in (b"1", b"2"))
    at: dict[str, Any] = {"Bucket": versioned, "Key": "k", "VersionId": older["VersionId"]}
    assert s3.get_object(**at, IfMatch=older["ETag"])["Body"].read() == b"1"
    assert refused(s3.get_object, **at, IfMatch=newer["ETag"]) == (412, "PreconditionFailed")
    unchanged = refusal(s3.get_object, **at, IfNoneMatch=older["ETag"])
    assert unchanged.status == 304
    assert unchanged.headers["x-amz-version-id"] == older["VersionId"]


def test_marker_is_nothing_to_conditional_writes(s3: "S3Client", versioned: str) -> None:
    etag = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["ETag"]
    at: dict[str, Any] = {"Bucket": versioned, "Key": "k"}
    assert refused(s3.put_object, **at, IfNoneMatch="*") == (412, "PreconditionFailed")
    marker = s3.delete_object(**at)["VersionId"]
    for match in (etag, "*"):
        assert refused(s3.put_object, **at, IfMatch=match) == (404, "NoSuchKey")
        assert refused(s3.delete_object, **at, IfMatch=match) == (404, "NoSuchKey")
    assert [row[1] for row in shown(s3, versioned) if row[3]] == [marker]
    put(s3, versioned, "other", b"2")
    writes: list[Any] = [
        (s3.put_object, {}),
        (s3.copy_object, {"CopySource": f"{versioned}/other"}),
    ]
    for call, more in writes:
        done: Any = call(**at, IfNoneMatch="*", **more)
        s3.delete_object(**at)
        assert done["VersionId"]
    upload = s3.create_multipart_upload(**at)["UploadId"]
    part = s3.upload_part(**at, UploadId=upload, PartNumber=1, Body=b"3")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    whole: dict[str, Any] = {**at, "UploadId": upload, "MultipartUpload": parts}
    assert refused(s3.complete_multipart_upload, **whole, IfMatch="*") == (404, "NoSuchKey")
    s3.complete_multipart_upload(**whole, IfNoneMatch="*")
    assert read(s3, versioned, "k") == b"3"


def test_conditional_deletion_of_a_version_looks_at_that_version(
    s3: "S3Client", versioned: str
) -> None:
    older, newer = (s3.put_object(Bucket=versioned, Key="k", Body=b) for b in (b"1", b"2"))
    at: dict[str, Any] = {"Bucket": versioned, "Key": "k", "VersionId": older["VersionId"]}
    error = refusal(s3.delete_object, **at, IfMatch=newer["ETag"])
    assert (error.status, error.code) == (412, "PreconditionFailed")
    assert error.details["Condition"] == "If-Match"
    s3.delete_object(**at, IfMatch=older["ETag"])
    assert refused(s3.delete_object, **at, IfMatch="*") == (404, "NoSuchVersion")
    assert [row[1] for row in shown(s3, versioned)] == [newer["VersionId"]]


# ---- copies and uploads ----


def test_copy_of_a_version_says_which_and_restores_it(s3: "S3Client", versioned: str) -> None:
    older, newer = (put(s3, versioned, "k", body) for body in (b"old", b"new"))
    source: Any = {"Bucket": versioned, "Key": "k", "VersionId": older}
    done = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
    assert done["CopySourceVersionId"] == older and done["VersionId"] not in (older, newer)
    assert read(s3, versioned, "k") == b"old"
    assert [row[1] for row in shown(s3, versioned)] == [done["VersionId"], newer, older]
    done = s3.copy_object(Bucket=versioned, Key="c", CopySource=f"{versioned}/k")
    assert done["CopySourceVersionId"] == shown(s3, versioned, Prefix="k")[0][1]
    # The copied bytes outlive the version that they came from.
    for row in shown(s3, versioned, Prefix="k"):
        s3.delete_object(Bucket=versioned, Key="k", VersionId=row[1])
    assert read(s3, versioned, "c") == b"old"


def test_copy_between_buckets_shows_the_versions_of_each(
    s3: "S3Client", new_bucket: Callable[[], str]
) -> None:
    plain, versioned = new_bucket(), new_bucket()
    set_versioning(s3, versioned, "Enabled")
    s3.put_object(Bucket=plain, Key="k", Body=b"x")
    to = s3.copy_object(Bucket=versioned, Key="k", CopySource=f"{plain}/k")
    assert "CopySourceVersionId" not in to and to["VersionId"]
    back = s3.copy_object(Bucket=plain, Key="c", CopySource=f"{versioned}/k")
    assert back["CopySourceVersionId"] == to["VersionId"] and "VersionId" not in back
    null: Any = {"Bucket": plain, "Key": "k", "VersionId": "null"}
    assert s3.copy_object(Bucket=plain, Key="d", CopySource=null)["CopyObjectResult"]["ETag"]


def test_copy_of_a_marker_or_of_nothing_is_refused(s3: "S3Client", versioned: str) -> None:
    put(s3, versioned, "k", b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    upload = s3.create_multipart_upload(Bucket=versioned, Key="u")["UploadId"]
    part: Any = {"Bucket": versioned, "Key": "u", "UploadId": upload, "PartNumber": 1}
    for query, code in (
        ("", (404, "NoSuchKey")),
        (f"?versionId={marker}", (400, "InvalidRequest")),
        (f"?versionId={UNKNOWN}", (404, "NoSuchVersion")),
        ("?versionId=x", (400, "InvalidArgument")),
    ):
        source = f"{versioned}/k{query}"
        assert refused(s3.copy_object, Bucket=versioned, Key="c", CopySource=source) == code
        assert refused(s3.upload_part_copy, **part, CopySource=source) == code


def test_parts_are_copied_of_a_version_and_the_object_has_one(
    s3: "S3Client", versioned: str
) -> None:
    older = put(s3, versioned, "k", b"a" * PART_BYTES)
    put(s3, versioned, "k", b"b")
    at: dict[str, Any] = {"Bucket": versioned, "Key": "u"}
    at["UploadId"] = s3.create_multipart_upload(**at)["UploadId"]
    source: Any = {"Bucket": versioned, "Key": "k", "VersionId": older}
    copied = s3.upload_part_copy(**at, PartNumber=1, CopySource=source)
    assert copied["CopySourceVersionId"] == older
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]}
    made = [s3.complete_multipart_upload(**at, MultipartUpload=parts) for _ in range(2)]
    # The same again is answered alike.
    assert made[0]["VersionId"] == made[1]["VersionId"]
    assert s3.head_object(Bucket=versioned, Key="u")["VersionId"] == made[0]["VersionId"]
    assert len(shown(s3, versioned, Prefix="u")) == 1


# ---- many at once ----


def test_keys_and_versions_are_deleted_in_one_request(s3: "S3Client", versioned: str) -> None:
    version = put(s3, versioned, "k", b"1")
    current = put(s3, versioned, "k", b"2")
    marker = s3.delete_object(Bucket=versioned, Key="m")["VersionId"]
    asked: Any = [
        {"Key": "k", "VersionId": version},
        {"Key": "m", "VersionId": marker},
        {"Key": "k"},
        {"Key": "never"},
        {"Key": "k", "VersionId": UNKNOWN},
        {"Key": "k", "VersionId": "no-id"},
        {"Key": "k", "VersionId": current, "ETag": "x"},
    ]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": asked})
    done: Any = answer["Deleted"]
    assert done[0] == {"Key": "k", "VersionId": version}
    assert done[1] == {
        "Key": "m",
        "VersionId": marker,
        "DeleteMarker": True,
        "DeleteMarkerVersionId": marker,
    }
    for each, key in zip(done[2:4], ("k", "never"), strict=True):
        assert each["Key"] == key and each["DeleteMarker"] is True and "VersionId" not in each
        assert each["DeleteMarkerVersionId"] not in (version, current, marker)
    assert done[4] == {"Key": "k", "VersionId": UNKNOWN}
    errors = [(error["VersionId"], error["Code"]) for error in answer["Errors"]]
    assert sorted(errors) == [(current, "PreconditionFailed"), ("no-id", "NoSuchVersion")]
    assert [row[1] for row in shown(s3, versioned, Prefix="k") if not row[3]] == [current]
