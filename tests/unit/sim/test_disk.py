"""The simulated disk: what is synced stays, what is not may go, in pieces."""

import random
from pathlib import Path

import pytest

from trioxygen.common.errors import NoSpace
from trioxygen.sim.disk import Crashed, DiskBehaviour, SimDisk
from trioxygen.sim.platter import Platter

FILE = Path("/data/file")


class Machine:
    """A disk with a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.platter, self.behaviour = Platter(), DiskBehaviour()
        self.now = 0.0
        self.crashes = 0
        self.disk = self.open()

    def open(self) -> SimDisk:
        return SimDisk(
            self.platter, self.behaviour, random.Random(1), lambda: self.now, self.crashed
        )

    def crashed(self) -> None:
        self.crashes += 1
        self.disk.sever()

    def lose_power(self, seed: int) -> None:
        self.disk.sever()
        self.platter.lose_power(self.now, random.Random(seed))
        self.disk = self.open()

    def settle(self) -> None:
        """Lets the time of all syncs pass."""
        self.now += 10.0

    def durable_file(self, data: bytes) -> None:
        self.disk.make_directory(FILE.parent)
        file = self.disk.open(FILE, create=True)
        file.pwrite([data], 0)
        file.datasync()
        self.disk.sync_directory(FILE.parent)
        self.settle()


def contents_after_power_loss(prepare: Machine, seeds: int = 40) -> set[bytes]:
    """What a loss of power may leave of the file."""
    actual: set[bytes] = set()
    original = {name: bytes(inode.data) for name, inode in prepare.platter.names.items()}
    assert FILE in original
    for seed in range(seeds):
        machine = Machine()
        machine.durable_file(b"a" * 2048)
        machine.disk.open(FILE).pwrite([b"b" * 1024], 512)
        machine.lose_power(seed)
        actual.add(machine.disk.read(FILE))
    return actual


def test_unsynced_sectors_survive_one_by_one() -> None:
    machine = Machine()
    machine.durable_file(b"a" * 2048)
    actual = contents_after_power_loss(machine)
    old, new = b"a" * 512, b"b" * 512
    assert actual >= {old + old + old + old, old + new + new + old}
    assert actual & {old + new + old + old, old + old + new + old}, "no write was torn"
    assert all(len(each) == 2048 and each[:512] == old and each[1536:] == old for each in actual)


def test_synced_bytes_survive_every_loss_of_power() -> None:
    for seed in range(20):
        machine = Machine()
        machine.durable_file(b"a" * 1024)
        file = machine.disk.open(FILE)
        file.pwrite([b"b" * 700], 100)
        file.datasync()
        machine.settle()
        file.pwrite([b"c" * 10], 1014)
        machine.lose_power(seed)
        assert machine.disk.read(FILE)[:1014] == b"a" * 100 + b"b" * 700 + b"a" * 214


def test_a_sync_that_has_not_ended_promises_nothing() -> None:
    actual: set[bytes] = set()
    for seed in range(20):
        machine = Machine()
        machine.durable_file(b"a" * 512)
        file = machine.disk.open(FILE)
        file.pwrite([b"b" * 512], 0)
        file.datasync()
        machine.lose_power(seed)
        actual.add(machine.disk.read(FILE))
    assert actual == {b"a" * 512, b"b" * 512}


def test_bytes_of_a_failed_sync_stay_in_doubt_until_they_are_written_again() -> None:
    lost = 0
    for seed in range(20):
        machine = Machine()
        machine.durable_file(b"a" * 512)
        file = machine.disk.open(FILE)
        file.pwrite([b"b" * 512], 0)
        machine.behaviour.sync_failures_left = 1
        with pytest.raises(OSError, match="Input/output"):
            file.datasync()
        file.datasync()
        machine.settle()
        file.pwrite([b"c" * 100], 0)
        file.datasync()
        machine.settle()
        machine.lose_power(seed)
        data = machine.disk.read(FILE)
        assert data[:100] == b"c" * 100
        assert data[100:] in (b"b" * 412, b"a" * 412)
        lost += data[100:] == b"a" * 412
    assert lost


def test_bytes_that_are_synced_again_do_not_depend_on_an_older_sync_under_way() -> None:
    for seed in range(20):
        machine = Machine()
        machine.durable_file(b"a" * 512)
        file = machine.disk.open(FILE)
        file.pwrite([b"b" * 512], 0)
        machine.behaviour.slow_sync_rate, machine.behaviour.slow_sync_ms = 1.0, 60_000.0
        file.datasync()
        # The process is killed meanwhile, and started again.
        machine.disk = machine.open()
        machine.behaviour.slow_sync_rate = 0.0
        file = machine.disk.open(FILE)
        file.pwrite([b"b" * 512], 0)
        file.datasync()
        machine.now += 0.1
        machine.lose_power(seed)
        assert machine.disk.read(FILE) == b"b" * 512


def test_a_name_needs_its_directory_synced() -> None:
    left: set[bool] = set()
    for seed in range(20):
        machine = Machine()
        machine.durable_file(b"a")
        other = FILE.with_name("other")
        file = machine.disk.open(other, create=True)
        file.pwrite([b"b"], 0)
        file.datasync()
        machine.settle()
        machine.lose_power(seed)
        assert machine.disk.exists(FILE)
        left.add(machine.disk.exists(other))
    assert left == {True, False}


def test_a_replacement_is_whole_and_durable() -> None:
    for seed in range(20):
        machine = Machine()
        machine.durable_file(b"a" * 2000)
        machine.disk.replace(FILE, b"b" * 3000)
        machine.settle()
        machine.lose_power(seed)
        assert machine.disk.read(FILE) == b"b" * 3000


def test_a_crash_within_a_replacement_leaves_the_old_or_the_new() -> None:
    for seed in range(60):
        machine = Machine()
        machine.durable_file(b"a" * 2000)
        machine.behaviour.operations_to_crash = seed % 6
        with pytest.raises(Crashed):
            machine.disk.replace(FILE, b"b" * 3000)
        machine.behaviour.operations_to_crash = None
        machine.lose_power(seed)
        assert machine.disk.read(FILE) in (b"a" * 2000, b"b" * 3000)


def test_a_severed_disk_does_nothing() -> None:
    machine = Machine()
    machine.durable_file(b"a")
    file = machine.disk.open(FILE)
    machine.disk.sever()
    with pytest.raises(Crashed):
        file.pwrite([b"b"], 0)
    assert machine.open().read(FILE) == b"a"


def test_the_planned_operation_is_the_last() -> None:
    machine = Machine()
    machine.durable_file(b"a")
    machine.behaviour.operations_to_crash = 1
    file = machine.disk.open(FILE)
    with pytest.raises(Crashed):
        file.pwrite([b"b"], 0)
    assert machine.crashes == 1


def test_a_full_disk_lets_nothing_grow() -> None:
    machine = Machine()
    machine.durable_file(b"a" * 100)
    machine.behaviour.full = True
    file = machine.disk.open(FILE)
    file.pwrite([b"b" * 100], 0)
    with pytest.raises(NoSpace):
        file.pwrite([b"b"], 100)
    with pytest.raises(NoSpace):
        machine.disk.open(FILE.with_name("new"), create=True)
