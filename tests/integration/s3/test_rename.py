"""RenameObject: what stays of an object, conditions, tokens, prefixes, what is refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.integration.endpoint import Endpoint, keys_of, read, refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Rename = Callable[..., Any]


@pytest.fixture
def rename(s3: "S3Client", bucket: str) -> Rename:
    def call(source: str, key: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        def add(request: Any, **_: object) -> None:
            for name, value in (headers or {}).items():
                request.headers[name] = value

        s3.meta.events.register_first("before-sign.s3.RenameObject", add, "add")
        try:
            return s3.rename_object(Bucket=bucket, Key=key, RenameSource=source, **more)
        finally:
            s3.meta.events.unregister("before-sign.s3.RenameObject", add, "add")

    return call


def test_object_has_another_key_and_is_what_it_was(
    s3: "S3Client", bucket: str, rename: Rename
) -> None:
    s3.put_object(Bucket=bucket, Key="old", Body=b"kept", Metadata={"a": "b"}, ContentType="x/y")
    before = s3.head_object(Bucket=bucket, Key="old", ChecksumMode="ENABLED")
    s3.put_object(Bucket=bucket, Key="new/one", Body=b"replaced")
    rename("old", "new/one")
    after = s3.head_object(Bucket=bucket, Key="new/one", ChecksumMode="ENABLED")
    for name in ("ETag", "LastModified", "Metadata", "ContentType", "ChecksumCRC32"):
        assert after[name] == before[name]
    assert read(s3, bucket, "new/one") == b"kept"
    assert keys_of(s3, bucket) == ["new/one"]


@pytest.mark.parametrize("form", ["{key}", "/{key}", "{bucket}/{key}", "/{bucket}/{key}"])
def test_source_is_a_key_with_or_without_its_bucket(
    s3: "S3Client", bucket: str, rename: Rename, form: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a b/\u00e9", Body=b"1")
    rename(form.format(key="a%20b/%C3%A9", bucket=bucket), "new")
    assert keys_of(s3, bucket) == ["new"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"DestinationIfNoneMatch": "*"}, False),
        ({"DestinationIfMatch": "{there}"}, True),
        ({"DestinationIfMatch": "x"}, False),
        ({"SourceIfMatch": "{source}"}, True),
        ({"SourceIfMatch": "x"}, False),
        ({"SourceIfNoneMatch": "*"}, False),
        ({"SourceIfNoneMatch": "x"}, True),
        ({"SourceIfModifiedSince": "2020-01-01T00:00:00Z"}, True),
        ({"SourceIfUnmodifiedSince": "2020-01-01T00:00:00Z"}, False),
        ({"DestinationIfModifiedSince": "2020-01-01T00:00:00Z"}, True),
        ({"DestinationIfUnmodifiedSince": "2020-01-01T00:00:00Z"}, False),
    ],
)
def test_conditions_on_both(
    s3: "S3Client", bucket: str, rename: Rename, condition: dict[str, str], holds: bool
) -> None:
    source = s3.put_object(Bucket=bucket, Key="source", Body=b"1")["ETag"]
    there = s3.put_object(Bucket=bucket, Key="key", Body=b"2")["ETag"]
    sent = {name: value.format(source=source, there=there) for name, value in condition.items()}
    if holds:
        rename("source", "key", **sent)
        assert keys_of(s3, bucket) == ["key"]
        return
    assert refused(rename, source="source", key="key", **sent) == (412, "PreconditionFailed")
    assert keys_of(s3, bucket) == ["key", "source"]


def test_client_token_is_for_one_rename(s3: "S3Client", bucket: str, rename: Rename) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"1")
    for _ in range(2):
        rename("source", "key", ClientToken="token", DestinationIfNoneMatch="*")
    error = refusal(rename, source="source", key="other", ClientToken="token")
    assert (error.status, error.code) == (400, "IdempotencyParameterMismatch")
    answer = refused(rename, source="source", key="key", ClientToken="no blank")
    assert answer == (400, "InvalidArgument")


def test_missing_source_is_told_by_its_key(s3: "S3Client", bucket: str, rename: Rename) -> None:
    error = refusal(rename, source="nothing", key="key")
    assert (error.status, error.code) == (404, "NoSuchKey")
    assert error.details["Key"] == "nothing"


@pytest.mark.parametrize(("source", "key"), [("a/", "b"), ("a", "b/"), ("a", "a"), ("%zz", "b")])
def test_names_that_are_no_objects_are_refused(
    s3: "S3Client", bucket: str, rename: Rename, source: str, key: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert refusal(rename, source=source, key=key).status == 400
    assert keys_of(s3, bucket) == ["a"]


def test_bucket_that_keeps_versions_is_refused(s3: "S3Client", bucket: str, rename: Rename) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    for status in ("Enabled", "Suspended"):
        chosen: Any = {"Status": status}
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=chosen)
        assert refused(rename, source="a", key="b") == (409, "InvalidBucketState")
    s3.delete_object(Bucket=bucket, Key="a", VersionId="null")


def test_prefix_is_renamed_with_a_header_of_ours(
    s3: "S3Client", bucket: str, rename: Rename
) -> None:
    for key in ("a/1", "a/b/2", "ab", "z/there"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    prefix = {"x-o3-rename-prefix": "true"}
    answer = refused(rename, source="a/", key="z/", headers=prefix, DestinationIfNoneMatch="*")
    assert answer == (412, "PreconditionFailed")
    made = rename("a/", "z/", headers=prefix)
    assert made["ResponseMetadata"]["HTTPHeaders"]["x-o3-renamed-keys"] == "2"
    assert keys_of(s3, bucket) == ["ab", "z/1", "z/b/2", "z/there"]
    assert read(s3, bucket, "z/b/2") == b"a/b/2"
    answer = refused(rename, source="z/", key="z/b/", headers=prefix)
    assert answer == (400, "InvalidRequest")
    answer = refused(rename, source="z/", key="y/", headers=prefix, SourceIfMatch="x")
    assert answer == (501, "NotImplemented")


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_rename_of_a_key_is_none_of_a_prefix(
    endpoint: Endpoint, s3: "S3Client", bucket: str, version: str
) -> None:
    """Nobody adds the header to a URL that he was given."""
    for key in ("dir", "dir/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    with endpoint.client(signature_version=version) as presigning:
        at = {"Bucket": bucket, "Key": "to", "RenameSource": "dir", "ClientToken": "t"}
        url = presigning.generate_presigned_url("rename_object", Params=at)
    headers = {"x-amz-rename-source": "dir", "x-amz-client-token": "t"}
    answer = urllib3.request("PUT", url, headers={**headers, "x-o3-rename-prefix": "true"})
    assert (answer.status, keys_of(s3, bucket)) == (403, ["dir", "dir/a"])
    assert urllib3.request("PUT", url, headers=headers).status == 200
    assert keys_of(s3, bucket) == ["dir/a", "to"]
