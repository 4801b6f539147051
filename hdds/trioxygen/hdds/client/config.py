"""What a client of DataNodes is told: how long it waits for whom, and how much it keeps."""

from dataclasses import dataclass

from trioxygen.common.units import MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Attributes:
    own_host: of the address that the client's machine has; DataNodes on it are asked first.
    own_rack: where it stands, as "/hall/rack"; those that stand nearest come next. Empty: not
        known.
    call_timeout_ms: of a call to a DataNode, and of the wait for each piece of a stream, where no
        other DataNode could do it instead.
    patience_ms: how long a DataNode that is away is waited for, where no other can do its part.
    begin_patience_ms: the same, before anything of a block was sent: another pipeline may take it.
    read_patience_ms: the same, of a read. With the tries of a usual client it covers the restart
        of a DataNode.
    finish_timeout_ms: the last bytes of a large block may have to reach the disk first.
    leader_try_ms: a member that does not answer for so long is not waited for: others are asked who
        leads. Longer where the latest writes have taken longer.
    away_retry_ms: a member that could not be reached is not asked again before.
    member_slow_ms: a member that takes nothing for so long, while a majority goes on, is left.
    open_ms: how long it is waited for that as many members consent to a block as it needs.
    minority_ms: how long it is borne that fewer go on, in the middle of a block.
    receipt_grace_ms: how long a majority's receipts wait for those of the others.
    straggler_ms: how long those that missed it may still take.
    avoided_ms: others come first for so long, before a node that was away, slow or full.
    lag_bytes_max: what the slowest member of a block may be behind; it is kept in memory.
    queued_bytes_max: the same of all blocks together, counted for each member.
    hedge_ms_min, hedge_ms_max: bounds of the time after which a second replica is asked: what 99 of
        100 reads take.
    hedge_share, hedge_burst: reads that are asked for twice: of all, and at once beyond that.
    fail_over_ms: a replica that is silent for so long is left for another one, whatever the share.
    locations_max, location_age_ms_max: bounds of what is remembered of where containers are.
    """

    own_host: str = ""
    own_rack: str = ""
    call_timeout_ms: float = 30_000.0
    patience_ms: float = 15_000.0
    begin_patience_ms: float = 1_000.0
    read_patience_ms: float = 4_000.0
    finish_timeout_ms: float = 120_000.0
    leader_try_ms: float = 600.0
    away_retry_ms: float = 300.0
    member_slow_ms: float = 1_000.0
    open_ms: float = 3_000.0
    minority_ms: float = 5_000.0
    receipt_grace_ms: float = 300.0
    straggler_ms: float = 3_000.0
    avoided_ms: float = 30_000.0
    lag_bytes_max: int = 2 * MIB
    queued_bytes_max: int = 64 * MIB
    hedge_ms_min: float = 50.0
    hedge_ms_max: float = 1_000.0
    hedge_share: float = 0.05
    hedge_burst: int = 16
    fail_over_ms: float = 1_000.0
    locations_max: int = 10_000
    location_age_ms_max: float = 60_000.0
