"""What may be written to a volume: exact at every moment, and cheap while there is plenty."""

import pytest

from trioxygen.common.disk import DiskSpace
from trioxygen.common.errors import NoSpace, Unavailable
from trioxygen.common.units import GIB, MIB
from trioxygen.hdds.container.room import Room, usual_reserve_bytes


class Disk:
    def __init__(self, free_bytes: int) -> None:
        self.free_bytes = free_bytes
        self.looks = 0

    def look(self) -> DiskSpace:
        self.looks += 1
        return DiskSpace(capacity_bytes=1_000 * GIB, free_bytes=self.free_bytes)


def test_what_is_under_way_counts_at_once() -> None:
    room = Room("v", Disk(100).look, reserve_bytes=20)
    room.take(50)
    room.take(30)
    with pytest.raises(NoSpace):
        room.take(1)
    room.give_back(30)
    room.take(30)


def test_what_the_log_holds_counts_until_the_disk_has_it() -> None:
    room = Room("v", Disk(100).look, reserve_bytes=0)
    room.waiting_bytes = lambda: 90
    room.check(10)
    with pytest.raises(NoSpace):
        room.check(11)


def test_what_is_only_announced_takes_nothing() -> None:
    room = Room("v", Disk(100).look, reserve_bytes=0)
    for _ in range(10):
        room.check(100)
    with pytest.raises(NoSpace):
        room.check(101)
    assert room.look() == 100


def test_another_program_is_noticed_at_the_next_write() -> None:
    disk = Disk(100)
    room = Room("v", disk.look, reserve_bytes=10)
    room.take(5)
    disk.free_bytes = 10
    with pytest.raises(NoSpace):
        room.take(1)


def test_disk_is_asked_rarely_while_there_is_plenty() -> None:
    disk = Disk(100 * GIB)
    room = Room("v", disk.look, reserve_bytes=GIB)
    for _ in range(6_400):
        room.take(4_096)
        room.give_back(4_096)
    assert disk.looks <= 101
    # Not so that what is taken in between could reach the reserve.
    disk.free_bytes = GIB + 300 * MIB
    room.look()
    for _ in range(300):
        room.take(MIB)
    with pytest.raises(NoSpace):
        room.take(MIB)


def test_volume_is_full_while_it_would_refuse_again_what_it_refused() -> None:
    disk = Disk(100)
    room = Room("v", disk.look, reserve_bytes=0)
    assert not room.is_full()
    with pytest.raises(NoSpace):
        room.take(300)
    assert room.is_full()
    disk.free_bytes = 299
    assert room.is_full()
    disk.free_bytes = 300
    assert not room.is_full()
    disk.free_bytes = 0
    assert room.is_full()


def test_nothing_is_taken_while_something_else_is_in_the_way() -> None:
    room = Room("v", Disk(10 * GIB).look, reserve_bytes=0)
    room.take(1)
    assert room.ran_out() and not room.ran_out()
    with pytest.raises(NoSpace):
        room.take(1)
    assert room.recovered() and not room.recovered()
    room.take(1)
    room.is_blocked = lambda: True
    assert room.is_full()
    with pytest.raises(NoSpace):
        room.take(1)


@pytest.mark.parametrize(
    ("capacity_bytes", "reserve_bytes"),
    [
        (0, 16 * MIB),
        (64 * MIB, 16 * MIB),
        (320 * MIB, 16 * MIB),
        (1 * GIB, GIB // 20),
        (8 * GIB, 8 * GIB // 20),
        (20 * GIB, 1 * GIB),
        (18_000 * GIB, 1 * GIB),
    ],
)
def test_usual_reserve_is_a_share_of_a_small_disk_and_bounded_on_a_large_one(
    capacity_bytes: int, reserve_bytes: int
) -> None:
    assert usual_reserve_bytes(capacity_bytes) == reserve_bytes


def test_disk_that_does_not_say_takes_nothing_and_is_no_full_one() -> None:
    disk = Disk(100)

    def look() -> DiskSpace:
        if disk.free_bytes < 0:
            raise Unavailable("the disk cannot be written")
        return disk.look()

    room = Room("v", look, reserve_bytes=0)
    room.take(50)
    disk.free_bytes = -1
    with pytest.raises(Unavailable):
        room.take(1)
    assert room.look() == 0 and room.is_full()
    assert (room.free_bytes, room.under_way_bytes) == (100, 50)
    disk.free_bytes = 100
    room.take(50)
