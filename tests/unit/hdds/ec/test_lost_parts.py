"""When a reader of an erasure-coded block may say that it is not there."""

from trioxygen.common.errors import ChecksumMismatch, NoSuchBlock, TrioxygenError, Unreachable
from trioxygen.common.replication import Replication
from trioxygen.common.units import MIB
from trioxygen.hdds.client.ec_reading import is_lost
from trioxygen.hdds.ec.layout import GroupLayout

EC = Replication.parse("EC/3-2")
ABSENT, AWAY = NoSuchBlock(container=1, local=2), Unreachable("nobody listens")
BAD = ChecksumMismatch("bad bytes")


def lost(block_bytes: int, errors: dict[int, TrioxygenError]) -> bool:
    return is_lost(GroupLayout.of(EC, block_bytes), errors)


def test_block_is_lost_when_more_lack_it_than_there_is_parity() -> None:
    assert not lost(3 * MIB, {1: ABSENT, 2: ABSENT})
    assert lost(3 * MIB, {1: ABSENT, 2: ABSENT, 5: ABSENT})
    assert lost(3 * MIB, {1: ABSENT, 2: BAD, 5: ABSENT})


def test_block_of_members_that_are_away_may_come_back() -> None:
    assert not lost(3 * MIB, {1: ABSENT, 2: ABSENT, 3: AWAY, 4: AWAY, 5: AWAY})


def test_each_part_of_a_short_block_is_all_of_it() -> None:
    assert not lost(100, {1: ABSENT, 4: ABSENT, 5: AWAY})
    assert lost(100, {1: ABSENT, 4: ABSENT, 5: BAD})
