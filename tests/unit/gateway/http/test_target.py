"""One parser of request targets and Host fields: any bytes are a target or a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.http.target import BadTarget, RequestTarget, is_authority, parse_target

NO_HOSTS = [
    b"[zz]",
    b"[::1",
    b"::1]",
    b"[]",
    b"[::1]x",
    b"[1.2.3.4]",
    b"[fe80::1%25eth0]",
    b"h:65536",
    b"h:99999999",
    b"h:-1",
    b"h:x",
    b"h:1:2",
    b"user@h",
    b"user:secret@h",
    b"h%zz",
    b"h%4",
    b"\xe4.example",
    b"h h",
    b"h\\x",
    b":80",
]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", RequestTarget(b"/", b"")),
        (b"//a/../b?x=1?y", RequestTarget(b"//a/../b", b"x=1?y")),
        (b"/a%zz\xff?%", RequestTarget(b"/a%zz\xff", b"%")),
        (b"*", RequestTarget(b"*", b"")),
        (b"http://h", RequestTarget(b"/", b"", b"h")),
        (b"http://h?q", RequestTarget(b"/", b"q", b"h")),
        (b"HTTPS://H:9878//b/k?q", RequestTarget(b"//b/k", b"q", b"H:9878")),
        (b"http://[::1]:80/b", RequestTarget(b"/b", b"", b"[::1]:80")),
        (b"http://[::ffff:1.2.3.4]/", RequestTarget(b"/", b"", b"[::ffff:1.2.3.4]")),
        (b"http://h:/b", RequestTarget(b"/b", b"", b"h:")),
        (b"/http://h/", RequestTarget(b"/http://h/", b"")),
    ],
)
def test_forms_of_a_target(target: bytes, expected: RequestTarget) -> None:
    assert parse_target(target) == expected


@pytest.mark.parametrize(
    "target",
    [
        *[b"", b"b/k", b"h:443", b"?q", b"**", b"*?q", b"ftp://h/b", b"http:/b", b"http:b"],
        *[b"http://", b"http:///b", b"http://?q", b"/a#f", b"http://h/a#f", b"/a b", b"/a\0"],
        *[b"/a\r\nx: y", b"/\x7f"],
        *[b"http://" + host + b"/b/k" for host in NO_HOSTS],
    ],
)
def test_other_targets_are_refused(target: bytes) -> None:
    with pytest.raises(BadTarget):
        parse_target(target)


@pytest.mark.parametrize("host", [*NO_HOSTS, b"", b"http://h", b"h/b", b"h?q", b"h#f"])
def test_what_is_no_host(host: bytes) -> None:
    assert not is_authority(host)


@pytest.mark.parametrize(
    "host", [b"h", b"b.s3.local:9878", b"127.0.0.1:", b"a_b", b"[::1]", b"h.", b"a%20b", b"x!$"]
)
def test_what_is_a_host(host: bytes) -> None:
    assert is_authority(host)


@given(st.binary(max_size=60) | st.text("http:/[]?#%@.*-09afzA ", max_size=40).map(str.encode))
def test_any_bytes_are_a_target_or_refused(target: bytes) -> None:
    try:
        actual = parse_target(target)
    except BadTarget:
        return
    assert actual.path == b"*" or actual.path.startswith(b"/")
    assert b"?" not in actual.path and b"#" not in actual.query
    assert actual.authority is None or is_authority(actual.authority)
    assert target.endswith(actual.query)
