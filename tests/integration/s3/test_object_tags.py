"""Tags of objects: as a document, as a header, on copies and uploads, and of which version."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.integration.endpoint import Endpoint, keys_of, refusal, refused
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_QUERY = (
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters"
    " without tag name duplicates."
)
EVERY_SIGN = "A z0é雪 +-=._:/@"


def tag_set(tags: dict[str, str]) -> Any:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags_of(s3: "S3Client", bucket: str, key: str, **more: Any) -> dict[str, str]:
    answer = s3.get_object_tagging(Bucket=bucket, Key=key, **more)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_tags_are_put_shown_counted_and_taken_away(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**at, Body=b"x")
    before = s3.head_object(**at)
    assert tags_of(s3, bucket, "k") == {} and "TagCount" not in s3.get_object(**at)
    tags = {"team": "store", EVERY_SIGN: EVERY_SIGN, "empty": ""}
    done = s3.put_object_tagging(**at, Tagging=tag_set(tags))
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 200 and "VersionId" not in done
    assert tags_of(s3, bucket, "k") == tags
    assert s3.get_object(**at)["TagCount"] == 3
    after: Any = s3.head_object(**at)
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    assert after["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"] == "3"
    s3.put_object_tagging(**at, Tagging=tag_set({"b": "2"}))
    assert tags_of(s3, bucket, "k") == {"b": "2"}
    answer = send(endpoint, Request("DELETE", f"/{bucket}/k", "tagging"))
    assert (answer.status, answer.body) == (204, b"")
    assert tags_of(s3, bucket, "k") == {} and "TagCount" not in s3.get_object(**at)


def test_overwriting_drops_tags_and_a_missing_key_has_none(s3: "S3Client", bucket: str) -> None:
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**at, Tagging="a=b")
    s3.put_object(**at)
    assert tags_of(s3, bucket, "k") == {}
    s3.delete_object(**at)
    for call, more in (
        (s3.get_object_tagging, {}),
        (s3.put_object_tagging, {"Tagging": tag_set({"a": "b"})}),
        (s3.delete_object_tagging, {}),
    ):
        error = refusal(call, **at, **more)
        assert (error.status, error.code, error.details["Key"]) == (404, "NoSuchKey", "k")


def test_tags_belong_to_a_version(s3: "S3Client", bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    older = s3.put_object(**at, Tagging="of=older")["VersionId"]
    newer = s3.put_object(**at, Tagging="of=newer")["VersionId"]
    assert tags_of(s3, bucket, "k", VersionId=older) == {"of": "older"}
    done = s3.put_object_tagging(**at, VersionId=older, Tagging=tag_set({"x": "y"}))
    assert done["VersionId"] == older
    assert s3.delete_object_tagging(**at)["VersionId"] == newer
    assert tags_of(s3, bucket, "k") == {}
    assert tags_of(s3, bucket, "k", VersionId=older) == {"x": "y"}
    # They stay with it when it is current again.
    s3.delete_object(**at, VersionId=newer)
    assert tags_of(s3, bucket, "k") == {"x": "y"}


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("&a=1&&", {"a": "1"}),
        ("", {}),
        ("a=b=c", {"a": "b=c"}),
        ("a+b=%2B%20%C3%A9", {"a b": "+ é"}),
        (urlencode({EVERY_SIGN: EVERY_SIGN}), {EVERY_SIGN: EVERY_SIGN}),
    ],
)
def test_header_is_read_as_a_query(
    s3: "S3Client", bucket: str, header: str, tags: dict[str, str]
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Tagging=header)
    assert tags_of(s3, bucket, "k") == tags


@pytest.mark.parametrize(
    ("header", "code", "message"),
    [
        ("a=1&a=2", "InvalidArgument", NO_QUERY),
        ("=", "InvalidArgument", NO_QUERY),
        ("=b", "InvalidArgument", NO_QUERY),
        ("a=%zz", "InvalidArgument", NO_QUERY),
        ("a=%", "InvalidArgument", NO_QUERY),
        ("a=%ff", "InvalidArgument", NO_QUERY),
        ("aws:a=b", "InvalidTag", "Your TagKey cannot be prefixed with aws:"),
        ("a%3B=b", "InvalidTag", "The TagKey you have provided is invalid"),
        ("a=%3C", "InvalidTag", "The TagValue you have provided is invalid"),
        ("k" * 129 + "=b", "InvalidTag", "The TagKey you have provided is invalid"),
        ("a=" + "v" * 257, "InvalidTag", "The TagValue you have provided is invalid"),
        (
            "&".join(f"k{number}=v" for number in range(11)),
            *("BadRequest", "Object tags cannot be greater than 10"),
        ),
    ],
)
def test_header_that_s3_does_not_take_writes_nothing(
    s3: "S3Client", bucket: str, header: str, code: str, message: str
) -> None:
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k", "Tagging": header}
    for call in (s3.put_object, s3.create_multipart_upload):
        error = refusal(call, **at)
        assert (error.status, error.code, error.message) == (400, code, message)
        if code == "InvalidArgument":
            assert error.details["ArgumentName"] == "x-amz-tagging"
            assert error.details["ArgumentValue"] == header
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize(
    ("tags", "code", "message", "details"),
    [
        ({"k" * 129: ""}, "InvalidTag", "The TagKey you have provided is invalid", {}),
        ({"a;": "b"}, "InvalidTag", "The TagKey you have provided is invalid", {"TagKey": "a;"}),
        (
            {"a": "v" * 257},
            *("InvalidTag", "The TagValue you have provided is invalid"),
            {"TagKey": "a", "TagValue": "v" * 257},
        ),
        ({"Aws:a": "b"}, "InvalidTag", "System tags cannot be added/updated by requester", {}),
        (
            {f"k{number}": "" for number in range(11)},
            *("BadRequest", "Object tags cannot be greater than 10"),
            {},
        ),
    ],
)
def test_tags_that_s3_does_not_take_change_nothing(
    s3: "S3Client",
    bucket: str,
    tags: dict[str, str],
    code: str,
    message: str,
    details: dict[str, str],
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Tagging="a=b")
    error = refusal(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tag_set(tags))
    assert (error.status, error.code, error.message) == (400, code, message)
    assert details.items() <= error.details.items()
    assert tags_of(s3, bucket, "k") == {"a": "b"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MissingRequestBodyError"),
        (b"<Tagging>", "MalformedXML"),
        (b"<Tagging/>", "MalformedXML"),
        (b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", "MalformedXML"),
        (
            b"<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag><Tag><Key>a</Key><Value/></Tag>"
            b"</TagSet></Tagging>",
            "InvalidTag",
        ),
    ],
)
def test_document_that_is_none_changes_nothing(
    endpoint: Endpoint, s3: "S3Client", bucket: str, body: bytes, code: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Tagging="a=b")
    answer = send(endpoint, Request("PUT", f"/{bucket}/k", "tagging", body))
    assert (answer.status, answer.code) == (400, code)
    assert tags_of(s3, bucket, "k") == {"a": "b"}


def test_copy_takes_the_sources_tags_or_its_own(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Tagging="from=source")
    at: dict[str, Any] = {"Bucket": bucket, "CopySource": f"{bucket}/k"}
    for key, more, expected in (
        ("1", {}, {"from": "source"}),
        ("2", {"TaggingDirective": "COPY"}, {"from": "source"}),
        ("3", {"TaggingDirective": "REPLACE", "Tagging": "from=request"}, {"from": "request"}),
        ("4", {"TaggingDirective": "REPLACE"}, {}),
        ("5", {"MetadataDirective": "REPLACE"}, {"from": "source"}),
    ):
        arguments: dict[str, Any] = {**at, "Key": key, **more}
        s3.copy_object(**arguments)
        assert tags_of(s3, bucket, key) == expected, key
    error = refusal(s3.copy_object, **at, Key="6", TaggingDirective="MOVE")
    assert (error.code, error.message) == ("InvalidArgument", "Unknown tagging directive.")
    assert error.details["ArgumentName"] == "x-amz-tagging-directive"


def test_upload_in_parts_has_the_tags_it_began_with(s3: "S3Client", bucket: str) -> None:
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    at["UploadId"] = s3.create_multipart_upload(**at, Tagging="a=1&b=2")["UploadId"]
    part = s3.upload_part(**at, PartNumber=1, Body=b"x")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**at, MultipartUpload=parts)
    assert tags_of(s3, bucket, "k") == {"a": "1", "b": "2"}
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2


def test_strangers_neither_see_nor_change_tags(
    s3: "S3Client", other_s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Tagging="a=b")
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    denied = (403, "AccessDenied")
    assert refused(other_s3.get_object_tagging, **at) == denied
    assert refused(other_s3.delete_object_tagging, **at) == denied
    assert refused(other_s3.put_object_tagging, **at, Tagging=tag_set({})) == denied
    assert tags_of(s3, bucket, "k") == {"a": "b"}


def test_bucket_begins_with_its_tags_or_not_at_all(s3: "S3Client", new_bucket: Any) -> None:
    name = f"{new_bucket()}-t"
    tags = [{"Key": "team", "Value": "store"}, {"Key": "a", "Value": ""}]
    wrong: Any = {"Tags": [*tags, {"Key": "team", "Value": "again"}]}
    error = refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration=wrong)
    assert error == (400, "InvalidTag") and refused(s3.head_bucket, Bucket=name) == (404, "404")
    right: Any = {"Tags": tags}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=right)
    try:
        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == tags
        error = refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration=right)
        assert error == (409, "BucketAlreadyOwnedByYou")
    finally:
        s3.delete_bucket(Bucket=name)
