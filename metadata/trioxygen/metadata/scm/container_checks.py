"""What DataNodes are told to do about a container: a chain of small checks, each of which answers
one question. Pure: from the SCM's row and the replicas, as reports show them, to commands.

To have the SCM look after something else, write a check and name it in `CHECKS`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.container_state import TAKES_BLOCKS, ContainerState
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    ContainerReport,
    DataNodeCommand,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedContainer:
    """Attributes:
    state: of the SCM's row.
    replicas: those of this container, by node. Of a node that is silent, as it reported last.
    closing_ms: for so long this SCM has seen it take no new blocks.
    close_delay_ms: what writers that hold leases in it have to finish.
    """

    container_id: int
    state: ContainerState
    replicas: Mapping[str, ContainerReport]
    closing_ms: float
    close_delay_ms: float


# Node -> command; who sends it says under which term.
Orders = Mapping[str, DataNodeCommand]
# None: it has nothing to say, the next one is asked. No orders: nothing is to be done.
Check = Callable[[ObservedContainer], Orders | None]

_NONE: Final[Orders] = {}


def open_container_is_left_alone(container: ObservedContainer) -> Orders | None:
    """Its pipeline writes it."""
    return _NONE if container.state is ContainerState.OPEN else None


def writers_may_finish(container: ObservedContainer) -> Orders | None:
    """Who holds leases in it goes on for a while, after the last of them was given."""
    is_soon = container.closing_ms < container.close_delay_ms
    return _NONE if container.state is ContainerState.CLOSING and is_soon else None


def replicas_are_closed(container: ObservedContainer) -> Orders | None:
    """While one takes blocks, all are told that are not closed: which of them leads the ring, and
    so sees to it, is not known here. Also behind a replica that has closed or failed already."""
    states = {node: ContainerState(replica.state) for node, replica in container.replicas.items()}
    if not TAKES_BLOCKS & set(states.values()):
        return None
    close = CloseContainerCommand(container_id=container.container_id)
    return {
        node: DataNodeCommand(close_container=close)
        for node, state in states.items()
        if state in TAKES_BLOCKS or state is ContainerState.UNHEALTHY
    }


# In the order in which they are asked; the first that answers is the last.
CHECKS: Final[tuple[Check, ...]] = (
    open_container_is_left_alone,
    writers_may_finish,
    replicas_are_closed,
)


def orders(container: ObservedContainer, checks: Sequence[Check] = CHECKS) -> Orders:
    for check in checks:
        answer = check(container)
        if answer is not None:
            return answer
    return _NONE
