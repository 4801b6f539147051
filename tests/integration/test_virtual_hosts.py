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
    config = {
        "s3.domains": "s3.test,objects.example.com",
        "s3.regions": "us-east-1,eu-west-3",
        "s3.owner_display_name": "true",
        "s3.if_none_match_tags": "true",
    }
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
    for method, host in (
        ("GET", ".s3.test"),
        ("GET", "Under_Score.s3.test"),
        ("GET", "ab.s3.test"),
    ):
        answer = ask(endpoint, method, host, "/k")
        assert (answer.status, answer.code) == (400, "InvalidBucketName"), host


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3"])
def test_configured_regions_may_be_signed_for(endpoint: Endpoint, region: str) -> None:
    assert send(endpoint, Request("GET", "/"), region=region).status == 200


def test_other_region_is_told_the_right_one(endpoint: Endpoint) -> None:
    answer = send(endpoint, Request("GET", "/"), region="ap-south-1")
    assert (answer.status, answer.code) == (400, "AuthorizationHeaderMalformed")
    assert answer.error["Region"] == "us-east-1"
    assert "ap-south-1" in answer.error["Message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_presigned_url_of_another_region_is_told_the_right_one(
    endpoint: Endpoint, method: str
) -> None:
    asked = Request(method, "/no-bucket/k", "uploads=" if method == "POST" else "")

    def answered(region: str) -> Answer:
        target = presign(endpoint, asked, 60, region=region)
        with connection(endpoint) as wire:
            wire.send(Request(method, target).bytes({"Content-Length": "0"}, endpoint.host))
            return wire.answer()

    assert answered("eu-west-3").code == "NoSuchBucket"
    for region in ("ap-south-1", ""):
        answer = answered(region)
        assert (answer.status, answer.code) == (400, "AuthorizationQueryParametersError")
        assert answer.error["Message"] == (
            f"Error parsing the X-Amz-Credential parameter; the region '{region}' is wrong;"
            " expecting 'us-east-1'"
        )
        assert answer.error["Region"] == "us-east-1"


def test_bucket_is_made_in_a_configured_region_only(endpoint: Endpoint) -> None:
    with endpoint.client() as s3:
        configuration: Any = {"LocationConstraint": "eu-west-3"}
        s3.create_bucket(Bucket="in-paris", CreateBucketConfiguration=configuration)
        assert s3.head_bucket(Bucket="in-paris")["BucketRegion"] == "eu-west-3"
        configuration = {"LocationConstraint": "ap-south-1"}
        error = refusal(
            s3.create_bucket, Bucket="in-mumbai", CreateBucketConfiguration=configuration
        )
        assert (error.status, error.code) == (400, "InvalidLocationConstraint")


IN_PARIS = (
    b"<CreateBucketConfiguration><LocationConstraint>eu-west-3</LocationConstraint>"
    b"</CreateBucketConfiguration>"
)
IN_VIRGINIA = IN_PARIS.replace(b"eu-west-3", b"us-east-1")


@pytest.mark.parametrize(("body", "named"), [(b"", "unspecified"), (IN_VIRGINIA, "us-east-1")])
def test_endpoint_of_another_region_makes_buckets_there_only(
    endpoint: Endpoint, body: bytes, named: str
) -> None:
    answer = send(endpoint, Request("PUT", "/elsewhere", body=body), region="eu-west-3")
    assert (answer.status, answer.code) == (400, "IllegalLocationConstraintException")
    assert answer.error["Message"] == (
        f"The {named} location constraint is incompatible for the region specific endpoint this"
        " request was sent to."
    )
    made = send(endpoint, Request("PUT", f"/there-{named}", body=IN_PARIS), region="eu-west-3")
    assert made.status == 200


def test_bucket_of_another_region_is_told_with_its_host(endpoint: Endpoint) -> None:
    for host, path, location in (
        ("s3.test:80", "/located", "http://located.s3.test:80/"),
        ("hosted.s3.test", "/", "http://hosted.s3.test/"),
        (endpoint.host, "/pathed", "/pathed"),
    ):
        answer = ask(endpoint, "PUT", host, path, IN_PARIS)
        assert (answer.status, answer.fields["location"]) == (200, location)


def test_wrong_region_of_a_bucket_that_is_looked_for_is_in_a_header(endpoint: Endpoint) -> None:
    answer = send(endpoint, Request("HEAD", "/my-bucket"), region="ap-south-1")
    assert (answer.status, answer.fields["x-amz-bucket-region"]) == (400, "us-east-1")


