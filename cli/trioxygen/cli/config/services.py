"""What OM, SCM and DataNode are given; what is logged."""

from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from trioxygen.cli.config.section import Section, checked_replication
from trioxygen.common.paging import ROW_BYTES_MAX
from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.units import GIB, KIB, MIB

_RESERVED_BYTES_MIN: Final = 16 * MIB


# How much faster one member's clock may run than another's, within an election timeout, before a
# leader's lease would outlast it: a fifth, as the ticks are by default.
CLOCK_DRIFT_TICKS: Final = 2


class MetadataConfig(Section):
    """OM and SCM.

    Attributes:
        gc_delay_seconds: how long blocks that nothing refers to are kept, for readers under way.
        lease_duration_seconds: how long a gateway may write into blocks without renewing.
        retry_seconds: how long the answer of a command is kept for its repetitions.
        completed_upload_seconds: how long a repeated CompleteMultipartUpload is answered alike.
        orphan_search_seconds: between two looks at all blocks on DataNodes, for those that nothing
            refers to; 0: there is none.
        leases_max: of all gateways together; each holds two, and more while it writes fast.
        setting_bytes_max, settings_of_kind_max: of a bucket's settings: the document of one, and
            how many there are of a kind that it may have many of.
        batch_commands_max: commands that share one transaction and one sync.
        map_bytes: upper bound of each LMDB file; sparse, so it takes no space.
        reserved_bytes: of disk space that each LMDB file holds beyond what it uses, a 32nd of the
            disk at most: deleting finds room when nothing else does. Below half of it nothing new
            is created.
        start_check_bytes_max: size of an LMDB file that is checked at a start page by page; of a
            larger one only the inner pages are.
        raft_tick_ms: the unit of the two below; a replica that has heard of no leader for
            `raft_election_ticks`, and by chance up to as many again, stands for election.
        lease_reads: a leader reads without asking the others, for less than an election timeout
            after they last confirmed it.
    """

    gc_delay_seconds: int = Field(default=300, ge=0, le=30 * 86_400)
    lease_duration_seconds: int = Field(default=600, ge=10, le=86_400)
    retry_seconds: int = Field(default=600, ge=60, le=86_400)
    completed_upload_seconds: int = Field(default=86_400, ge=600, le=30 * 86_400)
    orphan_search_seconds: int = Field(default=6 * 3_600, ge=0, le=30 * 86_400)
    leases_max: int = Field(default=10_000, ge=10, le=100_000)
    buckets_per_account_max: int = Field(default=10_000, ge=1, le=1_000_000)
    setting_bytes_max: int = Field(default=1 * MIB, ge=1 * KIB, le=ROW_BYTES_MAX)
    settings_of_kind_max: int = Field(default=1_000, ge=1, le=10_000)
    batch_commands_max: int = Field(default=256, ge=1, le=10_000)
    log_segment_bytes: int = Field(default=16 * MIB, ge=1 * MIB, le=4 * GIB)
    map_bytes: int = Field(default=1_024 * GIB, ge=1 * GIB, le=64 * 1_024 * GIB)
    reserved_bytes: int = Field(default=64 * MIB, ge=1 * MIB, le=64 * GIB)
    start_check_bytes_max: int = Field(default=1 * GIB, ge=0, le=64 * 1_024 * GIB)
    raft_tick_ms: int = Field(default=50, ge=5, le=5_000)
    raft_election_ticks: int = Field(default=10, ge=3, le=1_000)
    raft_heartbeat_ticks: int = Field(default=2, ge=1, le=100)
    lease_reads: bool = False

    @model_validator(mode="after")
    def _a_lease_outlasts_heartbeats(self) -> Self:
        lease_ticks = self.raft_election_ticks - 1 - CLOCK_DRIFT_TICKS
        if self.lease_reads and lease_ticks <= self.raft_heartbeat_ticks:
            raise ValueError(
                "lease_reads wants raft_election_ticks of at least raft_heartbeat_ticks and "
                f"{CLOCK_DRIFT_TICKS + 2} more: a lease would end before the next heartbeat"
            )
        return self

    @model_validator(mode="after")
    def _heartbeats_come_before_elections(self) -> Self:
        if self.raft_election_ticks < 3 * self.raft_heartbeat_ticks:
            raise ValueError(
                "raft_election_ticks is under three times raft_heartbeat_ticks: one lost heartbeat "
                "would cost a leader"
            )
        return self


