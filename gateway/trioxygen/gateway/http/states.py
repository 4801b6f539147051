"""The states of a connection and of what it carries, and which may follow which. Pure.

An illegal move is a defect: `move` asserts. What a state may do is asked where it is done.
"""

from typing import Final

from trioxygen.common.states import Moves, State


class Phase(State):
    """Of a connection."""

    OPEN = "requests are read"
    LAST = "no other request is read; those that came are answered"
    LINGERING = "the last answer is out, our side is ended, what still comes is dropped"
    CLOSED = "closed when what is queued has been sent, or lost"


class BodyState(State):
    """Of a request's body, as the application sees it."""

    UNASKED = "the application has not asked for it"
    ASKED = "the application works on it: its account answers for the memory"
    SETTLED = "nobody wants it: nothing of it is in memory"


class ResponseState(State):
    """Of an answer."""

    AWAITED = "the application has not begun it"
    HEAD_HELD = "its head waits for the first bytes of the body: both go out in one write"
    BEGUN = "its head is out"
    COMPLETE = "the application has given all of it"


class Break(State):
    """Why a request ends early. Value: `reason` of the ASGI event `http.disconnect`."""

    INCOMPLETE = "incomplete"
    IDLE = "idle"
    MALFORMED = "malformed"
    SLOW = "slow"
    GONE = "gone"

    @property
    def is_unreachable(self) -> bool:
        """Nobody reads an answer; else one can still be sent."""
        return self in (Break.SLOW, Break.GONE)


PHASE_MOVES: Final[Moves[Phase]] = {
    Phase.OPEN: frozenset((Phase.LAST, Phase.LINGERING, Phase.CLOSED)),
    Phase.LAST: frozenset((Phase.LINGERING, Phase.CLOSED)),
    Phase.LINGERING: frozenset((Phase.CLOSED,)),
    Phase.CLOSED: frozenset(),
}
BODY_MOVES: Final[Moves[BodyState]] = {
    BodyState.UNASKED: frozenset((BodyState.ASKED, BodyState.SETTLED)),
    BodyState.ASKED: frozenset((BodyState.SETTLED,)),
    BodyState.SETTLED: frozenset(),
}
RESPONSE_MOVES: Final[Moves[ResponseState]] = {
    ResponseState.AWAITED: frozenset((ResponseState.HEAD_HELD,)),
    ResponseState.HEAD_HELD: frozenset((ResponseState.BEGUN, ResponseState.COMPLETE)),
    ResponseState.BEGUN: frozenset((ResponseState.COMPLETE,)),
    ResponseState.COMPLETE: frozenset(),
}
# Who is gone cannot come back: a break that leaves a reader may become one that does not.
BREAK_MOVES: Final[Moves[Break]] = {
    reason: frozenset(() if reason.is_unreachable else (Break.SLOW, Break.GONE)) for reason in Break
}
