"""A power loss at any moment takes nothing from a DataNode's disk that it has acknowledged, and
nothing half is served. As `test_power_loss.py`, of one DataNode alone: rings, streams, copies."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.powerloss.cutting import ImageWrong
from tests.powerloss.disk_cutting import DiskRecording, check_disk_images, record_disk
from tests.powerloss.disk_load import COPIED_FIRST, LIFE_IDS
from tests.powerloss.images import Replay
from tests.powerloss.recording import compile_recorder
from tests.powerloss.test_power_loss import contents_below, seeded_rng
from tests.powerloss.trace import Kind

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1_200)]

IMAGES: Final = int(os.environ.get("O3_POWER_LOSS_IMAGES") or 260)
IMAGES_WITHOUT_A_SYNC: Final = 60
LIVES_SECONDS: Final = (2.5, 1.5)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_recorder(tmp_path_factory.mktemp("recorder"))


@pytest.fixture(scope="module")
def recording(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiskRecording]:
    folder = tmp_path_factory.mktemp("disk")
    yield record_disk(folder / "recorded", library, LIVES_SECONDS, seeded_rng())
    shutil.rmtree(folder)


def test_recorder_of_a_disk_misses_nothing(recording: DiskRecording, tmp_path: Path) -> None:
    whole = recording.recording
    replay = Replay(whole.root)
    for event in whole.events:
        replay.apply(event)
    replay.write_image(tmp_path / "whole", None)
    assert contents_below(tmp_path / "whole") == contents_below(whole.root)


def test_load_does_all_that_a_disk_knows(recording: DiskRecording) -> None:
    events = recording.recording.events
    kinds = {event.kind for event in events}
    assert kinds >= {Kind.WRITE, Kind.ALLOCATE, Kind.PUNCH, Kind.RENAME, Kind.UNLINK}
    removed = {event.path for event in events if event.kind is Kind.UNLINK}
    assert any(path.endswith(".block") for path in removed), "no block was deleted"
    assert any("/packed-" in path for path in removed), "nothing was compacted"
    assert any(container % LIFE_IDS >= COPIED_FIRST for container, _ in recording.closed), (
        "nothing was copied"
    )
    assert len(recording.recording.acknowledged()) > 100


def test_disk_loses_nothing_acknowledged(recording: DiskRecording, tmp_path: Path) -> None:
    check_disk_images(recording, IMAGES, tmp_path, seeded_rng())


@pytest.mark.parametrize(
    "syncs",
    [
        pytest.param("file:*/log/*.wal", id="appends to the log"),
        pytest.param("file:*.block", id="blocks in files of their own"),
        pytest.param("file:*/packed-*.data", id="packed blocks"),
        pytest.param("directory:*/containers/*", id="names of block files"),
    ],
)
def test_disk_that_skips_a_sync_is_caught(syncs: str, library: Path, tmp_path: Path) -> None:
    rng = seeded_rng()
    recording = record_disk(tmp_path / "recorded", library, [1.5], rng, skipped_syncs=syncs)
    with pytest.raises(ImageWrong) as caught:
        check_disk_images(recording, IMAGES_WITHOUT_A_SYNC, tmp_path, rng)
    print(caught.value)
    shutil.rmtree(tmp_path)
