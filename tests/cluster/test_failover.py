"""How long writers wait when the leader of the OMs dies. `-s` shows the distribution."""

import os
import random
import signal
import time
from datetime import datetime
from typing import Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewLoad
from tests.cluster.load import ONLY_PUT
from tests.cluster.recorder import now_ms

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3_600)]

# More than is good for anything but saying that it never ends; the figures are the result.
_WAIT_SECONDS_MAX: Final = 90
_KILLS: Final = 30


def shown(name: str, values_ms: list[float]) -> str:
    ordered = sorted(values_ms)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return (
        f"{name}: {len(ordered)} samples, min {ordered[0]:.0f}, p50 {at(0.5):.0f}, "
        f"p90 {at(0.9):.0f}, p99 {at(0.99):.0f}, max {ordered[-1]:.0f} ms"
    )


@pytest.mark.parametrize("fault", ["KILL", "STOP"])
@pytest.mark.parametrize("role", ["om", "scm"])
def test_writes_go_on_soon_after_the_leader_is_gone(
    cluster: Cluster, new_load: NewLoad, rng: random.Random, role: str, fault: str
) -> None:
    """`O3_CLUSTER_KILLS` kills; one sample for each client and kill: from the kill to the
    acknowledgement of the first write that it began after the kill."""
    load = new_load(cluster.endpoints(), clients=2, mix=ONLY_PUT)
    all_ms: list[float] = []
    worst_ms: list[float] = []
    for number in range(int(os.environ.get("O3_CLUSTER_KILLS", _KILLS))):
        leader = cluster.wait_for_all(role)
        load.wait_for_writes()
        time.sleep(rng.uniform(0.2, 1.0))
        pid, sent = cluster.pid(leader), signal.Signals[f"SIG{fault}"]
        since_ms, moment = now_ms(), f"{datetime.now():%H:%M:%S.%f}"[:-3]
        os.kill(pid, sent)
        load.wait_for_writes(since_ms, seconds_max=_WAIT_SECONDS_MAX)
        waits_ms = load.waits_ms(since_ms)
        all_ms += waits_ms
        worst_ms.append(max(waits_ms))
        waited = " ".join(f"{wait:.0f}" for wait in waits_ms)
        print(f"{fault} {number} at {moment}: {leader}, waited {waited} ms", flush=True)
        cluster.leader(role, other_than=leader)
        if fault == "STOP":
            cluster.kill(leader, "CONT")
        else:
            cluster.restart(leader)
        load.next_scope()
    load.stop()
    print(shown(f"{role} {fault}, every client", all_ms))
    print(shown(f"{role} {fault}, the slowest client", worst_ms))
    print(load.recorder.check())
