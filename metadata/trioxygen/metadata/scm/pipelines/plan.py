"""Which pipelines are to be made and which closed. Pure: from nodes and pipelines to a plan.

A pipeline that has lost a member is replaced, never repaired: another is made, and when that is
open the former one is closed; until then it goes on through its majority. Where it cannot go on, or
no other can be made, it is closed at once."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, unique
from typing import Final

from trioxygen.common.replication import Replication
from trioxygen.common.units import MINUTE_MS, SECOND_MS
from trioxygen.metadata.scm.pipelines.placement import choose, is_spread_on
from trioxygen.metadata.scm.pipelines.plan_nodes import Cluster, PlanNode
from trioxygen.metadata.scm.pipelines.state import WRITING, PipelineState

# In one plan; the next one makes more.
_MADE_AT_ONCE_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineLimits:
    """Attributes:
    per_node_max: pipelines of one replication that a node is in; it is in as many as it has disks,
        where these are more. One a disk is enough for rings of one, for erasure-coded pipelines,
        whose members have one each, and for what has too few members.
    missing_replicas_max: so many members less than the replication has, where there are not enough
        DataNodes.
    open_ms_max: a pipeline that is not open by then is given up.
    thin_ms_min: one that has too few members is not replaced by one that has too few as well, if
        more, before this age: nodes that start together come one after the other.
    """

    per_node_max: int = 2
    missing_replicas_max: int = 0
    open_ms_max: int = MINUTE_MS
    thin_ms_min: int = 10 * SECOND_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPipeline:
    """Attributes:
    volume_ids: of its members, in their order; none: each chose its own.
    has_leader: somebody may write through it.
    failed: members that take part in its ring no more, and never will again.
    """

    pipeline_id: int
    replication: Replication
    state: PipelineState
    node_ids: tuple[str, ...]
    volume_ids: tuple[str, ...] = ()
    age_ms: int = 0
    has_leader: bool = True
    failed: frozenset[str] = frozenset()

    def volume_of(self, node_id: str) -> str:
        return dict(zip(self.node_ids, self.volume_ids, strict=False)).get(node_id, "")

    def has_majority(self, members: int) -> bool:
        """Whether it can be written by so many. Erasure-coded: only by all."""
        wanted = len(self.node_ids) if self.replication.is_ec else len(self.node_ids) // 2 + 1
        return members >= wanted


@unique
class Reason(Enum):
    """Why a pipeline is closed."""

    NOT_OPENED = "it has not become open in time"
    MEMBER_REMOVED = "a member is not known any more"
    MEMBER_DEAD = "a member is dead"
    MEMBER_LEAVING = "a member is leaving service"
    DISK_LOST = "a member has lost its disk"
    MEMBER_FAILED = "a member takes part in its ring no more"
    REPLACED = "a member is silent or full, or its racks are too few, and a better one is open"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPipeline:
    replication: Replication
    node_ids: tuple[str, ...]
    volume_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelinePlan:
    closed: Mapping[int, Reason] = field(default_factory=dict)
    made: Sequence[NewPipeline] = ()


def members_now(replication: Replication, cluster: Cluster, missing_max: int) -> int:
    """That a new pipeline would have; 0: none can be made."""
    count = min(replication.members, len(cluster.usable))
    return count if count >= replication.members_min(missing_max) else 0


def plan(
    cluster: Cluster,
    pipelines: Iterable[PlanPipeline],
    wanted: Iterable[Replication],
    limits: PipelineLimits,
    rng: random.Random,
) -> PipelinePlan:
    """Args: wanted: of which there are to be pipelines."""
    active = [pipeline for pipeline in pipelines if pipeline.state in WRITING]
    closed: dict[int, Reason] = {}
    made: list[NewPipeline] = []
    replications = dict.fromkeys([*wanted, *(pipeline.replication for pipeline in active)])
    for replication in replications:
        of_it = [pipeline for pipeline in active if pipeline.replication == replication]
        closed |= closings(cluster, of_it, replication, limits)
        left = [pipeline for pipeline in of_it if pipeline.pipeline_id not in closed]
        made += _made(cluster, active, left, replication, limits, rng)
    return PipelinePlan(closed=closed, made=made[:_MADE_AT_ONCE_MAX])


def loss(pipeline: PlanPipeline, cluster: Cluster) -> Reason | None:
    """Why it has a member less for good."""
    for node_id in pipeline.node_ids:
        node = cluster.nodes.get(node_id)
        if node is None:
            return Reason.MEMBER_REMOVED
        if not node.is_alive:
            return Reason.MEMBER_DEAD
        if node.has_lost(pipeline.volume_of(node_id)):
            return Reason.DISK_LOST
        if node_id in pipeline.failed:
            return Reason.MEMBER_FAILED
        if not node.is_in_service:
            return Reason.MEMBER_LEAVING
    return None


def answering(pipeline: PlanPipeline, cluster: Cluster) -> list[PlanNode]:
    """The members that it is written by, those that are leaving service among them."""
    return [
        cluster.nodes[node_id]
        for node_id in pipeline.node_ids
        if node_id in cluster.nodes
        and node_id not in pipeline.failed
        and cluster.nodes[node_id].is_healthy
        and not cluster.nodes[node_id].has_lost(pipeline.volume_of(node_id))
    ]


def closings(
    cluster: Cluster,
    pipelines: Sequence[PlanPipeline],
    replication: Replication,
    limits: PipelineLimits,
) -> dict[int, Reason]:
    """Args: pipelines: of one replication, that are written or about to be."""
    could = members_now(replication, cluster, limits.missing_replicas_max)
    is_better_open = any(
        pipeline.state is PipelineState.OPEN
        and pipeline.has_leader
        and not is_lesser(pipeline, cluster, could)
        for pipeline in pipelines
    )
    closed: dict[int, Reason] = {}
    for pipeline in pipelines:
        reason = loss(pipeline, cluster)
        is_late = pipeline.age_ms >= limits.open_ms_max
        if pipeline.state is PipelineState.ALLOCATED and is_late:
            closed[pipeline.pipeline_id] = Reason.NOT_OPENED
        elif reason is not None and (is_better_open or not _goes_on(pipeline, cluster, could)):
            closed[pipeline.pipeline_id] = reason
        elif is_better_open and is_lesser(pipeline, cluster, could):
            closed[pipeline.pipeline_id] = Reason.REPLACED
    return closed


def _goes_on(pipeline: PlanPipeline, cluster: Cluster, could: int) -> bool:
    """Whether one that has lost a member is written until another takes its place."""
    is_open = pipeline.state is PipelineState.OPEN
    return bool(could) and is_open and pipeline.has_majority(len(answering(pipeline, cluster)))


def is_lesser(pipeline: PlanPipeline, cluster: Cluster, could: int) -> bool:
    """Whether one that would be made now is better.

    Args: could: members that it would have."""
    if not could:
        return False
    if loss(pipeline, cluster) is not None:
        return True
    members = answering(pipeline, cluster)
    if len(pipeline.node_ids) > 1 and not _takes_data(pipeline, members):
        # Who is full keeps the others from taking anything through it.
        return True
    if len(members) < could or not pipeline.has_majority(len(members)):
        return True
    racks = [member.rack for member in members]
    return not is_spread_on(pipeline.replication, racks, cluster.racks_with(members))


def _takes_data(pipeline: PlanPipeline, members: Iterable[PlanNode]) -> bool:
    return all(member.takes_data(pipeline.volume_of(member.node_id)) for member in members)


def _made(
    cluster: Cluster,
    active: Sequence[PlanPipeline],
    of_it: Sequence[PlanPipeline],
    replication: Replication,
    limits: PipelineLimits,
    rng: random.Random,
) -> list[NewPipeline]:
    """Args: active: of all replications; of_it: of this one, those that stay."""
    could = members_now(replication, cluster, limits.missing_replicas_max)
    if not could:
        return []
    counted = [
        pipeline
        for pipeline in of_it
        if not is_lesser(pipeline, cluster, could)
        and _takes_data(pipeline, answering(pipeline, cluster))
    ]
    if could < replication.members and any(
        pipeline.age_ms < limits.thin_ms_min
        and pipeline not in counted
        and pipeline.has_majority(len(answering(pipeline, cluster)))
        for pipeline in of_it
    ):
        return []
    drafts = _Drafts(cluster, active, counted, replication, could, limits)
    drafts.fill(rng)
    drafts.cover(rng)
    return drafts.made


class _Drafts:
    """Pipelines of one replication that are about to be made, and what they add to the nodes.

    Args:
        active: of all replications.
        counted: of this one, those that are as good as a new one.
        members: that each is to have."""

    def __init__(
        self,
        cluster: Cluster,
        active: Sequence[PlanPipeline],
        counted: Sequence[PlanPipeline],
        replication: Replication,
        members: int,
        limits: PipelineLimits,
    ) -> None:
        self.made: list[NewPipeline] = []
        self._cluster, self._replication, self._members = cluster, replication, members
        self._together = {frozenset(pipeline.node_ids) for pipeline in counted}
        self._loads = Counter(node_id for pipeline in counted for node_id in pipeline.node_ids)
        self._loads_of_all = Counter(node_id for each in active for node_id in each.node_ids)
        self._disks = Counter(disk for pipeline in active for disk in _disks(pipeline))
        single = replication.is_ec or members == 1 or members < replication.members
        self._most = {
            node.node_id: _pipelines_max(node, limits, single_per_disk=single)
            for node in cluster.usable
        }

    def fill(self, rng: random.Random) -> None:
        """As many as the nodes have room for, each in no more than its limit."""
        usable = self._cluster.usable
        while len(self.made) < _MADE_AT_ONCE_MAX:
            busy = {node_id for node_id in self._most if self._over(node_id) > 0}
            if len(usable) - len(busy) < self._members:
                # So it is at most times: a thousand nodes are not drawn from in vain.
                return
            chosen = choose(
                [node.placed(self._loads_of_all[node.node_id]) for node in usable],
                replication=self._replication,
                count=self._members,
                rng=rng,
                busy=busy,
                together=self._together,
            )
            if len(chosen) < self._members:
                return
            self._make(chosen)

    def cover(self, rng: random.Random) -> None:
        """For nodes that are in none, others are in more than their limit, those first that have
        the least above it: who came first has filled it with who was there. Nothing is closed for
        it, so that it comes to an end: each makes at most one."""
        for node in self._cluster.usable:
            if self._loads[node.node_id]:
                continue
            if len(self.made) >= _MADE_AT_ONCE_MAX:
                return
            peers = choose(
                [each.placed(self._strain(each.node_id)) for each in self._cluster.usable],
                replication=self._replication,
                count=self._members - 1,
                rng=rng,
                held=[node.placed()],
            )
            if len(peers) == self._members - 1:
                self._make((node.node_id, *peers))

    def _over(self, node_id: str) -> int:
        """Pipelines above its limit, once it is in another one."""
        return self._loads[node_id] + 1 - self._most[node_id]

    def _strain(self, node_id: str) -> int:
        """Of who is in none the least, then of who has room."""
        return 1 + max(0, self._over(node_id)) if self._loads[node_id] else 0

    def _make(self, chosen: tuple[str, ...]) -> None:
        if not self._replication.is_ec:
            # Their order says nothing.
            chosen = tuple(sorted(chosen))
        volumes = tuple(_volume(self._cluster.nodes[node_id], self._disks) for node_id in chosen)
        self.made.append(
            NewPipeline(replication=self._replication, node_ids=chosen, volume_ids=volumes)
        )
        self._together.add(frozenset(chosen))
        self._disks.update(zip(chosen, volumes, strict=True))
        self._loads.update(chosen)
        self._loads_of_all.update(chosen)


def _disks(pipeline: PlanPipeline) -> Iterable[tuple[str, str]]:
    return zip(pipeline.node_ids, pipeline.volume_ids, strict=False)


def _pipelines_max(node: PlanNode, limits: PipelineLimits, *, single_per_disk: bool) -> int:
    disks = max(1, len(node.roomy))
    return disks if single_per_disk else max(limits.per_node_max, disks)


def _volume(node: PlanNode, taken: Mapping[tuple[str, str], int]) -> str:
    """The one that holds the fewest rings, the roomiest of several. Empty: the node chooses."""
    return min(
        node.roomy, key=lambda volume_id: taken.get((node.node_id, volume_id), 0), default=""
    )


def must_leave(
    pipeline: PlanPipeline,
    cluster: Cluster,
    *,
    takes_blocks: bool,
    closing_ms: float,
    close_delay_ms: float,
    drain_ms_max: float,
) -> bool:
    """Whether the members of one that is being closed are to leave its ring.

    Args:
        takes_blocks: a member has a container of it that is not closed yet.
        closing_ms: for so long it has been seen to be closing.
        close_delay_ms: what writers that hold leases have to finish.
        drain_ms_max: after that: containers that are not closed by then are left to be
            QUASI_CLOSED."""
    if not pipeline.replication.is_ec:
        alive = [
            node_id
            for node_id in pipeline.node_ids
            if node_id in cluster.nodes
            and node_id not in pipeline.failed
            and cluster.nodes[node_id].is_alive
            and not cluster.nodes[node_id].has_lost(pipeline.volume_of(node_id))
        ]
        if not pipeline.has_majority(len(alive)):
            # Its ring agrees to nothing any more.
            return True
    if closing_ms >= close_delay_ms + drain_ms_max:
        return True
    return not takes_blocks and closing_ms >= close_delay_ms
