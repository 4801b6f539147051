"""The Storage Container Manager, made of its parts."""

from collections.abc import Sequence

from trioxygen.cli.config.schema import Config
from trioxygen.cli.config.services import ReplicationConfig as ReplicationSection
from trioxygen.cli.wiring.group_config import ReplicatedService
from trioxygen.cli.wiring.names import SCM_ID
from trioxygen.cli.wiring.part import Node
from trioxygen.cli.wiring.rack_script import rack_script
from trioxygen.cli.wiring.stores import service_store
from trioxygen.common.replication import Replication
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.replication.executor import ExecutorConfig
from trioxygen.metadata.scm.balancer.config import BalancerConfig
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.nodes.racks import RackTable
from trioxygen.metadata.scm.orphans.config import OrphanConfig
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.safe_mode.rules import SafeModeLimits
from trioxygen.metadata.scm.service import StorageContainerManager
from trioxygen.metadata.scm.token_keys import TokenKeyConfig
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1.replication_pb2 import MemberRow


def build_scm(
    config: Config,
    runtime: Runtime,
    store: Store,
    replica: Replica,
    *,
    cluster_id: str,
    node_id: str = SCM_ID,
    first_members: Sequence[MemberRow] = (),
) -> StorageContainerManager:
    metadata, own = config.metadata, config.scm
    script = None
    if own.rack_script:
        script = rack_script(own.rack_script, seconds_max=own.rack_script_seconds_max)
    return StorageContainerManager(
        runtime=runtime,
        store=store,
        replica=replica,
        first_members=first_members,
        config=ScmConfig(
            cluster_id=cluster_id,
            node_id=node_id,
            replication=Replication.parse(config.storage.replication),
            missing_replicas_max=config.storage.missing_replicas_max,
            heartbeat_interval_ms=own.heartbeat_interval_ms,
            report_interval_ms=own.report_interval_seconds * SECOND_MS,
            stale_after_ms=own.stale_after_seconds * SECOND_MS,
            dead_after_ms=own.dead_after_seconds * SECOND_MS,
            racks=RackTable.parse(own.racks),
            rack_script=script,
            safe_mode=SafeModeLimits(
                datanodes=own.safe_mode_datanodes_percent,
                containers=own.safe_mode_containers_percent,
                pipelines=own.safe_mode_pipelines_percent,
            ),
            balancer=BalancerConfig(
                threshold_percent=own.balancer_threshold_percent,
                containers_moving_max=own.balancer_containers_max,
                moving_bytes_max=own.balancer_bytes_max,
                node_moving_bytes_max=own.balancer_node_bytes_max,
            ),
            orphans=OrphanConfig(keep_ms=config.storage.orphan_keep_seconds * SECOND_MS),
            container_bytes_max=config.storage.container_bytes,
            pipelines_per_node_max=own.pipelines_per_node_max,
            pipeline_open_ms_max=own.pipeline_open_seconds_max * SECOND_MS,
            containers=_care(config.replication),
            token_keys=_token_keys(config),
            close_delay_ms=2 * metadata.lease_duration_seconds * SECOND_MS,
            namespaces=NamespaceLimits(
                block_bytes_max=config.storage.block_bytes,
                lease_duration_ms=metadata.lease_duration_seconds * SECOND_MS,
                gc_delay_ms=metadata.gc_delay_seconds * SECOND_MS,
            ),
            executor=ExecutorConfig(batch_commands_max=metadata.batch_commands_max),
        ),
    )


def _care(own: ReplicationSection) -> ReplicationConfig:
    return ReplicationConfig(
        grace_ms=own.grace_seconds * SECOND_MS,
        check_interval_ms=own.check_interval_seconds * SECOND_MS,
        copies_per_node_max=own.copies_per_node_max,
        rebuild_weight=own.rebuild_weight,
        removals_per_node_max=own.removals_per_node_max,
        in_flight_share=own.in_flight_percent / 100,
        copy_deadline_ms=own.copy_seconds_max * SECOND_MS,
        queue_max=own.queue_max,
        empty_delay_ms=own.empty_seconds * SECOND_MS,
        maintenance_replicas_min=own.maintenance_replicas_min,
    )


def _token_keys(config: Config) -> TokenKeyConfig | None:
    security = config.security
    if not config.uses_block_tokens:
        return None
    return TokenKeyConfig(
        key_ms=security.token_key_seconds * SECOND_MS, kept=security.token_keys_kept
    )


def scm_of_node(
    node: Node, replica: Replica, first_members: Sequence[MemberRow]
) -> ReplicatedService:
    config = node.config
    return build_scm(
        config,
        node.runtime,
        service_store(config, node.data / "scm", "scm"),
        replica,
        cluster_id=node.folder.cluster_id,
        node_id=node.node_id,
        first_members=first_members,
    )
