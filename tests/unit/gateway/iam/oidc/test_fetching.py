"""Documents of providers: which are asked for, and which are believed."""

import json
import socket
import threading
import time
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


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "begin",
    [b"", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"],
)
def test_issuer_that_drips_is_waited_for_as_long_as_any(scheme: str, begin: bytes) -> None:
    """The handshake of TLS, headers, a body: each byte in time, all of them never."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_drip, args=(listening, begin))
        thread.start()
        fetching = Fetching(FetchLimits(seconds_max=0.3))
        began = time.monotonic()
        with pytest.raises(IamError, match="IDPCommunicationError"):
            fetching.keys_of(f"{scheme}://localhost:{listening.getsockname()[1]}")
        assert time.monotonic() - began < 10
        thread.join(10)
        assert not thread.is_alive()


def _drip(listening: socket.socket, begin: bytes) -> None:
    """Until the other side has gone."""
    connection, _ = listening.accept()
    with connection:
        try:
            connection.sendall(begin)
            while True:
                connection.sendall(b"\x16")
                time.sleep(0.02)
        except OSError:
            return


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
