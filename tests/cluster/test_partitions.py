"""The network between nodes is cut while clients work. Needs root and iproute2, else it is
skipped."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.conftest import NewLoad
from tests.cluster.namespaces import NODES, NamespacedCluster, why_not
from tests.cluster.recorder import now_ms

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ROUNDS: Final = 2
# Connections that died in the cut have to be noticed before others are made.
_WRITES_SECONDS_MAX: Final = 90


@pytest.fixture
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NamespacedCluster]:
    if reason := why_not():
        pytest.skip(reason)
    made = NamespacedCluster(tmp_path)
    failed_before = request.session.testsfailed
    try:
        yield made.start()
        if request.session.testsfailed != failed_before:
            print(made.logs())
    finally:
        made.discard()


def others_of(leader: str) -> list[str]:
    """The other members of its group."""
    group = leader.rstrip("0123456789")
    return [node for node in NODES if node.startswith(group) and node != leader]


@pytest.mark.parametrize("role", ["om", "scm"])
@pytest.mark.parametrize("way", ["both ways", "from the leader", "to the leader"])
def test_history_is_linearizable_when_the_leader_is_cut_off(
    cluster: NamespacedCluster, new_load: NewLoad, rng: random.Random, role: str, way: str
) -> None:
    """Both ways: from everybody. One way: between the leader and the others of its group."""
    load = new_load(cluster.endpoints())
    for _ in range(ROUNDS):
        load.wait_for_writes()
        time.sleep(rng.uniform(0.5, 1.5))
        leader = cluster.leader(role)
        others = others_of(leader)
        since_ms = now_ms()
        if way == "both ways":
            cluster.cut_off(leader)
        elif way == "from the leader":
            cluster.cut_one_way(leader, others)
        else:
            for other in others:
                cluster.cut_one_way(other, [leader])
        cluster.leader(role, other_than=leader)
        load.wait_for_writes(since_ms, seconds_max=_WRITES_SECONDS_MAX)
        waited = " ".join(f"{wait_ms:.0f}" for wait_ms in load.waits_ms(since_ms))
        print(f"{leader} cut {way}: clients waited {waited} ms")
        time.sleep(rng.uniform(0.5, 2.0))
        if way == "both ways":
            cluster.connect_again(leader)
        elif way == "from the leader":
            cluster.heal_one_way(leader, others)
        else:
            for other in others:
                cluster.heal_one_way(other, [leader])
        cluster.wait_for_all(role)
        load.wait_for_writes(seconds_max=_WRITES_SECONDS_MAX)
        load.next_scope()
    load.stop()
    print(load.recorder.check())
