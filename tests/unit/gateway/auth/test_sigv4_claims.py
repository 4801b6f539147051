"""What `read_claim` refuses, and with which of AWS's errors."""

from urllib.parse import urlencode

import pytest

from tests.unit.gateway.auth.signing import (
    ACCESS_KEY,
    EMPTY_SHA256,
    EXAMPLE_SCOPE,
    EXAMPLE_TIME_S,
    EXAMPLE_TIMESTAMP,
    authorization,
    request,
)
from trioxygen.gateway.auth.sigv4 import SignatureClaim, read_claim
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

SIGNATURE = "0" * 64
SIGNED = "host;x-amz-content-sha256;x-amz-date"

WEEK_AT_MOST = (
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be"
    " less than 604800 seconds"
)


def header_signed(
    changes: dict[str, str | None] | None = None, *, query: str = "", **credential: str
) -> RequestHead:
    headers: dict[str, str | None] = {
        "host": "localhost:9878",
        "x-amz-date": EXAMPLE_TIMESTAMP,
        "x-amz-content-sha256": EMPTY_SHA256,
        "authorization": authorization(SIGNED, SIGNATURE, **credential),
        **(changes or {}),
    }
    sent = {name: value for name, value in headers.items() if value is not None}
    return request("GET", "/b/k", query, sent)


def presigned(
    changes: dict[str, str | None] | None = None, headers: dict[str, str] | None = None
) -> RequestHead:
    query: dict[str, str | None] = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{ACCESS_KEY}/{EXAMPLE_SCOPE}",
        "X-Amz-Date": EXAMPLE_TIMESTAMP,
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": SIGNATURE,
        **(changes or {}),
    }
    sent = {name: value for name, value in query.items() if value is not None}
    return request("PUT", "/b/k", urlencode(sent), {"host": "h"} | (headers or {}))


def claim_of(head: RequestHead, *, now_s: int = EXAMPLE_TIME_S) -> SignatureClaim:
    claim = read_claim(head, now_s=now_s, regions=None)
    assert claim is not None
    return claim


def refusal(
    head: RequestHead, *, now_s: int = EXAMPLE_TIME_S, regions: list[str] | None = None
) -> S3Error:
    with pytest.raises(S3Error) as caught:
        read_claim(head, now_s=now_s, regions=regions)
    return caught.value


def test_request_without_any_signature_is_anonymous() -> None:
    head = request("GET", "/b/k", "versionId=x", {"host": "h"})
    assert read_claim(head, now_s=0, regions=None) is None


@pytest.mark.parametrize(
    "value",
    [
        "AWS4-HMAC-SHA256 Signature={0}, SignedHeaders={1}, Credential={2}",
        "AWS4-HMAC-SHA256  Credential={2} , SignedHeaders={1} ,Signature={0}",
    ],
)
def test_components_of_the_header_come_in_any_order_and_spacing(value: str) -> None:
    sent = value.format(SIGNATURE, SIGNED, f"{ACCESS_KEY}/{EXAMPLE_SCOPE}")
    claim = claim_of(header_signed({"authorization": sent}))
    assert (claim.access_key, claim.signature) == (ACCESS_KEY, SIGNATURE)
    assert claim.signed_headers == tuple(SIGNED.split(";"))


def test_access_key_may_contain_slashes() -> None:
    head = header_signed(credential=f"team/a/{EXAMPLE_SCOPE}")
    assert claim_of(head).access_key == "team/a"


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ("AK/20130524/us-east-1/aws4_request", "the Credential is mal-formed"),
        ("/20130524/us-east-1/s3/aws4_request", "a non-empty Access Key"),
        ("AK/2013052/us-east-1/s3/aws4_request", 'incorrect date format "2013052"'),
        ("AK/20130523/us-east-1/s3/aws4_request", 'Invalid credential date "20130523"'),
        ("AK/20130524/us-east-1/sts/aws4_request", 'incorrect service "sts"'),
        ("AK/20130524/us-east-1/s3/aws5_request", 'incorrect terminal "aws5_request"'),
        ("AK/20130524//s3/aws4_request", "a non-empty region"),
    ],
)
def test_malformed_credential_is_refused_in_both_forms(credential: str, words: str) -> None:
    error = refusal(header_signed(credential=credential))
    assert (error.code, error.status) == ("AuthorizationHeaderMalformed", 400)
    assert words in error.message
    error = refusal(presigned({"X-Amz-Credential": credential}))
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert words in error.message


def test_wrong_region_names_the_right_one() -> None:
    for head in (header_signed(), presigned()):
        error = refusal(head, regions=["eu-central-1", "eu-west-1"])
        assert error.details == {"Region": "eu-central-1"}
        assert "the region 'us-east-1' is wrong; expecting 'eu-central-1'" in error.message


