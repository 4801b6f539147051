"""Headers that SDKs move into the query of a presigned URL."""

import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.endpoint import Endpoint, keys_of, read
from tests.integration.s3.wire import Answer, Request, connection, presign, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def ask(
    endpoint: Endpoint,
    method: str,
    path: str,
    query: str = "",
    body: bytes = b"",
    **fields: str,
) -> Answer:
    """Presigned by Version 4 with everything in the query; `fields` are sent unsigned."""
    target = presign(endpoint, Request(method, path, query), 60)
    sent = {name.replace("_", "-"): value for name, value in fields.items()}
    with connection(endpoint) as wire:
        length = {"Content-Length": str(len(body))}
        wire.send(Request(method, target, body=body).bytes(length | sent, endpoint.host))
        return wire.answer(of_head=method == "HEAD")


def test_put_keeps_what_its_query_says(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    query = (
        "x-amz-meta-a=alpha&X-Amz-Meta-B=%C3%A9%2B&x-amz-storage-class=STANDARD_IA&x-amz-acl=bucket-owner-full-control"
        "&x-amz-website-redirect-location=%2Fx&x-amz-tagging=&x-amz-checksum-crc32=AAAAAA%3D%3D"
        "&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject"
    )
    answer = ask(endpoint, "PUT", f"/{bucket}/k", query, b"body")
    assert answer.status == 200, answer.body
    actual = send(endpoint, Request("HEAD", f"/{bucket}/k")).fields
    assert actual["x-amz-meta-a"] == "alpha"
    assert actual["x-amz-meta-b"].encode("latin-1").decode() == "é+"
    assert actual["x-amz-storage-class"] == "STANDARD_IA"
    assert actual["x-amz-website-redirect-location"] == "/x"
    assert read(s3, bucket, "k") == b"body"


def test_upload_keeps_what_its_query_says(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    query = (
        "uploads=&x-amz-meta-a=alpha&x-amz-storage-class=STANDARD_IA"
        "&x-amz-checksum-algorithm=CRC32&x-amz-checksum-type=FULL_OBJECT"
    )
    answer = ask(endpoint, "POST", f"/{bucket}/k", query)
    assert answer.fields["x-amz-checksum-algorithm"] == "CRC32"
    [upload] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    part = ask(endpoint, "PUT", f"/{bucket}/k", f"partNumber=1&uploadId={at['UploadId']}", b"body")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part.fields["etag"]}]}
    s3.complete_multipart_upload(**at, MultipartUpload=parts)
    actual = s3.head_object(Bucket=bucket, Key="k")
    assert (actual["Metadata"], actual["StorageClass"]) == ({"a": "alpha"}, "STANDARD_IA")


@pytest.mark.parametrize(
    "field",
    ["x-amz-acl=public-read", "X-Amz-Acl=public-read"],
)
def test_acl_in_the_query_is_one_in_a_header(
    endpoint: Endpoint, s3: "S3Client", bucket: str, field: str
) -> None:
    for method, query in (("PUT", field), ("POST", f"uploads&{field}")):
        answer = ask(endpoint, method, f"/{bucket}/k", query, b"")
        assert (answer.status, answer.code) == (400, "AccessControlListNotSupported"), method
    assert keys_of(s3, bucket) == []
    answer = ask(endpoint, "PUT", f"/{bucket}-2", field)
    assert (answer.status, answer.code) == (400, "InvalidBucketAclWithObjectOwnership")


