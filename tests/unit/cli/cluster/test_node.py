"""What the supervisor tells of a node that ended, by what is in its log."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from tests.small_disk import small_disk
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.cli.cluster.layout import LocalNode
from trioxygen.cli.cluster.node import MOVES, NodeProcess, NodeState
from trioxygen.common.worker import Tasks

LOST = "its log could not be written, as when the disk is full: "


@pytest.mark.parametrize(
    ("exit_code", "logged", "output"),
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
    tmp_path: Path, exit_code: int | None, logged: str, output: str
) -> None:
    process = ended(tmp_path, logged, exit_code)
    assert process.log_tail() == f"{output} (see {process.log_path})"


@pytest.mark.parametrize(
    ("last", "output"), [("12:00 INFO starting", LOST), ("o3: no space left on device", "")]
)
def test_last_line_on_a_full_disk_is_the_end_only_if_it_says_so(
    tmp_path: Path, last: str, output: str
) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        process = ended(disk.path, f"{last}\n", 4)
        disk.fill()
        assert process.log_tail() == f"{output}{last} (see {process.log_path})"


def test_every_state_of_a_node_has_its_moves_and_each_can_be_left() -> None:
    assert MOVES.keys() == set(NodeState)
    assert all(MOVES.values())
    # Whatever it was at, a node that ends can be started again.
    assert all(
        NodeState.EXITED in MOVES[state]
        for state in NodeState
        if state not in (NodeState.DOWN, NodeState.EXITED)
    )


def ended(folder: Path, logged: str, exit_code: int | None) -> NodeProcess:
    node = LocalNode(id="om1", role="om", port=1, admin_port=2)
    tasks = Tasks(ManualClock(), CollectorRegistry())
    process = NodeProcess(folder, node, tasks, lambda process: None)
    process.log_path.parent.mkdir()
    process.log_path.write_text(logged)
    process.exit_code = exit_code
    return process
