"""Keys of block tokens as a process keeps them: asked for in time, together, and not too often."""

import asyncio

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import InvalidRequest, Unavailable
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.proto.v1.scm_pb2 import GetTokenKeysReply, TokenKey


class Scm:
    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.error: Exception | None = None
        self.reply = GetTokenKeysReply(
            keys=[
                TokenKey(key_id=1, secret=b"1" * 32),
                TokenKey(key_id=2, secret=b"2" * 32, signs_after_ms=500),
            ],
            ask_again_ms=300,
        )

    async def fetch(self) -> GetTokenKeysReply:
        self.asked += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        return self.reply


def known() -> tuple[KnownTokenKeys, Scm, ManualClock]:
    clock = ManualClock()
    scm = Scm(clock)
    return KnownTokenKeys(inline_runtime(clock), scm.fetch), scm, clock


def test_keys_are_asked_for_as_often_as_the_scm_says() -> None:
    async def scenario() -> None:
        keys, scm, clock = known()
        await keys.work()
        assert keys.interval_ms == 300.0 and scm.asked == 1
        signing = keys.ring.signing()
        assert signing is not None and signing.key_id == 1
        clock.advance(500)
        signing = keys.ring.signing()
        assert signing is not None and signing.key_id == 2
        del scm.reply.keys[0]
        await keys.work()
        assert keys.ring.secret(1) is None and keys.ring.secret(2) == b"2" * 32

    asyncio.run(scenario())


def test_all_who_want_new_keys_share_one_call_and_the_next_is_a_second_later() -> None:
    async def scenario() -> None:
        keys, scm, clock = known()
        scm.answers.clear()
        waiting = [asyncio.ensure_future(keys.refresh()) for _ in range(5)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        scm.answers.set()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert done[1:] == [True] * 4 and scm.asked == 1
        assert not await keys.refresh() and scm.asked == 1
        clock.advance(1_000)
        assert await keys.refresh() and scm.asked == 2

    asyncio.run(scenario())


def test_call_ends_with_the_last_who_waits_for_it() -> None:
    async def scenario() -> None:
        keys, scm, _ = known()
        scm.answers.clear()
        works = [asyncio.ensure_future(keys.refresh()) for _ in range(2)]
        await asyncio.sleep(0)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        # Another one asks anew.
        scm.answers.set()
        assert await keys.refresh() and scm.asked == 2

    asyncio.run(scenario())


def test_keys_count_on_while_the_scm_is_away_or_answers_what_is_no_answer() -> None:
    async def scenario() -> None:
        keys, scm, clock = known()
        await keys.work()
        scm.error = Unavailable("away")
        clock.advance(10**9)
        with pytest.raises(Unavailable):
            await keys.refresh()
        scm.error = None
        scm.reply.keys[0].secret = b"short"
        with pytest.raises(InvalidRequest):
            await keys.refresh()
        assert keys.ring.secret(1) == b"1" * 32 and len(keys.ring) == 2

    asyncio.run(scenario())
