"""What an SCM does with what DataNodes tell, part by part and in this process: CPU that no other
process and no transport has a share in, so that a machine that is too small for the whole shows
how each part grows."""

import gc
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.report import aligned, number
from bench.scm_scale.rows import OldContainer, old_containers, put_containers
from trioxygen.common.clock import SystemClock
from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.units import SECOND_MS, TIB
from trioxygen.metadata.scm.containers.containers import is_settled
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.pipelines import is_at_home
from trioxygen.metadata.scm.pipelines.plan import PipelineLimits, PlanPipeline, plan
from trioxygen.metadata.scm.pipelines.plan_nodes import cluster_of
from trioxygen.metadata.scm.pipelines.state import PipelineState
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.nodes_view import observe_nodes
from trioxygen.metadata.scm.replication.observer import is_plainly_healthy
from trioxygen.metadata.scm.schema import ALL_TABLES, CONTAINERS, id_key
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import HeartbeatRequest, VolumeReport

_HEARTBEAT: Final = "StorageContainerManager/Heartbeat"
_DISKS_A_NODE: Final = 2
_PIPELINES_A_NODE: Final = 2
_REPORTS: Final = 100
_ROUNDS: Final = 5
_TITLES: Final = {
    "follower_report_ms": "a full report, follower, ms",
    "leader_report_ms": "a full report, leader, ms",
    "look_us": "a look at a container, us",
    "compared_us": "a replica that a new leader compares, us",
    "view_ms": "all nodes seen anew, ms",
    "plan_ms": "pipelines planned, ms",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """CPU."""

    nodes: int
    follower_report_ms: float
    leader_report_ms: float
    look_us: float
    compared_us: float
    view_ms: float
    plan_ms: float


def parts_table(runs: Sequence[Parts]) -> str:
    rows = [["", *(f"{run.nodes:,} nodes" for run in runs)]]
    for name, title in _TITLES.items():
        rows.append([title, *(number(getattr(run, name)) for run in runs)])
    return aligned(rows)


class _Scm:
    """Its state, and what it has heard, of a cluster that lacks nothing."""

    def __init__(
        self, store: LmdbStore, node_ids: Sequence[str], containers: Sequence[OldContainer]
    ) -> None:
        self.store, self.node_ids, self.containers = store, node_ids, containers
        self.nodes = Nodes(SystemClock(), stale_after_ms=60 * SECOND_MS, dead_after_ms=1e9)
        self.replicas = Replicas()
        held: dict[str, list[OldContainer]] = {node_id: [] for node_id in node_ids}
        for container in containers:
            for node_id in container.node_ids:
                held[node_id].append(container)
        self.held: Mapping[str, Sequence[OldContainer]] = held
        for node_id in node_ids:
            self.nodes.registered(node_id, address=node_id)
            self.replicas.registered(node_id, node_id)
            self.hear(self.report_of(node_id))

    def report_of(self, node_id: str) -> bytes:
        volumes = [
            VolumeReport(volume_id=f"{node_id}-{disk}", capacity_bytes=TIB, free_bytes=TIB // 2)
            for disk in range(_DISKS_A_NODE)
        ]
        containers = [each.report() for each in self.held[node_id]]
        return HeartbeatRequest(
            node_id=node_id, full_report=True, volumes=volumes, containers=containers
        ).SerializeToString()

    def hear(self, raw: bytes) -> list[int]:
        """As a follower does. Returns: of what is as before, which it is."""
        heartbeat = HeartbeatRequest.FromString(raw)
        RULES.check(heartbeat, _HEARTBEAT)
        report = self.nodes.heard(heartbeat)
        heard = self.replicas.heard(heartbeat, compares_all=False)
        self.nodes.taken(heartbeat, report)
        return heard.same

    def take(self, txn: ReadTxn, node_id: str, raw: bytes) -> None:
        """As the leader does."""
        of_node = self.replicas.of_node(node_id)
        for container_id in self.hear(raw):
            row = CONTAINERS.get(txn, id_key(container_id))
            assert row is not None and is_at_home(txn, row, of_node[container_id], node_id)

    def take_over(self, txn: ReadTxn) -> None:
        for node_id in self.node_ids:
            for report in self.replicas.of_node(node_id).values():
                row = CONTAINERS.get(txn, id_key(report.container_id))
                assert row is not None and is_at_home(txn, row, report, node_id)
                assert is_settled(row, report)

    def look(self, txn: ReadTxn) -> None:
        view = observe_nodes(txn, self.nodes, missing_max=0)
        for _, row in CONTAINERS.scan(txn, prefix=b""):
            reports = self.replicas.of_container(row.container_id)
            assert is_plainly_healthy(row, reports, view)


def _take_all(scm: _Scm, txn: ReadTxn, raws: Mapping[str, bytes]) -> None:
    for node_id, raw in raws.items():
        scm.take(txn, node_id, raw)


def _cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * SECOND_MS


def _pipelines(node_ids: Sequence[str], rng: random.Random) -> list[PlanPipeline]:
    pipelines: list[PlanPipeline] = []
    for _ in range(_PIPELINES_A_NODE):
        order = rng.sample(node_ids, len(node_ids))
        for start in range(0, len(order) - 2, RATIS_THREE.members):
            members = tuple(order[start : start + RATIS_THREE.members])
            pipelines.append(
                PlanPipeline(
                    pipeline_id=len(pipelines) + 1,
                    replication=RATIS_THREE,
                    state=PipelineState.OPEN,
                    node_ids=members,
                    volume_ids=tuple(f"{node_id}-0" for node_id in members),
                )
            )
    return pipelines


def _parts_of(scm: _Scm, rng: random.Random) -> Parts:
    raws = {node_id: scm.report_of(node_id) for node_id in scm.node_ids[:_REPORTS]}
    follower_ms = _cpu_ms(lambda: [scm.hear(raw) for raw in raws.values()])
    pipelines, limits = _pipelines(scm.node_ids, rng), PipelineLimits()
    with scm.store.read() as txn:
        leader_ms = _cpu_ms(lambda: _take_all(scm, txn, raws))
        look_ms = _cpu_ms(lambda: scm.look(txn))
        compared_ms = _cpu_ms(lambda: scm.take_over(txn))
        view_ms = _cpu_ms(
            lambda: [observe_nodes(txn, scm.nodes, missing_max=0) for _ in range(_ROUNDS)]
        )
        plan_ms = _cpu_ms(
            lambda: [
                plan(cluster_of(txn, scm.nodes), pipelines, [RATIS_THREE], limits, rng)
                for _ in range(_ROUNDS)
            ]
        )
    count = len(scm.containers)
    return Parts(
        nodes=len(scm.node_ids),
        follower_report_ms=follower_ms / len(raws),
        leader_report_ms=leader_ms / len(raws),
        look_us=look_ms * 1e3 / count,
        compared_us=compared_ms * 1e3 / (RATIS_THREE.members * count),
        view_ms=view_ms / _ROUNDS,
        plan_ms=plan_ms / _ROUNDS,
    )


def measure_parts(*, nodes: Sequence[int], replicas_each: int, seed: int) -> list[Parts]:
    """Of each number of nodes."""
    runs: list[Parts] = []
    for count in nodes:
        rng = random.Random(seed)
        node_ids = [f"dn{position:05d}" for position in range(1, count + 1)]
        containers = old_containers(node_ids, replicas_each, rng)
        with TemporaryDirectory(prefix="o3-bench-") as folder:
            store = LmdbStore(Path(folder) / "scm", ALL_TABLES)
            try:
                put_containers(store, containers)
                scm = _Scm(store, node_ids, containers)
                # As a process that has run for a while.
                gc.collect()
                gc.freeze()
                runs.append(_parts_of(scm, rng))
            finally:
                store.close()
    return runs
