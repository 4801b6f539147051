"""The server's end of a session: handlers, bounds, draining, what it refuses."""

import asyncio

import pytest

from tests.unit.common.rpc.session_harness import (
    HELLO,
    LIMITS,
    TIMEOUT_MS,
    Answerer,
    paired,
    pipe,
    refusal,
    run,
    turns,
    until,
)
from trioxygen.common.errors import (
    Internal,
    InvalidRequest,
    NoSuchKey,
    Overloaded,
    Stopping,
    Unreachable,
)
from trioxygen.common.rpc.admission import Admission
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.common.rpc.session_server import ServerSession
from trioxygen.proto.v1.session_pb2 import AnswerFrame, Batch, CallFrame, Hello


def test_errors_come_back_and_defects_are_internal(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with paired() as pair:
            error = await refusal(pair.client.call("refuse", b"", TIMEOUT_MS))
            assert (type(error), error.message, error.facts) == (
                NoSuchKey,
                "nothing there",
                {"key": "k"},
            )
            assert not caplog.records
            error = await refusal(pair.client.call("break", b"", TIMEOUT_MS))
            assert (type(error), error.facts) == (Internal, {"method": "break"})
            assert "ZeroDivisionError" in str(error)
            assert "call_failed method=break" in caplog.text
            assert type(await refusal(pair.client.call("cancelled", b"", TIMEOUT_MS))) is Stopping

    run(test())


def test_server_ends_a_call_at_the_deadline_it_was_told() -> None:
    async def test() -> None:
        client_end, server_end = pipe()
        answerer = Answerer()
        server = ServerSession(server_end, answerer.handle, HELLO, LIMITS, Admission(10))
        life = asyncio.ensure_future(server.run())
        call = CallFrame(id=7, deadline_ms=300, method="wait")
        await client_end.write(Batch(hello=HELLO, calls=[call]).SerializeToString())
        await until(lambda: answerer.running == 1)
        answers: list[AnswerFrame] = []
        while not answers:
            message = await client_end.read()
            assert message is not None
            answers += Batch.FromString(message).answers
        assert (answers[0].id, answers[0].status.facts["timeout_ms"]) == (7, "300")
        assert (answerer.running, answerer.cancelled) == (0, 1)
        server_end.feed(None)
        await life

    run(test())


def test_cancelled_call_is_not_sent_or_is_cancelled_at_the_server() -> None:
    async def test() -> None:
        async with paired() as pair:
            [sent] = pair.calls("wait", 1)
            await until(lambda: pair.answerer.running == 1)
            sent.cancel()
            await until(lambda: pair.answerer.running == 0)
            assert pair.answerer.cancelled == 1
            pair.client_end.gate.clear()
            [blocking] = pair.calls("echo", 1)
            await turns()
            [unsent] = pair.calls("wait", 1)
            await turns()
            unsent.cancel()
            await turns()
            pair.client_end.gate.set()
            assert await blocking == b"0"
            assert await pair.client.call("echo", b"x", TIMEOUT_MS) == b"x"
            assert pair.answerer.begun == 3
            cancelled = [list(batch.cancelled_ids) for batch in pair.client_end.written]
            assert cancelled == [[], [1], [], []]

    run(test())


@pytest.mark.parametrize("bound", ["calls", "bytes", "server"])
def test_server_refuses_over_its_bounds(bound: str) -> None:
    async def test() -> None:
        limits = SessionLimits(
            calls_max=2 if bound == "calls" else 100,
            bytes_max=2 if bound == "bytes" else 100,
            message_bytes_max=2,
        )
        calls_max = 2 if bound == "server" else 100
        async with paired(server_limits=limits, calls_max=calls_max) as pair:
            waiting = pair.calls("wait", 2)
            await until(lambda: pair.answerer.running == 2)
            error = await refusal(pair.client.call("echo", b"x", TIMEOUT_MS))
            assert type(error) is Overloaded
            pair.answerer.release.set()
            assert await asyncio.gather(*waiting) == [b"0", b"1"]
            assert await pair.client.call("echo", b"x", TIMEOUT_MS) == b"x"

    run(test())


def test_server_stops_reading_while_its_answers_are_not_taken() -> None:
    async def test() -> None:
        client_end, server_end = pipe()
        limits = SessionLimits(calls_max=10)
        answerer = Answerer()
        server = ServerSession(server_end, answerer.handle, HELLO, limits, Admission(1_000))
        life = asyncio.ensure_future(server.run())
        server_end.gate.clear()
        for number in range(200):
            hello = HELLO if number == 0 else None
            call = CallFrame(id=number, deadline_ms=60_000, method="echo")
            await client_end.write(Batch(hello=hello, calls=[call]).SerializeToString())
        await turns()
        assert answerer.begun < 30
        server_end.gate.set()
        answered = 0
        while answered < 200:
            message = await client_end.read()
            assert message is not None
            answered += len(Batch.FromString(message).answers)
        server_end.feed(None)
        await life

    run(test())


def test_stream_that_the_client_ends_cancels_its_calls_at_the_server() -> None:
    async def test() -> None:
        async with paired() as pair:
            waiting = pair.calls("wait", 5)
            await until(lambda: pair.answerer.running == 5)
            pair.server_end.feed(None)
            await pair.server_life
            assert (pair.answerer.running, pair.answerer.cancelled) == (0, 5)
            pair.client_life.cancel()
            assert {type(await refusal(call)) for call in waiting} == {Unreachable}

    run(test())


def test_drained_server_answers_what_it_took_and_ends_the_stream() -> None:
    async def test() -> None:
        async with paired() as pair:
            waiting = pair.calls("wait", 3)
            await until(lambda: pair.answerer.running == 3)
            pair.server.drain()
            await turns()
            assert not pair.server_life.done()
            pair.server_end.gate.clear()
            pair.answerer.release.set()
            await turns()
            assert not pair.server_life.done()
            pair.server_end.gate.set()
            await pair.server_life
            assert await asyncio.gather(*waiting) == [b"0", b"1", b"2"]

    run(test())


def test_other_cluster_and_other_version_are_refused_on_both_sides() -> None:
    async def test() -> None:
        for hello in (
            Hello(protocol_version=1, cluster_id="cluster-2"),
            Hello(protocol_version=2, cluster_id="cluster-1"),
        ):
            async with paired(server_hello=hello) as pair:
                call = asyncio.ensure_future(pair.client.call("echo", b"", TIMEOUT_MS))
                assert type(await refusal(pair.server_life)) is InvalidRequest
                assert pair.answerer.begun == 0
                pair.client_end.feed(Batch(hello=hello).SerializeToString())
                assert type(await refusal(call)) is InvalidRequest
        async with paired(server_hello=Hello(protocol_version=1)) as pair:
            assert await pair.client.call("echo", b"x", TIMEOUT_MS) == b"x"

    run(test())


@pytest.mark.parametrize("message", [b"\xff\xff\xff", b"", Batch(cancelled_ids=[1])])
def test_what_is_not_a_session_is_refused(message: bytes | Batch) -> None:
    async def test() -> None:
        encoded = message if isinstance(message, bytes) else message.SerializeToString()
        async with paired() as pair:
            pair.server_end.feed(encoded)
            assert type(await refusal(pair.server_life)) is InvalidRequest
        async with paired() as pair:
            pair.client_end.feed(encoded)
            assert type(await pair.client_life) is InvalidRequest

    run(test())


def test_call_id_that_is_in_use_ends_the_session() -> None:
    async def test() -> None:
        async with paired() as pair:
            call = CallFrame(id=1, deadline_ms=1_000, method="wait")
            pair.server_end.feed(Batch(hello=HELLO, calls=[call, call]).SerializeToString())
            assert type(await refusal(pair.server_life)) is InvalidRequest

    run(test())
