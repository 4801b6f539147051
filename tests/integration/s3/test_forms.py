"""POST forms: what a browser uploads, and what it is told."""

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, read
from tests.integration.s3.forms import (
    encoded,
    form_request,
    post,
    post_body,
    signed,
    signed_v2,
)
from tests.integration.s3.wire import Answer, Request, connection, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY: Final = b"body\r\n--not the end\r\n"
LARGE: Final = bytes(range(251)) * 20_000


def put_by_form(
    endpoint: Endpoint,
    bucket: str,
    fields: dict[str, str],
    file: bytes = BODY,
    file_name: str = "f.txt",
    conditions: Any = (),
) -> Answer:
    made = signed(bucket, fields, conditions, keys=endpoint.main)
    answer = post(endpoint, bucket, made, file, file_name=file_name)
    assert answer.status < 400, answer.body
    return answer


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("file", [BODY, b"", LARGE], ids=["small", "empty", "large"])
def test_form_of_boto3_is_stored(
    endpoint: Endpoint, s3: "S3Client", bucket: str, version: str, file: bytes
) -> None:
    with endpoint.client(signature_version=version) as signer:
        form = signer.generate_presigned_post(
            bucket,
            "uploads/${filename}",
            Fields={"Content-Type": "a/b", "x-amz-meta-a": "ü"},
            Conditions=[{"Content-Type": "a/b"}, ["starts-with", "$x-amz-meta-a", ""]],
            ExpiresIn=600,
        )
    answer = post(endpoint, bucket, form["fields"], file, file_name="C:\\pictures\\ä.png")
    assert (answer.status, answer.body) == (204, b""), answer.body
    etag = f'"{hashlib.md5(file).hexdigest()}"'
    assert answer.fields["etag"] == etag
    assert answer.fields["x-amz-checksum-type"] == "FULL_OBJECT"
    assert answer.fields["location"] == f"{endpoint.url}/{bucket}/uploads/%C3%A4.png"
    got = s3.get_object(Bucket=bucket, Key="uploads/ä.png")
    assert (got["Body"].read(), got["ETag"], got["ContentType"]) == (file, etag, "a/b")
    [listed] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["Key"], listed["Size"]) == ("uploads/ä.png", len(file))


def test_fields_say_what_headers_of_a_put_do(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    tagging = "<Tagging><TagSet><Tag><Key>colour</Key><Value>ré d</Value></Tag></TagSet></Tagging>"
    fields = {
        "kEy": "k",
        "acl": "bucket-owner-full-control",
        "Cache-Control": "no-cache",
        "Content-Type": "text/html",
        "Content-Disposition": "attachment",
        "Content-Encoding": "gzip",
        "Content-Language": "de",
        "Expires": "Thu, 01 Jan 2090 00:00:00 GMT",
        "X-Amz-Meta-One": "1",
        "x-amz-meta-name": "of ${filename}",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-website-redirect-location": "/other",
        "x-amz-server-side-encryption": "AES256",
        "x-amz-checksum-crc32": crc32(BODY),
        "Content-MD5": base64.b64encode(hashlib.md5(BODY).digest()).decode(),
        "tagging": tagging,
    }
    conditions = [["starts-with", "$x-amz-meta-name", "of "]]
    named = {name: value for name, value in fields.items() if name != "x-amz-meta-name"}
    made = signed(bucket, named, conditions, keys=endpoint.main)
    made = {"x-amz-meta-name": fields["x-amz-meta-name"], "x-ignore-me": "1", **made}
    answer = post(endpoint, bucket, made, BODY, file_name="f.txt")
    assert answer.status == 204, answer.body
    assert answer.fields["x-amz-server-side-encryption"] == "AES256"
    assert answer.fields["x-amz-checksum-crc32"] == crc32(BODY)
    got: Any = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Metadata"] == {"one": "1", "name": "of f.txt"}
    assert (got["ContentType"], got["CacheControl"]) == ("text/html", "no-cache")
    assert (got["ContentDisposition"], got["ContentEncoding"]) == ("attachment", "gzip")
    assert (got["ContentLanguage"], got["StorageClass"]) == ("de", "STANDARD_IA")
    assert (got["WebsiteRedirectLocation"], got["ChecksumCRC32"]) == ("/other", crc32(BODY))
    assert got["ExpiresString"] == fields["Expires"]
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "colour", "Value": "ré d"}]