def test_expected_owner_in_the_query_is_held(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for method, path, query in (
        ("GET", f"/{bucket}/k", ""),
        ("HEAD", f"/{bucket}/k", ""),
        ("PUT", f"/{bucket}/k", ""),
        ("DELETE", f"/{bucket}/k", ""),
        ("GET", f"/{bucket}", "list-type=2&"),
        ("HEAD", f"/{bucket}", ""),
        ("DELETE", f"/{bucket}", ""),
    ):
        wrong = ask(endpoint, method, path, f"{query}X-Amz-Expected-Bucket-Owner=123456789012")
        assert wrong.status == 403, method
        malformed = ask(endpoint, method, path, f"{query}x-amz-expected-bucket-owner=me")
        assert malformed.status == 400, method
    assert read(s3, bucket, "k") == b"x"


def test_copy_source_in_the_query_is_no_copy(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="private", Body=b"private")
    answer = ask(endpoint, "PUT", f"/{bucket}/k", f"x-amz-copy-source={bucket}%2Fprivate", b"own")
    assert answer.status == 200
    assert read(s3, bucket, "k") == b"own"


def test_limits_of_headers_hold_in_the_query(endpoint: Endpoint, bucket: str) -> None:
    answer = ask(endpoint, "PUT", f"/{bucket}/k", f"x-amz-meta-a={'v' * 2_050}", b"")
    assert (answer.status, answer.code) == (400, "MetadataTooLarge")
    for wrong in ("x-amz-meta-a=%0D%0Ax:y", "x-amz-meta-%0A=a", "x-amz-meta-a=%00"):
        answer = ask(endpoint, "PUT", f"/{bucket}/k", wrong, b"")
        assert answer.status == 400 and b"<Code>InvalidArgument</Code>" in answer.body, wrong
    answer = ask(endpoint, "PUT", f"/{bucket}/k", "x-amz-storage-class=COLD", b"")
    assert (answer.status, answer.code) == (400, "InvalidStorageClass")


def test_unsigned_header_does_not_take_the_place_of_a_parameter(
    endpoint: Endpoint, bucket: str
) -> None:
    query = "x-amz-meta-a=alpha"
    answer = ask(endpoint, "PUT", f"/{bucket}/k", query, b"", x_amz_meta_a="other")
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_default_url_of_boto3_keeps_metadata_and_class(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    params: dict[str, Any] = {"Bucket": bucket, "Key": "a b/ä+", "ContentType": "text/x"}
    params |= {"Metadata": {"a": "alpha beta"}, "StorageClass": "STANDARD_IA"}
    url = s3.generate_presigned_url("put_object", Params=params)
    assert "AWSAccessKeyId=" in url and "x-amz-meta-a=" in url
    asked = urllib.request.Request(url, data=b"body", method="PUT")
    asked.add_header("Content-Type", "text/x")
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 200
    actual = s3.get_object(Bucket=bucket, Key="a b/ä+")
    assert actual["Body"].read() == b"body"
    assert (actual["Metadata"], actual["StorageClass"]) == ({"a": "alpha beta"}, "STANDARD_IA")
    assert actual["ContentType"] == "text/x"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_every_bucket_operation_of_boto3_can_be_presigned(
    endpoint: Endpoint, s3: "S3Client", bucket: str, version: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    calls: dict[str, dict[str, Any]] = {
        "head_bucket": {},
        "list_objects": {"Prefix": "k", "MaxKeys": 5, "Marker": "a b"},
        "list_objects_v2": {"Prefix": "k+", "StartAfter": "ä"},
        "list_object_versions": {"KeyMarker": "a"},
        "list_multipart_uploads": {"Prefix": "a b"},
        "get_bucket_location": {},
        "get_bucket_versioning": {},
    }
    with endpoint.client(signature_version=version) as client:
        for name, more in calls.items():
            url = client.generate_presigned_url(name, Params={"Bucket": bucket, **more})
            method = "HEAD" if name == "head_bucket" else "GET"
            asked = urllib.request.Request(url, method=method)
            with urllib.request.urlopen(asked, timeout=60) as answer:
                assert answer.status == 200, name
        other = f"{bucket}-2"
        for name in ("create_bucket", "delete_bucket"):
            url = client.generate_presigned_url(name, Params={"Bucket": other})
            method = "PUT" if name == "create_bucket" else "DELETE"
            with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60):
                pass


def presigned_v2(endpoint: Endpoint, method: str, url_path: str, **fields: str) -> str:
    asked = AWSRequest(method, f"http://{endpoint.host}{url_path}", headers=fields)
    keys = Credentials(endpoint.main.access, endpoint.main.secret)
    HmacV1QueryAuth(keys, expires=60).add_auth(asked)
    return str(asked.url).partition(endpoint.host)[2]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        *[("", 200), ("versions", 200), ("location", 200), ("uploads=", 200), ("versioning", 200)],
        *[("list-type=2", 200), ("response-content-type=a%2Fb", 200), ("acl", 200), ("cors", 404)],
        *[("policy", 404), ("website", 501), ("tagging", 404), ("object-lock", 404)],
    ],
)
def test_version_2_signs_a_bucket_with_a_slash_or_without(
    endpoint: Endpoint, shared_bucket: str, slash: str, query: str, status: int
) -> None:
    for signed in ("", "/"):
        target = presigned_v2(endpoint, "GET", f"/{shared_bucket}{signed}?{query}")
        sent = target.replace(f"/{shared_bucket}{signed}?", f"/{shared_bucket}{slash}?")
        with connection(endpoint) as wire:
            wire.send(Request("GET", sent).bytes({}, endpoint.host))
            assert wire.answer().status == status, (signed, slash)


def test_version_2_refuses_what_was_added(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    target = presigned_v2(endpoint, "PUT", f"/{bucket}/k", **{"x-amz-meta-a": "alpha"})
    for more in ("x-amz-acl=private", "x-amz-meta-a=b", "x-amz-meta-b=c", "tagging"):
        with connection(endpoint) as wire:
            asked = Request("PUT", f"{target}&{more}")
            wire.send(asked.bytes({"Content-Length": "0"}, endpoint.host))
            assert wire.answer().code == "SignatureDoesNotMatch", more
    forged = target.replace("alpha", quote("other"))
    with connection(endpoint) as wire:
        wire.send(Request("PUT", forged).bytes({"Content-Length": "0"}, endpoint.host))
        assert wire.answer().status == 403
    assert keys_of(s3, bucket) == []
