import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.as_client import Client
from trioxygen.common.checksum import Algorithm
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.requests import (
    CompletedPart,
    DeleteRequest,
    NewBucket,
    ObjectIdentifier,
    read_complete_request,
    read_create_bucket,
    read_delete_request,
)


def part(number: object = 1, etag: str = "e", extra: str = "") -> str:
    return f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{extra}</Part>"


def complete(*parts: str) -> bytes:
    return f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>".encode()


def delete(content: str) -> bytes:
    return f"<Delete>{content}</Delete>".encode()


ONE = "<Delete><Object><Key>k</Key></Object></Delete>"


def test_delete_request_of_an_aws_client_is_read(client: Client) -> None:
    keys = ["a", " b ", "c&<é\t", "d//../e/"]
    objects: list[dict[str, Any]] = [{"Key": key} for key in keys]
    objects.append({"Key": "f", "VersionId": "null", "ETag": '"e"'})
    body = client.body(
        "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": objects, "Quiet": True}}
    )
    expected = [ObjectIdentifier(key) for key in keys] + [ObjectIdentifier("f", "null", "e")]
    assert read_delete_request(body) == DeleteRequest(True, tuple(expected))


def test_delete_request_is_read_without_namespace_and_is_not_quiet_by_default() -> None:
    body = delete("<Object><Key>a</Key></Object><!-- c --><Object><Key>b</Key></Object>")
    assert read_delete_request(body) == DeleteRequest(
        False, (ObjectIdentifier("a"), ObjectIdentifier("b"))
    )


def test_delete_request_takes_a_thousand_objects_and_no_more() -> None:
    assert len(read_delete_request(delete("<Object><Key>k</Key></Object>" * 1000)).objects) == 1000
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request(delete("<Object><Key>k</Key></Object>" * 1001))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"<Delete>", b"<Other/>", b"<Delete/>", b"\xff", b"{}"),
        delete("<Object/>"),
        delete("<Object><Key/></Object>"),
        delete("<Object><Key>a</Key><Key>b</Key></Object>"),
        delete("<Object><Key>a<b/></Key></Object>"),
        delete("<Object><Key>a</Key><Condition>c</Condition></Object>"),
        delete("<Object><Key>a</Key></Object><Quiet>perhaps</Quiet>"),
        delete("<Object><Key>a&undefined;</Key></Object>"),
        delete("<Object><Key>a</Key><Size>big</Size></Object>"),
        delete("<Object><Key>a</Key><Size>-1</Size></Object>"),
        delete("<Object><Key>a</Key><LastModifiedTime>then</LastModifiedTime></Object>"),
    ],
)
def test_delete_request_outside_the_schema_is_malformed(body: bytes) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request(body)


@pytest.mark.parametrize(
    "date", ["Wed, 06 Nov 2024 08:49:37 GMT", "2024-11-06T08:49:37Z", " 2024-11-06T08:49:37.000Z "]
)
def test_size_and_time_of_what_is_deleted_are_read(date: str) -> None:
    fields = f"<Key>a</Key><Size> 7 </Size><LastModifiedTime>{date}</LastModifiedTime>"
    [asked] = read_delete_request(delete(f"<Object>{fields}</Object>")).objects
    assert asked == ObjectIdentifier("a", size_bytes=7, modified_s=1_730_882_977)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Delete>",
        '<!DOCTYPE Delete SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE Delete [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Delete [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
)
def test_document_type_declarations_are_refused(doctype: str) -> None:
    body = doctype.encode() + delete("<Object><Key>k</Key></Object>")
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request(body)
    entity = doctype.encode() + delete("<Object><Key>k&a;</Key></Object>")
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request(entity)


def test_complete_request_of_an_aws_client_is_read(client: Client) -> None:
    sent = {
        "Parts": [
            {"PartNumber": 1, "ETag": '"e1"', "ChecksumCRC32": "AAAAAA=="},
            {"PartNumber": 10_000, "ETag": "e2"},
        ]
    }
    body = client.body(
        "CompleteMultipartUpload",
        {"Bucket": "b", "Key": "k", "UploadId": "u", "MultipartUpload": sent},
    )
    assert read_complete_request(body) == [
        CompletedPart(1, "e1", (Algorithm.CRC32, bytes(4))),
        CompletedPart(10_000, "e2"),
    ]


