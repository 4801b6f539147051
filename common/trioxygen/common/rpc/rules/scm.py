"""Rules of the SCM's requests, and of what its answers tell the OM and DataNodes to do."""

from typing import Final

from google.protobuf.message import Message

from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    REQUIRED_PART,
    MessageRules,
    each,
    known,
    line,
    number,
    raw,
    rules,
)
from trioxygen.common.rpc.rules.types import (
    ADDRESS,
    BLOCK_BYTES,
    COUNT,
    ID,
    NAME,
    NAME_OR_NONE,
    NODE_ID,
    NODE_ID_OR_NONE,
    PIPELINE_ID,
    RANGES_MAX,
    REASON,
    REPLICA_INDEX,
    RETRIED,
    SIZE_BYTES,
)
from trioxygen.common.units import DAY_MS
from trioxygen.proto.v1 import scm_pb2 as scm

CONTAINERS_MAX: Final = 1_000_000
VOLUMES_MAX: Final = 1_000
CORRUPT_BLOCKS_MAX: Final = 100_000
FAILED_REPAIRS_MAX: Final = 10_000
TRANSACTIONS_MAX: Final = 1_000_000
COMMANDS_MAX: Final = 1_000_000
PIPELINES_MAX: Final = 100_000
NODES_MAX: Final = 1_000

