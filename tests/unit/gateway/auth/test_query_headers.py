"""What of a presigned request's query is read as headers."""

import pytest

from trioxygen.gateway.auth.query_headers import read_as_headers, signed_as_headers_v2
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

READ = [
    *["x-amz-meta-a", "x-amz-storage-class", "x-amz-acl", "x-amz-grant-read", "x-amz-tagging"],
    *["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"],
    *["x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-key-md5"],
    *["x-amz-server-side-encryption-aws-kms-key-id", "x-amz-expected-bucket-owner"],
    *["x-amz-source-expected-bucket-owner", "x-amz-website-redirect-location"],
    *["x-amz-metadata-directive", "x-amz-copy-source-range", "x-amz-copy-source-if-match"],
    *["x-amz-checksum-mode", "x-amz-checksum-algorithm", "x-amz-checksum-type"],
    *["x-amz-mp-object-size", "x-amz-object-attributes", "x-amz-object-ownership"],
]
UNREAD = [
    *["x-amz-copy-source", "x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-checksum-md5"],
    *["x-amz-checksum-sha384", "x-amz-checksum-", "x-amz-checksum-of-tomorrow"],
    *["x-amz-sdk-checksum-algorithm", "x-amz-trailer", "x-amz-decoded-content-length"],
    *["X-Amz-Date", "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256"],
    *["content-encoding", "cache-control", "amz-x", "range"],
]


def head(query: str, **headers: str) -> RequestHead:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return RequestHead("PUT", b"/b/k", query.encode(), [(b"host", b"h"), *fields])


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("write", [str, str.title, str.upper])
def test_parameter_is_read_whatever_its_case(name: str, write: "type[str]") -> None:
    for version_2 in (False, True):
        actual = read_as_headers(head(f"a=b&{write(name)}=+v%2B"), version_2=version_2)
        assert actual.header(name) == "v+"
        assert actual.headers_with_prefix("x-amz-") == [(name, "v+")]


@pytest.mark.parametrize("name", UNREAD)
def test_parameter_is_not_read(name: str) -> None:
    asked = head(f"{name}=v")
    for version_2 in (False, True):
        assert read_as_headers(asked, version_2=version_2) is asked


@pytest.mark.parametrize("name", ["Content-Type", "content-md5"])
def test_content_fields_are_of_version_2_alone(name: str) -> None:
    asked = head(f"{name}=v")
    assert read_as_headers(asked, version_2=False) is asked
    assert read_as_headers(asked, version_2=True).header(name.lower()) == "v"


def test_header_counts_where_both_are_sent() -> None:
    asked = head("x-amz-meta-a=query&x-amz-meta-b=query", x_amz_meta_a="header")
    actual = read_as_headers(asked, version_2=False)
    assert actual.headers_with_prefix("x-amz-meta-") == [
        ("x-amz-meta-a", "header"),
        ("x-amz-meta-b", "query"),
    ]
    assert actual.header("host") == "h" and asked.header("x-amz-meta-b") is None


def test_repeated_parameters_are_joined_as_repeated_headers_are() -> None:
    actual = read_as_headers(head("x-amz-meta-a=1&X-Amz-Meta-A=2"), version_2=False)
    assert actual.header("x-amz-meta-a") == "1,2"


def test_value_travels_as_utf_8() -> None:
    actual = read_as_headers(head("x-amz-meta-a=%C3%A9"), version_2=False)
    assert actual.raw_header(b"x-amz-meta-a") == b"\xc3\xa9"


@pytest.mark.parametrize("name", ["x-amz-meta-%0D%0Aa", "x-amz-meta-%C3%A9", "x-amz-a%20b"])
def test_name_that_no_header_has_is_refused(name: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_as_headers(head(f"{name}=v"), version_2=False)
    assert refused.value.code == "InvalidArgument"


def test_version_2_signs_what_is_not_read_too() -> None:
    actual = signed_as_headers_v2(head("x-amz-copy-source=b%2Fs&x-amz-checksum-crc32=AAAAAA%3D%3D"))
    assert len(actual.headers_with_prefix("x-amz-")) == 2
