"""Whether this process should be sent requests, and whether there is room for new data: what
`/_health/ready` answers. No HTTP here."""

from collections.abc import Callable


class Readiness:
    """Not ready until it is set; taken back first when the process stops, and while anything that
    is required does not hold.

    A full store is ready: it reads and deletes.
    """

    __slots__ = ("_full_if", "_is_ready", "_required")

    def __init__(self) -> None:
        self._is_ready = False
        self._full_if: list[Callable[[], bool]] = []
        self._required: list[Callable[[], bool]] = []

    def require(self, holds: Callable[[], bool]) -> None:
        """Asked at every look."""
        self._required.append(holds)

    def set(self, is_ready: bool) -> None:
        self._is_ready = is_ready

    def get(self) -> bool:
        return self._is_ready and all([holds() for holds in self._required])

    def full_if(self, predicate: Callable[[], bool]) -> None:
        """One more part that may be full."""
        self._full_if.append(predicate)

    def is_full(self) -> bool:
        return any(predicate() for predicate in self._full_if)