def test_owner_is_told_by_name_where_that_is_configured(endpoint: Endpoint) -> None:
    with endpoint.client() as s3:
        owner = s3.list_buckets()["Owner"]
    assert owner.keys() == {"ID", "DisplayName"} and owner["DisplayName"]


@pytest.mark.parametrize(
    "key", ["_health/live", "_health/ready", "_health/x", "_health/", "metrics"]
)
def test_no_key_is_shadowed_by_health(endpoint: Endpoint, key: str) -> None:
    ask(endpoint, "PUT", "healthy.s3.test", "/")
    assert ask(endpoint, "PUT", "healthy.s3.test", f"/{key}", key.encode()).status == 200
    answer = ask(endpoint, "GET", "HEALTHY.s3.test:80", f"/{key}")
    assert (answer.status, answer.body) == (200, key.encode())
    with endpoint.client() as s3:
        assert read(s3, "healthy", key) == key.encode()
    assert ask(endpoint, "DELETE", "healthy.s3.test", f"/{key}").status == 204
    assert ask(endpoint, "GET", "healthy.s3.test", f"/{key}").status == 404


def test_health_is_of_hosts_that_name_no_bucket(endpoint: Endpoint) -> None:
    for host in ("s3.test", endpoint.host, "10.0.0.1", "lb.example"):
        for method, path, status in (
            ("GET", "/_health/live", 200),
            ("HEAD", "/_health/ready", 200),
            ("PUT", "/_health/live", 405),
            ("DELETE", "/_health/ready", 405),
            ("GET", "/_health/x", 404),
        ):
            with connection(endpoint) as wire:
                fields = {} if method in ("GET", "HEAD") else {"Content-Length": "0"}
                wire.send(Request(method, path, host=host).bytes(fields, host))
                assert wire.answer(of_head=method == "HEAD").status == status, (host, path)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_every_bucket_operation_can_be_presigned_for_a_bucket_in_the_host(
    endpoint: Endpoint, version: str
) -> None:
    ask(endpoint, "PUT", "signed.s3.test", "/")
    calls: dict[str, dict[str, Any]] = {
        "head_bucket": {},
        "list_objects": {"Prefix": "a b"},
        "list_objects_v2": {"Prefix": "k+"},
        "list_object_versions": {},
        "list_multipart_uploads": {},
        "get_bucket_location": {},
        "get_bucket_versioning": {},
        "put_object": {"Key": "k", "Metadata": {"a": "alpha"}, "StorageClass": "STANDARD_IA"},
        "get_object": {"Key": "k", "ResponseContentType": "a/b"},
    }
    named = Endpoint("http://s3.test", endpoint.main, endpoint.other)
    with named.client(signature_version=version, s3={"addressing_style": "virtual"}) as s3:
        for name, more in calls.items():
            method = {"head_bucket": "HEAD", "put_object": "PUT"}.get(name, "GET")
            url = s3.generate_presigned_url(
                name, Params={"Bucket": "signed", **more}, HttpMethod=method
            )
            host, _, target = url.removeprefix("http://").partition("/")
            # botocore asks for the location in path style, whatever the style.
            in_path = name == "get_bucket_location"
            assert host == ("s3.test" if in_path else "signed.s3.test")
            with connection(endpoint) as wire:
                fields = {"Content-Length": "0"}
                if version == "s3v4" and name == "put_object":
                    # In Version 4 botocore leaves them for the client to send.
                    fields |= {"x-amz-meta-a": "alpha", "x-amz-storage-class": "STANDARD_IA"}
                wire.send(Request(method, f"/{target}").bytes(fields, host))
                answer = wire.answer(of_head=method == "HEAD")
                assert answer.status == 200, (name, answer.body)


def test_write_may_hang_on_a_tag_where_that_is_configured(endpoint: Endpoint) -> None:
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="tagged")
        tag = s3.put_object(Bucket="tagged", Key="k", Body=b"1")["ETag"]
        for known in (tag, f"W/{tag}"):
            error = refusal(s3.put_object, Bucket="tagged", Key="k", Body=b"2", IfNoneMatch=known)
            assert error.code == "PreconditionFailed"
        s3.put_object(Bucket="tagged", Key="k", Body=b"3", IfNoneMatch='"other"')
        assert read(s3, "tagged", "k") == b"3"
