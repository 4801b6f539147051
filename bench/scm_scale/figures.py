"""What a run with one number of DataNodes showed, and what becomes of it with more of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench.report import aligned, number

# A node of a large cluster may cost so much more than one of a small cluster, by chance of the
# measurement, for the growth to be called linear.
_TOLERANCE: Final = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """CPU in ms, of one process, for one heartbeat or report with its share of all that goes on
    besides; a follower's is 0 where there is none.

    Attributes:
    ready_s: from the start of the processes on a store of these containers until they serve.
    known_s, known_cpu_s: from the first registration until safe mode is over; CPU of the leader.
    leader_cores: while heartbeats and reports come as fast as they do by themselves.
    heartbeats_share: that came, of those that should have: less where the machine was too small.
    bytes_a_replica: of the leader's memory, with sessions and all else that nodes bring.
    answer_*_ms: that a DataNode waits for the leader's answer to a heartbeat: what stands still
        in the leader is in it, and what stands still in the process of the bench.
    check_s: of a look at all containers, which takes turns with all else.
    check_own_s: of that, what this process did for it: time, so more on a busy machine.
    planned_s, made_s: from a node's being DEAD until all its containers have been given to others,
        and until these have reported them.
    lead_s: from the leader's death until another one is through with safe mode; 0: there was none.
    listed_s: a list of all DataNodes.
    failed_calls: of DataNodes while something was measured; not those of their registrations.
    """

    nodes: int
    replicas: int
    scms: int
    ready_s: float
    known_s: float
    known_cpu_s: float
    leader_heartbeat_ms: float
    follower_heartbeat_ms: float
    leader_report_ms: float
    follower_report_ms: float
    leader_cores: float
    follower_cores: float
    heartbeats_share: float
    answer_p50_ms: float
    answer_p99_ms: float
    answer_max_ms: float
    leader_mib: float
    follower_mib: float
    bytes_a_replica: float
    check_s: float
    check_own_s: float
    planned_s: float
    made_s: float
    lead_s: float
    listed_s: float
    failed_calls: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


_COLUMNS: Final = {
    "ready_s": "ready s",
    "known_s": "known s",
    "known_cpu_s": "known CPU s",
    "leader_heartbeat_ms": "CPU ms a heartbeat, leader",
    "follower_heartbeat_ms": "CPU ms a heartbeat, follower",
    "leader_report_ms": "CPU ms a full report, leader",
    "follower_report_ms": "CPU ms a full report, follower",
    "leader_cores": "cores, leader",
    "follower_cores": "cores, follower",
    "heartbeats_share": "heartbeats that came in time",
    "answer_p50_ms": "answer p50 ms",
    "answer_p99_ms": "answer p99 ms",
    "answer_max_ms": "answer max ms",
    "leader_mib": "MiB, leader",
    "follower_mib": "MiB, follower",
    "bytes_a_replica": "bytes a replica, all in",
    "check_s": "all containers looked at, s",
    "check_own_s": "of it, in this process, s",
    "planned_s": "a dead node's planned, s",
    "made_s": "a dead node's made, s",
    "lead_s": "another leads, s",
    "listed_s": "all nodes listed, s",
    "failed_calls": "failed calls, all nodes known",
}
# Of these a node is to cost no more where there are more of them. CPU is that of a whole span, with
# reports: what a report alone costs is a small difference of two spans, see `parts.py`.
_OF_ALL_NODES: Final = ("known_cpu_s", "leader_cores", "follower_cores", "check_s")
# A dead node's containers are as many, however many other nodes there are.
_OF_ONE: Final = ("leader_heartbeat_ms", "bytes_a_replica", "planned_s")


def table(runs: Sequence[Figures]) -> str:
    """A row for each figure, a column for each number of nodes."""
    rows = [[f"{runs[0].scms} SCMs", *(f"{run.nodes:,} nodes" for run in runs)]]
    rows.append(["replicas", *(number(run.replicas) for run in runs)])
    for name, title in _COLUMNS.items():
        rows.append([title, *(number(getattr(run, name)) for run in runs)])
    return aligned(rows)


def growth(smallest: Figures, largest: Figures) -> dict[str, float]:
    """How many times as much one node costs: 1 is linear growth. Figures that were too small to be
    measured are left out."""
    more = largest.nodes / smallest.nodes
    return {
        name: getattr(largest, name) / getattr(smallest, name) / share
        for names, share in ((_OF_ALL_NODES, more), (_OF_ONE, 1.0))
        for name in names
        if getattr(smallest, name) > 0
    }


def verdicts(runs: Sequence[Figures]) -> list[str]:
    """In a sentence each, for what grew."""
    ordered = sorted(runs, key=lambda run: run.nodes)
    if len(ordered) < 2:
        return []
    first, last = ordered[0], ordered[-1]
    return [
        f"{_COLUMNS[name]}: {ratio:.2f} times as much for a node of {last.nodes:,} as for one of "
        f"{first.nodes:,}: {'linear or less' if ratio <= _TOLERANCE else 'more than linear'}"
        for name, ratio in growth(first, last).items()
    ]
