"""Who a request comes from: what proxies say counts where they are trusted, and nowhere else."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.proxies import Client, TrustedProxies, checked_networks

PROXIES: Final = TrustedProxies(("10.0.0.0/24", "fd00::/64"))
PROXY: Final = Client("10.0.0.7", "http")


def client_of(
    connection: Client, *, came_for: str | None = None, proto: str | None = None
) -> Client:
    sent = {"x-forwarded-for": came_for, "x-forwarded-proto": proto}
    fields = [
        (name.encode(), value.encode("latin-1"))
        for name, value in sent.items()
        if value is not None
    ]
    return PROXIES.client(RequestHead("GET", b"/", b"", fields), connection)


@pytest.mark.parametrize(
    ("came_for", "address"),
    [
        (None, "10.0.0.7"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        # Whatever the client has written before.
        ("127.0.0.1, 10.0.0.9,192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, 10.0.0.9, fd00::9", "192.0.2.1"),
        ("192.0.2.1,10.0.1.9,10.0.0.9", "10.0.1.9"),
        # All of them are proxies, or what comes before is no address.
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("192.0.2.1, unknown, 10.0.0.9", "10.0.0.9"),
        ("unknown", "10.0.0.7"),
        ("", "10.0.0.7"),
    ],
)
def test_client_is_the_last_who_is_no_trusted_proxy(came_for: str | None, address: str) -> None:
    for peer in ("10.0.0.7", "::ffff:10.0.0.7"):
        shown = client_of(Client(peer, "http"), came_for=came_for).address
        assert shown == (peer if address == "10.0.0.7" else address)


@pytest.mark.parametrize(
    ("came_for", "proto", "scheme"),
    [
        (None, "https", "https"),
        ("192.0.2.1", "HTTPS", "https"),
        ("192.0.2.1", None, "http"),
        ("192.0.2.1", "ftp", "http"),
        # The client wrote the first.
        ("192.0.2.1", "https, http", "http"),
        ("192.0.2.1", "http,https", "https"),
        # One for each proxy, or the first one's alone.
        ("192.0.2.1, 10.0.0.9", "https, http", "https"),
        ("192.0.2.1, 10.0.0.9", "https", "https"),
        ("10.0.0.5, 192.0.2.1, 10.0.0.9", "https, http, https", "http"),
    ],
)
def test_scheme_is_what_the_client_speaks(
    came_for: str | None, proto: str | None, scheme: str
) -> None:
    assert client_of(PROXY, came_for=came_for, proto=proto).scheme == scheme


def test_proxy_that_is_spoken_to_in_plain_http_says_so_over_tls_too() -> None:
    over_tls = Client("10.0.0.7", "https")
    assert client_of(over_tls, came_for="192.0.2.1", proto="http").scheme == "http"
    assert client_of(over_tls, came_for="192.0.2.1").scheme == "https"


@given(
    st.sampled_from(["10.0.1.7", "192.0.2.1", "127.0.0.1", "::1", "", "no address"]),
    st.text(alphabet="0123456789.:, []af", max_size=40) | st.just("10.0.0.1, 192.0.2.9"),
    st.sampled_from(["https", "http", "https, https"]),
)
def test_headers_from_any_other_address_count_for_nothing(
    peer: str, came_for: str, proto: str
) -> None:
    connection = Client(peer, "http")
    assert client_of(connection, came_for=came_for, proto=proto) == connection


@given(st.text(alphabet="0123456789.:, []afx", max_size=80), st.text(max_size=20))
def test_whatever_a_proxy_says_an_address_and_a_scheme_come_of_it(
    came_for: str, proto: str
) -> None:
    ascii_proto = proto.encode("ascii", "ignore").decode()
    client = client_of(PROXY, came_for=came_for, proto=ascii_proto)
    assert client.address and client.scheme in ("http", "https")


def test_nobody_is_trusted_unless_named() -> None:
    head = RequestHead("GET", b"/", b"", [(b"x-forwarded-for", b"192.0.2.1")])
    assert TrustedProxies(()).client(head, PROXY) == PROXY


def test_endless_list_is_not_followed_for_ever() -> None:
    shown = client_of(PROXY, came_for="192.0.2.1," + ",".join(["10.0.0.9"] * 5_000))
    assert shown.address == "10.0.0.9"


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy.example", "10.0.0.0/33", "::ffff:0:0/96"])
def test_network_that_is_none_is_refused(network: str) -> None:
    with pytest.raises(ValueError):
        checked_networks([network])
