"""Disks of a node that fail, are slow or full alone; links of a host that are slow."""

import random
from pathlib import Path

import pytest

from trioxygen.common.errors import NoSpace
from trioxygen.sim.disk import Ailment, DiskBehaviour, SimDisk
from trioxygen.sim.links import Links
from trioxygen.sim.platter import Platter

ONE, OTHER = Path("/data/disk1"), Path("/data/disk2")


def two_disks() -> tuple[Platter, DiskBehaviour, SimDisk]:
    platter, behaviour = Platter(), DiskBehaviour()
    platter.disks = (ONE, OTHER)
    disk = SimDisk(platter, behaviour, random.Random(1), lambda: 0.0, lambda: None)
    for folder in platter.disks:
        disk.make_directory(folder)
        disk.replace(folder / "file", b"bytes")
    return platter, behaviour, disk


def test_broken_disk_is_neither_read_nor_written_and_the_other_is() -> None:
    _, behaviour, disk = two_disks()
    behaviour.ailing[ONE] = Ailment.BROKEN
    with pytest.raises(OSError, match="Input/output error"):
        disk.read(ONE / "file")
    with pytest.raises(OSError, match="Input/output error"):
        disk.replace(ONE / "file", b"others")
    disk.replace(OTHER / "file", b"others")
    assert disk.read(OTHER / "file") == b"others"


def test_read_only_disk_is_read() -> None:
    _, behaviour, disk = two_disks()
    behaviour.ailing[ONE] = Ailment.READ_ONLY
    assert disk.read(ONE / "file") == b"bytes"
    with pytest.raises(OSError, match="Read-only"):
        disk.replace(ONE / "file", b"others")
    with pytest.raises(OSError, match="Read-only"):
        disk.open(ONE / "new", create=True)


def test_full_disk_is_full_alone_and_a_slow_one_takes_its_time() -> None:
    _, behaviour, disk = two_disks()
    behaviour.ailing = {ONE: Ailment.FULL, OTHER: Ailment.SLOW}
    with pytest.raises(NoSpace):
        disk.replace(ONE / "file", b"more bytes than before")
    assert disk.space(ONE).free_bytes == 0 < disk.space(OTHER).free_bytes
    disk.take_cost_ms()
    disk.read(ONE / "file")
    usual_ms = disk.take_cost_ms()
    disk.read(OTHER / "file")
    assert disk.take_cost_ms() > usual_ms + 4


def test_new_disk_is_empty_and_the_other_is_as_it_was() -> None:
    platter, _, disk = two_disks()
    platter.wipe(ONE)
    assert disk.exists(ONE) and disk.list(ONE) == []
    assert disk.read(OTHER / "file") == b"bytes"
    platter.lose_power(0.0, random.Random(1))
    assert not disk.exists(ONE / "file") and disk.exists(OTHER / "file")


def test_link_of_one_host_is_slow() -> None:
    links = Links(random.Random(1))
    links.slow_ms["b"] = 500.0
    slow = [links.delay_ms("a", "b") or 0 for _ in range(20)]
    assert max(slow) > 100
    assert all((links.delay_ms("a", "c") or 0) <= 1.0 for _ in range(20))
