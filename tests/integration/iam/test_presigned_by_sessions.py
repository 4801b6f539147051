"""Presigned URLs that a session has signed: for as long as both last, and for what both may do."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.integration.endpoint import Endpoint, Keys, empty, read
from tests.integration.iam.answers import policy
from tests.integration.iam.conftest import ROOT, Site
from tests.integration.iam.test_forms_of_sessions import session
from tests.integration.s3.test_presigned import ask, fetch
from tests.integration.s3.test_presigned_uploads import Presigner
from tests.integration.s3.wire import Answer, Request, presign
from tests.integration.store_process import OTHER

VERSIONS: Final = ("s3v4", "s3")
WEEK_SECONDS: Final = 7 * 86_400
TOKEN: Final = "X-Amz-Security-Token"


@pytest.fixture
def bucket(site: Site) -> Iterator[str]:
    s3, name = site.client("s3"), site.name("presigned-")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"body")
    yield name
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def endpoint(site: Site) -> Endpoint:
    return Endpoint(site.url, ROOT, OTHER)


def text_of(body: bytes, name: str) -> str:
    return body.decode().partition(f"<{name}>")[2].partition("<")[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_urls_of_a_session_do_all_that_it_may(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, version: str
) -> None:
    keys = session(site, iam, "s3:*")
    with endpoint.client(keys, signature_version=version) as client:
        by = Presigner(client, bucket)
        assert by.ask("get_object", "GET")[::2] == (200, b"body")
        assert by.ask("put_object", "PUT", b"put")[0] == 200
        assert by.ask("head_object", "HEAD")[0] == 200
        status, _, body = by.ask("create_multipart_upload", "POST", b"")
        assert status == 200, body
        upload = text_of(body, "UploadId")
        status, fields, _ = by.ask("upload_part", "PUT", b"part", UploadId=upload, PartNumber=1)
        assert status == 200
        tag = {name.lower(): value for name, value in fields.items()}["etag"]
        part = f"<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>"
        document = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
        assert by.ask("complete_multipart_upload", "POST", document, UploadId=upload)[0] == 200
        assert read(site.client("s3"), bucket, "k") == b"part"
        assert by.ask("delete_object", "DELETE")[0] == 204


@pytest.mark.parametrize("version", VERSIONS)
def test_urls_of_a_session_do_no_more_than_it_may(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, version: str
) -> None:
    reads = session(site, iam, "s3:*", Policy=policy("s3:GetObject"))
    upload = site.client("s3").create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    with endpoint.client(reads, signature_version=version) as client:
        by = Presigner(client, bucket)
        assert by.ask("get_object", "GET")[::2] == (200, b"body")
        for refused in (
            by.ask("put_object", "PUT", b"put"),
            by.ask("delete_object", "DELETE"),
            by.ask("create_multipart_upload", "POST", b""),
            by.ask("upload_part", "PUT", b"part", UploadId=upload, PartNumber=1),
        ):
            assert (refused[0], text_of(refused[2], "Code")) == (403, "AccessDenied")
    assert read(site.client("s3"), bucket, "k") == b"body"


def refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.code, answer.error["Message"]


METHODS: Final = ("GET", "PUT", "DELETE", "POST")


def asked_by(method: str, bucket: str) -> Request:
    """One that needs a signer. POST: an upload is begun."""
    return Request(method, f"/{bucket}/k", "uploads=" if method == "POST" else "")


@pytest.mark.parametrize("method", METHODS)
def test_url_that_lasts_too_long_or_not_at_all(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, method: str
) -> None:
    keys, asked = session(site, iam, "s3:*"), asked_by(method, bucket)
    for expires, message in (
        (
            WEEK_SECONDS + 1,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires"
            f" must be less than {WEEK_SECONDS} seconds",
        ),
        (-1, "X-Amz-Expires must be non-negative"),
    ):
        answer = fetch(endpoint, presign(endpoint, asked, expires, keys=keys), method)
        assert refusal(answer) == (400, "AuthorizationQueryParametersError", message)
    target = presign(endpoint, asked, 60, keys=keys)
    answer = fetch(endpoint, target.replace("X-Amz-Expires=60", "X-Amz-Expires=soon"), method)
    message = "X-Amz-Expires should be a number"
    assert refusal(answer) == (400, "AuthorizationQueryParametersError", message)
    over = presign(endpoint, asked, 1, keys=keys, skew_seconds=-3)
    answer = fetch(endpoint, over, method)
    assert refusal(answer) == (403, "AccessDenied", "Request has expired")
    assert read(site.client("s3"), bucket, "k") == b"body"


@pytest.mark.parametrize("method", METHODS)
def test_token_in_the_query_is_signed_with_the_rest(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, method: str
) -> None:
    keys, asked = session(site, iam, "s3:*"), asked_by(method, bucket)
    target = presign(endpoint, asked, 60, keys=keys)
    token = f"&{TOKEN}={quote(str(keys.token), safe='~')}"
    assert token in target
    without = target.replace(token, "")
    assert fetch(endpoint, without, method).code == "InvalidAccessKeyId"
    assert fetch(endpoint, f"{without}&{TOKEN}=forged", method).code == "InvalidToken"
    twice = fetch(endpoint, f"{target}{token}", method)
    assert (twice.status, twice.code) == (400, "AuthorizationQueryParametersError")
    # One of the same key that the client had not when it signed.
    unsigned = presign(endpoint, asked, 60, keys=Keys(keys.access, keys.secret))
    assert fetch(endpoint, f"{unsigned}{token}", method).code == "SignatureDoesNotMatch"
    answer = fetch(endpoint, unsigned, method, **{TOKEN: str(keys.token)})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.error["HeadersNotSigned"] == "x-amz-security-token"
    # Of who needs none.
    lasting = presign(endpoint, asked, 60, keys=Keys(ROOT.access, ROOT.secret, keys.token))
    assert fetch(endpoint, lasting, method).code == "InvalidToken"
    assert read(site.client("s3"), bucket, "k") == b"body"


def test_headers_that_a_session_has_signed_are_to_be_sent(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str
) -> None:
    params: dict[str, Any] = {"Bucket": bucket, "Key": "k", "ContentType": "text/x"}
    params |= {"ContentMD5": "hBotaJrYa9FhFEdFPCLG/A=="}
    with endpoint.client(session(site, iam, "s3:*"), signature_version="s3v4") as client:
        url = client.generate_presigned_url("put_object", Params=params, ExpiresIn=60)
    target = url.removeprefix(endpoint.url)
    assert "X-Amz-SignedHeaders=content-md5%3Bcontent-type%3Bhost" in target
    signed = {"Content-Type": "text/x", "Content-MD5": params["ContentMD5"]}

    def put(body: bytes, **fields: str) -> Answer:
        return ask(endpoint, Request("PUT", target, body=body, fields=fields))

    for changed in ({}, {**signed, "Content-Type": "text/y"}, {"Content-Type": "text/x"}):
        answer = put(b"body", **changed)
        assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch"), changed
    assert put(b"other", **signed).code == "BadDigest"
    answer = put(b"body", **signed, **{"x-amz-meta-a": "1"})
    assert (answer.status, answer.error["HeadersNotSigned"]) == (403, "x-amz-meta-a")
    # What is not Amazon's need not be signed.
    assert put(b"body", **signed, **{"Cache-Control": "no-cache"}).status == 200
    shown = site.client("s3").head_object(Bucket=bucket, Key="k")
    assert (shown["ContentType"], shown["CacheControl"]) == ("text/x", "no-cache")


@pytest.mark.parametrize("version", VERSIONS)
def test_url_is_of_no_use_once_the_role_may_no_more(
    site: Site, iam: Any, endpoint: Endpoint, bucket: str, version: str
) -> None:
    keys = session(site, iam, "s3:GetObject")
    arn = site.client("sts", keys).get_caller_identity()["Arn"]
    role = arn.split("/")[-2]
    with endpoint.client(keys, signature_version=version) as client:
        url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    target = url.removeprefix(endpoint.url)
    assert fetch(endpoint, target).body == b"body"
    iam.delete_role_policy(RoleName=role, PolicyName="p0")
    assert (fetch(endpoint, target).status, fetch(endpoint, target).code) == (403, "AccessDenied")
    iam.delete_role(RoleName=role)
    assert (fetch(endpoint, target).status, fetch(endpoint, target).code) == (400, "InvalidToken")
