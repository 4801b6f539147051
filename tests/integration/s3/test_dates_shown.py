"""Every date in every document is of whole seconds, and the one that HEAD tells."""

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tests.integration.endpoint import Endpoint
from tests.integration.s3.uploads import Upload
from tests.integration.s3.wire import Answer, Request, path_of, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DATE = re.compile(r"<(LastModified|Initiated|CreationDate)>([^<]*)</")


def dates(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    actual = [date for _, date in _DATE.findall(answer.body.decode())]
    for date in actual:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", date), date
    return actual


def modified(endpoint: Endpoint, bucket: str, key: str) -> str:
    """Last-Modified of HEAD, as documents write it."""
    head = send(endpoint, Request("HEAD", path_of(bucket, key)))
    at = parsedate_to_datetime(head.fields["last-modified"])
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_listings_show_the_second_that_head_shows(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    keys = [f"k{number:02d}" for number in range(20)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    shown = [modified(endpoint, bucket, key) for key in keys]
    for query in ("", "list-type=2", "versions="):
        assert dates(send(endpoint, Request("GET", f"/{bucket}", query))) == shown
    attributes = {"x-amz-object-attributes": "ETag"}
    for key, date in zip(keys, shown, strict=True):
        answer = send(
            endpoint, Request("GET", path_of(bucket, key), "attributes=", fields=dict(attributes))
        )
        at = parsedate_to_datetime(answer.fields["last-modified"])
        assert at.strftime("%Y-%m-%dT%H:%M:%S.000Z") == date


def test_copies_tell_the_second_that_head_shows(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    for number in range(10):
        key = f"copy {number}"
        source = {"x-amz-copy-source": f"/{bucket}/source"}
        answer = send(endpoint, Request("PUT", path_of(bucket, key), fields=source))
        assert dates(answer) == [modified(endpoint, bucket, key)]


def test_buckets_uploads_and_parts_show_whole_seconds(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    upload = Upload.begin(s3, bucket, "k")
    for number in range(1, 10):
        upload.put(number, b"x")
    query = f"partNumber=10&uploadId={upload.upload_id}"
    source = {"x-amz-copy-source": f"/{bucket}/source"}
    copied = send(endpoint, Request("PUT", path_of(bucket, "k"), query, fields=source))
    assert len(dates(copied)) == 1
    parts = send(endpoint, Request("GET", path_of(bucket, "k"), f"uploadId={upload.upload_id}"))
    assert dates(parts)[-1:] == dates(copied) and len(dates(parts)) == 10
    assert len(dates(send(endpoint, Request("GET", f"/{bucket}", "uploads=")))) == 1
    assert dates(send(endpoint, Request("GET", "/")))
    upload.abort()
