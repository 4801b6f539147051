"""What a replica's state says of its container's."""

from itertools import product
from typing import Final

from trioxygen.common.container_state import ContainerState, may_follow, move
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.scm_pb2 import ContainerReport, ContainerRow

# Deleting is for the SCM alone to begin, and a replica that is being made is not the container.
_TELLING: Final = frozenset(
    {
        ContainerState.CLOSING,
        ContainerState.CLOSED,
        ContainerState.QUASI_CLOSED,
        ContainerState.UNHEALTHY,
    }
)
# Asked of each replica that is reported.
_MOVES: Final = frozenset(
    (now.proto, to.proto) for now, to in product(ContainerState, _TELLING) if may_follow(now, to)
)
# Of its size, a container that holds so much takes no new blocks.
_NEARLY_FULL: Final = 0.9


def moves_to(row: scm_pb2.ContainerState, reported: scm_pb2.ContainerState) -> bool:
    """Whether a row takes over the state that a replica is in. One that cannot follow the row's is
    an old report."""
    return (row, reported) in _MOVES


def is_settled(row: ContainerRow, report: ContainerReport) -> bool:
    """Whether a replica says of a closed container what the row says: most do, at most times."""
    return (
        row.state == scm_pb2.CLOSED
        and report.state == scm_pb2.CLOSED
        and report.used_bytes == row.used_bytes
        and report.block_count == row.block_count
        and closed_sequence(row, report) <= row.commit_sequence
    )


def row_by_report(
    row: ContainerRow, report: ContainerReport, *, container_bytes_max: int, has_others: bool
) -> ContainerRow:
    """What a replica's report says of the row: its sizes, and the state that it may move to.

    Args: has_others: there are replicas that can be written, as far as it is known. Asked where
        this one cannot: they are closed with what they have."""
    state = report.state
    is_nearly_full = report.used_bytes >= container_bytes_max * _NEARLY_FULL
    has_failed = report.state == scm_pb2.UNHEALTHY and has_others
    if has_failed or (is_nearly_full and report.state == scm_pb2.OPEN):
        is_open = row.state == scm_pb2.OPEN
        state = move(ContainerState.OPEN, ContainerState.CLOSING).proto if is_open else row.state
    return ContainerRow(
        container_id=row.container_id,
        state=state,
        used_bytes=report.used_bytes,
        block_count=report.block_count,
        commit_sequence=closed_sequence(row, report),
    )


def closed_sequence(row: ContainerRow, report: ContainerReport) -> int:
    """What a closed replica says that the container has. Those of erasure-coded ones say nothing of
    each other."""
    is_whole = row.replication.type != types_pb2.EC and not report.replica_index
    is_closed = report.state == scm_pb2.CLOSED
    return report.commit_sequence if is_closed and is_whole else 0


def is_news(row: ContainerRow, reported: ContainerRow) -> bool:
    return (
        moves_to(row.state, reported.state)
        or reported.used_bytes != row.used_bytes
        or reported.block_count != row.block_count
        or reported.commit_sequence > row.commit_sequence
    )


def row_of_unknown(report: ContainerReport, usual: Replication) -> ContainerRow:
    """Of a container that the state does not know, and of which it may be lost how many replicas it
    is to have.

    Args: usual: of what is written by who does not say it. Where that is one replica, one is
    enough; else a whole one is taken for one of three: rather too many than too few."""
    is_in_threes = not report.replica_index and usual != RATIS_ONE
    return ContainerRow(
        replication=RATIS_THREE.proto if is_in_threes else None,
        container_id=report.container_id,
        state=report.state,
        used_bytes=report.used_bytes,
        block_count=report.block_count,
        pipeline_id=report.pipeline_id,
        commit_sequence=report.commit_sequence if report.state == scm_pb2.CLOSED else 0,
    )
