"""Deadlines of many calls, and the waits between sessions."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.common.rpc.session_harness import (
    HELLO,
    LIMITS,
    End,
    pipe,
    refusal,
    run,
    until,
)
from trioxygen.common.errors import (
    NotLeader,
    Unreachable,
)
from trioxygen.common.rpc.session import Deadlines
from trioxygen.common.rpc.session_client import ClientSession
from trioxygen.common.rpc.session_opening import ClientStream, Sessions
from trioxygen.common.rpc.session_state import ClientState
from trioxygen.proto.v1.session_pb2 import Batch


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40))
def test_deadlines_expire_in_order_and_only_while_they_live(plan: list[tuple[int, bool]]) -> None:
    # (milliseconds from now, does it still wait then)
    async def test() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        live = {number for number, (_, lives) in enumerate(plan) if lives}
        expired: list[int] = []

        def expire(number: int) -> None:
            assert loop.time() - start >= plan[number][0] / 1_000 - 0.001
            live.remove(number)
            expired.append(number)

        deadlines = Deadlines(live, expire)
        wanted = sorted(live, key=lambda number: (plan[number][0], number))
        for number, (after_ms, _) in enumerate(plan):
            deadlines.add(number, start + after_ms / 1_000)
        await until(lambda: not live)
        assert expired == wanted
        deadlines.close()

    run(test())


def test_deadlines_of_ended_calls_do_not_pile_up() -> None:
    async def test() -> None:
        live: set[int] = set()
        deadlines = Deadlines(live, live.remove)
        for number in range(20_000):
            deadlines.add(number, asyncio.get_running_loop().time() + 3_600)
        assert deadlines.count <= 1_024
        deadlines.close()

    run(test())


def test_new_session_waits_longer_after_each_failure_until_a_server_says_hello() -> None:
    opened: list[End] = []
    ends: list[End] = []

    def open_stream() -> ClientStream:
        client_end, server_end = pipe()
        opened.append(client_end)
        ends.append(server_end)
        return client_end

    async def broken(sessions: Sessions) -> float:
        """How long after a break the next attempt is made, in ms."""
        session, loop = sessions.current, asyncio.get_running_loop()
        began, count = loop.time(), len(opened)
        opened[-1].failure = NotLeader("refused")
        opened[-1].feed(None)
        await until(lambda: session.broken is not None)
        assert type(await refusal(_current(sessions))) is NotLeader
        while len(opened) == count:
            await asyncio.sleep(0.001)
            try:
                _ = sessions.current
            except NotLeader:
                continue
        return (loop.time() - began) * 1_000

    async def broken_after_hello(sessions: Sessions) -> float:
        opened[-1].feed(Batch(hello=HELLO).SerializeToString())
        session = sessions.current
        await until(lambda: session.state is ClientState.ESTABLISHED)
        return await broken(sessions)

    async def test() -> None:
        sessions = Sessions(
            open_stream, lambda: HELLO, LIMITS, wait_ms_first=150, wait_ms_max=600, address="a"
        )
        waits = [await broken(sessions) for _ in range(4)]
        for wait, wanted in zip(waits, (150, 300, 600, 600), strict=True):
            assert wait >= wanted
        # From the first wait on again: on a machine that stands still, at one of many times.
        while await broken_after_hello(sessions) >= 600:
            pass
        assert sessions.current is sessions.current
        await sessions.close()
        assert type(await refusal(_current(sessions))) is Unreachable

    run(test())


async def _current(sessions: Sessions) -> ClientSession:
    return sessions.current
