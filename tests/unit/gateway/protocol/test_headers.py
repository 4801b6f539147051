from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.headers import (
    read_object_headers,
    read_overrides,
    read_storage_class,
    replaces_metadata,
    response_headers,
)
from trioxygen.gateway.store.values.keys import ObjectHeaders


def answer(
    stored: ObjectHeaders, overrides: dict[bytes, bytes] | None = None
) -> dict[bytes, bytes]:
    pairs = response_headers(
        stored, etag="abc-1", last_modified_ms=784_111_777_999, overrides=overrides or {}
    )
    actual = dict(pairs)
    assert len(actual) == len(pairs), "no header twice"
    return actual


def test_standard_headers_are_stored_and_returned() -> None:
    sent = {
        "content-type": "text/plain",
        "cache-control": "no-cache",
        "content-disposition": 'attachment; filename="a"',
        "content-encoding": "gzip",
        "content-language": "en",
        "expires": "whenever",
        "x-amz-website-redirect-location": "/other",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-meta-one": "1",
    }
    actual = answer(read_object_headers(head({**sent, "x-amz-date": "now", "host": "h"})))
    for name, value in sent.items():
        assert actual.pop(name.encode()) == value.encode()
    assert actual == {
        b"etag": b'"abc-1"',
        b"last-modified": b"Sun, 06 Nov 1994 08:49:37 GMT",
        b"accept-ranges": b"bytes",
    }


def test_object_without_headers_is_a_binary_of_the_standard_class() -> None:
    stored = read_object_headers(head({"content-type": ""}))
    assert stored == ObjectHeaders()
    actual = answer(stored)
    assert actual[b"content-type"] == b"binary/octet-stream"
    assert b"x-amz-storage-class" not in actual


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("gzip", "gzip"),
        ("deflate, gzip", "deflate, gzip"),
        ("gzip, aws-chunked", "gzip"),
        ("aws-chunked, gzip", "gzip"),
        ("AWS-Chunked,gzip,br", "gzip, br"),
        ("aws-chunked", None),
        ("aws-chunked, aws-chunked", None),
    ],
)
def test_content_encoding_loses_aws_chunked(sent: str, stored: str | None) -> None:
    assert read_object_headers(head({"content-encoding": sent})).content_encoding == stored


def test_user_metadata_may_hold_two_kib_of_names_and_values() -> None:
    def sized(size_bytes: int) -> ObjectHeaders:
        return read_object_headers(head({"x-amz-meta-name": "v" * (size_bytes - 4)}))

    assert len(sized(2048).user_metadata[0][1]) == 2044
    with pytest.raises(S3Error, match="MetadataTooLarge") as refused:
        sized(2049)
    assert refused.value.details == {"Size": "2049", "MaxSizeAllowed": "2048"}


def test_user_metadata_is_measured_in_utf_8() -> None:
    # Each of these characters is one byte on the wire and two of UTF-8.
    with pytest.raises(S3Error, match="MetadataTooLarge"):
        read_object_headers(head({"x-amz-meta-n": "é" * 1024}))


def test_header_section_over_eight_kib_is_refused() -> None:
    with pytest.raises(S3Error, match="RequestHeaderSectionTooLarge"):
        read_object_headers(head({"x-unknown": "v" * 8192}))


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=80))
def test_user_metadata_comes_back_byte_for_byte_or_as_rfc_2047(value: str) -> None:
    value = value.strip()
    if "\x7f" in value:
        with pytest.raises(S3Error, match="InvalidArgument"):
            read_object_headers(head({"x-amz-meta-n": value}))
        return
    returned = answer(read_object_headers(head({"x-amz-meta-n": value})))[b"x-amz-meta-n"]
    if any("\x80" <= character <= "\x9f" for character in value):
        assert returned.startswith(b"=?UTF-8?B?") and returned.endswith(b"?=")
        assert b64decode(returned[10:-2]).decode() == value
    else:
        assert returned == value.encode("latin-1")


@pytest.mark.parametrize("name", ["content-type", "x-amz-meta-a", "cache-control", "expires"])
def test_control_characters_are_refused(name: str) -> None:
    with pytest.raises(S3Error, match="InvalidArgument"):
        read_object_headers(head({name: "a\r\nset-cookie: b"}))


@pytest.mark.parametrize(
    "name",
    [
        *("STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA"),
        *("INTELLIGENT_TIERING", "GLACIER_IR", "EC_3_2", "EC_6_3", "EC_10_4"),
    ],
)
def test_storage_class_that_is_read_at_once_is_taken(name: str) -> None:
    assert read_storage_class(head()) == "STANDARD"
    assert read_storage_class(head({"x-amz-storage-class": name})) == name


@pytest.mark.parametrize(
    "name",
    [
        *("GLACIER", "DEEP_ARCHIVE", "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "FSX_OPENZFS"),
        *("standard", "STANDARD_IA, STANDARD_IA", "TAPE", ""),
    ],
)
def test_storage_class_that_is_not_offered_is_refused(name: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_storage_class(head({"x-amz-storage-class": name}))
    assert (refused.value.code, refused.value.status) == ("InvalidStorageClass", 400)
    assert refused.value.details == {"StorageClassRequested": name}


def test_redirect_location_must_be_a_path_or_an_http_address() -> None:
    with pytest.raises(S3Error, match="InvalidRedirectLocation"):
        read_object_headers(head({"x-amz-website-redirect-location": "ftp://a"}))


def test_metadata_directive_is_copy_or_replace() -> None:
    assert not replaces_metadata(head())
    assert not replaces_metadata(head({"x-amz-metadata-directive": "COPY"}))
    assert replaces_metadata(head({"x-amz-metadata-directive": "REPLACE"}))
    with pytest.raises(S3Error, match="InvalidArgument"):
        replaces_metadata(head({"x-amz-metadata-directive": "MERGE"}))


def test_overrides_replace_stored_headers_and_add_absent_ones() -> None:
    query = b"response-content-type=text/html&response-expires=soon&x-id=GetObject"
    overrides = dict(read_overrides(head(query=query)))
    assert overrides == {b"content-type": b"text/html", b"expires": b"soon"}
    actual = answer(ObjectHeaders(content_type="text/plain", content_language="en"), overrides)
    assert actual[b"content-type"] == b"text/html"
    assert actual[b"expires"] == b"soon"
    assert actual[b"content-language"] == b"en"


def test_query_without_overrides_changes_nothing() -> None:
    assert not read_overrides(head(query=b"partNumber=1&response-content-type="))


def test_override_cannot_split_the_response() -> None:
    with pytest.raises(S3Error, match="InvalidArgument"):
        read_overrides(head(query=b"response-content-type=a%0d%0aset-cookie:%20b"))


def test_override_outside_iso_8859_1_is_refused() -> None:
    with pytest.raises(S3Error, match="ISO-8859-1"):
        read_overrides(head(query=b"response-content-disposition=%E2%82%AC"))


@pytest.mark.parametrize("name", ["response-etag", "response-", "response-Content-Type"])
@pytest.mark.parametrize("value", ["", "=", "=a"])
def test_override_of_another_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_overrides(head(query=f"response-content-type=a/b&{name}{value}".encode()))
    assert refused.value.message == f"{name} is not in the set of overridable response headers"
    assert refused.value.details["ArgumentName"] == name
