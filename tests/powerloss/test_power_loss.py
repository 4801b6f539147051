"""A power loss at any moment takes nothing that was acknowledged, and a store starts after it.

A store runs under load, everything that it writes and syncs is recorded, and the record is cut at
random places; images.py says what is left then. `O3_CRASH_SEED` repeats a run's choices, as far as
threads repeat anything; `O3_POWER_LOSS_IMAGES` makes more images.
"""

import os
import random
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.powerloss.cutting import (
    ImageWrong,
    Recording,
    check_cut_recovery,
    check_images,
    choose_cuts,
    images,
    record,
)
from tests.powerloss.images import Replay
from tests.powerloss.recording import compile_recorder
from tests.powerloss.trace import Kind

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1_200)]

# The first life lasts until the compactor, which looks every ten seconds, has found something.
LIVES_SECONDS: Final = (11.0, 3.0)
COMPACTED: Final = "segment_compacted"
ACKNOWLEDGED_MIN: Final = 500
IMAGES: Final = int(os.environ.get("O3_POWER_LOSS_IMAGES") or 24)
IMAGES_OF_FIRST_START: Final = IMAGES // 3
IMAGES_CUT_TWICE: Final = IMAGES // 8
CUTS_OF_RECOVERY: Final = 2
IMAGES_WITHOUT_A_SYNC: Final = 40


def seeded_rng() -> random.Random:
    seed = int(os.environ.get("O3_CRASH_SEED") or secrets.randbits(32))
    print(f"O3_CRASH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def rng() -> random.Random:
    return seeded_rng()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_recorder(tmp_path_factory.mktemp("recorder"))


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A folder; what a test that passes leaves in it, hundreds of megabytes, is removed."""
    folder = tmp_path / "work"
    folder.mkdir()
    yield folder
    if not any(folder.glob("image-*")):
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def recording(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    folder = tmp_path_factory.mktemp("recording")
    yield record(
        folder,
        library,
        LIVES_SECONDS,
        seeded_rng(),
        awaited=COMPACTED,
        enough=lambda load: load.acknowledged() > ACKNOWLEDGED_MIN,
    )
    shutil.rmtree(folder)


def contents_below(folder: Path) -> dict[str, bytes | None]:
    """By path; folders are None. Without the locks of LMDB, which are no data."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if path.name != "lock.mdb"
    }


def test_recorder_misses_nothing(recording: Recording, work: Path) -> None:
    """All that was recorded makes the very folder that the killed process left."""
    replay = Replay(recording.root)
    for event in recording.events:
        replay.apply(event)
    replay.write_image(work / "whole", None)
    assert contents_below(work / "whole") == contents_below(recording.root)


def test_load_does_all_that_a_power_loss_could_hurt(recording: Recording) -> None:
    kinds = {event.kind for event in recording.events}
    assert kinds >= {Kind.WRITE, Kind.TRUNCATE, Kind.ALLOCATE, Kind.PUNCH, Kind.RENAME, Kind.UNLINK}
    paths = {event.path for event in recording.events} | {
        event.target for event in recording.events
    }
    root = recording.root
    for log in (root / "log", root / "datanode" / "log"):
        assert len([path for path in paths if path.startswith(f"{log}/0")]) >= 2, log
    removed = {event.path for event in recording.events if event.kind is Kind.UNLINK}
    assert any(path.endswith(".block") for path in removed), "no block was deleted"
    assert any("/packed-" in path for path in removed), "nothing was compacted"
    assert len(recording.acknowledged()) > ACKNOWLEDGED_MIN


def test_nothing_acknowledged_is_lost(recording: Recording, work: Path, rng: random.Random) -> None:
    check_images(recording, choose_cuts(recording, IMAGES, rng), work, rng)


def test_first_start_can_be_cut_anywhere(
    recording: Recording, work: Path, rng: random.Random
) -> None:
    first = next(
        number
        for number, event in enumerate(recording.events)
        if event.time_ns > recording.bucket.begun_ns
    )
    cuts = sorted(rng.randint(0, first) for _ in range(IMAGES_OF_FIRST_START))
    check_images(recording, cuts, work, rng)


def test_power_may_fail_again_during_recovery(
    recording: Recording, library: Path, work: Path, rng: random.Random
) -> None:
    cuts = choose_cuts(recording, IMAGES_CUT_TWICE, rng)
    for cut, home in images(recording, cuts, work, rng):
        check_cut_recovery(recording, cut, home, library, rng, count=CUTS_OF_RECOVERY)
        shutil.rmtree(home)


@pytest.mark.parametrize(
    "syncs",
    [
        pytest.param("file:*/log/*.wal", id="appends to the logs"),
        pytest.param("file:*/log/next.unfinished", id="new segments of the logs"),
        pytest.param("directory:*/log", id="names of the logs' segments"),
        pytest.param("file:*.block", id="large blocks"),
        pytest.param("file:*/packed-*.data", id="small blocks"),
        pytest.param("directory:*/containers/*", id="names of block files"),
        pytest.param("file:*/data.mdb", id="LMDB"),
    ],
)
def test_store_that_skips_a_sync_is_caught(
    syncs: str, library: Path, work: Path, rng: random.Random
) -> None:
    recording = record(
        work / "store",
        library,
        [4.0],
        rng,
        # Some of each kind, and of the seldom ones more than one.
        enough=lambda load: load.acknowledged() >= 100 and load.large_contents() >= 3,
        skipped_syncs=syncs,
    )
    assert any(event.kind is Kind.SYNC_SKIPPED for event in recording.events), "nothing was skipped"
    cuts = choose_cuts(recording, IMAGES_WITHOUT_A_SYNC, rng)
    with pytest.raises(ImageWrong) as caught:
        check_images(recording, cuts, work, rng)
    print(caught.value)
    for home in work.glob("image-*"):
        shutil.rmtree(home)
