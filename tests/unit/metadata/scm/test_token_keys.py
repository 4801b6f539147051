"""Keys of block tokens: made ever so often, kept for a while, told to who signs and who checks."""

import pytest

from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.errors import Unavailable
from trioxygen.metadata.replication.dump import dump_state
from trioxygen.metadata.scm.schema import ALL_TABLES, TOKEN_KEYS
from trioxygen.metadata.scm.token_keys import TokenKeyConfig, is_due
from trioxygen.proto.v1 import scm_pb2 as scm

KEYS = TokenKeyConfig(key_ms=100_000, kept=3)


async def keys(harness: ScmHarness) -> list[int]:
    return [key.key_id for key in (await harness.client.token_keys()).keys]


@scm_test(token_keys=KEYS)
async def test_new_key_is_made_when_its_time_has_come_and_the_last_ones_count(
    harness: ScmHarness,
) -> None:
    seen = await keys(harness)
    assert len(seen) == 1
    for _ in range(5):
        await harness.pass_time(99_000)
        assert await keys(harness) == seen[-3:]
        await harness.pass_time(5_000)
        now = await keys(harness)
        assert now[:-1] == seen[-2:] and now[-1] not in seen
        seen.append(now[-1])
    assert len(harness.rows(TOKEN_KEYS.table)) == 3


@scm_test(token_keys=KEYS)
async def test_key_signs_once_everybody_has_had_time_to_ask_for_it(harness: ScmHarness) -> None:
    reply = await harness.client.token_keys()
    assert (reply.ask_again_ms, reply.keys[0].signs_after_ms) == (5_000, 10_000)
    assert 2 * reply.ask_again_ms <= reply.keys[0].signs_after_ms
    harness.clock.advance(4_000)
    assert (await harness.client.token_keys()).keys[0].signs_after_ms == 6_000
    harness.clock.advance(90_000)
    assert (await harness.client.token_keys()).keys[0].signs_after_ms == 0
    assert len(reply.keys[0].secret) == 32


@scm_test(token_keys=KEYS)
async def test_keys_outlive_a_restart_and_their_time_goes_on(harness: ScmHarness) -> None:
    [before] = (await harness.client.token_keys()).keys
    await harness.pass_time(60_000)
    await harness.restart()
    [after] = (await harness.client.token_keys()).keys
    assert (after.key_id, after.secret) == (before.key_id, before.secret)
    # Of the group's time: what nothing was written in may be lost.
    await harness.pass_time(30_000)
    assert await keys(harness) == [before.key_id]
    await harness.pass_time(75_000)
    assert len(await keys(harness)) == 2


@scm_test(token_keys=KEYS)
async def test_dump_holds_no_key(harness: ScmHarness) -> None:
    [key] = (await harness.client.token_keys()).keys
    dumped = b"".join(dump_state(harness.store, ALL_TABLES))
    assert key.secret not in dumped and key.key_id.to_bytes(8, "little") not in dumped
    assert harness.rows(TOKEN_KEYS.table)


@scm_test()
async def test_nobody_is_told_keys_where_tokens_are_not_used(harness: ScmHarness) -> None:
    with pytest.raises(Unavailable, match="block tokens are off"):
        await harness.client.token_keys()
    assert harness.rows(TOKEN_KEYS.table) == []


def test_key_is_due_where_there_is_none_or_the_newest_is_old() -> None:
    newest = scm.TokenKeyRow(made_ms=1_000)
    assert is_due(None, group_ms=0, key_ms=100)
    assert not is_due(newest, group_ms=1_099, key_ms=100)
    assert is_due(newest, group_ms=1_100, key_ms=100)
