"""How a session stands, and what may follow what. Each end has a table of its own.

The client's end opens a stream, is established by the server's hello, and ends as the server wants
or by a failure. The server's end serves from the client's hello on, and drains before it ends."""

from enum import auto
from typing import Final, Generic, TypeVar

from trioxygen.common.states import Moves, State, move

S = TypeVar("S", bound=State)


class ClientState(State):
    """Attributes:
    OPENING: calls may be sent; the server has not said hello.
    ESTABLISHED: it has.
    ENDED: the server ended the stream, as it does when it stops in good order.
    BROKEN: the stream failed after it had worked.
    REFUSED: it failed before.
    """

    OPENING = auto()
    ESTABLISHED = auto()
    ENDED = auto()
    BROKEN = auto()
    REFUSED = auto()


class ServerState(State):
    """Attributes:
    OPENING: the client has not said hello.
    SERVING: calls are taken.
    DRAINING: none begin any more; what was taken is answered.
    ENDED: nothing is written any more.
    """

    OPENING = auto()
    SERVING = auto()
    DRAINING = auto()
    ENDED = auto()


CLIENT_MOVES: Final[Moves[ClientState]] = {
    ClientState.OPENING: frozenset({ClientState.ESTABLISHED, ClientState.REFUSED}),
    ClientState.ESTABLISHED: frozenset({ClientState.ENDED, ClientState.BROKEN}),
    ClientState.ENDED: frozenset(),
    ClientState.BROKEN: frozenset(),
    ClientState.REFUSED: frozenset(),
}
SERVER_MOVES: Final[Moves[ServerState]] = {
    ServerState.OPENING: frozenset({ServerState.SERVING, ServerState.DRAINING, ServerState.ENDED}),
    ServerState.SERVING: frozenset({ServerState.DRAINING, ServerState.ENDED}),
    ServerState.DRAINING: frozenset({ServerState.ENDED}),
    ServerState.ENDED: frozenset(),
}


class Standing(Generic[S]):
    """A state that moves as its table allows. Another move is a programming error."""

    __slots__ = ("_moves", "state")

    def __init__(self, first: S, moves: Moves[S]) -> None:
        self.state: S = first
        self._moves = moves

    @property
    def is_over(self) -> bool:
        """Nothing follows."""
        return not self._moves[self.state]

    def move(self, state: S) -> None:
        self.state = move(self._moves, self.state, state)