def test_complete_request_leaves_large_numbers_and_the_order_to_the_om() -> None:
    read = read_complete_request(complete(part(10_001) + part(2**31 - 1) + part("007") + part(7)))
    assert [each.number for each in read] == [10_001, 2**31 - 1, 7, 7]


@pytest.mark.parametrize("etag", ['"e"', "e", " e ", "&quot;e&quot;", "\n&#34;e&#34;\n"])
def test_complete_request_takes_an_etag_with_and_without_quotes(etag: str) -> None:
    [read] = read_complete_request(complete(part(1, etag=etag)))
    assert read.etag == "e"


def test_complete_request_takes_ten_thousand_parts_and_no_more() -> None:
    assert len(read_complete_request(complete(part() * 10_000))) == 10_000
    with pytest.raises(S3Error, match="MalformedXML"):
        read_complete_request(complete(part() * 10_001))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MalformedXML"),
        (complete(), "MalformedXML"),
        (complete("<Part><PartNumber>1</PartNumber></Part>"), "MalformedXML"),
        (complete("<Part><ETag>e</ETag></Part>"), "MalformedXML"),
        (complete(part("one")), "MalformedXML"),
        (complete(part("")), "MalformedXML"),
        (complete(part("--1")), "MalformedXML"),
        (complete(part("²")), "MalformedXML"),
        (complete(part(extra="<Other>1</Other>")), "MalformedXML"),
        (complete(part(0)), "InvalidArgument"),
        (complete(part(-1)), "InvalidArgument"),
        (complete(part("-" + "9" * 5000)), "InvalidArgument"),
        (complete(part("+0")), "InvalidArgument"),
        (complete(part("9" * 5000)), "MalformedXML"),
        (complete(part(2**31)), "MalformedXML"),
        (complete(part("1.0")), "MalformedXML"),
        (complete(part(extra="<ChecksumSHA3>a</ChecksumSHA3>")), "MalformedXML"),
        (complete(part(extra="<ChecksumCRC32>AAAA</ChecksumCRC32>")), "InvalidArgument"),
        (complete(part(extra="<ChecksumCRC32>bad</ChecksumCRC32>")), "InvalidArgument"),
    ],
)
def test_complete_request_with_a_fault_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_complete_request(body)
    assert refused.value.code == code


def test_location_constraint_of_an_aws_client_is_read(client: Client) -> None:
    configuration = {"LocationConstraint": "eu-west-1"}
    body = client.body("CreateBucket", {"Bucket": "b", "CreateBucketConfiguration": configuration})
    assert read_create_bucket(body) == NewBucket("eu-west-1")


@pytest.mark.parametrize("body", [b"", b"<CreateBucketConfiguration/>"])
def test_bucket_without_a_location_has_none(body: bytes) -> None:
    assert read_create_bucket(body) == NewBucket()


def test_empty_location_is_one() -> None:
    body = b"<CreateBucketConfiguration><LocationConstraint/></CreateBucketConfiguration>"
    assert read_create_bucket(body) == NewBucket("")


def test_tags_of_a_new_bucket_are_read(client: Client) -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    configuration = {"LocationConstraint": "eu-west-1", "Tags": tags}
    body = client.body("CreateBucket", {"Bucket": "b", "CreateBucketConfiguration": configuration})
    assert read_create_bucket(body) == NewBucket("eu-west-1", (("a", "1"), ("b", "")))


@pytest.mark.parametrize("name", ["Bucket", "Location"])
def test_directory_buckets_are_not_implemented(name: str) -> None:
    body = f"<CreateBucketConfiguration><{name}/></CreateBucketConfiguration>".encode()
    with pytest.raises(S3Error, match="NotImplemented"):
        read_create_bucket(body)


