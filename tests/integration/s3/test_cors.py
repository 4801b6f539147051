"""CORS: what pages of other origins are told, in answers of every kind."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.s3.wire import Answer, Request, connection, presign, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE: Final = "https://page.example"
RULES: Final[Any] = {
    "CORSRules": [
        {
            "AllowedOrigins": [PAGE],
            "AllowedMethods": ["GET", "PUT", "HEAD", "DELETE"],
            "ExposeHeaders": ["ETag"],
        }
    ]
}


@pytest.fixture
def open_bucket(s3: "S3Client", bucket: str) -> Iterator[str]:
    """Of which the page may read the answers."""
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=RULES)
    yield bucket


def ask(endpoint: Endpoint, method: str, target: str, origin: str = PAGE, **fields: str) -> Answer:
    """Unsigned."""
    with connection(endpoint) as wire:
        sent = {"Origin": origin, **fields}
        wire.send(Request(method, target).bytes(sent, endpoint.host))
        return wire.answer(of_head=method == "HEAD")


def allowed(answer: Answer) -> str | None:
    return answer.fields.get("access-control-allow-origin")


def test_page_is_told_of_what_went_well_and_of_what_did_not(
    endpoint: Endpoint, s3: "S3Client", open_bucket: str
) -> None:
    at = f"/{open_bucket}/k"
    put = send(endpoint, Request("PUT", at, body=b"body", fields={"Origin": PAGE}))
    assert (put.status, allowed(put)) == (200, PAGE)
    for method, key, status in (("GET", "k", 200), ("HEAD", "k", 200), ("GET", "none", 404)):
        answer = send(endpoint, Request(method, f"/{open_bucket}/{key}", fields={"Origin": PAGE}))
        assert (answer.status, allowed(answer)) == (status, PAGE)
        assert answer.fields["access-control-expose-headers"] == "ETag"
    ranged = {"Origin": PAGE, "Range": "bytes=1-2"}
    assert allowed(send(endpoint, Request("GET", at, fields=ranged))) == PAGE
    known = {"Origin": PAGE, "If-None-Match": put.fields["etag"]}
    unchanged = send(endpoint, Request("GET", at, fields=known))
    assert (unchanged.status, allowed(unchanged)) == (304, PAGE)
    removed = send(endpoint, Request("DELETE", at, fields={"Origin": PAGE}))
    assert (removed.status, allowed(removed)) == (204, PAGE)


def test_page_is_told_why_it_may_not(endpoint: Endpoint, open_bucket: str) -> None:
    at = f"/{open_bucket}/k"
    assert (answer := ask(endpoint, "GET", at)).status == 403 and allowed(answer) == PAGE
    for field in ("AWS4-HMAC-SHA256 none", "AWS none:none"):
        answer = ask(endpoint, "GET", at, Authorization=field)
        assert answer.status in (400, 403) and allowed(answer) == PAGE
    expired = presign(endpoint, Request("GET", at), 1, skew_seconds=-60)
    answer = ask(endpoint, "GET", expired)
    assert (answer.status, allowed(answer)) == (403, PAGE)
    assert (answer := ask(endpoint, "GET", f"{at}?uploads")).status == 400
    assert allowed(answer) == PAGE


@pytest.mark.parametrize(
    ("method", "fields", "is_told"),
    [
        ("GET", {}, True),
        # What it asks to send counts before what it sends.
        ("POST", {}, False),
        ("POST", {"Access-Control-Request-Method": "GET"}, True),
        ("GET", {"Access-Control-Request-Method": "POST"}, False),
        ("GET", {"Access-Control-Request-Method": "get"}, False),
        ("GET", {"Origin": "https://other.example"}, False),
        ("GET", {"Origin": ""}, False),
        (
            "GET",
            {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "a"},
            False,
        ),
    ],
)
def test_only_what_a_rule_allows_is_told(
    endpoint: Endpoint, open_bucket: str, method: str, fields: dict[str, str], is_told: bool
) -> None:
    answer = ask(endpoint, method, f"/{open_bucket}/k", **{"origin": PAGE, **_lowered(fields)})
    told = [name for name in answer.fields if name.startswith("access-control-")]
    assert bool(told) == is_told
    assert ("vary" in answer.fields) == is_told


def _lowered(fields: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in fields.items()}


def test_rules_are_in_force_at_once_and_gone_with_them_or_the_bucket(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    at = f"/{bucket}/k"
    assert allowed(ask(endpoint, "GET", at)) is None
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=RULES)
    assert allowed(ask(endpoint, "GET", at)) == PAGE
    any_origin: Any = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [any_origin]})
    assert allowed(ask(endpoint, "GET", at)) == "*"
    s3.delete_bucket_cors(Bucket=bucket)
    assert allowed(ask(endpoint, "GET", at)) is None
    asked = {"Access-Control-Request-Method": "GET"}
    assert ask(endpoint, "OPTIONS", at, **asked).status == 403
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=RULES)
    assert ask(endpoint, "OPTIONS", at, **asked).status == 200
    s3.delete_bucket(Bucket=bucket)
    assert ask(endpoint, "OPTIONS", at, **asked).status == 404
    s3.create_bucket(Bucket=bucket)
    assert ask(endpoint, "OPTIONS", at, **asked).status == 403


@pytest.mark.parametrize("path", ["/", "/none-of-this-name/k", "/%00/k", "/X/k", "//k"])
def test_where_there_is_no_bucket_nothing_is_told(endpoint: Endpoint, path: str) -> None:
    answer = ask(endpoint, "GET", path)
    assert answer.status >= 400 and allowed(answer) is None


def test_preflight_of_a_presigned_url_needs_no_signature(
    endpoint: Endpoint, open_bucket: str
) -> None:
    target = presign(endpoint, Request("PUT", f"/{open_bucket}/k"), 60)
    asked = {"Access-Control-Request-Method": "PUT"}
    answer = ask(endpoint, "OPTIONS", target, **asked)
    assert (answer.status, answer.body, allowed(answer)) == (200, b"", PAGE)
    assert ask(endpoint, "OPTIONS", target).code == "BadRequest"
    assert ask(endpoint, "OPTIONS", "/", **asked).code == "AccessForbidden"
