"""What is told of a repair, and of bytes that come back."""

import os
from pathlib import Path

import pytest

from bench.foreground import Waited
from bench.repair import Repaired
from bench.repair import show as show_repair
from bench.space import Stage, disk_bytes, is_data, is_index, is_log
from bench.space import show as show_space


def waited(rate: float) -> Waited:
    return Waited("PUT 4 KiB", rate, p50_ms=2.0, p99_ms=8.0, max_ms=9.0, errors=0)


def test_rate_of_a_repair_is_that_of_the_bytes_that_were_made_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    repaired = Repaired(
        containers=4,
        copied_bytes=3_000_000_000,
        until_begun_seconds=7.0,
        seconds=12.0,
        cpu_seconds={"datanode": 6.0, "scm": 0.5},
        before=[waited(100.0)],
        during=[waited(50.0)],
    )
    assert repaired.gigabytes_per_second == 0.25
    show_repair("as fast as it goes", repaired)
    said = capsys.readouterr().out
    assert "3 GB made again in 12 s (0.25 GB/s)" in said
    assert "0.50x" in said.splitlines()[-1]


def test_a_hole_takes_no_space_and_each_file_counts_once(tmp_path: Path) -> None:
    for name in ("containers/1/segment", "index/data.mdb", "log/0001.wal"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(os.urandom(1 << 16))
    with (tmp_path / "containers/1/segment").open("ab") as segment:
        segment.truncate(1 << 30)
    sizes = [disk_bytes(tmp_path, counts) for counts in (is_data, is_index, is_log)]
    assert all(1 << 16 <= size < 1 << 20 for size in sizes)
    assert disk_bytes(tmp_path, lambda _: True) == sum(sizes)


def test_bytes_that_are_back_are_those_between_what_was_stored_and_what_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stages = [
        Stage("stored", 10.0, 5.0, 4_096_000, 0, 0),
        Stage("deleted", 5.0, 2.0, 3_000_000, 0, 0),
        Stage("given back", 5.0, 0.9, 409_600, 0, 0),
    ]
    show_space(stages, 1_000)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("900 of 1,000 objects deleted: 3.69 MB of 3.69 MB are back")
    assert last.endswith("1,000 us of CPU for each deleted object")
