"""Block tokens that an OM gives: with leases, with keys that are looked up, and on request."""

from dataclasses import dataclass, field

import pytest

from tests.unit.metadata.om.om_harness import CONTAINER, OmHarness, om_test, slices_of
from trioxygen.common.block_token import BlockToken, Operation, unchecked
from trioxygen.common.errors import Unavailable
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.scm_pb2 import GetTokenKeysReply, TokenKey
from trioxygen.proto.v1.types_pb2 import BlockId

WRITES = Operation.READ | Operation.WRITE


@dataclass
class Keys:
    """The SCM's. Attributes: ids: those that count."""

    ids: list[int] = field(default_factory=lambda: [1])
    asked: int = 0
    is_away: bool = False

    async def fetch(self) -> GetTokenKeysReply:
        self.asked += 1
        if self.is_away:
            raise Unavailable("no SCM")
        keys = [TokenKey(key_id=number, secret=bytes([number]) * 32) for number in self.ids]
        return GetTokenKeysReply(keys=keys, ask_again_ms=10_000_000)


async def use_tokens(harness: OmHarness) -> Keys:
    keys = Keys()
    harness.token_keys = keys.fetch
    await harness.restart()
    return keys


def said(data: bytes) -> BlockToken:
    token = unchecked(data)
    assert token is not None
    return token


async def grant(
    harness: OmHarness, *locals_: int, writes: bool = False, refused: int = 0
) -> list[bytes]:
    blocks = [BlockId(container=CONTAINER, local=local) for local in locals_]
    return list(await harness.client.tokens_for(blocks, writes, refused))


@om_test()
async def test_lease_comes_with_a_token_of_its_blocks(harness: OmHarness) -> None:
    await use_tokens(harness)
    lease = await harness.lease(3)
    expected = BlockToken(1, CONTAINER, lease.blocks.first_local, 3, WRITES, "unknown")
    assert said(lease.token) == expected
    # What is kept to answer a retry holds none.
    assert all(lease.token not in value for _, value in harness.rows(RETRIES.table))


@om_test()
async def test_key_comes_with_tokens_to_read_its_first_blocks(harness: OmHarness) -> None:
    await use_tokens(harness)
    bucket = await harness.bucket()
    lease = await harness.lease(70)
    blocks = slices_of(lease, *[1] * 70)
    await harness.put(bucket, b"large", blocks=[blocks[0], *blocks])
    tokens = [said(each) for each in (await harness.lookup(bucket, b"large")).read_tokens]
    first = lease.blocks.first_local
    assert [each.first_local for each in tokens] == list(range(first, first + 64))
    assert {(each.blocks, each.operations) for each in tokens} == {(1, Operation.READ)}
    assert not (await harness.lookup(bucket, b"absent")).read_tokens


@om_test()
async def test_tokens_are_granted_for_what_is_referred_to_or_leased(harness: OmHarness) -> None:
    await use_tokens(harness)
    bucket = await harness.bucket()
    lease = await harness.lease(2)
    first = lease.blocks.first_local
    await harness.put(bucket, b"a", blocks=slices_of(lease, 4))
    to_read = await grant(harness, first, first + 1)
    assert said(to_read[0]).operations == Operation.READ and to_read[1] == b""
    to_write = await grant(harness, first, first + 1, first + 2, writes=True)
    assert [bool(each) for each in to_write] == [True, True, False]
    assert {said(each).operations for each in to_write[:2]} == {WRITES}
    # Of another client's lease nobody else gets one.
    harness.client = harness.new_client()
    assert await grant(harness, first, first + 1, writes=True) == [b"", b""]


@om_test()
async def test_refused_key_has_the_scm_asked_for_others(harness: OmHarness) -> None:
    keys = await use_tokens(harness)
    bucket = await harness.bucket()
    await harness.put(bucket, b"a")
    [token] = (await harness.lookup(bucket, b"a")).read_tokens
    keys.ids, asked = [5, 6], keys.asked
    harness.clock.advance(2_000)
    local = said(token).first_local
    assert said((await grant(harness, local))[0]).key_id == 1
    assert said((await grant(harness, local, refused=1))[0]).key_id == 6
    # At once once more: it was asked a moment ago.
    await grant(harness, local, refused=6)
    assert keys.asked == asked + 1


@om_test()
async def test_without_a_key_nothing_is_leased_and_keys_can_be_looked_up(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a")
    keys = Keys(is_away=True)
    harness.token_keys = keys.fetch
    await harness.restart()
    channel = harness.network.channel("om1")
    request = om.LeaseBlocksRequest(count=1, block_bytes_max=1, client_id=1, request_id=100)
    with pytest.raises(Unavailable):
        await channel.call(
            "OzoneManager/LeaseBlocks", request, om.LeaseBlocksReply, timeout_ms=1_000
        )
    found = await harness.lookup(bucket, b"a")
    assert found.exists and not found.read_tokens
    keys.is_away = False
    await harness.lease(1)
    assert (await harness.lookup(bucket, b"a")).read_tokens


@om_test()
async def test_tokens_that_are_not_used_are_not_there(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    assert (await harness.lease(1)).token == b""
    await harness.put(bucket, b"a")
    assert not (await harness.lookup(bucket, b"a")).read_tokens
    assert await grant(harness, 1, 2) == [b"", b""]
