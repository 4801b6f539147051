"""Odd forms and odd preflights of the fuzz, each made of a seeded `Random`: bytes as they are sent,
for nobody signs them but in their fields."""

import base64
import json
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from tests.integration.endpoint import Endpoint
from tests.integration.s3.forms import BOUNDARY, encoded, form_request, signed
from tests.integration.s3.fuzz.headers import FIELDS
from tests.integration.s3.fuzz.odd_values import BASE64, DATES, NUMBERS, TEXTS
from tests.integration.s3.wire import Request

_VALUES: Final = (NUMBERS, DATES, TEXTS, BASE64)
_ANSWERS: Final = {
    "success_action_status": ("200", "201", "204", "404", "-1"),
    "success_action_redirect": ("http://a/", "https://a/?b=c#d", "here", "http://", "javascript:1"),
    "redirect": ("http://a/b c", "http://\u00fc/"),
    "tagging": ("<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>", "a=b", ""),
    "acl": ("private", "public-read", "none"),
    "Content-Type": ("a/b", "", "a,b"),
    "x-ignore-a": ("1",),
    "submit": ("now",),
}
_CONDITIONS: Final[tuple[Any, ...]] = (
    *(["content-length-range", 0, 100], ["content-length-range", 5, 4], ["eq", "$key", "k"]),
    *(["starts-with", "$key", ""], {"key": "k"}, {"a": 1}, [], {}, 1, None, ["eq"], [[]]),
    *(["starts-with", "$Content-Type", "a"], ["EQ", "$\ud83d\ude00", "\ud800"], ["eq", "key", "k"]),
)
_FILES: Final = (b"body", b"", b"\r\n", b"\r\n--", b"x" * 70_000, f"--{BOUNDARY}".encode())


def _text(rng: Random) -> str:
    return rng.choice(rng.choice(_VALUES)).replace("\0", "")[:3_000]


def _fields(rng: Random) -> dict[str, str]:
    fields = {"key": rng.choice(("k", "a/${filename}", "\u00fc b", _text(rng)))}
    for name in rng.sample(sorted(_ANSWERS), rng.choice((0, 1, 2))):
        fields[name] = rng.choice(_ANSWERS[name])
    for field in rng.sample(FIELDS, rng.choice((0, 0, 1, 2))):
        value = rng.choice(field.right if rng.random() < 0.7 else field.odd)
        fields[field.name] = value[:3_000]
    return fields


def _policy(rng: Random, bucket: str) -> str:
    document: Any = {
        "expiration": rng.choice(("2099-01-01T00:00:00Z", "2099-01-01", _text(rng), 1)),
        "conditions": [{"bucket": bucket}, *rng.sample(_CONDITIONS, 3)],
    }
    if rng.random() < 0.3:
        document = rng.choice((document | {"more": 1}, [document], document["conditions"], "a"))
    text = json.dumps(document)
    if rng.random() < 0.3:
        position = rng.randrange(len(text))
        text = text[:position] + rng.choice(("", "\\", '"', "[" * 2_000, "\\$")) + text[position:]
    return base64.b64encode(text.encode()).decode()


def _damaged(rng: Random, body: bytes) -> bytes:
    """By a few steps."""
    for _ in range(rng.choice((0, 1, 1, 2))):
        at, end = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
        piece = rng.choice(
            (b"", b"\r", b"\n", b"\0", b"\xff", b'"', b";", b"--", b"x" * 30_000, body[at:end])
        )
        cut = rng.choice((at, at, min(end, at + rng.randrange(40))))
        body = body[:at] + piece + body[cut:]
        if not body:
            return body
    return body


def odd_form(rng: Random, endpoint: Endpoint, bucket: str) -> bytes:
    """A request that uploads a form, right but for a few things."""
    fields = _fields(rng)
    made = dict(fields)
    if rng.random() < 0.9:
        policy = _policy(rng, bucket) if rng.random() < 0.3 else None
        conditions: Sequence[Any] = rng.sample(_CONDITIONS[:4], rng.choice((0, 0, 1)))
        made = signed(bucket, fields, conditions, keys=endpoint.main, policy=policy)
    pairs = list(made.items())
    if rng.random() < 0.2:
        name, value = rng.choice(pairs)
        pairs = [pair for pair in pairs if pair[0] != name]
        pairs += rng.choice(([], [(name, _text(rng))], [(name, value), (name, value)]))
    file = rng.choice(_FILES)
    file_name = rng.choice(("f", "", "C:\\a\\b", "\u00fc", 'a\\"b', _text(rng).replace('"', "")))
    body = encoded(pairs, file, file_name.replace("\r", "").replace("\n", ""))
    if rng.random() < 0.5:
        body = _damaged(rng, body)
    request = form_request(bucket, body)
    if rng.random() < 0.1:
        odd = ("", "a", "multipart/form-data", 'multipart/form-data; boundary="a', "text/plain")
        request.fields["Content-Type"] = rng.choice(odd)
    return request.bytes(request.fields, endpoint.host)


_ASKED: Final = {
    "Origin": "https://a.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "x-a, Range",
}
_ODD: Final = ("https://b", "PATCH", "a b", ",", "*", "null", "")


def odd_preflight(rng: Random, endpoint: Endpoint, bucket: str) -> bytes:
    """What a browser asks, right but for a few things; or what a page does."""
    fields = {}
    for name in rng.sample(sorted(_ASKED), rng.choice((1, 2, 2, 3, 3))):
        value = _ASKED[name] if rng.random() < 0.8 else rng.choice((*_ODD, _text(rng)))
        value = value.encode("latin-1", "replace").decode("latin-1")
        fields[name] = "".join(value.splitlines()).strip()
    path = rng.choice((f"/{bucket}", f"/{bucket}/k", f"/{bucket}/k", "/", "/o3-none/k"))
    method = rng.choice(("OPTIONS", "OPTIONS", "OPTIONS", "GET"))
    return Request(method, path).bytes(fields, endpoint.host)
