"""How much is repaired at once, and when. Values."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.units import MIB, MINUTE_MS, SECOND_MS

# A wait is not longer than some of them make it.
_DOUBLINGS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationConfig:
    """Attributes:
    grace_ms: nothing is repaired so long after a term's begin, whatever is known then.
    check_interval_ms: all containers are looked at in it. What changes is looked at soon.
    turn_interval_ms: between two turns of work, where there is some.
    looks_per_turn_max: containers that are looked at in a turn: others have theirs then.
    lost_close_delay_ms: what writers of a pipeline that is closed have to finish what they began.
    copies_per_node_max: that a node sends, and as many that it gets. One that leaves sends twice
        as many.
    rebuild_weight: a replica that is made out of others counts for as many copies.
    removals_per_node_max: replicas that a node is deleting.
    in_flight_share: of what all nodes could do at once.
    copy_deadline_ms, copy_bytes_per_s_min: after which a copy is no more expected, and may be made
        again: so long, and what its bytes take at that rate beside others.
    resend_after_ms: a command whose end is not reported is given again.
    failed_wait_ms: after a node has said that it failed at what it was told, before it is planned
        anew; twice as long each time, failed_wait_ms_max at most.
    queue_max: containers that wait; those beyond are met again by the next look at all.
    settle_ms: see `ObservedContainer`.
    lag_ms_max, empty_delay_ms: see `ObservedContainer`.
    maintenance_replicas_min: of three, that stay online; of an erasure-coded container one more
        than its data.
    """

    grace_ms: float = 10 * SECOND_MS
    check_interval_ms: float = 5 * MINUTE_MS
    turn_interval_ms: float = 50
    looks_per_turn_max: int = 200
    lost_close_delay_ms: float = 5 * SECOND_MS
    copies_per_node_max: int = 20
    rebuild_weight: int = 3
    removals_per_node_max: int = 40
    in_flight_share: float = 0.75
    copy_deadline_ms: float = 10 * MINUTE_MS
    copy_bytes_per_s_min: int = 4 * MIB
    resend_after_ms: float = MINUTE_MS
    failed_wait_ms: float = 10 * SECOND_MS
    failed_wait_ms_max: float = MINUTE_MS
    queue_max: int = 100_000
    settle_ms: float = 30 * SECOND_MS
    lag_ms_max: float = 30 * SECOND_MS
    empty_delay_ms: float = 10 * MINUTE_MS
    maintenance_replicas_min: int = 2

    def deadline_ms(self, size_bytes: int) -> float:
        """From the beginning of what makes a replica."""
        return self.copy_deadline_ms + size_bytes * SECOND_MS / self.copy_bytes_per_s_min

    def wait_ms(self, failures: int) -> float:
        """After so many failures in a row."""
        doublings = min(failures - 1, _DOUBLINGS_MAX)
        return min(self.failed_wait_ms_max, self.failed_wait_ms * 2.0**doublings)
