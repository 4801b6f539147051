"""The examples of AWS's documentation: requests with known signatures."""

import pytest

from tests.unit.gateway.auth.signing import (
    EMPTY_SHA256,
    EXAMPLE_HOST,
    EXAMPLE_KEY,
    EXAMPLE_TIME_S,
    EXAMPLE_TIMESTAMP,
    authorization,
    request,
)
from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.auth.sigv4 import PayloadMode, payload_mode, read_claim, verify
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

COMMON = {
    "Host": EXAMPLE_HOST,
    "x-amz-content-sha256": EMPTY_SHA256,
    "x-amz-date": EXAMPLE_TIMESTAMP,
}

GET_OBJECT = request(
    "GET",
    "/test.txt",
    headers=COMMON
    | {
        "Range": "bytes=0-9",
        "Authorization": authorization(
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
    },
)
PUT_OBJECT = request(
    "PUT",
    "/test$file.text",
    headers=COMMON
    | {
        "Date": "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "Authorization": authorization(
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
    },
)
GET_LIFECYCLE = request(
    "GET",
    "/",
    "lifecycle",
    COMMON
    | {
        "Authorization": authorization(
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        )
    },
)
LIST_OBJECTS = request(
    "GET",
    "/",
    "max-keys=2&prefix=J",
    COMMON
    | {
        "Authorization": authorization(
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        )
    },
)
PUT_CHUNKED = request(
    "PUT",
    "/examplebucket/chunkObject.txt",
    headers={
        "Host": "s3.amazonaws.com",
        "x-amz-date": EXAMPLE_TIMESTAMP,
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "Content-Length": "66824",
        "Authorization": authorization(
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        ),
    },
)
PRESIGNED_GET = request(
    "GET",
    "/test.txt",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    {"Host": EXAMPLE_HOST},
)
EXAMPLES = [GET_OBJECT, PUT_OBJECT, GET_LIFECYCLE, LIST_OBJECTS, PUT_CHUNKED, PRESIGNED_GET]


def test_signing_key_is_the_documented_one() -> None:
    key = derive_signing_key(
        secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        date="20120215",
        region="us-east-1",
        service="iam",
    )
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


@pytest.mark.parametrize("head", EXAMPLES)
def test_documented_signature_is_accepted(head: RequestHead) -> None:
    claim = read_claim(head, now_s=EXAMPLE_TIME_S + 60, regions={"us-east-1"})
    assert claim is not None
    verify(claim, head, EXAMPLE_KEY)


@pytest.mark.parametrize("head", EXAMPLES)
def test_documented_signature_is_refused_when_the_key_is_another(head: RequestHead) -> None:
    claim = read_claim(head, now_s=EXAMPLE_TIME_S + 60, regions=None)
    assert claim is not None
    with pytest.raises(S3Error) as caught:
        verify(claim, head, bytes(32))
    assert caught.value.code == "SignatureDoesNotMatch"


def test_claim_says_what_the_header_says() -> None:
    claim = read_claim(GET_OBJECT, now_s=EXAMPLE_TIME_S, regions=None)
    assert claim is not None
    assert claim.access_key == "AKIAIOSFODNN7EXAMPLE"
    assert claim.scope == "20130524/us-east-1/s3/aws4_request"
    assert claim.signed_headers == ("host", "range", "x-amz-content-sha256", "x-amz-date")
    assert (claim.timestamp, claim.timestamp_s) == (EXAMPLE_TIMESTAMP, EXAMPLE_TIME_S)
    assert (claim.presigned, claim.expires_seconds) == (False, None)
    assert payload_mode(GET_OBJECT, claim) is PayloadMode.SIGNED


def test_claim_says_what_the_query_says() -> None:
    claim = read_claim(PRESIGNED_GET, now_s=EXAMPLE_TIME_S, regions=None)
    assert claim is not None
    assert claim.scope == "20130524/us-east-1/s3/aws4_request"
    assert (claim.presigned, claim.expires_seconds) == (True, 86_400)
    assert claim.payload_hash == "UNSIGNED-PAYLOAD"
    assert payload_mode(PRESIGNED_GET, claim) is PayloadMode.UNSIGNED


def test_refused_signature_shows_the_canonical_request() -> None:
    claim = read_claim(LIST_OBJECTS, now_s=EXAMPLE_TIME_S, regions=None)
    assert claim is not None
    moved = RequestHead("GET", b"/", b"prefix=K&max-keys=2", LIST_OBJECTS.headers)
    with pytest.raises(S3Error) as caught:
        verify(claim, moved, EXAMPLE_KEY)
    details = caught.value.details
    canonical = (
        f"GET\n/\nmax-keys=2&prefix=K\nhost:{EXAMPLE_HOST}\nx-amz-content-sha256:{EMPTY_SHA256}\n"
        f"x-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n{EMPTY_SHA256}"
    )
    assert details["CanonicalRequest"] == canonical
    assert bytes.fromhex(details["CanonicalRequestBytes"]) == canonical.encode()
    assert details["AWSAccessKeyId"] == "AKIAIOSFODNN7EXAMPLE"
    assert details["SignatureProvided"] == claim.signature
    assert details["StringToSign"].startswith("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/")
    assert bytes.fromhex(details["StringToSignBytes"]) == details["StringToSign"].encode()
