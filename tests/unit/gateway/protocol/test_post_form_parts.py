"""Forms are taken apart alike however their bytes come, and nothing that is none passes."""

from collections.abc import Iterable, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.post_form_parts import (
    FIELDS_BYTES_MAX,
    FormParts,
    read_boundary,
)

BOUNDARY: Final = b"xYzZY"
DISPOSITION: Final = 'Content-Disposition: form-data; name="%s"'


def part(name: str, content: bytes, more: str = "") -> bytes:
    return b"--" + BOUNDARY + f"\r\n{DISPOSITION % name}{more}\r\n\r\n".encode() + content + b"\r\n"


END: Final = b"--" + BOUNDARY + b"--\r\n"


def form(*parts: bytes, end: bytes = END) -> bytes:
    return b"".join(parts) + end


def fed(pieces: Iterable[bytes]) -> tuple[FormParts, bytes]:
    """What became of them, and the file."""
    parts, file = FormParts(BOUNDARY), b""
    for piece in pieces:
        file += b"".join(parts.feed(piece))
    parts.finish()
    return parts, file


def split(data: bytes, sizes: Sequence[int]) -> Iterable[bytes]:
    position = 0
    for size in sizes:
        yield data[position : position + size]
        position += size
    yield data[position:]


def refusal(*pieces: bytes) -> S3Error:
    with pytest.raises(S3Error) as refused:
        fed(pieces)
    return refused.value


USUAL: Final = form(
    part("key", b"a/${filename}"),
    part("Policy", b""),
    part("x-amz-meta-a", "ü\r\nb".encode(), "\r\nContent-Type: text/plain"),
    part("file", b"12\r\n--xYz\r\r\n34", '; filename="C:\\d\\ü.txt"\r\nContent-Type: a/b'),
    part("submit", b"now"),
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(USUAL)])
def test_form_is_read_whatever_the_pieces_are(size: int) -> None:
    parts, file = fed(USUAL[i : i + size] for i in range(0, len(USUAL), size))
    assert parts.fields == [("key", "a/${filename}"), ("policy", ""), ("x-amz-meta-a", "ü\r\nb")]
    assert parts.file_name == "C:\\d\\ü.txt"
    assert file == b"12\r\n--xYz\r\r\n34"
    assert USUAL[parts.file_offset_bytes :].startswith(file)


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"-", b"\r\n--xYz", b"\r\n--", b"a", b"xYzZY"])),
    st.lists(st.integers(1, 40), max_size=30),
)
def test_files_that_look_like_delimiters_come_out_as_they_went_in(
    content: list[bytes], sizes: list[int]
) -> None:
    body = b"".join(content)
    if b"\r\n--" + BOUNDARY in b"\r\n" + body:
        return
    data = form(part("key", b"k"), part("file", body))
    parts, file = fed(split(data, sizes))
    assert (file, parts.fields) == (body, [("key", "k")])


@given(st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=20))
def test_bytes_of_all_kinds_are_a_form_or_are_refused(noise: bytes, sizes: list[int]) -> None:
    for start in (b"", b"--" + BOUNDARY, part("key", b"k"), part("key", b"k") + part("file", b"")):
        outcomes: set[tuple[object, object]] = set()
        for pieces in ([start + noise], split(start + noise, sizes)):
            try:
                parts, file = fed(pieces)
                outcomes.add((file, tuple(parts.fields)))
            except S3Error as error:
                outcomes.add((error.code, ()))
        assert len(outcomes) == 1


def test_empty_file_and_empty_fields() -> None:
    parts, file = fed([form(part("key", b""), part("file", b""))])
    assert (parts.fields, parts.file_name, file) == ([("key", "")], "", b"")


def test_file_takes_the_memory_of_what_comes_and_no_more() -> None:
    parts = FormParts(BOUNDARY)
    first = form(part("key", b"k"), part("file", b"", "")[: -len(b"\r\n")], end=b"")
    assert parts.feed(first) == ()
    piece = bytes(range(256)) * 1_000
    [passed] = parts.feed(piece)
    assert passed is piece
    [passed] = parts.feed(piece + b"\r\n--x")
    assert passed == piece
    [passed] = parts.feed(b"") or [b""]
    assert passed == b""
    assert b"".join(parts.feed(b"Y\r\n--xYzZY--")) == b"\r\n--xY"
    parts.finish()


