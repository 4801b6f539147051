"""Signature Version 2 in the Authorization header: the examples of AWS's documentation, and what is
refused."""

import pytest

from trioxygen.common.signing_key import is_signature_v2
from trioxygen.gateway.auth.header_v2 import is_signed_v2, read_signed_v2
from trioxygen.gateway.auth.presigned_v2 import SignatureClaimV2
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

ACCESS, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
MARCH_27_2007_S = 1_175_024_202


def asked(signature: str, method: str, path: str, query: str = "", **headers: str) -> RequestHead:
    fields = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    fields.append((b"authorization", f"AWS {ACCESS}:{signature}".encode()))
    return RequestHead(method, path.encode(), query.encode(), fields)


def read(
    head: RequestHead, *, skew_seconds_max: int = 86_400, bucket_in_host: str | None = None
) -> SignatureClaimV2:
    assert is_signed_v2(head)
    return read_signed_v2(
        head,
        now_s=MARCH_27_2007_S,
        skew_seconds_max=skew_seconds_max,
        bucket_in_host=bucket_in_host,
    )


def is_valid(claim: SignatureClaimV2) -> bool:
    return any(
        is_signature_v2(secret=SECRET, string_to_sign=string, signature=claim.signature)
        for string in claim.strings_to_sign
    )


@pytest.mark.parametrize(
    ("head", "bucket_in_host"),
    [
        (
            asked(
                "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
                "GET",
                "/photos/puppy.jpg",
                date="Tue, 27 Mar 2007 19:36:42 +0000",
            ),
            "johnsmith",
        ),
        (
            asked(
                "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
                "PUT",
                "/photos/puppy.jpg",
                content_type="image/jpeg",
                date="Tue, 27 Mar 2007 21:15:45 +0000",
            ),
            "johnsmith",
        ),
        (
            asked(
                "htDYFYduRNen8P9ZfE/s9SuKy0U=",
                "GET",
                "/",
                "prefix=photos&max-keys=50&marker=puppy",
                date="Tue, 27 Mar 2007 19:42:41 +0000",
            ),
            "johnsmith",
        ),
        (
            asked(
                "c2WLPFtWHVgbEmeEG93a4cG37dM=",
                "GET",
                "/",
                "acl",
                date="Tue, 27 Mar 2007 19:44:46 +0000",
            ),
            "johnsmith",
        ),
        (
            asked(
                "ilyl83RwaSoYIEdixDQcA4OnAnc=",
                "PUT",
                "/db-backup.dat.gz",
                date="Tue, 27 Mar 2007 21:06:08 +0000",
                x_amz_acl="public-read",
                content_type="application/x-download",
                content_md5="4gJE4saaMU4BqNR0kLY+lw==",
                x_amz_meta_reviewedby="joe@johnsmith.net,jane@johnsmith.net",
                x_amz_meta_filechecksum="0x02661779",
                x_amz_meta_checksumalgorithm="crc32",
                content_length="5913339",
            ),
            "static.johnsmith.net",
        ),
        (
            asked(
                "qGdzdERIC03wnaRNKh6OqZehG9s=",
                "GET",
                "/",
                date="Wed, 28 Mar 2007 01:29:59 +0000",
            ),
            None,
        ),
        (
            asked(
                "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
                "GET",
                "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
                date="Wed, 28 Mar 2007 01:49:49 +0000",
            ),
            None,
        ),
    ],
    ids=["get", "put", "list", "sub-resource", "amz-headers", "no-bucket", "escapes-as-sent"],
)
def test_examples_of_the_documentation_are_accepted(
    head: RequestHead, bucket_in_host: str | None
) -> None:
    claim = read(head, bucket_in_host=bucket_in_host)
    assert claim.access_key == ACCESS and is_valid(claim)
    forged = RequestHead("DELETE", head.raw_path, head.raw_query, head.headers)
    assert not is_valid(read(forged, bucket_in_host=bucket_in_host))


def test_x_amz_date_is_signed_in_place_of_date() -> None:
    """Computed by hand: the documentation's own example of it is of a later key."""
    text = "Tue, 27 Mar 2007 21:20:26 +0000"
    both = asked("s", "DELETE", "/b/k", date="not a date", x_amz_date=text)
    assert read(both).strings_to_sign == (f"DELETE\n\n\n\nx-amz-date:{text}\n/b/k".encode(),)


def test_repeated_headers_are_signed_as_one_and_in_order_of_names() -> None:
    head = RequestHead(
        "GET",
        b"/b/k",
        b"",
        [
            (b"x-amz-meta-b", b"1"),
            (b"authorization", b"AWS a:b"),
            (b"x-amz-meta-a", b"x"),
            (b"x-amz-meta-b", b"2"),
            (b"date", b"Tue, 27 Mar 2007 19:36:42 +0000"),
        ],
    )
    [string] = read(head).strings_to_sign
    assert string.endswith(b"+0000\nx-amz-meta-a:x\nx-amz-meta-b:1,2\n/b/k")


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({}, "AccessDenied", 403),
        ({"date": ""}, "AccessDenied", 403),
        ({"date": "Bad Date"}, "AccessDenied", 403),
        ({"date": "Tue, 07 Jul 1950 21:53:04 GMT"}, "AccessDenied", 403),
        ({"date": "Tue, 27 Mar 2007 19:36:42 GMT", "x_amz_date": ""}, "AccessDenied", 403),
        ({"x_amz_date": "Tue, 07 Jul 2030 21:53:04 GMT"}, "RequestTimeTooSkewed", 403),
        ({"x_amz_date": "20070327T200000Z"}, "RequestTimeTooSkewed", 403),
        ({"date": "Tue, 07 Jul 9999 21:53:04 GMT"}, "RequestTimeTooSkewed", 403),
    ],
)
def test_time_is_there_and_near(headers: dict[str, str], code: str, status: int) -> None:
    with pytest.raises(S3Error) as caught:
        read(asked("s", "GET", "/b", **headers), skew_seconds_max=900)
    assert (caught.value.code, caught.value.status) == (code, status)


@pytest.mark.parametrize("rest", ["HAHAHA", "", ":", "key:", ":signature", "a b:c", "a:b c"])
def test_ill_formed_header_is_an_invalid_argument(rest: str) -> None:
    head = RequestHead("GET", b"/b", b"", [(b"authorization", f"AWS {rest}".encode())])
    with pytest.raises(S3Error) as caught:
        read(head)
    assert caught.value.code == "InvalidArgument"
    assert caught.value.details == {
        "ArgumentName": "Authorization",
        "ArgumentValue": f"AWS {rest}",
    }


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        (None, b""),
        (b"AWS4-HMAC-SHA256 Credential=a", b""),
        (b"AWSx a:b", b""),
        (b"AWS a:b", b"X-Amz-Signature=x"),
        (b"AWS a:b", b"Signature=x"),
    ],
)
def test_other_signatures_are_not_of_version_2(authorization: bytes | None, query: bytes) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization)]
    assert not is_signed_v2(RequestHead("GET", b"/b", query, headers))