@pytest.mark.parametrize(
    "value",
    [
        "AWS4-HMAC-SHA256 x",
        f"AWS4-HMAC-SHA256 Credential=a/{EXAMPLE_SCOPE},SignedHeaders=host",
        f"AWS4-HMAC-SHA256 Credential=a/{EXAMPLE_SCOPE},SignedHeaders=a\tb,Signature=0",
        f"AWS4-HMAC-SHA256 Credential=a/{EXAMPLE_SCOPE},SignedHeaders=HOST,Signature=0",
        "AWS4-HMAC-SHA256 Credential=a,Credential=b,SignedHeaders=host,Signature=0",
    ],
)
def test_header_without_its_three_components_is_malformed(value: str) -> None:
    assert refusal(header_signed({"authorization": value})).code == "AuthorizationHeaderMalformed"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "AccessDenied"),
        ("AWS AKIA:FWeDfwojDSdS2Ztmpfeubhd9isU=", "InvalidRequest"),
        ("AWS HAHAHA", "InvalidArgument"),
        ("Bearer secret-token", "InvalidArgument"),
        ("AWS4-HMAC-SHA256", "InvalidArgument"),
        ("Bearer", "InvalidArgument"),
        (f"AWS4-ECDSA-P256-SHA256 Credential=a/{EXAMPLE_SCOPE}", "NotImplemented"),
    ],
)
def test_other_schemes_are_refused_by_name(value: str, code: str) -> None:
    error = refusal(header_signed({"authorization": value}))
    assert error.code == code
    if code == "InvalidArgument":
        # As S3: who sent it is shown what was sent, and nobody else is.
        assert error.details == {"ArgumentName": "Authorization", "ArgumentValue": value}


def test_signature_version_4a_is_refused_in_the_query_too() -> None:
    error = refusal(presigned({"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"}))
    assert error.code == "NotImplemented"
    assert error.details["additionalMessage"] == (
        "Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not supported. Sign with Version 4"
        " (AWS4-HMAC-SHA256), for one region: without a region set, and not for a multi-region"
        " access point."
    )
    assert error.message == error.details["additionalMessage"]
    # Whatever else its query has, and lacks.
    asked = b"X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Region-Set=*"
    error = refusal(RequestHead("GET", b"/b/k", asked, [(b"host", b"h")]))
    assert error.code == "NotImplemented"


def test_signature_version_2_in_the_header_is_refused() -> None:
    head = request("GET", "/b/k", "", {"host": "h", "authorization": "AWS a:b"})
    error = refusal(head)
    assert error.code == "InvalidRequest"
    assert error.message.endswith("Please use AWS4-HMAC-SHA256.")


@pytest.mark.parametrize("query", ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "AWSAccessKeyId=a"])
def test_header_and_query_together_are_refused(query: str) -> None:
    error = refusal(header_signed(query=query))
    assert error.code == "InvalidArgument"
    assert error.message.startswith("Only one auth mechanism allowed")


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "Bad Date",
        "Tue, 07 Jul 1950 21:53:04 GMT",
        "19500707T215304Z",
        "20131324T000000Z",
        "20130524",
        "Fri, 24 May 99999999999 00:00:00 GMT",
    ],
)
def test_request_without_a_valid_date_is_denied(date: str | None) -> None:
    error = refusal(header_signed({"x-amz-date": date}))
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert "valid Date or x-amz-date" in error.message


@pytest.mark.parametrize("name", ["date", "x-amz-date"])
@pytest.mark.parametrize(
    "value",
    ["Fri, 24 May 2013 00:00:00 GMT", "Fri, 24 May 2013 02:00:00 +0200", "20130524T000000Z"],
)
def test_date_header_stands_in_and_may_be_an_http_date(name: str, value: str) -> None:
    claim = claim_of(header_signed({"x-amz-date": None, name: value}))
    assert (claim.timestamp, claim.timestamp_s) == (EXAMPLE_TIMESTAMP, EXAMPLE_TIME_S)


