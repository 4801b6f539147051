"""What is to be done about a container, from its row and its replicas alone."""

from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.scm.container_checks import (
    CHECKS,
    ObservedContainer,
    Orders,
    orders,
)
from trioxygen.proto.v1 import scm_pb2 as scm

OPEN, CLOSING, CLOSED = ContainerState.OPEN, ContainerState.CLOSING, ContainerState.CLOSED
UNHEALTHY, RECOVERING = ContainerState.UNHEALTHY, ContainerState.RECOVERING


def observed(
    state: ContainerState, *replicas: ContainerState, closing_ms: float = 60
) -> ObservedContainer:
    reports = {
        f"dn{number}": scm.ContainerReport(container_id=7, state=replica.proto)
        for number, replica in enumerate(replicas, start=1)
    }
    return ObservedContainer(
        container_id=7,
        state=state,
        replicas=reports,
        closing_ms=closing_ms,
        close_delay_ms=60,
    )


def closed_at(*args: ContainerState, closing_ms: float = 60) -> set[str]:
    output = orders(observed(*args, closing_ms=closing_ms))
    assert all(command.close_container.container_id == 7 for command in output.values())
    return set(output)


def test_open_container_is_left_alone_whatever_its_replicas_are() -> None:
    assert closed_at(OPEN, OPEN, CLOSED, UNHEALTHY) == set()


def test_container_is_closed_when_its_writers_have_had_time() -> None:
    assert closed_at(CLOSING, OPEN, OPEN, closing_ms=59) == set()
    assert closed_at(CLOSING, OPEN, OPEN, closing_ms=60) == {"dn1", "dn2"}
    assert closed_at(CLOSING) == set()


def test_all_that_are_not_closed_are_told_while_one_takes_blocks() -> None:
    assert closed_at(CLOSED, CLOSED, CLOSING, OPEN, closing_ms=0) == {"dn2", "dn3"}
    # One of them failed: it may be the one that leads the ring.
    assert closed_at(UNHEALTHY, UNHEALTHY, OPEN, CLOSED) == {"dn1", "dn2"}
    assert closed_at(CLOSED, CLOSED, RECOVERING, OPEN) == {"dn3"}


def test_nobody_is_told_what_is_done() -> None:
    for state in (CLOSING, CLOSED, UNHEALTHY):
        assert closed_at(state, CLOSED, UNHEALTHY, RECOVERING) == set()


def test_first_check_with_an_answer_is_the_last_that_is_asked() -> None:
    def says_nothing(container: ObservedContainer) -> Orders | None:
        asked.append("nothing")
        return None

    def orders_it(container: ObservedContainer) -> Orders | None:
        asked.append("order")
        return {"dn1": scm.DataNodeCommand()}

    asked: list[str] = []
    actual = orders(observed(OPEN, OPEN), (says_nothing, orders_it, *CHECKS))
    assert set(actual) == {"dn1"} and asked == ["nothing", "order"]
    assert orders(observed(OPEN, OPEN), (says_nothing,)) == {}