@pytest.mark.parametrize(
    "body",
    [
        form(part("key", b"k"), part("file", b"f"), end=b"--xYzZY--"),
        b"preamble\r\n" + form(part("key", b"k"), part("file", b"f")),
        b"\r\n" + form(part("key", b"k"), part("file", b"f"), end=END + b"and an epilogue"),
        form(part("key", b"k"), part("file", b"f")).replace(b"xYzZY\r\n", b"xYzZY \t\r\n"),
        form(part("key", b"k"), part("file", b"f"), part("other", b"later")),
        form(part("key", b"k"), part("FILE", b"f")).replace(b"form-data", b"Form-Data"),
        form(part("key", b"k"), part("file", b"f")).replace(b'"key"', b"key"),
    ],
)
def test_forms_that_differ_where_they_may(body: bytes) -> None:
    parts, file = fed([body])
    assert (parts.fields, file) == ([("key", "k")], b"f")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        b"--xYzZ",
        END[:-4],
        part("key", b"k"),
        form(part("key", b"k"), part("file", b"f"), end=b""),
        form(part("key", b"k"), part("file", b"f"), end=b"--xYzZY"),
        form(part("key", b"k"), part("file", b"f"), end=b"--xYzZY-"),
        form(part("key", b"k"), part("file", b"f"), end=b"--xYzZYa\r\n\r\n"),
        form(part("key", b"k"), part("file", b"f"), part("other", b"")[:-20], end=b""),
        form(part("key", b"k"), part("file", b"f")).replace(b"Content-Disp", b"Content-Exp"),
        form(part("key", b"k"), part("file", b"f")).replace(b"form-data", b"attachment"),
        form(part("", b"k"), part("file", b"f")),
        form(part('a"; x', b"k"), part("file", b"f")),
        form(part("key", b"\xff"), part("file", b"f")),
        form(b"--xYzZY\r\n\r\nno head\r\n", part("file", b"f")),
        form(part("key", b"k"), part("file", b"f"), part("late", b"x" * FIELDS_BYTES_MAX)),
        form(part("key", b"k"), part("file", b"f"), end=END + b"x" * (FIELDS_BYTES_MAX + 1)),
    ],
)
def test_body_that_is_no_form(body: bytes) -> None:
    for size in (1, len(body) or 1):
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        assert refusal(*pieces).code == "MalformedPOSTRequest"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (END, "0"),
        (form(part("key", b"k")), "0"),
        (form(part("key", b"k"), part("file", b"f"), part("File", b"g")), "2"),
    ],
)
def test_exactly_one_file(body: bytes, count: str) -> None:
    error = refusal(body)
    assert (error.code, error.message) == (
        "InvalidArgument",
        "POST requires exactly one file upload per request.",
    )
    assert error.details == {"ArgumentName": "file", "ArgumentValue": count}


def test_fields_before_the_file_are_bounded_and_the_file_is_not() -> None:
    head = part("file", b"")[: -len(b"\r\n")]
    room = FIELDS_BYTES_MAX - len(part("a", b"")) - len(head)
    file = b"f" * 3 * FIELDS_BYTES_MAX
    for size in (1_000, 1 << 20):
        most = form(part("a", b"v" * room), head, file, b"\r\n")
        parts, actual = fed(most[i : i + size] for i in range(0, len(most), size))
        assert actual == file and parts.file_offset_bytes == FIELDS_BYTES_MAX
        more = form(part("a", b"v" * (room + 1)), head, file, b"\r\n")
        error = refusal(*[more[i : i + size] for i in range(0, len(more), size)])
        assert error.code == "MaxPostPreDataLengthExceededError"
        assert error.details == {"MaxPostPreDataLengthBytes": "20480"}
    assert refusal(b"x" * (FIELDS_BYTES_MAX + 1)).code == "MaxPostPreDataLengthExceededError"


@pytest.mark.parametrize(
    ("text", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data;charset=utf-8; Boundary="a b\'c"; boundary=d', b"a b'c"),
        ("multipart/form-data; boundary=----WebKitFormBoundary7M", b"----WebKitFormBoundary7M"),
    ],
)
def test_boundary(text: str, boundary: bytes) -> None:
    assert read_boundary(text) == boundary


@pytest.mark.parametrize("text", [None, "", "text/plain", "application/x-www-form-urlencoded"])
def test_what_is_sent_as_no_form(text: str | None) -> None:
    with pytest.raises(S3Error) as refused:
        read_boundary(text)
    assert refused.value.code == "PreconditionFailed"
    assert refused.value.details == {
        "Condition": "Bucket POST must be of the enclosure-type multipart/form-data"
    }


@pytest.mark.parametrize(
    "text", ["", "; boundary=", "; boundary", '; boundary="a', "; boundary=" + "b" * 71, ";;="]
)
def test_form_without_a_boundary(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_boundary(f"multipart/form-data{text}")
    assert refused.value.code == "MalformedPOSTRequest"
