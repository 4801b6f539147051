"""The bench of SCMs under many DataNodes, in its short form: it goes through all of it."""

import asyncio
from pathlib import Path

import pytest

from bench.scm_scale.group import ScmSettings
from bench.scm_scale.measure import measure_scm_scale

NODES = 20
SETTINGS = ScmSettings(
    scms=1,
    heartbeat_ms=300,
    report_seconds=1,
    stale_seconds=3,
    dead_seconds=4,
    # The processes of other tests run beside these.
    election_ticks=60,
)


@pytest.mark.slow
def test_twenty_nodes_are_known_looked_at_and_repaired(tmp_path: Path) -> None:
    runs = asyncio.run(
        measure_scm_scale(
            nodes=[NODES],
            replicas_each=60,
            seconds=3.0,
            seed=1,
            settings=SETTINGS,
            data_parent=tmp_path,
        )
    )
    figures = runs[0]
    assert (figures.nodes, figures.replicas) == (NODES, NODES * 60)
    assert figures.failed_calls == 0
    # What a report costs is the difference of two short spans here: it may be lost in their noise.
    assert figures.leader_heartbeat_ms > 0 and figures.leader_report_ms >= 0
    assert 0 < figures.planned_s <= figures.made_s
