"""What the supervisor tells of a node that ended, by what is in its log."""

from pathlib import Path

import pytest

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
    node = LocalNode(id="om1", role="om", port=1, admin_port=2)
    process = NodeProcess(tmp_path, node, lambda ended: None)
    process.log_path.parent.mkdir()
    process.log_path.write_text(logged)
    process.exit_code = exit_code
    assert process.log_tail() == f"{told} (see {process.log_path})"
