"""Conditions, If-Range and ranges on the wire: statuses and headers of RFC 9110, 13 to 15.

The rules themselves are a table in tests/unit/gateway/s3/test_selection.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.s3.wire import Answer, Request, path_of, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = b"0123456789"
OTHER = '"00000000000000000000000000000000"'
CACHE, EXPIRES = "max-age=60", "Thu, 01 Jan 2032 00:00:00 GMT"


@dataclass(frozen=True)
class Placed:
    """One object of ten bytes. Attributes: fields, what a plain HEAD of it answers."""

    endpoint: Endpoint
    bucket: str
    fields: dict[str, str]

    def ask(self, method: str = "GET", query: str = "", key: str = "k", **fields: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        return send(self.endpoint, Request(method, path_of(self.bucket, key), query, fields=named))

    @property
    def etag(self) -> str:
        return self.fields["etag"]

    def at(self, seconds: int = 0) -> str:
        modified = parsedate_to_datetime(self.fields["last-modified"]).timestamp()
        return formatdate(modified + seconds, usegmt=True)


@pytest.fixture(scope="module")
def placed(endpoint: Endpoint, s3: "S3Client", shared_bucket: str) -> Iterator[Placed]:
    headers: dict[str, Any] = {"CacheControl": CACHE, "Expires": EXPIRES, "ContentType": "a/b"}
    s3.put_object(Bucket=shared_bucket, Key="k", Body=BODY, Metadata={"m": "1"}, **headers)
    s3.put_object(Bucket=shared_bucket, Key="empty", Body=b"")
    plain = send(endpoint, Request("HEAD", path_of(shared_bucket, "k")))
    yield Placed(endpoint, shared_bucket, plain.fields)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_plain_read_tells_what_conditions_are_made_of(placed: Placed, method: str) -> None:
    answer = placed.ask(method)
    assert answer.status == 200 and answer.fields["content-length"] == "10"
    assert answer.fields["accept-ranges"] == "bytes" and "content-range" not in answer.fields
    assert answer.fields["etag"].startswith('"') and "date" in answer.fields
    assert answer.fields["last-modified"] == placed.at()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_304_has_the_headers_that_a_cache_renews_and_no_body(placed: Placed, method: str) -> None:
    answers = [
        placed.ask(method, if_none_match=placed.etag),
        placed.ask(method, if_none_match="W/" + placed.etag, range="bytes=2-5"),
        placed.ask(method, if_modified_since=placed.at(), range="bytes=99-"),
        placed.ask(method, "partNumber=1", if_none_match="*"),
        placed.ask(method, "partNumber=7", if_none_match="*"),
    ]
    for answer in answers:
        assert answer.status == 304 and answer.body == b""
        for name in ("etag", "last-modified", "cache-control", "expires"):
            assert answer.fields[name] == placed.fields[name]
        assert "date" in answer.fields
        absent = {"content-type", "content-length", "content-range", "x-amz-meta-m"}
        assert not absent & set(answer.fields)
    overridden = placed.ask(
        method, "response-cache-control=no-store&response-content-type=x", if_none_match="*"
    )
    assert overridden.status == 304 and overridden.fields["cache-control"] == "no-store"
    assert "content-type" not in overridden.fields


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_206_has_the_headers_of_the_whole_and_the_range(placed: Placed, method: str) -> None:
    for fields in (
        {"range": "bytes=2-5"},
        {"range": "bytes=2-5", "if_range": placed.etag},
        {"range": "bytes=2-5", "if_range": placed.at()},
        {"range": "bytes=2-5", "if_match": placed.etag},
    ):
        answer = placed.ask(method, **fields)
        assert answer.status == 206 and answer.body == (b"2345" if method == "GET" else b"")
        assert answer.fields["content-range"] == "bytes 2-5/10"
        assert answer.fields["content-length"] == "4"
        for name in ("etag", "last-modified", "cache-control", "expires", "content-type"):
            assert answer.fields[name] == placed.fields[name]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_resumed_download_of_another_version_starts_over(
    placed: Placed, s3: "S3Client", method: str
) -> None:
    s3.put_object(Bucket=placed.bucket, Key="resumed", Body=b"first version")
    old = send(placed.endpoint, Request("HEAD", path_of(placed.bucket, "resumed"))).fields
    resumed = {"key": "resumed", "range": "bytes=6-", "if_range": old["etag"]}
    assert placed.ask(method, **resumed).status == 206
    s3.put_object(Bucket=placed.bucket, Key="resumed", Body=b"second version, longer")
    answer = placed.ask(method, **resumed)
    assert answer.status == 200 and "content-range" not in answer.fields
    assert answer.fields["content-length"] == "22" and answer.fields["etag"] != old["etag"]
    if method == "GET":
        assert answer.body == b"second version, longer"
    # The range is beyond the end of what is there now: that is of no concern either.
    s3.put_object(Bucket=placed.bucket, Key="resumed", Body=b"3")
    assert placed.ask(method, **resumed).status == 200


def test_if_range_that_names_no_version_gives_the_whole(placed: Placed) -> None:
    texts = ["*", "", "W/" + placed.etag, f"{placed.etag}, {OTHER}", OTHER, "yesterday"]
    texts += [placed.at(1), placed.at(-1), placed.at(86_400)]
    for text in texts:
        answer = placed.ask(range="bytes=2-5", if_range=text)
        assert (answer.status, answer.body) == (200, BODY), text
    assert placed.ask(if_range=OTHER).body == BODY


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("key", "wanted", "size"),
    [("k", "bytes=10-", 10), ("k", "bytes=-0", 10), ("empty", "bytes=0-0", 0)],
)
def test_416_tells_the_size(placed: Placed, method: str, key: str, wanted: str, size: int) -> None:
    answer = placed.ask(method, key=key, range=wanted)
    assert answer.status == 416 and answer.fields["content-range"] == f"bytes */{size}"
    if method == "GET":
        assert answer.code == "InvalidRange"
        assert answer.error["RangeRequested"] == wanted
        assert answer.error["ActualObjectSize"] == str(size)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_412_names_the_condition_and_comes_before_the_range(placed: Placed, method: str) -> None:
    for fields, condition in (
        ({"if_match": OTHER, "range": "bytes=99-"}, "If-Match"),
        ({"if_match": "W/" + placed.etag}, "If-Match"),
        ({"if_unmodified_since": placed.at(-1), "range": "bytes=99-"}, "If-Unmodified-Since"),
        ({"if_match": OTHER, "if_none_match": placed.etag}, "If-Match"),
        ({"if_match": OTHER, "range": "bytes=2-5", "if_range": placed.etag}, "If-Match"),
    ):
        answer = placed.ask(method, **fields)
        assert answer.status == 412
        if method == "GET":
            assert answer.code == "PreconditionFailed"
            assert answer.error["Condition"] == condition


def test_dates_are_read_in_all_three_forms_and_others_ignored(placed: Placed) -> None:
    modified = parsedate_to_datetime(placed.at())
    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"):
        text = modified.strftime(form)
        assert placed.ask(if_modified_since=text).status == 304, text
        assert placed.ask(if_unmodified_since=text).status == 200
        assert placed.ask(range="bytes=2-5", if_range=text).status == 206
    texts = [str(int(modified.timestamp())), modified.isoformat(), "", "now", placed.at() + ", x"]
    # S3 ignores a date that is still to come.
    texts += [placed.at(86_400), "Mon, 31 Feb 2026 00:00:00 GMT"]
    for text in texts:
        assert placed.ask(if_modified_since=text).status == 200, text
        assert placed.ask(if_unmodified_since=text).status == 200


def test_several_header_lines_are_one_list(placed: Placed) -> None:
    both = f"{OTHER},{placed.etag}"
    assert placed.ask(if_match=both).status == 200
    assert placed.ask(if_none_match=both).status == 304
    assert placed.ask(range="bytes=0-1,3-4").body == BODY
    assert placed.ask(range="bytes=0-1, ").body == b"01"


def test_write_that_counts_on_a_date_is_refused(placed: Placed) -> None:
    answer = placed.ask("PUT", key="new", if_unmodified_since=placed.at())
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert answer.error["Header"] == "If-Unmodified-Since"
    assert placed.ask("HEAD", key="new").status == 404


def test_put_of_a_part_of_an_object_is_refused(placed: Placed) -> None:
    answer = placed.ask("PUT", key="new", content_range="bytes 5-9/10")
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert placed.ask("HEAD", key="new").status == 404


def test_conditions_of_a_copy_all_answer_412(placed: Placed) -> None:
    prefix = "x-amz-copy-source-"
    failing = {
        "if-match": OTHER,
        "if-none-match": placed.etag,
        "if-modified-since": placed.at(),
        "if-unmodified-since": placed.at(-1),
    }
    spelled = {"if-match": "If-Match", "if-none-match": "If-None-Match"}
    spelled |= {"if-modified-since": "If-Modified-Since"}
    spelled |= {"if-unmodified-since": "If-Unmodified-Since"}
    for name, value in failing.items():
        source = {"x-amz-copy-source": f"/{placed.bucket}/k", prefix + name: value}
        request = Request("PUT", path_of(placed.bucket, "copy"), fields=source)
        answer = send(placed.endpoint, request)
        assert (answer.status, answer.code) == (412, "PreconditionFailed")
        assert answer.error["Condition"] == prefix + spelled[name]
    holding: list[dict[str, str]] = [
        {"if-match": f"{OTHER}, {placed.etag}", "if-unmodified-since": placed.at(-1)},
        {"if-none-match": OTHER, "if-modified-since": placed.at()},
        {"if-modified-since": placed.at(86_400)},
        {"if-modified-since": "soon", "if-unmodified-since": "never"},
    ]
    for conditions in holding:
        fields = {prefix + name: value for name, value in conditions.items()}
        fields["x-amz-copy-source"] = f"/{placed.bucket}/k"
        request = Request("PUT", path_of(placed.bucket, "copy"), fields=fields)
        assert send(placed.endpoint, request).status == 200
