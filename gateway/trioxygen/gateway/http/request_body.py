"""The body of one request between the connection that brings it and the application that takes it,
and who answers for its memory. No sockets.
"""

from collections import deque
from typing import Final

from trioxygen.common.states import move
from trioxygen.gateway.http.intake import Intake
from trioxygen.gateway.http.states import BODY_MOVES, BodyState

_UNASKED: Final = BodyState.UNASKED
_ASKED: Final = BodyState.ASKED
_SETTLED: Final = BodyState.SETTLED


class RequestBody:
    """Attributes:
    state: moved here alone.
    is_complete: all of it has come.
    pieces: that have come, and the application has not taken.
    holder: whose it is, for `Intake`, from when it is asked for.
    had_bytes: that have come so far.
    unread_bytes: of those, what the application has not taken.
    """

    __slots__ = (
        "_given_bytes",
        "_intake",
        "_is_end_given",
        "had_bytes",
        "holder",
        "is_complete",
        "pieces",
        "state",
        "unread_bytes",
    )

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.pieces: deque[bytes] = deque()
        # The piece that the application works on.
        self._given_bytes = 0
        self._is_end_given = False
        self.state = _UNASKED
        self.is_complete = False
        self.holder = ""
        self.had_bytes = self.unread_bytes = 0

    @property
    def is_asked_for(self) -> bool:
        return self.state is _ASKED

    def add(self, piece: bytes) -> None:
        """A piece has come."""
        if self.state is _SETTLED:
            return
        size_bytes = len(piece)
        self.pieces.append(piece)
        self.unread_bytes += size_bytes
        self.had_bytes += size_bytes
        if self.state is _ASKED:
            self._intake.add(self.holder, size_bytes)
        else:
            self._intake.unasked_bytes += size_bytes

    def ask(self, holder: str) -> None:
        """The application wants it, for the first time. Args: holder: whose it is."""
        self.state = move(BODY_MOVES, self.state, _ASKED)
        self.holder = holder
        self._intake.unasked_bytes -= self.unread_bytes
        if self.unread_bytes:
            self._intake.add(holder, self.unread_bytes)

    def give_back(self) -> None:
        """The application has dealt with what `take` gave it."""
        given_bytes, self._given_bytes = self._given_bytes, 0
        if given_bytes:
            self._intake.release(self.holder, given_bytes)

    def take(self) -> tuple[bytes, bool]:
        """The next piece, and whether more is to be taken. Only when there are `pieces`."""
        piece = self.pieces.popleft()
        size_bytes = len(piece)
        self.unread_bytes -= size_bytes
        more = bool(self.pieces) or not self.is_complete
        if more:
            self._given_bytes = size_bytes
        else:
            self._is_end_given = True
            self._intake.release(self.holder, size_bytes)
        return piece, more

    def take_end(self) -> bool:
        """Whether it is complete and the application has not been told so yet; now it is."""
        if not self.is_complete or self._is_end_given:
            return False
        self._is_end_given = True
        return True

    def settle(self) -> None:
        """Nothing of it stays in memory. Idempotent."""
        if self.state is _SETTLED:
            return
        if self.state is _ASKED:
            held_bytes = self.unread_bytes + self._given_bytes
            if held_bytes:
                self._intake.release(self.holder, held_bytes)
        else:
            self._intake.unasked_bytes -= self.unread_bytes
        self.state = move(BODY_MOVES, self.state, _SETTLED)
        self.unread_bytes = self._given_bytes = 0
        self.pieces.clear()
