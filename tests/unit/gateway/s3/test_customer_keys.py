"""Keys of clients come over TLS, or from the machine itself."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, UPLOAD, request_to
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.proxies import Client
from trioxygen.gateway.s3.encryption import (
    opening_of,
    part_target,
    source_opening_of,
    target_of,
)
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.encryption import Encryption, EncryptionKind

KEY = bytes(range(32))
MD5 = b64encode(hashlib.md5(KEY, usedforsecurity=False).digest()).decode()
SEALED = Encryption(EncryptionKind.SSE_C, customer_key_md5=MD5)
PREFIXES = ("x-amz-server-side-encryption-", "x-amz-copy-source-server-side-encryption-")


def request_from(scheme: str, peer: str) -> S3Request:
    """With the key, of what is read and of what is written."""
    sent: dict[str, str] = {}
    for prefix in PREFIXES:
        sent |= {
            f"{prefix}customer-algorithm": "AES256",
            f"{prefix}customer-key": b64encode(KEY).decode(),
            f"{prefix}customer-key-md5": MD5,
        }
    made = request_to("bucket", "k", OWNER, sent)
    made.connection = Client(peer, scheme)
    made.bucket_record = Bucket("s3v", "bucket", 1, OWNER.account_id, 0, "")
    made.upload_record = replace(UPLOAD, encryption=SEALED)
    return made


def write(request: S3Request) -> None:
    services: Any = None
    asyncio.run(target_of(services, request))


USES: dict[str, Callable[[S3Request], object]] = {
    "read": lambda request: opening_of(request, SEALED),
    "read for a copy": lambda request: source_opening_of(request, SEALED),
    "write": write,
    "write a part": part_target,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("scheme", "peer", "is_taken"),
    [
        ("http", "192.0.2.7", False),
        ("http", "2001:db8::7", False),
        ("http", "no address", False),
        ("https", "192.0.2.7", True),
        ("http", "127.0.0.1", True),
        ("http", "::1", True),
        ("http", "", True),
    ],
)
def test_key_is_not_taken_off_the_network_in_the_clear(
    use: str, scheme: str, peer: str, is_taken: bool
) -> None:
    request = request_from(scheme, peer)
    if is_taken:
        USES[use](request)
        return
    with pytest.raises(S3Error) as refused:
        USES[use](request)
    assert refused.value.code == "InvalidRequest"
    assert "over a secure connection" in str(refused.value.message)