@pytest.mark.parametrize("offset_s", [-901, 901])
def test_request_more_than_15_minutes_off_is_too_skewed(offset_s: int) -> None:
    claim_of(header_signed(), now_s=EXAMPLE_TIME_S + offset_s * 900 // 901)
    error = refusal(header_signed(), now_s=EXAMPLE_TIME_S + offset_s)
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.details["RequestTime"] == EXAMPLE_TIMESTAMP
    assert error.details["ServerTime"].startswith("2013-05-2")
    assert error.details["MaxAllowedSkewMilliseconds"] == "900000"


def test_header_signature_needs_the_payload_hash() -> None:
    error = refusal(header_signed({"x-amz-content-sha256": None}))
    assert error.code == "InvalidRequest"
    assert error.message == "Missing required header for this request: x-amz-content-sha256"


@pytest.mark.parametrize("name", ["x-amz-copy-source", "x-amz-acl", "x-amz-meta-a"])
def test_unsigned_amz_header_is_refused_in_both_forms(name: str) -> None:
    for head in (header_signed({name: "v"}), presigned(headers={name: "v"})):
        error = refusal(head)
        assert (error.code, error.status) == ("AccessDenied", 403)
        assert error.message == "There were headers present in the request which were not signed"
        assert error.details == {"HeadersNotSigned": name}


def test_headers_that_clients_leave_unsigned_are_accepted() -> None:
    unsigned = {
        "x-amzn-trace-id": "Root=1-2-3",
        "amz-sdk-invocation-id": "i",
        "amz-sdk-request": "attempt=1",
        "user-agent": "Boto3",
        "expect": "100-continue",
        "transfer-encoding": "chunked",
        "range": "bytes=0-1",
    }
    claim_of(header_signed(dict(unsigned)))
    claim_of(presigned(headers=unsigned | {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}))


def test_host_must_be_signed() -> None:
    head = header_signed(
        {"authorization": authorization("x-amz-content-sha256;x-amz-date", SIGNATURE)}
    )
    assert refusal(head).details == {"HeadersNotSigned": "host"}
    assert refusal(presigned({"X-Amz-SignedHeaders": "range"})).details == {
        "HeadersNotSigned": "host"
    }


@pytest.mark.parametrize(
    "name",
    [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ],
)
def test_presigned_request_needs_all_its_parameters_once(name: str) -> None:
    for head in (presigned({name: None}), presigned({name: ""})):
        error = refusal(head)
        assert error.code == "AuthorizationQueryParametersError"
        assert error.message.startswith("Query-string authentication version 4 requires")
    twice = presigned()
    twice = RequestHead("PUT", b"/b/k", twice.raw_query + f"&{name}=1".encode(), twice.headers)
    assert refusal(twice).code == "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Amz-Algorithm", "HMAC"),
        ("X-Amz-Date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("X-Amz-Expires", "soon"),
        ("X-Amz-Expires", "1.5"),
        ("X-Amz-Expires", "٣"),
        ("X-Amz-SignedHeaders", "host\nx"),
        ("X-Amz-SignedHeaders", "host;;range"),
    ],
)
def test_presigned_parameter_of_the_wrong_form_is_refused(name: str, value: str) -> None:
    assert refusal(presigned({name: value})).code == "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("-7", "X-Amz-Expires must be non-negative"),
        ("-1000", "X-Amz-Expires must be non-negative"),
        ("604801", WEEK_AT_MOST),
        ("609901", WEEK_AT_MOST),
    ],
)
def test_presigned_expiry_out_of_range_is_refused(value: str, message: str) -> None:
    error = refusal(presigned({"X-Amz-Expires": value}))
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert error.message == message


def test_presigned_request_for_no_second_has_expired_when_it_is_made() -> None:
    error = refusal(presigned({"X-Amz-Expires": "0"}))
    assert (error.code, error.message) == ("AccessDenied", "Request has expired")
    assert error.details["X-Amz-Expires"] == "0"


def test_presigned_request_is_valid_to_its_last_second_and_no_longer() -> None:
    claim_of(presigned({"X-Amz-Expires": "604800"}), now_s=EXAMPLE_TIME_S + 604_800)
    claim_of(presigned(), now_s=EXAMPLE_TIME_S + 60)
    error = refusal(presigned(), now_s=EXAMPLE_TIME_S + 61)
    assert (error.code, error.message) == ("AccessDenied", "Request has expired")
    assert error.details == {
        "X-Amz-Expires": "60",
        "Expires": "2013-05-24T00:01:00Z",
        "ServerTime": "2013-05-24T00:01:01Z",
    }


def test_presigned_request_from_the_future_is_refused_beyond_the_skew() -> None:
    claim_of(presigned(), now_s=EXAMPLE_TIME_S - 900)
    error = refusal(presigned(), now_s=EXAMPLE_TIME_S - 901)
    assert (error.code, error.message) == ("AccessDenied", "Request is not valid yet")


def test_session_token_is_read_from_either_form() -> None:
    signed = authorization(SIGNED + ";x-amz-security-token", SIGNATURE)
    head = header_signed({"authorization": signed, "x-amz-security-token": "t"})
    assert claim_of(head).session_token == "t"
    assert claim_of(presigned({"X-Amz-Security-Token": "t/+="})).session_token == "t/+="
    assert claim_of(presigned()).session_token is None
