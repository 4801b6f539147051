"""Virtual-host style, and a store that takes signatures for its own regions only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.endpoint import Endpoint, keys_of, read, refusal
from tests.integration.s3.wire import Answer, Request, connection, presign, send
from tests.integration.store_process import StoreProcess


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder: Path = tmp_path_factory.mktemp("hosts")
    config = {"s3.domains": "s3.test,objects.example.com", "s3.regions": "us-east-1,eu-west-3"}
    store = StoreProcess(folder, config)
    try:
        yield store.start().endpoint
        store.stop()
    finally:
        store.discard()


def ask(endpoint: Endpoint, method: str, host: str, path: str, body: bytes = b"") -> Answer:
    return send(endpoint, Request(method, path, body=body, host=host))


def test_bucket_may_stand_in_the_host(endpoint: Endpoint) -> None:
    port = endpoint.address[1]
    assert ask(endpoint, "PUT", f"my-bucket.s3.test:{port}", "/").status == 200
    assert ask(endpoint, "PUT", "my-bucket.s3.test", "/a/b%20c", b"body").status == 200
    for host, path in (
        ("my-bucket.s3.test", "/a/b%20c"),
        ("MY-BUCKET.S3.TEST", "/a/b%20c"),
        (f"my-bucket.objects.example.com:{port}", "/a/b%20c"),
        ("s3.test", "/my-bucket/a/b%20c"),
        (endpoint.host, "/my-bucket/a/b%20c"),
    ):
        answer = ask(endpoint, "GET", host, path)
        assert (answer.status, answer.body) == (200, b"body"), host
    answer = ask(endpoint, "GET", "my-bucket.s3.test", "/")
    assert b"<Key>a/b c</Key>" in answer.body
    assert b"<Name>my-bucket</Name>" in ask(endpoint, "GET", "s3.test", "/").body
    with endpoint.client() as s3:
        assert keys_of(s3, "my-bucket") == ["a/b c"]


def test_bucket_with_dots_may_stand_in_the_host(endpoint: Endpoint) -> None:
    assert ask(endpoint, "PUT", "a.b.c.s3.test", "/").status == 200
    assert ask(endpoint, "PUT", "a.b.c.s3.test", "/k", b"x").status == 200
    with endpoint.client() as s3:
        assert read(s3, "a.b.c", "k") == b"x"


def test_key_that_begins_with_a_slash_keeps_it(endpoint: Endpoint) -> None:
    ask(endpoint, "PUT", "slashes.s3.test", "/")
    assert ask(endpoint, "PUT", "slashes.s3.test", "//k", b"x").status == 200
    with endpoint.client() as s3:
        assert keys_of(s3, "slashes") == ["/k"]


def test_presigned_url_may_be_of_that_style(endpoint: Endpoint) -> None:
    ask(endpoint, "PUT", "signed.s3.test", "/")
    ask(endpoint, "PUT", "signed.s3.test", "/k", b"body")
    asked = Request("GET", "/k", host="signed.s3.test")
    target = presign(endpoint, asked, 60)
    with connection(endpoint) as wire:
        wire.send(f"GET {target} HTTP/1.1\r\nHost: signed.s3.test\r\n\r\n".encode())
        assert wire.answer().body == b"body"
    with connection(endpoint) as wire:
        wire.send(f"GET {target} HTTP/1.1\r\nHost: other.s3.test\r\n\r\n".encode())
        assert wire.answer().code == "SignatureDoesNotMatch"


def test_impossible_bucket_in_the_host_is_refused(endpoint: Endpoint) -> None:
    answer = ask(endpoint, "PUT", "Under_Score.s3.test", "/")
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3"])
def test_configured_regions_may_be_signed_for(endpoint: Endpoint, region: str) -> None:
    assert send(endpoint, Request("GET", "/"), region=region).status == 200


def test_other_region_is_told_the_right_one(endpoint: Endpoint) -> None:
    answer = send(endpoint, Request("GET", "/"), region="ap-south-1")
    assert (answer.status, answer.code) == (400, "AuthorizationHeaderMalformed")
    assert answer.error["Region"] == "us-east-1"
    assert "ap-south-1" in answer.error["Message"]


def test_bucket_is_made_in_a_configured_region_only(endpoint: Endpoint) -> None:
    with endpoint.client() as s3:
        configuration: Any = {"LocationConstraint": "eu-west-3"}
        s3.create_bucket(Bucket="in-paris", CreateBucketConfiguration=configuration)
        assert s3.head_bucket(Bucket="in-paris")["BucketRegion"] == "eu-west-3"
        configuration = {"LocationConstraint": "ap-south-1"}
        found = refusal(
            s3.create_bucket, Bucket="in-mumbai", CreateBucketConfiguration=configuration
        )
        assert (found.status, found.code) == (400, "InvalidLocationConstraint")
