"""Settings of a replica beyond the core's."""

from dataclasses import dataclass

from trioxygen.common.units import MIB
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.transport.snapshot_stream import SnapshotConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftReplicaConfig:
    """Attributes:
    log_keep_bytes: of entries that the state holds durably, kept for followers that lag.
    entry_bytes_max: of one proposal; with its batch it must fit in a message of the network. Less
        where the log's segments are small: they are of one size on all members.
    """

    core: RaftConfig = RaftConfig(heartbeat_ticks=2)
    log_keep_bytes: int = 64 * MIB
    entry_bytes_max: int = 7 * MIB
    snapshot: SnapshotConfig = SnapshotConfig()
