"""The Ozone Manager, made of its parts."""

from collections.abc import Sequence

from trioxygen.cli.config.schema import Config
from trioxygen.cli.wiring.clients import build_scm_client
from trioxygen.cli.wiring.group_config import ReplicatedService
from trioxygen.cli.wiring.names import OM_ID
from trioxygen.cli.wiring.part import Node
from trioxygen.cli.wiring.stores import service_store
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.client.stored_blocks import StoredBlocks
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.metadata.om.service import OmConfig, OzoneManager
from trioxygen.metadata.om.workers.lifecycle import Pace
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.replication.executor import ExecutorConfig
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1.replication_pb2 import MemberRow


def build_om(
    config: Config,
    runtime: Runtime,
    store: Store,
    replica: Replica,
    scm: ScmClient,
    *,
    node_id: str = OM_ID,
    first_members: Sequence[MemberRow] = (),
) -> OzoneManager:
    metadata = config.metadata
    return OzoneManager(
        runtime=runtime,
        store=store,
        replica=replica,
        first_members=first_members,
        scm=scm,
        stored=StoredBlocks(scm, runtime.network.channel),
        config=OmConfig(
            node_id=node_id,
            gc_delay_ms=metadata.gc_delay_seconds * SECOND_MS,
            lease_duration_ms=metadata.lease_duration_seconds * SECOND_MS,
            answers_kept_ms=metadata.retry_seconds * SECOND_MS,
            leases_max=metadata.leases_max,
            buckets_per_account_max=metadata.buckets_per_account_max,
            setting_bytes_max=metadata.setting_bytes_max,
            settings_of_kind_max=metadata.settings_of_kind_max,
            orphan_keep_ms=config.storage.orphan_keep_seconds * SECOND_MS,
            orphan_search_ms=metadata.orphan_search_seconds * SECOND_MS,
            completed_uploads_kept_ms=metadata.completed_upload_seconds * SECOND_MS,
            lifecycle=Pace(
                day_ms=config.lifecycle.day_seconds * SECOND_MS,
                rows_per_second=config.lifecycle.rows_per_second,
            ),
            executor=ExecutorConfig(batch_commands_max=metadata.batch_commands_max),
        ),
        token_keys=KnownTokenKeys(runtime, scm.token_keys) if config.uses_block_tokens else None,
    )


def om_of_node(
    node: Node, replica: Replica, first_members: Sequence[MemberRow]
) -> ReplicatedService:
    config = node.config
    return build_om(
        config,
        node.runtime,
        service_store(config, node.data / "om", "om"),
        replica,
        build_scm_client(config, node.runtime, list(node.scms)),
        node_id=node.node_id,
        first_members=first_members,
    )
