"""What proxies do to requests is named by what was signed instead."""

from typing import Any

import pytest

from tests.unit.gateway.explain.signed import HOST, SURROUNDINGS, proxied, signed, viewed
from trioxygen.gateway.explain.canonical_request import as_arrived
from trioxygen.gateway.explain.hosts import ClientEndpoint, signed_hosts
from trioxygen.gateway.explain.rewrites import rewrites
from trioxygen.gateway.explain.signatures import TRIES_MAX, claim_again
from trioxygen.gateway.protocol.head import RequestHead

HOST_CASES: tuple[tuple[str, str, dict[str, str]], ...] = (
    # What the client signed, what arrived, what the proxy says of it.
    (HOST, "s3.example.com", {}),
    ("s3.example.com", HOST, {}),
    ("s3.example.com", "s3.example.com:80", {}),
    ("s3.example.com:9878", "s3.example.com", {}),
    ("files.test", "10.0.0.7:9878", {"X-Forwarded-Host": "files.test"}),
    ("files.test:8443", "10.0.0.7", {"X-Forwarded-Host": "files.test", "X-Forwarded-Port": "8443"}),
    ("files.test:444", "10.0.0.7", {"X-Forwarded-Host": "files.test:444, inner.test"}),
    ("files.test", "backend", {"Forwarded": 'for=1.2.3.4;host="files.test";proto=https'}),
    ("s3.example.com", "backend:9878", {}),
)


@pytest.mark.parametrize(("client", "arrived", "headers"), HOST_CASES)
def test_host_that_was_signed_is_named(client: str, arrived: str, headers: dict[str, str]) -> None:
    head = proxied(signed(host=client), headers={"Host": arrived, **headers})
    view, findings = viewed(head)
    assert (view.is_right, view.key_is_right) == (False, True)
    assert f"right for Host {client}, and {arrived} arrived" in findings[0]


TARGET_CASES: tuple[tuple[dict[str, Any], dict[str, Any], str], ...] = (
    ({"path": "/b/k"}, {"path": "/storage/b/k"}, "right for /b/k: a proxy has put"),
    ({"path": "/s3/b/k"}, {"path": "/b/k", "headers": {"X-Forwarded-Prefix": "/s3"}}, "prefix"),
    ({"path": "/old/b/k"}, {"path": "/b/k", "headers": {"X-Replaced-Path": "/old/b/k"}}, "x-repl"),
    (
        {"path": "/s3/b/k", "query": "tagging"},
        {"path": "/b/k", "query": "", "headers": {"X-Original-URI": "/s3/b/k?tagging"}},
        "x-original-uri",
    ),
    ({"path": "/b//k"}, {"path": "/b/k"}, "merged the slashes"),
    ({"path": "//b/k"}, {"path": "/b/k"}, "merged the slashes"),
    ({"path": "/b/k/"}, {"path": "/b/k"}, "taken the slash"),
    ({"path": "/b/k"}, {"path": "/b/k/"}, "put a slash"),
    ({"path": "/b/a%2Bb"}, {"path": "/b/a%20b"}, "made a blank of the +"),
    ({"path": "/b/a%20b"}, {"path": "/b/a+b"}, "made a + of the blank"),
    ({"path": "/b/a%20b"}, {"path": "/b/a%2520b"}, "escaped the path once more"),
    ({"path": "/b/a%252Fb"}, {"path": "/b/a%2Fb"}, "twice"),
    ({"query": "prefix=a%2Bb"}, {"query": "prefix=a+b"}, "a blank of a + of the query"),
    ({"query": "uploads="}, {"query": "uploads=&utm=1"}, "added the parameter utm"),
    ({}, {"query": "utm=1"}, "added parameters"),
    ({"method": "HEAD"}, {"method": "GET"}, "right for HEAD, and GET arrived"),
    (
        {"headers": {"Accept-Encoding": "identity"}},
        {"headers": {"Accept-Encoding": "gzip, br"}},
        "right for accept-encoding: 'identity', and 'gzip, br' arrived",
    ),
)


