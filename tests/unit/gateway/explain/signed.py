"""Requests that a client has signed, and what a proxy makes of them."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as ClientCredentials

from tests.unit.gateway.auth.signing import ACCESS_KEY, REGION, SECRET, signed_by_botocore
from trioxygen.common.clock import Clock, SystemClock
from trioxygen.common.errors import NoSuchAccessKey
from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.explain.explainer import Explainer
from trioxygen.gateway.explain.explanation import SignatureView
from trioxygen.gateway.explain.hosts import ClientEndpoint, Surroundings
from trioxygen.gateway.explain.signatures import claim_again, signature_view
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.store.port import Accounts
from trioxygen.gateway.store.values.accounts import Account, SigningKey

HOST = "s3.example.com:9000"
SURROUNDINGS = Surroundings(own_port=9878, domains=("s3.example.com",))


def signed(
    method: str = "GET",
    path: str = "/bucket/key",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    host: str = HOST,
    token: str | None = None,
    expires_seconds: int | None = None,
) -> RequestHead:
    return signed_by_botocore(
        method, path, query, headers or {}, host=host, token=token, expires_seconds=expires_seconds
    )


def proxied(
    head: RequestHead,
    *,
    method: str | None = None,
    path: str | None = None,
    query: str | None = None,
    headers: Mapping[str, str] | None = None,
    without: str = "",
) -> RequestHead:
    """With other parts: headers set (`without`: left out)."""
    changed = {name.lower(): value for name, value in (headers or {}).items()}
    kept = [
        (name, value)
        for name, value in head.headers
        if name.decode() not in changed and name.decode() != without
    ]
    return RequestHead(
        method or head.method,
        head.raw_path if path is None else path.encode(),
        head.raw_query if query is None else query.encode(),
        [*kept, *((name.encode(), value.encode()) for name, value in changed.items())],
    )


def claim_of(head: RequestHead) -> SignatureClaim:
    claim = claim_again(head)
    assert claim is not None
    return claim


def key_of(claim: SignatureClaim, secret: str = SECRET) -> bytes:
    return derive_signing_key(secret=secret, date=claim.date, region=claim.region, service="s3")


def viewed(
    head: RequestHead, secret: str = SECRET, endpoint: ClientEndpoint | None = None
) -> tuple[SignatureView, list[str]]:
    """Of a refused request, where the store knows this secret."""
    claim = claim_of(head)
    around = replace(SURROUNDINGS, endpoint=endpoint)
    return signature_view(claim, head, key_of(claim, secret), around, is_right=False)


class _Signer(S3SigV4Auth):
    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = request.headers["X-Amz-Date"]


def canonical_of(head: RequestHead, *, host: str = HOST) -> str:
    """What the client of `signed` says it signed, as x-o3-canonical-request, by botocore."""
    claim = claim_of(head)
    signer = _Signer(ClientCredentials(ACCESS_KEY, SECRET), "s3", REGION)
    query = f"?{head.raw_query.decode()}" if head.raw_query else ""
    request = AWSRequest(method=head.method, url=f"http://{host}{head.raw_path.decode()}{query}")
    for name, value in head.headers:
        if name.decode() in claim.signed_headers and name != b"host":
            request.headers[name.decode()] = value.decode()
    return b64encode(signer.canonical_request(request).encode()).decode()


class _KnownKeys:
    """Of the store's `Accounts`. Args: accounts by access key; all have the tests' secret."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts

    async def derive_signing_key(
        self, *, access_key: str, date: str, region: str, service: str, **_: str | None
    ) -> SigningKey:
        if access_key not in self._accounts:
            raise NoSuchAccessKey(access_key=access_key)
        key = derive_signing_key(secret=SECRET, date=date, region=region, service=service)
        return SigningKey(key, self._accounts[access_key])


def explainer_of(accounts: Mapping[str, Account], clock: Clock | None = None) -> Explainer:
    clock = clock or SystemClock()
    keys = cast(Accounts, _KnownKeys(accounts))
    return Explainer(
        keys,
        clock,
        domains=("s3.example.com",),
        skew_seconds_max=900,
    )
