from typing import Any

import pytest

from trioxygen.cli.admin.balancer import print_balancer, step_of

VIEW: dict[str, Any] = {
    "is_running": True,
    "has_run": True,
    "waits_for": "",
    "ended_why": "",
    "threshold_percent": 10.0,
    "low_percent": 20.0,
    "high_percent": 40.0,
    "mean_percent": 30.0,
    "nodes_out": 1,
    "nodes_counted": 4,
    "moved": 3,
    "moved_bytes": 3 << 20,
    "failed": 1,
    "iterations": 2,
    "bytes_left": 1 << 20,
    "moved_bytes_per_s": 1 << 10,
    "estimated_ms": 120_000,
    "queued": 5,
    "moves": [{}],
    "nodes": [
        {
            "node_id": "dn4",
            "used_bytes": 0,
            "capacity_bytes": 1 << 30,
            "used_percent": 0.0,
            "above_bytes": 0,
            "below_bytes": 1 << 20,
        }
    ],
}


def test_progress_is_what_is_left_of_what_there_was() -> None:
    step, seen = step_of(VIEW)
    assert (step.done, step.total, step.is_over) == (3 << 20, 4 << 20, False) and seen is VIEW
    assert step.text == "1.0 MiB left, 1 DataNodes out of the band, about 2 min"
    assert step_of(VIEW | {"waits_for": "safe mode"})[0].text.endswith("waits for safe mode")
    assert step_of(VIEW | {"is_running": False})[0].is_over


def test_status_says_what_was_moved_what_is_left_and_why_it_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_balancer(VIEW, as_json=False)
    shown = capsys.readouterr().out
    assert "runs, threshold 10 %" in shown and "20 to 40 %, mean 30 %" in shown
    assert "3 containers, 3.0 MiB; 1 given up; 2 iterations" in shown
    assert "1.0 MiB, about 2 min at 1.0 KiB in a second" in shown
    ended = {"is_running": False, "ended_why": "an operator stopped it", "estimated_ms": 0}
    print_balancer(VIEW | ended, as_json=False)
    assert "ended: an operator stopped it" in capsys.readouterr().out