@pytest.mark.parametrize(("client", "proxy", "sentence"), TARGET_CASES)
def test_what_was_done_to_the_target_is_named(
    client: dict[str, Any], proxy: dict[str, Any], sentence: str
) -> None:
    view, findings = viewed(proxied(signed(**client), **proxy))
    assert view.key_is_right and sentence in findings[0]


def test_host_and_path_may_both_be_rewritten() -> None:
    head = proxied(
        signed(path="/b/k", host="files.test"),
        path="/storage/b/k",
        headers={"Host": "backend:9878", "X-Forwarded-Host": "files.test"},
    )
    view, findings = viewed(head)
    assert view.key_is_right
    assert "right for Host files.test" in findings[0] and "right for /b/k" in findings[0]


def test_signed_header_that_did_not_arrive_is_named() -> None:
    view, findings = viewed(proxied(signed(headers={"X-Amz-Meta-A": "1"}), without="x-amz-meta-a"))
    assert list(view.missing_headers) == ["x-amz-meta-a"]
    assert any("x-amz-meta-a is signed and did not arrive" in finding for finding in findings)


def test_another_secret_is_right_for_no_rewriting() -> None:
    view, findings = viewed(signed(), secret="another-secret")
    assert (view.is_right, view.key_is_right) == (False, None)
    assert "that was tried: the secret key is another one, or a proxy" in findings[0]


def test_signature_that_was_never_looked_at_may_be_right() -> None:
    view, findings = viewed(signed())
    assert (view.is_right, view.key_is_right, findings) == (True, True, [])


def test_guesses_are_bounded_whatever_arrives() -> None:
    query = "&".join(f"a{number}=1" for number in range(5_000))
    hosts = ",".join(f"h{number}.test" for number in range(1_000))
    head = proxied(signed(), query=query, headers={"X-Forwarded-Host": hosts})
    claim = claim_again(head)
    assert claim is not None
    arrived = as_arrived(claim, head)
    guesses = list(rewrites(arrived, head, SURROUNDINGS))
    # All of them are tried where the request is short.
    assert len(guesses) < 600 and TRIES_MAX <= 600
    assert viewed(head)[0].key_is_right is None


def test_hosts_are_each_tried_once_and_never_as_it_arrived() -> None:
    head = RequestHead("GET", b"/", b"", [(b"x-forwarded-port", b"9" * 5_000)])
    hosts = signed_hosts(b"a.test:80", head, SURROUNDINGS)
    assert len(set(hosts)) == len(hosts) and b"a.test:80" not in hosts
    assert hosts[0] == b"s3.example.com"


@pytest.mark.parametrize(
    ("text", "parts"),
    (
        (b"https://a.test:8443/s3/", (b"a.test:8443", b"/s3")),
        (b"a.test", (b"a.test", b"")),
        (b"http://[::1]:9", (b"[::1]:9", b"")),
        (b"true, or so", None),
        (b"", None),
    ),
)
def test_endpoint_of_a_client_is_read(text: bytes, parts: tuple[bytes, bytes] | None) -> None:
    endpoint = ClientEndpoint.parse(text)
    assert (None if endpoint is None else (endpoint.host, endpoint.prefix)) == parts


def test_endpoint_that_the_client_names_is_tried_with_its_prefix() -> None:
    head = signed(path="/s3/b/k", host="files.test:444")
    head = proxied(head, path="/b/k", headers={"Host": "10.0.0.7:9878"})
    assert viewed(head)[0].key_is_right is None
    endpoint = ClientEndpoint.parse(b"https://files.test:444/s3")
    view, findings = viewed(head, endpoint=endpoint)
    assert view.key_is_right
    assert "right for Host files.test:444" in findings[0] and "right for /s3/b/k" in findings[0]
