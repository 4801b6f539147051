"""The benchmark's signer against the one of botocore."""

from datetime import UTC, datetime

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from bench.signing import UNSIGNED_PAYLOAD, Endpoint, Signer

ENDPOINT = Endpoint.parse("http://127.0.0.1:9878")
KEYS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def header(head: bytes, name: str) -> str:
    for line in head.decode().split("\r\n"):
        if line.lower().startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    raise AssertionError(f"no header {name}")


def botocore_signature(method: str, target: str, stamp: str) -> str:
    auth = S3SigV4Auth(Credentials("K", "S"), "s3", "us-east-1")
    request = AWSRequest(method=method, url=f"http://127.0.0.1:9878{target}")
    request.context["timestamp"] = stamp
    request.headers["Host"] = "127.0.0.1:9878"
    request.headers["X-Amz-Date"] = stamp
    request.headers["X-Amz-Content-SHA256"] = UNSIGNED_PAYLOAD
    canonical = auth.canonical_request(request)
    return str(auth.signature(auth.string_to_sign(request, canonical), request))


@given(key=KEYS, prefix=KEYS)
def test_signature_equals_that_of_botocore_for_any_key_and_query(key: str, prefix: str) -> None:
    signer = Signer(endpoint=ENDPOINT, access_key="K", secret_key="S", region="us-east-1")
    head = signer.head(
        "GET", f"/bucket/{key}",
        query=[("prefix", prefix), ("max-keys", "7")], payload_sha256=UNSIGNED_PAYLOAD,
    )  # fmt: skip
    target = head.split(b" ", 2)[1].decode()
    stamp = header(head, "x-amz-date")
    signature = header(head, "authorization").rpartition("Signature=")[2]
    assert signature == botocore_signature("GET", target, stamp)


def test_endpoint_names_host_and_port_as_they_are_signed() -> None:
    assert ENDPOINT.host_header == "127.0.0.1:9878"
    assert (ENDPOINT.host, ENDPOINT.port, ENDPOINT.tls) == ("127.0.0.1", 9878, False)
    assert Endpoint.parse("https://s3.example").port == 443


def test_stamp_of_a_head_is_the_present_in_utc() -> None:
    signer = Signer(endpoint=ENDPOINT, access_key="K", secret_key="S", region="us-east-1")
    stamp = header(signer.head("GET", "/"), "x-amz-date")
    signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - signed_at).total_seconds()) < 60
