"""How long a gateway's supervisor waits for a worker that is to end."""

import pytest

from trioxygen.cli.config.reading import load
from trioxygen.cli.running.workers import end_seconds_max


@pytest.mark.parametrize("drain_seconds", [0, 300])
@pytest.mark.parametrize("call_seconds_max", [10, 600])
def test_worker_may_end_what_it_waits_for_before_it_is_killed(
    drain_seconds: int, call_seconds_max: int
) -> None:
    config = load(
        None,
        {
            ("s3", "drain_seconds"): drain_seconds,
            ("network", "call_seconds_max"): call_seconds_max,
        },
        {},
    )
    # The last of its requests may have called just before it was given up.
    assert end_seconds_max(config) > drain_seconds + call_seconds_max
