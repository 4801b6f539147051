"""Every number of the SCM."""

from dataclasses import dataclass

from trioxygen.common.replication import RATIS_THREE, Replication
from trioxygen.common.units import GIB, MINUTE_MS, SECOND_MS
from trioxygen.metadata.replication.executor import ExecutorConfig
from trioxygen.metadata.scm.balancer.config import BalancerConfig
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.nodes.racks import RackScript, RackTable
from trioxygen.metadata.scm.orphans.config import OrphanConfig
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.safe_mode.rules import SafeModeLimits
from trioxygen.metadata.scm.token_keys import TokenKeyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ScmConfig:
    """Attributes:
    replication: of what is written by who does not say it.
    missing_replicas_max: members that a pipeline may lack where there are not enough DataNodes.
    pipelines_per_node_max: of each replication.
    pipeline_open_ms_max: one that is not open by then is given up.
    pipeline_drain_ms_max: after `close_delay_ms`, so long containers of a pipeline that is closed
        are waited for.
    report_interval_ms: between reports of all containers of a DataNode; 0: after its start alone.
    nodes_come_ms: so long after an SCM's start writers wait for DataNodes that may yet register.
    stood_still_ms: an SCM that has not looked for so long does not hold it against DataNodes.
    rack_script: asked for what `racks` says nothing of.
    token_keys: None: block tokens are not used.
    close_delay_ms: from the last allocation in a full container to its closing; longer than a
    lease."""

    cluster_id: str
    node_id: str = "scm1"
    replication: Replication = RATIS_THREE
    missing_replicas_max: int = 0
    pipelines_per_node_max: int = 2
    pipeline_open_ms_max: int = MINUTE_MS
    pipeline_drain_ms_max: int = 5 * MINUTE_MS
    pipeline_interval_ms: float = 2 * SECOND_MS
    container_bytes_max: int = 5 * GIB
    open_containers_max: int = 8
    heartbeat_interval_ms: int = 3_000
    report_interval_ms: int = MINUTE_MS
    stale_after_ms: int = 30 * SECOND_MS
    dead_after_ms: int = 5 * MINUTE_MS
    nodes_come_ms: float = 3 * SECOND_MS
    stood_still_ms: float = 10 * SECOND_MS
    safe_mode: SafeModeLimits = SafeModeLimits()
    racks: RackTable = RackTable()
    rack_script: RackScript | None = None
    close_delay_ms: int = 10 * MINUTE_MS
    containers: ReplicationConfig = ReplicationConfig()
    balancer: BalancerConfig = BalancerConfig()
    namespaces: NamespaceLimits = NamespaceLimits()
    token_keys: TokenKeyConfig | None = None
    orphans: OrphanConfig = OrphanConfig()
    resend_after_ms: int = 30 * SECOND_MS
    answers_kept_ms: int = 10 * MINUTE_MS
    worker_interval_ms: float = 5_000
    executor: ExecutorConfig = ExecutorConfig()
