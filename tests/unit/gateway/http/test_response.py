"""Answers as bytes: framing by length, by chunks, by the connection's end, or none at all."""

from typing import cast

import pytest

from trioxygen.common.disk import Buffer
from trioxygen.gateway.http.outlet import Outlet
from trioxygen.gateway.http.refusal import Answer
from trioxygen.gateway.http.response import Headers, Response, refusal_bytes
from trioxygen.gateway.http.states import ResponseState

COMMON = b"date: D\r\nserver: S\r\n"
LENGTH_4: Headers = [(b"content-length", b"4")]


class Written:
    """An outlet that remembers its writes."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: Buffer) -> None:
        self.writes.append(bytes(data))

    def write_lines(self, pieces: "list[Buffer] | tuple[Buffer, ...]") -> None:
        self.writes.append(b"".join(bytes(piece) for piece in pieces))


def begun(
    headers: Headers = LENGTH_4,
    *,
    status: int = 200,
    keep_alive: bool = True,
    asks_continue: bool = False,
    is_head_request: bool = False,
    is_http_10: bool = False,
) -> tuple[Response, list[bytes], bool]:
    written = Written()
    response = Response(
        cast(Outlet, written), is_head_request=is_head_request, is_http_10=is_http_10
    )
    stays = response.begin(
        status,
        headers,
        common_head=COMMON,
        keep_alive=keep_alive,
        asks_continue=asks_continue,
    )
    return response, written.writes, stays


def test_head_waits_for_the_first_bytes_of_the_body() -> None:
    response, writes, stays = begun()
    assert stays and writes == [] and response.state is ResponseState.HEAD_HELD
    response.send(b"12", True)
    assert writes == [b"HTTP/1.1 200 OK\r\ndate: D\r\nserver: S\r\ncontent-length: 4\r\n\r\n12"]
    assert response.is_out and not response.is_complete
    response.send(b"34", False)
    assert writes[1:] == [b"34"] and response.is_complete


def test_body_of_no_known_length_is_chunked() -> None:
    response, writes, _ = begun([])
    response.send(b"12", True)
    response.send(b"", False)
    assert writes[0].endswith(b"transfer-encoding: chunked\r\n\r\n2\r\n12\r\n")
    assert writes[1:] == [b"0\r\n\r\n"]


def test_body_of_no_known_length_ends_with_the_connection_in_http_10() -> None:
    response, writes, stays = begun([], keep_alive=False, is_http_10=True)
    response.send(b"12", False)
    assert not stays
    assert writes == [b"HTTP/1.1 200 OK\r\ndate: D\r\nserver: S\r\nconnection: close\r\n\r\n12"]


def test_answer_to_head_and_answers_without_a_body_have_none() -> None:
    response, writes, _ = begun(is_head_request=True)
    response.send(b"1234", False)
    assert writes[0].endswith(b"content-length: 4\r\n\r\n")
    response, writes, _ = begun([], status=204)
    response.send(b"", False)
    assert writes == [b"HTTP/1.1 204 No Content\r\ndate: D\r\nserver: S\r\n\r\n"]


def test_application_can_end_the_connection_and_cannot_keep_it() -> None:
    for value, kept in ((b"Close", False), (b"keep-alive", True)):
        response, writes, stays = begun([*LENGTH_4, (b"connection", value)])
        response.send(b"1234", False)
        assert stays is kept
        assert (b"connection: close" in writes[0]) is not kept
        assert b"keep-alive" not in writes[0]


def test_body_that_has_come_unasked_is_asked_for_before_its_answer() -> None:
    response, writes, _ = begun(asks_continue=True)
    response.send(b"1234", False)
    assert writes[0].startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("value", [b"a\r\nb: c", b"a\nb: c", b"a\rb", b"\0"])
def test_value_that_would_forge_a_header_is_a_defect_and_nothing_is_out(value: bytes) -> None:
    written = Written()
    response = Response(cast(Outlet, written), is_head_request=False, is_http_10=False)
    with pytest.raises(AssertionError):
        response.begin(
            200, [(b"x", value)], common_head=COMMON, keep_alive=True, asks_continue=False
        )
    assert not response.is_out and written.writes == []


def test_body_that_is_too_long_is_not_sent_and_one_too_short_is_cut_off() -> None:
    response, writes, _ = begun()
    with pytest.raises(AssertionError, match="longer"):
        response.send(b"12345", False)
    assert writes == [] and not response.is_out
    response, writes, _ = begun()
    with pytest.raises(AssertionError, match="shorter"):
        response.send(b"123", False)
    assert response.is_out and not response.is_complete


def test_refusal_is_one_whole_answer_and_the_last_one() -> None:
    answer = Answer(503, [(b"content-type", b"text/plain")], b"busy\n")
    head = (
        b"HTTP/1.1 503 Service Unavailable\r\ndate: D\r\nserver: S\r\ncontent-type: text/plain\r\n"
    )
    whole = head + b"content-length: 5\r\nconnection: close\r\n\r\nbusy\n"
    assert refusal_bytes(answer, common_head=COMMON, is_head_request=False) == whole
    bare = head + b"connection: close\r\n\r\n"
    assert refusal_bytes(answer, common_head=COMMON, is_head_request=True) == bare
