"""Settings of a DataNode."""

from dataclasses import dataclass

from trioxygen.common.units import DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS
from trioxygen.hdds.container.volume import VolumeLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class DataNodeConfig:
    """Attributes:
    address: where the service listens, and what the SCM is told unless `advertised_address` is set.
    small_block_bytes_max: what one WriteSmallBlock may carry, through the ring's log.
    packed_block_bytes_max: a streamed block that announces more gets a file of its own.
    pending_bytes_max: of small blocks that are in the log but not in segments yet; more wait.
    streams_max: blocks that are being received at once, by each volume.
    stream_buffer_bytes_max: of all those; above it they are written as they come, in small pieces.
    sealed_expiry_ms: a stream that no PutBlock follows is dropped.
    container_wait_ms: how long a member of a ring waits for a container that the leader is to make.
    fetches_max: blocks that a volume fetches from other members at once.
    fetch_patience_ms: a block whose own stream is still open is not fetched before.
    fetch_timeout_ms: for each piece, before another member is asked.
    fetch_wait_ms_max: between tries of one block.
    mend_wait_ms_max: the same, of one whose bytes here are bad.
    space_reserve_bytes: writes are refused when less is free on the volume; None: what is usual for
        its disk.
    compact_live_share: a segment is rewritten when less of what it takes on disk is live.
    nameless_keep_ms: files of blocks that nobody knows are kept so long, then removed; 0: they stay
        until the next start.
    nameless_interval_ms: between looks for such files.
    disk_probe_ms: between looks at each disk; 0: a disk that fails stays as it is.
    disk_answer_ms_max: a disk that takes longer has failed.
    reported_at_once_max: containers in one heartbeat.
    copies_max: replicas that are sent to other nodes at once; copies_queued_max: those with those
        that wait.
    copy_bytes_per_s: of all those; 0: as fast as it goes.
    copy_stall_ms: a target that takes nothing for so long has its copy broken off.
    imports_max: replicas that other nodes send here at once: more than the SCM has a node get.
    rebuilds_max: containers that parts are rebuilt of at once; rebuilds_queued_max: those with
        those that wait.
    import_expiry_ms: one that broke off, or stands still, is dropped unless it goes on within this
        time.
    """

    node_id: str
    address: str
    advertised_address: str = ""

    block_bytes_max: int = 256 * MIB
    small_block_bytes_max: int = 64 * KIB
    packed_block_bytes_max: int = 1 * MIB
    read_small_bytes_max: int = 1 * MIB
    container_bytes_max: int = 5 * GIB
    segment_bytes_max: int = 64 * MIB
    space_reserve_bytes: int | None = None

    pending_bytes_max: int = 64 * MIB
    flush_bytes: int = 4 * MIB
    flush_interval_ms: float = 50
    store_sync_log_bytes: int = 32 * MIB
    store_sync_interval_ms: float = 10 * SECOND_MS

    write_piece_bytes: int = 1 * MIB
    read_piece_bytes: int = 1 * MIB
    read_inline_bytes_max: int = 256 * KIB
    streams_max: int = 4_096
    stream_buffer_bytes_max: int = 24 * MIB
    sealed_expiry_ms: float = 15 * MINUTE_MS
    container_wait_ms: float = 5 * SECOND_MS
    fetches_max: int = 2
    fetch_patience_ms: float = 5 * SECOND_MS
    fetch_timeout_ms: float = 5 * SECOND_MS
    fetch_wait_ms_max: float = 5 * SECOND_MS
    mend_wait_ms_max: float = 1 * MINUTE_MS

    cached_blocks_max: int = 20_000
    open_files_max: int = 256

    scrub_bytes_per_s: int = 8 * MIB
    scrub_interval_ms: float = 1 * DAY_MS
    compaction_interval_ms: float = 10 * SECOND_MS
    compact_live_share: float = 0.5
    nameless_keep_ms: float = 7 * DAY_MS
    nameless_interval_ms: float = 6 * HOUR_MS
    disk_probe_ms: float = 0
    disk_answer_ms_max: float = 30 * SECOND_MS
    reported_at_once_max: int = 20_000

    copies_max: int = 10
    copies_queued_max: int = 1_000
    copy_bytes_per_s: int = 128 * MIB
    copy_stall_ms: float = 30 * SECOND_MS
    imports_max: int = 40
    rebuilds_max: int = 2
    rebuilds_queued_max: int = 1_000
    import_expiry_ms: float = 5 * MINUTE_MS

    def __post_init__(self) -> None:
        assert 0 < self.small_block_bytes_max <= self.packed_block_bytes_max <= self.block_bytes_max
        assert self.block_bytes_max <= self.container_bytes_max
        assert self.flush_bytes <= self.pending_bytes_max
        assert self.read_piece_bytes % (64 * KIB) == 0
        assert 0 < self.compact_live_share < 1

    def volume_limits(self) -> VolumeLimits:
        return VolumeLimits(
            cached_blocks_max=self.cached_blocks_max,
            open_files_max=self.open_files_max,
            segment_bytes_max=self.segment_bytes_max,
            space_reserve_bytes=self.space_reserve_bytes,
        )
