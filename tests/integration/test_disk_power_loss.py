"""What a power loss leaves of a DataNode's disk, a few times; hundreds of times in
`tests/powerloss`."""

import random
from pathlib import Path

from tests.powerloss.disk_cutting import check_disk_images, record_disk
from tests.powerloss.recording import compile_recorder


def test_disk_loses_nothing_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(20_261_129)
    recording = record_disk(tmp_path / "recorded", compile_recorder(tmp_path), [1.0], rng)
    check_disk_images(recording, 8, tmp_path, rng)
