"""How far and how fast disk use is evened out. Values."""

from dataclasses import dataclass

from trioxygen.common.units import GIB, MINUTE_MS, SECOND_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerConfig:
    """Attributes:
    threshold_percent: of a node's disks: so much fuller or emptier than all together it may be.
    containers_moving_max, moving_bytes_max: of an iteration, which ends when all of it has come.
    node_moving_bytes_max: of an iteration, that a node gives or takes.
    node_moves_max: that a node sends or gets at once, of moves and repairs together.
    in_flight_share: of what repairs may have under way; the rest is left to them.
    move_ms_max: after which a move is given up that has not shown itself in reports.
    settle_ms: between iterations: reports show what the last one has brought.
    idle_looks_max: after so many looks in a row that found nothing to move it ends.
    looks_per_turn_max: containers that are looked at in a turn: others have theirs then.
    planning_ms_max: of a turn: it ends with the step of the plan that goes beyond.
    turn_interval_ms: between two turns, where there is work.
    movables_per_node_max: containers of a node that a plan chooses among, the largest.
    """

    threshold_percent: float = 10.0
    containers_moving_max: int = 200
    moving_bytes_max: int = 500 * GIB
    node_moving_bytes_max: int = 26 * GIB
    node_moves_max: int = 5
    in_flight_share: float = 0.5
    move_ms_max: float = 30 * MINUTE_MS
    settle_ms: float = 15 * SECOND_MS
    idle_looks_max: int = 3
    looks_per_turn_max: int = 200
    planning_ms_max: float = 10
    turn_interval_ms: float = 50
    movables_per_node_max: int = 500
