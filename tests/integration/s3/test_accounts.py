"""Two accounts: what one owns the other cannot see, and nobody without a signature can."""

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, read, refused
from tests.integration.s3.forms import post, signed
from tests.integration.s3.uploads import Upload
from tests.integration.s3.wire import Request, connection, send
from trioxygen.gateway.s3.operation import OWN, Level
from trioxygen.gateway.s3.table import OPERATIONS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DENIED = (403, "AccessDenied")


def test_nothing_of_another_account_is_allowed(
    s3: "S3Client", other_s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"mine")
    upload = Upload.begin(s3, bucket, "upload")
    upload.put(1, b"x")
    theirs = Upload(other_s3, bucket, "upload", upload.upload_id, dict(upload.parts))
    at: Any = {"Bucket": bucket}
    calls: list[Any] = [
        lambda: other_s3.get_object(**at, Key="k"),
        lambda: other_s3.get_object(**at, Key="not there"),
        lambda: other_s3.put_object(**at, Key="k", Body=b"theirs"),
        lambda: other_s3.delete_object(**at, Key="k"),
        lambda: other_s3.delete_objects(**at, Delete={"Objects": [{"Key": "k"}]}),
        lambda: other_s3.copy_object(**at, Key="c", CopySource=f"{bucket}/k"),
        lambda: other_s3.get_object_attributes(**at, Key="k", ObjectAttributes=["ETag"]),
        lambda: other_s3.list_objects(**at),
        lambda: other_s3.list_objects_v2(**at),
        lambda: other_s3.list_object_versions(**at),
        lambda: other_s3.list_multipart_uploads(**at),
        lambda: other_s3.get_bucket_location(**at),
        lambda: other_s3.get_bucket_versioning(**at),
        lambda: other_s3.delete_bucket(**at),
        lambda: other_s3.create_multipart_upload(**at, Key="k"),
        lambda: theirs.put(2, b"theirs"),
        lambda: theirs.complete(),
        lambda: theirs.abort(),
        lambda: other_s3.list_parts(**theirs.names),
    ]
    for number, call in enumerate(calls):
        assert refused(call) == DENIED, number
    assert refused(other_s3.head_bucket, **at) == (403, "403")
    assert refused(other_s3.head_object, **at, Key="k") == (403, "403")
    assert read(s3, bucket, "k") == b"mine"
    assert len(s3.list_parts(**upload.names)["Parts"]) == 1


def test_copy_out_of_another_accounts_bucket_is_denied(
    s3: "S3Client", other_s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"mine")
    own = f"{bucket}-other"
    other_s3.create_bucket(Bucket=own)
    try:
        asked: Any = {"Bucket": own, "Key": "c", "CopySource": {"Bucket": bucket, "Key": "k"}}
        assert refused(other_s3.copy_object, **asked) == DENIED
        upload = Upload.begin(other_s3, own, "c")
        number: Any = {"PartNumber": 1, "CopySource": {"Bucket": bucket, "Key": "k"}}
        assert refused(other_s3.upload_part_copy, **upload.names, **number) == DENIED
        upload.abort()
        # And into a bucket of another account.
        asked = {"Bucket": own, "Key": "c", "CopySource": {"Bucket": bucket, "Key": "k"}}
        assert refused(s3.copy_object, **asked) == DENIED
    finally:
        other_s3.delete_bucket(Bucket=own)


def test_every_operation_of_the_table_is_denied_to_another_account_and_to_nobody(
    endpoint: Endpoint, s3: "S3Client", other_s3: "S3Client", bucket: str
) -> None:
    assert other_s3 is not None
    s3.put_object(Bucket=bucket, Key="k", Body=b"mine")
    upload = Upload.begin(s3, bucket, "k")
    values = {"list-type": "2", "uploadId": upload.upload_id, "partNumber": "1"}
    paths = {Level.BUCKET: f"/{bucket}", Level.OBJECT: f"/{bucket}/k"}
    for row in OPERATIONS:
        route = row.route
        # Of a form its fields say who signed it: see below.
        if row.handler is None or not row.is_signed or row.is_form:
            continue
        if row.accesses[0].resource in OWN:
            continue
        query = "&".join(
            f"{name}={values.get(name, '')}" for name in (route.sub_resource, route.query) if name
        )
        fields = {"x-amz-object-attributes": "ETag"}
        if route.header:
            fields[route.header] = f"{bucket}/k"
        asked = Request(route.method, paths[route.level], query, b"", fields)
        answer = send(endpoint, asked, keys=endpoint.other)
        assert answer.status == 403, row.name
        if route.method != "HEAD":
            assert answer.code == "AccessDenied", row.name
        with connection(endpoint) as wire:
            wire.send(asked.bytes({**asked.fields, "Host": endpoint.host}, endpoint.host))
            assert wire.answer(of_head=route.method == "HEAD").status == 403, row.name
    form = {"key": "k"}
    for fields in (signed(bucket, form, keys=endpoint.other), form):
        answer = post(endpoint, bucket, fields)
        assert (answer.status, answer.code) == DENIED
    assert read(s3, bucket, "k") == b"mine"
    upload.abort()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_request_without_signature_is_denied(
    endpoint: Endpoint, s3: "S3Client", bucket: str, method: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"mine")
    for path in ("/", f"/{bucket}", f"/{bucket}/k", f"/{bucket}/k?uploads"):
        asked = urllib.request.Request(endpoint.url + path, method=method, data=None)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=60)
        with refused.value as answer:
            # What is no operation at all needs no signature to be told so, nor what is no form.
            is_form = (method, path) == ("POST", f"/{bucket}")
            wanted = (412,) if is_form else (400, 403, 405, 501)
            assert answer.code in wanted, (method, path)
    assert read(s3, bucket, "k") == b"mine"
