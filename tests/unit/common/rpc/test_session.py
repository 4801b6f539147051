"""Sessions: what shares a batch, what is bounded, what a break does."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.common.rpc.session_harness import (
    TIMEOUT_MS,
    paired,
    refusal,
    run,
    turns,
    until,
)
from trioxygen.common.errors import (
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    Overloaded,
    Unreachable,
)
from trioxygen.common.rpc.session import SessionLimits


def test_calls_that_queue_together_travel_together() -> None:
    async def test() -> None:
        async with paired() as pair:
            assert await asyncio.gather(*pair.calls("echo", 10)) == [b"%d" % n for n in range(10)]
            assert await asyncio.gather(*pair.calls("echo", 30)) == [b"%d" % n for n in range(30)]
            sent = pair.client_end.written
            assert [len(batch.calls) for batch in sent] == [10, 30]
            assert [batch.HasField("hello") for batch in sent] == [True, False]
            answered = pair.server_end.written
            assert sum(len(batch.answers) for batch in answered) == 40
            assert len(answered) <= 3
            assert [batch.HasField("hello") for batch in answered][:2] == [True, False]
            assert (pair.client.batches_sent, pair.client.calls_sent) == (2, 40)

    run(test())


def test_calls_queue_while_a_write_waits() -> None:
    async def test() -> None:
        async with paired() as pair:
            pair.client_end.gate.clear()
            first = pair.calls("echo", 1)
            await turns()
            later = [*pair.calls("echo", 3), *pair.calls("echo", 4)]
            await turns()
            pair.client_end.gate.set()
            await asyncio.gather(*first, *later)
            assert [len(batch.calls) for batch in pair.client_end.written] == [1, 7]

    run(test())


def test_batch_grows_over_its_bound_only_for_one_large_frame() -> None:
    async def test() -> None:
        limits = SessionLimits(batch_bytes=2_000)
        async with paired(client_limits=limits, server_limits=limits) as pair:
            sizes = [500, 500, 500, 500, 9_000, 100, 100]
            bodies = [bytes(size) for size in sizes]
            calls = [pair.client.call("echo", body, TIMEOUT_MS) for body in bodies]
            assert await asyncio.gather(*calls) == bodies
            actual = [[len(call.body) for call in batch.calls] for batch in pair.client_end.written]
            assert actual == [[500, 500, 500], [500], [9_000], [100, 100]]
            for batch in pair.server_end.written:
                assert len(batch.answers) == 1 or batch.ByteSize() <= limits.batch_bytes
            assert limits.batch_bytes_max >= max(b.ByteSize() for b in pair.client_end.written)

    run(test())


def test_messages_over_the_bound_are_refused_where_they_are_made() -> None:
    async def test() -> None:
        limits = SessionLimits(message_bytes_max=1_000)
        async with paired(client_limits=limits, server_limits=limits) as pair:
            assert len(await pair.client.call("echo", bytes(1_000), TIMEOUT_MS)) == 1_000
            error = await refusal(pair.client.call("echo", bytes(1_001), TIMEOUT_MS))
            assert type(error) is InvalidRequest
            error = await refusal(pair.client.call("big", b"1001", TIMEOUT_MS))
            assert type(error) is Internal

    run(test())


def test_deadline_passes_at_the_client_while_nothing_can_be_sent() -> None:
    async def test() -> None:
        async with paired() as pair:
            pair.client_end.gate.clear()
            error = await refusal(pair.client.call("echo", b"", 200))
            assert (type(error), error.facts) == (
                DeadlineExceeded,
                {"method": "echo", "timeout_ms": "200"},
            )
            expired = asyncio.ensure_future(pair.client.call("echo", b"expired", 200))
            waiting = asyncio.ensure_future(pair.client.call("echo", b"", TIMEOUT_MS))
            assert type(await refusal(expired)) is DeadlineExceeded
            pair.client_end.gate.set()
            assert await waiting == b""
            # The first was being written when it expired; the second was dropped in time.
            assert [len(batch.calls) for batch in pair.client_end.written] == [1, 1]

    run(test())


def test_deadline_that_is_told_is_the_time_left() -> None:
    async def test() -> None:
        async with paired() as pair:
            pair.client_end.gate.clear()
            loop = asyncio.get_running_loop()
            began = loop.time()
            calls = pair.calls("echo", 1)
            await turns()
            # The first is being written; the second waits until it may be.
            written_ms = (loop.time() - began) * 1_000
            calls += pair.calls("echo", 1)
            await asyncio.sleep(0.1)
            pair.client_end.gate.set()
            await asyncio.gather(*calls)
            answered_ms = (loop.time() - began) * 1_000
            first, second = (batch.calls[0].deadline_ms for batch in pair.client_end.written)
            # A frame says whole milliseconds.
            assert TIMEOUT_MS - written_ms - 2 <= first <= TIMEOUT_MS
            assert TIMEOUT_MS - answered_ms - 2 <= second <= TIMEOUT_MS - 100

    run(test())


def test_client_refuses_over_its_bounds() -> None:
    async def test() -> None:
        limits = SessionLimits(calls_max=3, bytes_max=100, message_bytes_max=100)
        async with paired(client_limits=limits) as pair:
            waiting = pair.calls("wait", 3)
            await until(lambda: pair.answerer.running == 3)
            assert type(await refusal(pair.client.call("echo", b"", TIMEOUT_MS))) is Overloaded
            pair.answerer.release.set()
            await asyncio.gather(*waiting)
            pair.answerer.release.clear()
            large = asyncio.ensure_future(pair.client.call("wait", bytes(60), TIMEOUT_MS))
            await until(lambda: pair.answerer.running == 1)
            refused = pair.client.call("echo", bytes(41), TIMEOUT_MS)
            assert type(await refusal(refused)) is Overloaded
            assert await pair.client.call("echo", bytes(40), TIMEOUT_MS) == bytes(40)
            pair.answerer.release.set()
            assert await large == bytes(60)

    run(test())


def test_calls_that_expire_before_they_are_sent_leave_room_for_others() -> None:
    async def test() -> None:
        limits = SessionLimits(calls_max=4, bytes_max=400, message_bytes_max=100)
        async with paired(client_limits=limits) as pair:
            assert await pair.client.call("echo", b"hello", TIMEOUT_MS) == b"hello"
            pair.client_end.gate.clear()
            # One batch is on its way; what comes after it waits, and is given up.
            stuck = asyncio.ensure_future(pair.client.call("echo", b"stuck", TIMEOUT_MS))
            await asyncio.sleep(0)
            for _ in range(5):
                calls = [pair.client.call("echo", bytes(100), 5.0) for _ in range(3)]
                errors = await asyncio.gather(*calls, return_exceptions=True)
                assert [type(error) for error in errors] == [DeadlineExceeded] * 3
            pair.client_end.gate.set()
            assert await stuck == b"stuck"
            assert await pair.client.call("echo", b"after", TIMEOUT_MS) == b"after"
            sent = [call.method for batch in pair.client_end.written for call in batch.calls]
            assert len(sent) <= 3 + 3

    run(test())


def test_broken_stream_fails_every_call_that_waits_and_those_after() -> None:
    async def test() -> None:
        async with paired() as pair:
            waiting = pair.calls("wait", 5)
            await until(lambda: pair.answerer.running == 5)
            pair.client_end.failure = Unreachable("the connection broke", address="a")
            pair.client_end.feed(None)
            errors = [await refusal(call) for call in waiting]
            assert {(type(e), e.message, e.facts["address"]) for e in errors} == {
                (Unreachable, "the connection broke", "a")
            }
            assert len({id(error) for error in errors}) == 5
            assert type(await refusal(pair.client.call("echo", b"", TIMEOUT_MS))) is Unreachable
            assert type(await pair.client_life) is Unreachable

    run(test())


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(0, 6), st.booleans()), min_size=1, max_size=60
    ),
    st.integers(100, 5_000),
)
def test_every_call_gets_its_own_answer(plan: list[tuple[int, int, bool]], batch: int) -> None:
    # (size of the body, turns of the loop before the call, is it cancelled)
    async def test() -> None:
        limits = SessionLimits(batch_bytes=batch)
        async with paired(client_limits=limits, server_limits=limits) as pair:

            async def send(number: int, size: int, turns: int) -> None:
                for _ in range(turns):
                    await asyncio.sleep(0)
                body = number.to_bytes(4, "big") + bytes(size)
                assert await pair.client.call("echo", body, TIMEOUT_MS) == body

            calls = [asyncio.ensure_future(send(n, *rest[:2])) for n, rest in enumerate(plan)]
            for turn in range(8):
                await asyncio.sleep(0)
                for call, (_, turns, cancelled) in zip(calls, plan, strict=True):
                    if cancelled and turns < turn:
                        call.cancel()
            actual = await asyncio.gather(*calls, return_exceptions=True)
            for result, (_, _, cancelled) in zip(actual, plan, strict=True):
                assert result is None or (cancelled and isinstance(result, asyncio.CancelledError))

    run(test())