@pytest.mark.parametrize(
    "body",
    [
        b"a",
        b"<Other/>",
        b"<CreateBucketConfiguration><Foo/></CreateBucketConfiguration>",
        b"<CreateBucketConfiguration><LocationConstraint>a</LocationConstraint>"
        b"<LocationConstraint>b</LocationConstraint></CreateBucketConfiguration>",
        b"<CreateBucketConfiguration><Tags/><Tags/></CreateBucketConfiguration>",
        b"<CreateBucketConfiguration><Tags><Tag><Key>a</Key></Tag></Tags>"
        b"</CreateBucketConfiguration>",
    ],
)
def test_bucket_configuration_outside_the_schema_is_malformed(body: bytes) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        read_create_bucket(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (read_delete_request, read_complete_request, read_create_bucket):
        try:
            read(body)
        except S3Error as error:
            assert error.status in (400, 501)


@pytest.mark.parametrize(
    "body",
    [
        b"<Delete>" + b"<a/>" * 2_000_000 + b"</Delete>",
        b"<Delete " + b" ".join(b'a%d="x"' % n for n in range(500_000)) + b"/>",
        b'<Delete a="' + b"x" * 8_000_000 + b'"/>',
        b"<Delete>" + b"<a>" * 1_000_000 + b"</a>" * 1_000_000 + b"</Delete>",
        b"<!DOCTYPE x [" + b'<!ENTITY e "x">' * 400_000 + b"]><Delete/>",
        b"<?a?><!-- <a> --> <!DOCTYPE x [" + b'<!ENTITY e "x">' * 400_000 + b"]><Delete/>",
        b"<!--" + b" " * 8_000_000 + b"--><!DOCTYPE x><Delete/>",
        b"<?" + b"<!--" * 2_000_000,
        b"<Delete>" + b"<!---->" * 1_000_000 + b"</Delete>",
    ],
    ids=[
        "elements",
        "attributes",
        "attribute",
        "depth",
        "DTD",
        "late DTD",
        "far",
        "open",
        "comments",
    ],
)
def test_document_made_to_cost_is_refused_before_it_does(body: bytes) -> None:
    began = time.process_time()
    for _ in range(3):
        with pytest.raises(S3Error, match="MalformedXML"):
            read_delete_request(body)
    # The dearest of them took 1.7 s, and 240 MB.
    assert time.process_time() - began < 0.6


def test_key_may_hold_what_only_looks_like_a_declaration() -> None:
    body = delete("<Object><Key><![CDATA[<!DOCTYPE x>]]></Key></Object>")
    assert read_delete_request(body).objects == (ObjectIdentifier("<!DOCTYPE x>"),)


@pytest.mark.parametrize("encoding", ["UTF-7", "IBM037", "HZ", "x", "utf-8x"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_encoding_whose_tags_cannot_be_counted_is_refused(encoding: str, start: bytes) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request(start + f'<?xml version="1.0" encoding="{encoding}"?>{ONE}'.encode())


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-8", "us-ascii", "ISO-8859-1"])
def test_usual_encoding_is_taken(encoding: str) -> None:
    actual = read_delete_request(f"<?xml version='1.0' encoding='{encoding}'?>{ONE}".encode())
    assert [each.key for each in actual.objects] == ["k"]


@pytest.mark.parametrize("prolog", ["<!---->", "<!-- <!DOCTYPE d> -->\n", "<?a <!DOCTYPE d>?>"])
def test_prolog_may_speak_of_declarations(prolog: str) -> None:
    assert read_delete_request((prolog + ONE).encode()).objects[0].key == "k"
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request((prolog + "<!DOCTYPE d>" + ONE).encode())


@pytest.mark.parametrize(
    "body", [b" " * 5, b"<!--" + b"-" * 60, b"<?xx" + b"x" * 60, b"<!---->" * 10], ids=str
)
def test_prolog_of_megabytes_is_passed_at_the_speed_of_a_search(body: bytes) -> None:
    # A regular expression took half a second, in which no other thread ran.
    body = body[:4] + body[4:] * ((7 << 20) // len(body[4:]))
    started = time.thread_time()
    with pytest.raises(S3Error, match="MalformedXML"):
        read_delete_request(body)
    assert time.thread_time() - started < 0.3


def test_tag_in_quotes_is_not_any_version() -> None:
    body = "<Delete><Object><Key>k</Key><ETag>{}</ETag></Object></Delete>"
    actual = [
        read_delete_request(body.format(tag).encode()).objects[0].etag
        for tag in ("*", '"*"', '"a"', " a ")
    ]
    assert actual == ["*", '"*"', "a", "a"]