SCM: Final[dict[type[Message], MessageRules]] = {
    scm.AllocateBlocksRequest: rules(
        count=number(1, 10_000),
        block_bytes_max=BLOCK_BYTES,
        given_container_id=COUNT,
        given_local=COUNT,
        om_last_id=COUNT,
        replication=PART,
        excluded_node_ids=each(NODE_ID, NODES_MAX),
    ),
    scm.AllocateBlocksReply: rules(
        blocks=REQUIRED_PART, pipeline=REQUIRED_PART, om_last_id=COUNT, other_pipelines=ANY
    ),
    scm.DeleteBlocksRequest: rules(
        **RETRIED,
        blocks=each(PART, RANGES_MAX),
        om_lineage=ANY,
        # The SCM fills it in itself.
        holders=each(PART, 0),
    ),
    scm.ContainerHolders: rules(container_id=ID, node_ids=each(NODE_ID, NODES_MAX)),
    scm.LocateContainersRequest: rules(container_ids=each(ID, 10_000)),
    scm.GetTokenKeysRequest: rules(),
    scm.TokenKey: rules(key_id=ANY, secret=raw(64, low=32), signs_after_ms=number(0, 30 * DAY_MS)),
    scm.GetTokenKeysReply: rules(keys=each(PART, 100), ask_again_ms=number(1, 30 * DAY_MS)),
    scm.RegisterDataNodeRequest: rules(
        node_id=NODE_ID, address=ADDRESS, cluster_id=NAME_OR_NONE, instance=ANY
    ),
    scm.RegisterDataNodeReply: rules(
        cluster_id=NAME,
        heartbeat_interval_ms=number(0, DAY_MS),
        term=COUNT,
        leader=ANY,
        report_interval_ms=number(0, 30 * DAY_MS),
    ),
    scm.VolumeReport: rules(
        volume_id=NAME_OR_NONE,
        capacity_bytes=SIZE_BYTES,
        used_bytes=SIZE_BYTES,
        free_bytes=SIZE_BYTES,
        failed=ANY,
        reserved_bytes=SIZE_BYTES,
        full=ANY,
        refused_entries=COUNT,
        path=line(4_096),
    ),
    scm.ContainerReport: rules(
        container_id=ID,
        state=known(is_required=True),
        used_bytes=SIZE_BYTES,
        block_count=COUNT,
        garbage_bytes=SIZE_BYTES,
        highest_local=COUNT,
        pipeline_id=PIPELINE_ID,
        replica_index=REPLICA_INDEX,
        commit_sequence=COUNT,
        origin_node_id=NODE_ID_OR_NONE,
        coded=each(PART, 255),
    ),
    scm.PipelineReport: rules(pipeline_id=ID, leader=ANY, term=COUNT, failed=ANY),
    scm.CorruptBlock: rules(block=REQUIRED_PART, reason=REASON),
    scm.FailedRepair: rules(container_id=ID, target_node_id=NODE_ID_OR_NONE, reason=REASON),
    scm.HeartbeatRequest: rules(
        node_id=NODE_ID,
        full_report=ANY,
        volumes=each(PART, VOLUMES_MAX),
        containers=each(PART, CONTAINERS_MAX),
        deleted_transaction_ids=each(ID, TRANSACTIONS_MAX),
        corrupt_blocks=each(PART, CORRUPT_BLOCKS_MAX),
        mended_blocks=each(PART, CORRUPT_BLOCKS_MAX),
        more=ANY,
        pipelines=each(PART, PIPELINES_MAX),
        instance=ANY,
        failed_repairs=each(PART, FAILED_REPAIRS_MAX),
    ),
    scm.CloseContainerCommand: rules(container_id=ID, force=ANY),
    scm.ReplicateContainerCommand: rules(
        container_id=ID, target=REQUIRED_PART, is_low_priority=ANY
    ),
    scm.DeleteContainerCommand: rules(container_id=ID, replica_index=REPLICA_INDEX, force=ANY),
    scm.ReconstructContainerCommand: rules(
        container_id=ID,
        replication=REQUIRED_PART,
        sources=each(PART, 100),
        targets=each(PART, 100),
        pipeline_id=PIPELINE_ID,
        completes=ANY,
    ),
    scm.ClosePipelineCommand: rules(pipeline_id=ID, force=ANY),
    scm.DeleteBlocksCommand: rules(transaction_id=ID, blocks=each(PART, RANGES_MAX)),
    scm.PipelineCommand: rules(pipeline=PART, volume_id=NAME_OR_NONE),
    scm.DataNodeCommand: rules(
        term=COUNT,
        valid_ms=number(0, DAY_MS),
        close_container=PART,
        delete_blocks=PART,
        create_pipeline=PART,
        close_pipeline=PART,
        replicate_container=PART,
        delete_container=PART,
        reconstruct_container=PART,
    ),
    scm.HeartbeatReply: rules(
        commands=each(PART, COMMANDS_MAX),
        register_again=ANY,
        leader=ANY,
        again_after_ms=number(0, DAY_MS),
    ),
    scm.DescribeScmRequest: rules(after=raw(2_000)),
    scm.SetNodeOperationRequest: rules(
        **RETRIED,
        node_id=NODE_ID,
        operation=known(),
        maintenance_ms=number(0, 3_650 * DAY_MS),
        force=ANY,
    ),
    scm.RemoveDataNodeRequest: rules(node_id=NODE_ID, force=ANY),
    scm.DescribeReplicationRequest: rules(samples_max=number(0, 1_000)),
    scm.DescribeDeletionRequest: rules(),
    scm.DescribeContainerRequest: rules(container_id=ID),
    scm.CloseOpenContainerRequest: rules(container_id=ID),
    scm.ForgetContainerRequest: rules(container_id=ID, force=ANY),
    scm.CloseOpenPipelineRequest: rules(pipeline_id=ID),
    scm.ListOrphanReplicasRequest: rules(after=raw(2_000)),
    scm.RemoveOrphanReplicasRequest: rules(container_id=ID, node_id=NODE_ID_OR_NONE),
    scm.StartBalancerRequest: rules(
        threshold_percent=number(0, 100),
        containers_moving_max=number(0, 100_000),
        moving_bytes_max=SIZE_BYTES,
        node_moving_bytes_max=SIZE_BYTES,
    ),
    scm.StopBalancerRequest: rules(),
    scm.DescribeBalancerRequest: rules(),
    scm.DescribeSafeModeRequest: rules(),
    scm.ExitSafeModeRequest: rules(),
}
