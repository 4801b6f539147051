"""The member of a DataNode's ring that this process is."""

from functools import partial

from trioxygen.common.runtime import Runtime
from trioxygen.hdds.ring.ports import ReplicaFactory
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.proto.v1.datanode_pb2 import RingRow


def ring_members(runtime: Runtime, wal: WriteAheadLog, transport: RaftTransport) -> ReplicaFactory:
    """Over the log and the transport that all rings of a volume share."""
    return partial(_member, runtime, wal, transport)


def _member(
    runtime: Runtime, wal: WriteAheadLog, transport: RaftTransport, row: RingRow
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
    )