def test_form_without_a_type_has_the_one_of_all_objects(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    put_by_form(endpoint, bucket, {"key": "k"})
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


def test_customers_key_in_fields(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    key = bytes(range(32))
    digest = base64.b64encode(hashlib.md5(key).digest()).decode()
    customer = "x-amz-server-side-encryption-customer-"
    fields = {
        "key": "k",
        f"{customer}algorithm": "AES256",
        f"{customer}key": base64.b64encode(key).decode(),
        f"{customer}key-md5": digest,
    }
    answer = put_by_form(endpoint, bucket, fields)
    assert answer.fields[f"{customer}key-md5"] == digest
    own: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    assert read(s3, bucket, "k", **own) == BODY


def test_version_and_lock(endpoint: Endpoint, s3: "S3Client", locked: str) -> None:
    fields = {
        "key": "k",
        "x-amz-object-lock-legal-hold": "ON",
        "x-amz-checksum-crc32": crc32(BODY),
    }
    answer = put_by_form(endpoint, locked, fields)
    version = answer.fields["x-amz-version-id"]
    at: Any = {"Bucket": locked, "Key": "k", "VersionId": version}
    assert s3.get_object_legal_hold(**at)["LegalHold"] == {"Status": "ON"}
    s3.put_object_legal_hold(LegalHold={"Status": "OFF"}, **at)
    made = signed(
        locked, {"key": "k"} | dict([("x-amz-object-lock-legal-hold", "ON")]), keys=endpoint.main
    )
    refused = post(endpoint, locked, made)
    assert (refused.status, refused.code) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("status", "shown"), [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204)]
)
def test_status_that_the_form_asks_for(
    endpoint: Endpoint, bucket: str, status: str, shown: int
) -> None:
    answer = put_by_form(endpoint, bucket, {"key": "a b", "success_action_status": status})
    assert answer.status == shown
    location = f"{endpoint.url}/{bucket}/a%20b"
    assert answer.fields["location"] == location
    if shown == 201:
        assert answer.fields["content-type"] == "application/xml"
        tag = hashlib.md5(BODY).hexdigest()
        assert answer.body.decode().endswith(
            f"<PostResponse><Location>{location}</Location><Bucket>{bucket}</Bucket>"
            f"<Key>a b</Key><ETag>&quot;{tag}&quot;</ETag></PostResponse>"
        )
    else:
        assert answer.body == b""


@pytest.mark.parametrize("name", ["success_action_redirect", "redirect"])
def test_redirect_tells_what_was_stored(endpoint: Endpoint, bucket: str, name: str) -> None:
    fields = {"key": "a/b", name: "https://page.example/done?x=1", "success_action_status": "201"}
    answer = put_by_form(endpoint, bucket, fields)
    tag = hashlib.md5(BODY).hexdigest()
    assert (answer.status, answer.body) == (303, b"")
    assert answer.fields["location"] == (
        f"https://page.example/done?x=1&bucket={bucket}&key=a%2Fb&etag=%22{tag}%22"
    )
    fields[name] = "/no/url"
    assert put_by_form(endpoint, bucket, fields).status == 201


def test_form_may_come_in_pieces_and_without_its_length(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    made = signed(bucket, {"key": "k"}, keys=endpoint.main)
    body = encoded(made.items(), LARGE)
    request = form_request(bucket, body)
    sent = {**request.fields, "Transfer-Encoding": "chunked"}
    del sent["Content-Length"]
    whole = request.bytes(sent, endpoint.host)
    head, rest = whole[: -len(body)], memoryview(body)
    with connection(endpoint) as wire:
        wire.send(head)
        while rest:
            size = 700 if len(rest) > len(body) - 2_000 or len(rest) < 2_000 else 100_000
            piece, rest = rest[:size], rest[size:]
            wire.send(f"{len(piece):x}\r\n".encode() + bytes(piece) + b"\r\n")
        wire.send(b"0\r\n\r\n")
        assert wire.answer().status == 204
        # The connection is where the next request begins.
        wire.send(request.bytes(request.fields, endpoint.host))
        assert wire.answer().status == 204
    assert read(s3, bucket, "k") == LARGE


def test_form_of_a_page_is_told_what_rules_say(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    rule: Any = {"AllowedOrigins": ["https://page.example"], "AllowedMethods": ["POST"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    for fields in (signed(bucket, {"key": "k"}, keys=endpoint.main), {"key": "k"}):
        body = encoded(fields.items(), BODY)
        answer = post_body(endpoint, bucket, body, Origin="https://page.example")
        assert answer.status == (204 if "policy" in fields else 403)
        assert answer.fields["access-control-allow-origin"] == "https://page.example"


def test_headers_of_the_request_say_nothing_of_the_object(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    made = signed_v2(bucket, {"key": "k"}, keys=endpoint.main)
    sent = {"Cache-Control": "max-age=0", "x-amz-meta-a": "1", "Content-Language": "de"}
    assert post_body(endpoint, bucket, encoded(made.items(), BODY), **sent).status == 204
    got = s3.head_object(Bucket=bucket, Key="k")
    assert got["Metadata"] == {} and "CacheControl" not in got and "ContentLanguage" not in got


def test_bucket_owner_that_the_request_expects(endpoint: Endpoint, bucket: str) -> None:
    made = signed(bucket, {"key": "k"}, keys=endpoint.main)
    body = encoded(made.items(), BODY)
    answer = post_body(endpoint, bucket, body, **{"x-amz-expected-bucket-owner": "9" * 12})
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_what_is_signed_elsewhere_is_no_form(endpoint: Endpoint, bucket: str) -> None:
    request = form_request(bucket, encoded([("key", "k")], BODY))
    answer = send(endpoint, request)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    # And what is none at all is told that first, whoever signed it.
    answer = send(endpoint, Request("POST", "/o3-none", body=b"x"))
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
