"""Tags of buckets: put, read, replaced, removed, and gone with their bucket."""

from base64 import b64encode
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, refusal, refused
from tests.integration.s3.wire import Answer, Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NONE = (404, "NoSuchTagSet")
ONE_TAG: Final = b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"


def tags(*pairs: tuple[str, str]) -> Any:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def test_tags_are_put_replaced_and_removed(s3: "S3Client", bucket: str) -> None:
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE
    put = s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(("b", "2"), ("a", "é /x")))
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    actual = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert actual == tags(("b", "2"), ("a", "é /x"))["TagSet"]
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(("c", "")))
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(("c", ""))["TagSet"]
    removed = s3.delete_bucket_tagging(Bucket=bucket)
    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE
    s3.delete_bucket_tagging(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags())
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE


def test_refused_tags_leave_the_ones_there_are(s3: "S3Client", bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(("a", "1")))
    wrong = tags(("k", "v"), ("aws:k", "v"))
    error = refusal(s3.put_bucket_tagging, Bucket=bucket, Tagging=wrong)
    assert (error.status, error.code) == (400, "InvalidTag")
    many = tags(*[(f"k{number}", "") for number in range(51)])
    assert refused(s3.put_bucket_tagging, Bucket=bucket, Tagging=many) == (400, "BadRequest")
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(("a", "1"))["TagSet"]


def put(endpoint: Endpoint, bucket: str, body: bytes, **fields: str) -> Answer:
    """A PUT with Content-MD5, and further fields."""
    fields = {"Content-MD5": b64encode(md5(body).digest()).decode(), **fields}
    return send(endpoint, Request("PUT", f"/{bucket}", "tagging", body, fields))


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "MissingRequestBodyError"), (b"<Tagging>", "MalformedXML")]
)
def test_body_that_is_no_set_of_tags(
    endpoint: Endpoint, bucket: str, body: bytes, code: str
) -> None:
    answer = put(endpoint, bucket, body)
    assert (answer.status, answer.code) == (400, code)


def test_document_without_any_digest_is_refused_and_changes_nothing(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    answer = send(endpoint, Request("PUT", f"/{bucket}", "tagging", ONE_TAG))
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.error["Message"].endswith("Content-MD5 OR x-amz-checksum-*")
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE
    assert put(endpoint, bucket, ONE_TAG, **{"Content-MD5": "AAAA"}).code == "InvalidDigest"
    other = b64encode(md5(b"other").digest()).decode()
    assert put(endpoint, bucket, ONE_TAG, **{"Content-MD5": other}).code == "BadDigest"
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE


def test_answers_are_shaped_as_those_of_s3(endpoint: Endpoint, bucket: str) -> None:
    none = send(endpoint, Request("GET", f"/{bucket}", "tagging"))
    assert list(none.error)[:3] == ["Code", "Message", "BucketName"]
    assert none.error["BucketName"] == bucket
    done = put(endpoint, bucket, ONE_TAG)
    assert (done.status, done.body) == (204, b"")
    assert "etag" not in done.fields
    shown = send(endpoint, Request("GET", f"/{bucket}", "tagging"))
    assert (shown.status, shown.fields["content-type"]) == (200, "application/xml")
    assert shown.body.endswith(
        b'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
    )
    removed = send(endpoint, Request("DELETE", f"/{bucket}", "tagging"))
    assert (removed.status, removed.body) == (204, b"")
    twice = ONE_TAG.replace(b"</Tag>", b"</Tag><Tag><Key>k</Key><Value/></Tag>")
    wrong = put(endpoint, bucket, twice)
    assert (wrong.code, wrong.error["TagKey"]) == ("InvalidTag", "k")


def test_bucket_that_is_not_there_or_not_whose_it_is_expected_to_be(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    missing = f"{bucket}-not-there"
    for call, arguments in (
        (s3.get_bucket_tagging, {}),
        (s3.put_bucket_tagging, {"Tagging": tags(("a", "1"))}),
        (s3.delete_bucket_tagging, {}),
    ):
        assert refused(call, Bucket=missing, **arguments) == (404, "NoSuchBucket")
        denied = refused(call, Bucket=bucket, ExpectedBucketOwner="1" * 12, **arguments)
        assert denied == (403, "AccessDenied")
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE


def test_tags_are_their_owners_affair(s3: "S3Client", other_s3: "S3Client", bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(("a", "1")))
    denied = (403, "AccessDenied")
    assert refused(other_s3.get_bucket_tagging, Bucket=bucket) == denied
    assert refused(other_s3.put_bucket_tagging, Bucket=bucket, Tagging=tags()) == denied
    assert refused(other_s3.delete_bucket_tagging, Bucket=bucket) == denied
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(("a", "1"))["TagSet"]


def test_tags_go_with_their_bucket(s3: "S3Client", bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(("a", "1")))
    s3.delete_bucket(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == (404, "NoSuchBucket")
    s3.create_bucket(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == NONE
