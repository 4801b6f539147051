"""Requests of the fuzz, each made of a seeded `Random` and of what is there."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from tests.integration.s3.chunked import UNSIGNED_TRAILER
from tests.integration.s3.fuzz.documents import DOCUMENTS, Document
from tests.integration.s3.fuzz.headers import (
    FIELDS,
    OPERATIONS,
    QUERY,
    TOGETHER,
    Field,
)
from tests.integration.s3.fuzz.mutations import mutated
from tests.integration.s3.fuzz.requests_sent import OddRequest

_BY_NAME: Final = {field.name: field for field in FIELDS}
_LENGTH: Final = _BY_NAME["x-amz-decoded-content-length"]
_PLACE: Final = re.compile(r"\{([a-z]+)\}")
_CRC32_OF_BODY: Final = "rIPBwg=="

Place = Mapping[str, str]


def _filled(text: str, place: Place) -> str:
    return _PLACE.sub(lambda match: place.get(match[1], match[0]), text)


def _parted(asked: str, place: Place) -> tuple[str, bytes, list[tuple[bytes, bytes]]]:
    method, _, target = _filled(asked, place).partition(" ")
    path, _, query = target.partition("?")
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return method, path.encode(), [(name.encode(), value.encode()) for name, value in pairs]


def document_request(rng: Random, place: Place) -> OddRequest:
    """With a document that a right one has become."""
    chosen: Document = rng.choice(DOCUMENTS)
    made = request_with(chosen, place, mutated(rng, _filled(chosen.text, place)))
    if rng.random() < 0.1:
        return replace(made, fields=[_sent(rng, rng.choice(FIELDS), place)])
    return made


def request_with(document: Document, place: Place, body: bytes) -> OddRequest:
    """As the document is sent, with another one."""
    method, path, query = _parted(document.asked, place)
    digest = b64encode(hashlib.md5(body, usedforsecurity=False).digest())
    return OddRequest(method, path, query, [(b"Content-MD5", digest)], body)


def _value(rng: Random, field: Field, place: Place, *, is_odd: bool) -> bytes:
    value = _filled(rng.choice(field.odd if is_odd else field.right), place)
    # What ends a line is a request of another kind.
    value = re.sub("[\r\n\0]", " ", value)
    return value.encode(rng.choice(("utf-8", "utf-8", "latin-1")), "replace")


def _sent(rng: Random, field: Field, place: Place, *, is_odd: bool = True) -> tuple[bytes, bytes]:
    return field.name.encode(), _value(rng, field, place, is_odd=is_odd)


def _all_sent(rng: Random, fields: Sequence[Field], place: Place) -> list[tuple[bytes, bytes]]:
    """Most of them right: of several odd ones only the first would be met."""
    count = rng.choice((0, 1, 1, 2, len(fields)))
    odd = rng.sample(range(len(fields)), min(count, len(fields)))
    return [_sent(rng, field, place, is_odd=number in odd) for number, field in enumerate(fields)]


def _fields(rng: Random, names: Sequence[str], place: Place) -> list[tuple[bytes, bytes]]:
    chosen = [_BY_NAME[name] for name in names]
    chosen += rng.sample(FIELDS, rng.choice((0, 1, 1, 2, 3)))
    for together in TOGETHER:
        if rng.random() < 0.15:
            chosen += together
    # Twice is a case of its own; by chance it would be most.
    if rng.random() < 0.9:
        chosen = list({field.name: field for field in chosen}.values())
    fields = _all_sent(rng, chosen, place)
    return [field for field in fields if not field[0].startswith(b"x-amz-decoded")]


def _escaped(value: bytes) -> bytes:
    return quote_from_bytes(unquote_to_bytes(value), safe="-_.~").encode()


def header_request(rng: Random, place: Place) -> OddRequest:
    """An operation with headers and arguments, right ones and odd ones."""
    asked, names = rng.choice(OPERATIONS)
    method, path, query = _parted(asked, place)
    arguments = rng.sample(QUERY, rng.choice((0, 0, 1, 2, 3) if method == "GET" else (0, 0, 1)))
    for name, value in _all_sent(rng, arguments, place):
        if name not in dict(query):
            query.append((name, _escaped(value)))
    fields = _fields(rng, names, place)
    if method == "PUT" and "copy" not in str(names) and rng.random() < 0.4:
        return _trailing(rng, OddRequest(method, path, query, fields), place)
    body = rng.choice((b"body", b"body", b"", b"<a/>")) if method in ("PUT", "POST") else b""
    return OddRequest(method, path, query, fields, body)


def _trailing(rng: Random, request: OddRequest, place: Place) -> OddRequest:
    """With the body in chunks, and checksums behind it."""
    sums = [field for field in FIELDS if field.name.startswith("x-amz-checksum-")]
    trailer = _sent(rng, rng.choice(sums), place)
    if rng.random() < 0.5:
        trailer = (b"x-amz-checksum-crc32", _CRC32_OF_BODY.encode())
    named = trailer[0] if rng.random() < 0.8 else rng.choice(sums).name.encode()
    end = rng.choice((b"\r\n\r\n", b"\r\n\r\n", b"\r\n", b"\n\r\n", b"", b"\r\n" + b"a:b\r\n" * 50))
    sizes = (b"4", b"4", b"4", b"04", b"4;a=b", b"-4", b"5", b"fffffffff", b"", b"x")
    chunk = rng.choice(sizes) + b"\r\nbody\r\n0\r\n"
    length = b"4" if rng.random() < 0.8 else _sent(rng, _LENGTH, place)[1]
    fields = [
        *(field for field in request.fields if field[0] != b"x-amz-trailer"),
        (b"x-amz-decoded-content-length", length),
        (b"x-amz-trailer", named),
    ]
    body = chunk + trailer[0] + b":" + trailer[1] + end
    return OddRequest(request.method, request.path, request.query, fields, body, UNSIGNED_TRAILER)


def read_back(request: OddRequest) -> OddRequest | None:
    """What shows what a request has written, if there is such."""
    is_of_object = request.path.count(b"/") > 1
    if request.method != "PUT" or (not is_of_object and not request.query):
        return None
    names = {name for name, _ in request.query}
    if names & {b"partNumber", b"renameObject"}:
        return None
    fields = [
        field
        for field in request.fields
        if field[0].startswith(b"x-amz-server-side-encryption-customer-")
    ]
    query = [pair for pair in request.query if pair[0] not in (b"x-id", b"versionId")]
    return OddRequest("GET", request.path, query, fields)
