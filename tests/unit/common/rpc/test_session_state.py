"""The tables of a session's states, and that both ends go by them."""

from enum import Enum
from typing import Any

import pytest

from tests.unit.common.rpc.session_harness import HELLO, paired, run, until
from trioxygen.common.errors import InvalidRequest, Unreachable
from trioxygen.common.rpc.session_state import (
    CLIENT_MOVES,
    SERVER_MOVES,
    ClientState,
    ServerState,
    Standing,
)
from trioxygen.proto.v1.session_pb2 import Hello


@pytest.mark.parametrize("moves", [CLIENT_MOVES, SERVER_MOVES])
def test_every_state_is_reached_and_none_is_left_once_it_is_over(
    moves: dict[Enum, frozenset[Enum]],
) -> None:
    states = type(next(iter(moves)))
    assert set(moves) == set(states)
    reached = {next(iter(moves))}.union(*moves.values())
    assert reached == set(states)
    assert all(after not in moves[after] for after in states)


def test_move_that_the_table_does_not_have_is_a_defect() -> None:
    standing: Standing[Any] = Standing(ClientState.OPENING, CLIENT_MOVES)
    with pytest.raises(AssertionError, match="OPENING -> BROKEN"):
        standing.move(ClientState.BROKEN)
    standing.move(ClientState.ESTABLISHED)
    assert not standing.is_over
    standing.move(ClientState.BROKEN)
    assert standing.is_over
    with pytest.raises(AssertionError):
        standing.move(ClientState.ESTABLISHED)


def test_session_that_the_server_drains_ends_in_order() -> None:
    async def test() -> None:
        async with paired() as pair:
            assert (pair.client.state, pair.server.state) == (
                ClientState.OPENING,
                ServerState.OPENING,
            )
            [call] = pair.calls("echo", 1)
            await call
            assert (pair.client.state, pair.server.state) == (
                ClientState.ESTABLISHED,
                ServerState.SERVING,
            )
            [waiting] = pair.calls("wait", 1)
            await until(lambda: pair.answerer.running == 1)
            pair.server.drain()
            seen = [pair.server.state]
            pair.answerer.release.set()
            assert await waiting == b"0"
            await pair.server_life
            seen.append(pair.server.state)
            assert seen == [ServerState.DRAINING, ServerState.ENDED]
            pair.client_end.feed(None)
            assert type(await pair.client_life) is Unreachable
            assert pair.client.state is ClientState.ENDED

    run(test())


def test_session_that_breaks_is_told_from_one_that_was_refused() -> None:
    async def broken() -> None:
        async with paired() as pair:
            [call] = pair.calls("echo", 1)
            await call
            pair.client_end.failure = Unreachable("the stream broke")
            pair.client_end.feed(None)
            await pair.client_life
            assert pair.client.state is ClientState.BROKEN

    async def refused() -> None:
        other = Hello(protocol_version=HELLO.protocol_version, cluster_id="cluster-2")
        async with paired(server_hello=other) as pair:
            [call] = pair.calls("echo", 1)
            with pytest.raises(InvalidRequest):
                await pair.server_life
            assert pair.server.state is ServerState.OPENING
            pair.client_end.failure = InvalidRequest("another cluster")
            pair.client_end.feed(None)
            with pytest.raises(InvalidRequest):
                await call
            assert pair.client.state is ClientState.REFUSED

    run(broken())
    run(refused())
