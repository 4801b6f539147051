"""Documents of providers: which are asked for, and which are believed."""

import json
from collections.abc import Iterator

import pytest

from tests.integration.iam.oidc_issuer import OidcIssuer
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.oidc.fetching import Fetching, FetchLimits, may_be_asked

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer().start()
    yield issuer
    issuer.stop()


def test_keys_are_where_discovery_says(issuer: OidcIssuer) -> None:
    fetching = Fetching(FetchLimits())
    assert [key["kid"] for key in fetching.keys_of(issuer.url)] == ["first"]
    fetching.close()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"issuer": "https://another.example.com"}',
        b" " * 300_000,
    ],
)
def test_document_that_is_none_is_an_error(issuer: OidcIssuer, document: bytes) -> None:
    issuer.documents[DISCOVERY] = document
    refuses(issuer)


@pytest.mark.parametrize(
    "keys", ["http://example.com/keys", "file:///etc/passwd", "ftp://localhost/", "//", 7, None]
)
def test_keys_are_asked_for_where_discovery_may_be(issuer: OidcIssuer, keys: object) -> None:
    issuer.documents[DISCOVERY] = json.dumps({"issuer": issuer.url, "jwks_uri": keys}).encode()
    refuses(issuer)
    assert issuer.asked == [DISCOVERY]


def test_keys_over_http_are_of_the_issuer_itself(issuer: OidcIssuer) -> None:
    """No account has another service on this host asked."""
    other = OidcIssuer().start()
    try:
        document = {"issuer": issuer.url, "jwks_uri": f"{other.url}/keys"}
        issuer.documents[DISCOVERY] = json.dumps(document).encode()
        refuses(issuer)
        assert other.asked == []
    finally:
        other.stop()


@pytest.mark.parametrize("keys", [b"{}", b'{"keys": 1}', b'{"keys": [%s1]}' % (b"1," * 200)])
def test_key_set_that_is_none_is_an_error(issuer: OidcIssuer, keys: bytes) -> None:
    issuer.documents["/keys"] = keys
    refuses(issuer)


def refuses(issuer: OidcIssuer) -> None:
    fetching = Fetching(FetchLimits())
    with pytest.raises(IamError) as error:
        fetching.keys_of(issuer.url)
    assert error.value.code == "IDPCommunicationError"
    fetching.close()


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://idp.example.com/a", True),
        ("http://idp.example.com/a", False),
        ("http://localhost:8080/a", True),
        ("http://127.0.0.9/a", True),
        ("http://[::1]:80/a", True),
        ("http://10.0.0.1/a", False),
        ("http://trusted.test/a", True),
        ("http://other.test:81/a", True),
        ("http://other.test:82/a", False),
        ("https://user@idp.example.com/", False),
        ("https://idp.example.com:x/", False),
        ("https:///a", False),
        ("https://idp.example.com/\n", False),
    ],
)
def test_http_is_for_hosts_that_are_named(url: str, may: bool) -> None:
    assert may_be_asked(url, ("trusted.test", "other.test:81")) is may
