"""Leaders die or fall silent under load: no acknowledged write is lost, none is applied twice, and
what clients saw could have happened one call at a time."""

import random
import time

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster, NewLoad
from tests.cluster.recorder import now_ms

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ROUNDS = 3


def test_history_is_linearizable_without_faults(cluster: Cluster, new_load: NewLoad) -> None:
    load = new_load(cluster.endpoints())
    load.wait_for_writes()
    time.sleep(3)
    load.stop()
    print(load.recorder.check())
    cluster.check_logs()


@pytest.mark.parametrize("role", ["om", "scm"])
@pytest.mark.parametrize("fault", ["KILL", "STOP"])
def test_history_is_linearizable_when_leaders_fail(
    cluster: Cluster, new_load: NewLoad, rng: random.Random, role: str, fault: str
) -> None:
    load = new_load(cluster.endpoints())
    for _ in range(ROUNDS):
        load.wait_for_writes()
        # The moment is random, so it is slept for: nothing waits for a condition here.
        time.sleep(rng.uniform(0.5, 2.0))
        leader = cluster.leader(role)
        since_ms = now_ms()
        cluster.kill(leader, fault)
        load.wait_for_writes(since_ms)
        cluster.leader(role, other_than=leader)
        time.sleep(rng.uniform(0.0, 2.0))
        if fault == "STOP":
            cluster.kill(leader, "CONT")
        else:
            cluster.restart(leader)
        cluster.wait_for_all(role)
        load.wait_for_writes()
        load.next_scope()
    load.stop()
    print(load.recorder.check())
    cluster.check_logs()


def test_everything_acknowledged_survives_the_death_of_all_nodes(
    new_cluster: NewCluster, new_load: NewLoad, rng: random.Random
) -> None:
    cluster = new_cluster(datanodes=3).start()
    load = new_load(cluster.endpoints())
    for _ in range(ROUNDS):
        load.wait_for_writes()
        time.sleep(rng.uniform(0.5, 2.0))
        cluster.kill_everything()
        cluster.start()
        load.wait_for_writes()
        load.next_scope()
    load.stop()
    print(load.recorder.check())
