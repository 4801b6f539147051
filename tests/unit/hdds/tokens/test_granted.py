"""Block tokens of a client: learnt as they come, asked for where there is none, or a better one is
wanted."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.block_token import Access, BlockToken, Operation, signed, unchecked
from trioxygen.common.errors import Unavailable
from trioxygen.hdds.tokens.granted import GrantedTokens
from trioxygen.proto.v1.types_pb2 import BlockId

READ, WRITE = Access(Operation.READ, 3, 12), Access(Operation.WRITE, 3, 12)
BOTH = Operation.READ | Operation.WRITE


def token(key_id: int, first: int, blocks: int, operations: Operation) -> bytes:
    return signed(BlockToken(key_id, 3, first, blocks, operations, "gateway/gw1"), bytes(32))


class Om:
    """Grants tokens of `key_id`."""

    def __init__(self, *, blocks_max: int = 100, asks_first: bool = True) -> None:
        self.key_id = 1
        # (writes, refused key)
        self.requests: list[tuple[bool, int]] = []
        self.is_away = False
        tasks = inline_runtime(ManualClock()).tasks
        self.tokens = GrantedTokens(self.grant, tasks, blocks_max=blocks_max, asks_first=asks_first)

    async def grant(
        self, blocks: Sequence[BlockId], writes: bool, refused_key_id: int
    ) -> Sequence[bytes]:
        self.requests.append((writes, refused_key_id))
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("no OM")
        operations = BOTH if writes else Operation.READ
        return [token(self.key_id, each.local, 1, operations) for each in blocks]


def test_tokens_that_came_with_leases_and_keys_are_used() -> None:
    async def scenario() -> None:
        om = Om()
        lease, key = token(1, 10, 5, BOTH), token(1, 12, 1, Operation.READ)
        om.tokens.learn([lease, key, b"", b"no token"])
        assert await om.tokens.token(WRITE) == lease
        assert await om.tokens.token(READ) == key
        assert om.requests == []

    asyncio.run(scenario())


def test_missing_token_is_asked_for_once_by_all_who_wait_for_it() -> None:
    async def scenario() -> None:
        om = Om()
        waiting = [asyncio.ensure_future(om.tokens.token(READ)) for _ in range(5)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert set(done[1:]) == {token(1, 12, 1, Operation.READ)}
        assert len(om.requests) == 1
        await om.tokens.token(READ)
        assert len(om.requests) == 1

    asyncio.run(scenario())


def test_refused_token_is_replaced_and_others_who_had_it_get_the_new_one() -> None:
    async def scenario() -> None:
        om = Om()
        old = await om.tokens.token(WRITE)
        om.key_id = 2
        new = await om.tokens.renewed(WRITE, old)
        said = unchecked(new)
        assert said is not None and said.key_id == 2
        assert om.requests[-1] == (True, 1)
        assert await om.tokens.renewed(WRITE, old) == new
        assert await om.tokens.token(WRITE) == new
        assert len(om.requests) == 2

    asyncio.run(scenario())


def test_om_that_is_away_is_asked_again_by_the_next() -> None:
    async def scenario() -> None:
        om = Om()
        om.is_away = True
        for _ in range(2):
            with pytest.raises(Unavailable):
                await om.tokens.token(READ)
        om.is_away = False
        assert await om.tokens.token(READ)

    asyncio.run(scenario())


def test_tokens_that_came_long_ago_are_forgotten_and_can_be_had_again() -> None:
    async def scenario() -> None:
        om = Om(blocks_max=3)
        om.tokens.learn([token(1, 12, 1, Operation.READ), token(1, 20, 3, Operation.READ)])
        assert await om.tokens.token(READ)
        assert len(om.requests) == 1

    asyncio.run(scenario())


def test_who_does_not_know_whether_tokens_are_used_asks_once_one_was_wanted() -> None:
    async def scenario() -> None:
        om = Om(asks_first=False)
        assert await om.tokens.token(READ) == b"" and om.requests == []
        token = await om.tokens.renewed(READ, b"")
        assert await om.tokens.token(READ) == token
        assert await om.tokens.token(WRITE)
        assert om.requests == [(False, 0), (True, 0)]

    asyncio.run(scenario())
