"""Where the client's canonical request parts from the server's, and what of it is shown."""

from base64 import b64encode
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.explain.signed import canonical_of, proxied, signed, viewed
from trioxygen.gateway.explain.canonical_request import CanonicalRequest, as_arrived, parsed
from trioxygen.gateway.explain.difference import differences, first_difference
from trioxygen.gateway.explain.masking import masked
from trioxygen.gateway.explain.signatures import claim_again

BASE = CanonicalRequest(
    b"GET",
    b"/bucket/key",
    b"a=1&b=2",
    ((b"host", b"h.test:9000"), (b"x-amz-date", b"20261130T000000Z")),
    b"host;x-amz-date",
    b"UNSIGNED-PAYLOAD",
)


def changed(**parts: object) -> CanonicalRequest:
    return replace(BASE, **parts)  # type: ignore[arg-type]


def test_equal_requests_do_not_differ() -> None:
    assert differences(BASE, BASE) == [] and first_difference(BASE, BASE) is None


def test_first_byte_is_counted_in_the_whole_and_in_its_part() -> None:
    other = BASE.with_header(b"host", b"h.test")
    [difference] = differences(BASE, other)
    text = BASE.text()
    assert first_difference(BASE, other) == text.index(b":9000")
    assert (difference.part, difference.column) == ("header host", len("h.test"))
    assert (difference.server, difference.client) == ("h.test:9000", "h.test")


def test_every_part_is_named() -> None:
    other = changed(
        method=b"PUT",
        path=b"/bucket//key",
        query=b"a=1&b=3",
        headers=((b"host", b"x"), (b"range", b"bytes=0-1")),
        signed_headers=b"host;range",
        payload_hash=b"x",
    )
    parts = [difference.part for difference in differences(BASE, other)]
    assert parts == [
        *("method", "path", "query", "header host", "header x-amz-date", "header range"),
        *("signed headers", "payload hash"),
    ]
    by_part = {difference.part: difference for difference in differences(BASE, other)}
    assert by_part["header range"].server is None
    assert by_part["header x-amz-date"].client is None
    assert (by_part["query"].server, by_part["query"].client) == ("b=2", "b=3")


def test_only_what_is_around_is_shown() -> None:
    path = b"/b/" + b"k" * 1_000
    [difference] = differences(changed(path=path + b"a" + path), changed(path=path + b"b" + path))
    assert difference.server is not None and len(difference.server) < 100
    assert difference.server.startswith("…k") and difference.server.endswith("k…")


def test_secrets_that_differ_are_not_shown() -> None:
    names = (b"x-amz-security-token", b"x-amz-server-side-encryption-customer-key", b"cookie")
    for name in names:
        ours, theirs = changed(headers=((name, b"QQ1"),)), changed(headers=((name, b"QQ2"),))
        [difference] = differences(ours, theirs)
        assert (difference.server, difference.client) == ("(not shown)", "(not shown)")
    token = b"a=1&X-Amz-Security-Token=QQ1&z=1", b"a=1&X-Amz-Security-Token=QQ2&z=1"
    [difference] = differences(changed(query=token[0]), changed(query=token[1]))
    assert difference.server == "X-Amz-Security-Token=(not shown)"


@given(st.binary(max_size=400))
def test_whatever_a_client_says_is_parsed_or_refused(text: bytes) -> None:
    client = parsed(text)
    if client is not None:
        differences(BASE, client)
        first_difference(BASE, client)


def test_what_is_parsed_is_the_same_again() -> None:
    assert parsed(BASE.text()) == BASE


def test_masks_stand_for_each_secret_in_the_whole() -> None:
    head = signed(
        query="a=1&X-Amz-Security-Token=QUERYTOKEN",
        headers={
            "x-amz-server-side-encryption-customer-key": "CUSTOMERKEY&MORE",
            "x-amz-server-side-encryption-customer-key-md5": "CUSTOMERMD5",
            "x-amz-copy-source-server-side-encryption-customer-key": "SOURCEKEY",
            "x-amz-server-side-encryption-context": "CONTEXT",
            "x-amz-meta-a": "kept",
        },
        token="SESSIONTOKEN",
    )
    claim = claim_again(head)
    assert claim is not None
    text = masked(as_arrived(claim, head).text())
    assert masked(b"Signature=SIGNATURE&X-Amz-Signature=SIGNATURE") == (
        "Signature=(not shown)&X-Amz-Signature=(not shown)"
    )
    for secret in ("TOKEN", "SIGNATURE", "CUSTOMER", "MORE", "SOURCE", "CONTEXT"):
        assert secret not in text.replace("SIGNED", "")
    assert "x-amz-meta-a:kept" in text and "a=1" in text


def test_client_that_says_what_it_signed_is_told_that_its_secret_is_right() -> None:
    head = signed()
    said = canonical_of(head)
    head = proxied(head, headers={"Host": "elsewhere.test:1234", "x-o3-canonical-request": said})
    view, findings = viewed(head)
    assert view.key_is_right and "The secret key is right" in findings[0]
    assert [difference.part for difference in view.differences] == ["header host"]
    assert view.differs_at == view.canonical_request.index("elsewhere")
    assert "'elsewhere.test:1234' here, and 's3.example.com:9000'" in findings[1]


def test_client_that_signed_what_arrived_has_another_secret() -> None:
    head = signed()
    head = proxied(head, headers={"x-o3-canonical-request": canonical_of(head)})
    view, findings = viewed(head, secret="another-secret")
    assert view.key_is_right is False and "another one: the client has signed" in findings[0]
    assert view.differs_at is None


def test_what_is_no_canonical_request_is_said_to_be_none() -> None:
    for said, sentence in (("%", "is not base64"), (b64encode(b"x").decode(), "is no canonical")):
        head = proxied(signed(), headers={"Host": "a.b", "x-o3-canonical-request": said})
        assert any(sentence in finding for finding in viewed(head)[1])