class StorageConfig(Section):
    """How data is kept, and the DataNode.

    Attributes:
        replication: of objects whose storage class and bucket do not say it.
        missing_replicas_max: DataNodes that a pipeline may have less than its replication needs,
            where there are no more.
        scrub_bytes_per_second: read by the scrubber at most; 0 switches it off.
        copy_bytes_per_second: that a DataNode sends to others at most, for replicas that they lack;
            0: as fast as it goes.
        reserved_bytes: of each volume that stay free: below it no client data is written. Logs and
            compaction need some of them, so it cannot be nothing; 0: a 20th of the disk, 1 GiB at
            most.
        ring_tick_ms: the unit of the two below; a member of a pipeline that has heard of no leader
            for `ring_election_ticks`, and by chance up to as many again, stands for election.
        ring_quiet_ticks: without anything to do, after which a ring sends no heartbeats of its own
            any more; 0: it always does.
        ring_log_keep_bytes: of a volume's log, for members that are away; one that lacks more is
            replaced.
        orphan_keep_seconds: what DataNodes have and nobody knows is kept so long from when it was
            noticed, then removed; 0: until somebody wants it.
        disk_probe_seconds: between looks at each disk; one that fails is taken out, and taken in
            again once it is back.
    """

    replication: str = RATIS_THREE.text
    missing_replicas_max: int = Field(default=0, ge=0, le=13)
    container_bytes: int = Field(default=5 * GIB, ge=1 * MIB, le=1_024 * GIB)
    block_bytes: int = Field(default=256 * MIB, ge=64 * KIB, le=16 * GIB)
    log_segment_bytes: int = Field(default=16 * MIB, ge=1 * MIB, le=4 * GIB)
    scrub_bytes_per_second: int = Field(default=16 * MIB, ge=0)
    copy_bytes_per_second: int = Field(default=128 * MIB, ge=0)
    scrub_interval_seconds: int = Field(default=7 * 86_400, ge=1)
    reserved_bytes: int = Field(default=0, ge=0)
    ring_tick_ms: int = Field(default=50, ge=5, le=5_000)
    ring_election_ticks: int = Field(default=10, ge=3, le=1_000)
    ring_heartbeat_ticks: int = Field(default=2, ge=1, le=100)
    ring_quiet_ticks: int = Field(default=100, ge=0, le=1_000_000)
    ring_log_keep_bytes: int = Field(default=64 * MIB, ge=0, le=16 * GIB)
    orphan_keep_seconds: int = Field(default=7 * 86_400, ge=0, le=3_650 * 86_400)
    disk_probe_seconds: int = Field(default=5, ge=1, le=3_600)

    @model_validator(mode="after")
    def _ring_heartbeats_come_before_elections(self) -> Self:
        if self.ring_election_ticks < 3 * self.ring_heartbeat_ticks:
            raise ValueError(
                "ring_election_ticks is under three times ring_heartbeat_ticks: one lost heartbeat "
                "would cost a leader"
            )
        return self

    @field_validator("replication")
    @classmethod
    def _replication_is_offered(cls, text: str) -> str:
        return checked_replication(text)

    @field_validator("reserved_bytes")
    @classmethod
    def _reserve_is_of_use(cls, reserved_bytes: int) -> int:
        if 0 < reserved_bytes < _RESERVED_BYTES_MIN:
            raise ValueError(
                f"must be at least {_RESERVED_BYTES_MIN} (16 MiB), or 0: what the disk suggests"
            )
        return reserved_bytes

    @model_validator(mode="after")
    def _blocks_fit_containers(self) -> Self:
        if self.block_bytes > self.container_bytes:
            raise ValueError("block_bytes is larger than container_bytes: lower it")
        return self


class ReplicationConfig(Section):
    """How the SCM has replicas made again, copied and removed.

    Attributes:
        check_interval_seconds: all containers are looked at in it; what changes is looked at soon.
        grace_seconds: nothing is repaired so long after a new leader's begin.
        copies_per_node_max: that a DataNode sends at once, and as many that it gets; one that
            leaves sends twice as many.
        rebuild_weight: a part of an erasure code that is made of others counts for so many copies.
        removals_per_node_max: replicas that a DataNode is deleting at once.
        in_flight_percent: of what all DataNodes could do at once.
        copy_seconds_max: after which, and the time that its bytes take beside others, a copy is no
            more expected, and is made anew.
        maintenance_replicas_min: of three, that stay online while others are in maintenance.
        empty_seconds: after its making a container without blocks is removed.
        queue_max: containers that wait; the next look at all meets the others again.
    """

    check_interval_seconds: int = Field(default=300, ge=1, le=86_400)
    grace_seconds: int = Field(default=10, ge=0, le=86_400)
    copies_per_node_max: int = Field(default=20, ge=1, le=1_000)
    rebuild_weight: int = Field(default=3, ge=1, le=100)
    removals_per_node_max: int = Field(default=40, ge=1, le=10_000)
    in_flight_percent: int = Field(default=75, ge=1, le=100)
    copy_seconds_max: int = Field(default=600, ge=10, le=30 * 86_400)
    maintenance_replicas_min: int = Field(default=2, ge=1, le=3)
    empty_seconds: int = Field(default=600, ge=0, le=30 * 86_400)
    queue_max: int = Field(default=100_000, ge=100, le=10_000_000)


class LifecycleConfig(Section):
    """What lifecycle rules of buckets ask for; the same on every OM and gateway.

    Attributes:
        day_seconds: how long a day is. For tests: days then begin at its multiples since 1970.
        rows_per_second: versions and uploads that the OM takes away at most.
    """

    day_seconds: int = Field(default=86_400, ge=1, le=86_400)
    rows_per_second: int = Field(default=2_000, ge=1, le=1_000_000)


class LogConfig(Section):
    """Attributes:
    access_log: write `logs/access.log` in the data folder.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    access_log: bool = True
    access_log_file_bytes: int = Field(default=64 * MIB, ge=1 * MIB, le=64 * GIB)
    access_log_files_max: int = Field(default=5, ge=1, le=1_000)
