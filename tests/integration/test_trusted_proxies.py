"""What proxies say of clients decides where they are trusted, and nowhere else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.conftest import NewStore
from tests.integration.endpoint import Endpoint
from tests.integration.s3.wire import Request, connection, send
from tests.integration.store_process import StoreProcess, wait_until

BUCKET = "o3-inside"
FORWARDED = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1", "X-Forwarded-Proto": "https"}


def _policy(bucket: str, action: str, effect: str, **condition: Any) -> Any:
    return {
        "Effect": effect,
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": condition,
    }


def _anonymous(endpoint: Endpoint, fields: dict[str, str]) -> tuple[int, str]:
    asked = Request("GET", f"/{BUCKET}/k")
    with connection(endpoint) as wire:
        wire.send(asked.bytes({**fields, "Host": endpoint.host}, endpoint.host))
        answer = wire.answer()
        return answer.status, answer.fields["x-amz-request-id"]


def _remote_of(store: StoreProcess, request_id: str) -> Callable[[], str | None]:
    def look() -> str | None:
        path = store.data / "logs" / "access.log"
        for line in path.read_text().splitlines() if path.exists() else ():
            row = json.loads(line)
            if row["request_id"] == request_id:
                return str(row["remote"])
        return None

    return look


def _with_policy(endpoint: Endpoint) -> None:
    """Who comes from the network reads, over TLS alone."""
    statements = [
        _policy(BUCKET, "s3:GetObject", "Allow", IpAddress={"aws:SourceIp": "192.0.2.0/24"}),
        _policy(BUCKET, "s3:GetObject", "Deny", Bool={"aws:SecureTransport": "false"}),
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with endpoint.client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"mine")
        s3.put_bucket_policy(Bucket=BUCKET, Policy=document)


@pytest.mark.parametrize("networks", ["127.0.0.0/8", "", "198.51.100.0/24"])
def test_client_is_who_a_trusted_proxy_says(new_store: NewStore, networks: str) -> None:
    is_trusted = networks.startswith("127.")
    store = new_store({"s3.trusted_proxies": networks}).start()
    endpoint = store.endpoint
    _with_policy(endpoint)
    status, request_id = _anonymous(endpoint, FORWARDED)
    assert status == (200 if is_trusted else 403)
    remote = _remote_of(store, request_id)
    wait_until(lambda: remote() is not None)
    assert remote() == ("192.0.2.1" if is_trusted else "127.0.0.1")
    for more in (
        {"X-Forwarded-Proto": "http"},
        # Written by the client, before what the proxy added.
        {"X-Forwarded-For": "192.0.2.1, 203.0.113.9"},
        {"X-Forwarded-Proto": "https, http"},
    ):
        assert _anonymous(endpoint, FORWARDED | more)[0] == 403
    # Nor is it anybody's signature: root of the owner is denied by the same policy.
    answer = send(endpoint, Request("GET", f"/{BUCKET}/k", fields=FORWARDED))
    assert answer.status == (200 if is_trusted else 403)
    store.stop()
