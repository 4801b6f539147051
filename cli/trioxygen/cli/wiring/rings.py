"""The member of a DataNode's ring that this process is."""

from functools import partial

from trioxygen.cli.config.services import StorageConfig
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.ring.ports import ReplicaFactory
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.raft.transport.transport import RaftTransport, RaftTransportConfig
from trioxygen.proto.v1.datanode_pb2 import RingRow


def ring_config(storage: StorageConfig) -> RaftReplicaConfig:
    core = RaftConfig(
        election_ticks=storage.ring_election_ticks,
        heartbeat_ticks=storage.ring_heartbeat_ticks,
        quiesce_ticks=storage.ring_quiet_ticks,
    )
    return RaftReplicaConfig(core=core, log_keep_bytes=storage.ring_log_keep_bytes)


def ring_transport(runtime: Runtime, address: str, storage: StorageConfig) -> RaftTransport:
    """Of all rings of a process.

    Args: address: as others reach it."""
    election_ticks, vouch_ticks = storage.ring_election_ticks, 2 * storage.ring_heartbeat_ticks
    config = RaftTransportConfig(
        tick_ms=storage.ring_tick_ms,
        ticks_at_once_max=election_ticks - 1,
        vouch_ticks=vouch_ticks,
        unvouched_ticks_max=election_ticks + vouch_ticks,
    )
    return RaftTransport(runtime, address=address, config=config)


def ring_members(
    runtime: Runtime,
    wal: WriteAheadLog,
    transport: RaftTransport,
    config: RaftReplicaConfig | None = None,
) -> ReplicaFactory:
    """Over the log that all rings of a volume share, and the transport of the process."""
    return partial(_member, runtime, wal, transport, config)


def _member(
    runtime: Runtime,
    wal: WriteAheadLog,
    transport: RaftTransport,
    config: RaftReplicaConfig | None,
    row: RingRow,
) -> Replica:
    group = GroupId(row.pipeline_id)
    # Members of an erasure code hold different bytes: each has a log of its own for its own.
    if len(row.members) <= 1 or row.members[row.replica - 1].replica_index:
        return OnlyVoter(runtime, wal, group)
    addresses = {
        ReplicaId(number): member.address for number, member in enumerate(row.members, start=1)
    }
    return RaftReplica(
        runtime,
        wal,
        transport,
        group=group,
        replica=ReplicaId(row.replica),
        configuration=Configuration(voters=tuple(addresses)),
        addresses=lambda replica: addresses.get(replica, ""),
        config=config,
    )
