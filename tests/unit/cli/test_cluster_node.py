"""What the supervisor tells of a node that ended, by what is in its log."""

from pathlib import Path

import pytest

from tests.small_disk import small_disk
from trioxygen.cli.cluster_layout import LocalNode
from trioxygen.cli.cluster_node import NodeProcess

LOST = "its log could not be written, as when the disk is full: "


@pytest.mark.parametrize(
    ("exit_code", "logged", "told"),
    [
        (4, "12:00 INFO starting\no3: no room\n", "o3: no room"),
        (4, "", f"{LOST}nothing was logged"),
        (4, "12:00 INFO starting\no3: data fol", f"{LOST}o3: data fol"),
        (120, "12:00 INFO starting\n", f"{LOST}12:00 INFO starting"),
        (1, "Traceback\nValueError: a defect\n", "ValueError: a defect"),
        (-9, "", "nothing was logged"),
        (None, "12:00 INFO start", "12:00 INFO start"),
    ],
)
def test_last_line_of_a_log_is_told_and_whether_it_is_lost(
    tmp_path: Path, exit_code: int | None, logged: str, told: str
) -> None:
    process = ended(tmp_path, logged, exit_code)
    assert process.log_tail() == f"{told} (see {process.log_path})"


@pytest.mark.parametrize(
    ("last", "told"), [("12:00 INFO starting", LOST), ("o3: no space left on device", "")]
)
def test_last_line_on_a_full_disk_is_the_end_only_if_it_says_so(
    tmp_path: Path, last: str, told: str
) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        process = ended(disk.path, f"{last}\n", 4)
        disk.fill()
        assert process.log_tail() == f"{told}{last} (see {process.log_path})"


def ended(folder: Path, logged: str, exit_code: int | None) -> NodeProcess:
    node = LocalNode(id="om1", role="om", port=1, admin_port=2)
    process = NodeProcess(folder, node, lambda process: None)
    process.log_path.parent.mkdir()
    process.log_path.write_text(logged)
    process.exit_code = exit_code
    return process
