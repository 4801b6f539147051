"""Builds signed requests for these tests: AWS's example credentials, and botocore as the signer."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.protocol.head import RequestHead

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

EXAMPLE_DATE = "20130524"
EXAMPLE_TIMESTAMP = "20130524T000000Z"
EXAMPLE_TIME_S = 1_369_353_600
EXAMPLE_HOST = "examplebucket.s3.amazonaws.com"
EXAMPLE_SCOPE = f"{EXAMPLE_DATE}/{REGION}/s3/aws4_request"
EXAMPLE_KEY = derive_signing_key(secret=SECRET, date=EXAMPLE_DATE, region=REGION, service="s3")


def authorization(
    signed_headers: str, signature: str, *, credential: str = f"{ACCESS_KEY}/{EXAMPLE_SCOPE}"
) -> str:
    """The Authorization header in its usual spelling."""
    return (
        f"AWS4-HMAC-SHA256 Credential={credential},"
        f"SignedHeaders={signed_headers},Signature={signature}"
    )


def request(
    method: str = "GET",
    path: str = "/",
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> RequestHead:
    """A head from text; header names are put into lower case."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return RequestHead(method, path.encode(), query.encode(), raw)


def key_path(bucket: str, key: str) -> str:
    """The raw path boto3 sends for a key."""
    return f"/{bucket}/{quote(key, safe='/~')}"


def signed_by_botocore(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    host: str = "localhost:9878",
    expires_seconds: int | None = None,
    token: str | None = None,
) -> RequestHead:
    """A request that botocore signed now, in the header or (with an expiry) in the query."""
    url = f"http://{host}{path}" + (f"?{query}" if query else "")
    unsigned = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    credentials = Credentials(ACCESS_KEY, SECRET, token)
    if expires_seconds is None:
        S3SigV4Auth(credentials, "s3", REGION).add_auth(unsigned)
    else:
        S3SigV4QueryAuth(credentials, "s3", REGION, expires=expires_seconds).add_auth(unsigned)
    prepared = unsigned.prepare()
    assert prepared.url is not None
    # The raw bytes between the host and the query, as a client would write them on the wire.
    parts = urlsplit(prepared.url)
    sent = {"Host": host}
    for name, value in prepared.headers.items():
        sent[name] = value.decode() if isinstance(value, bytes) else str(value)
    return request(method, parts.path, parts.query, sent)
