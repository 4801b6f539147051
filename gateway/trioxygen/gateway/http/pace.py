"""Whether a client keeps up: it may pause and it may be slow, but not for as long as it likes.

Pure. Only time in which the client is waited for counts: what the store itself takes is never the
client's fault."""

from typing import Final

# What passes between two looks and is not the client's: the process stood still.
_LOOK_SECONDS_MAX: Final = 2.0


class Pace:
    """Of one connection, in one direction at a time.

    Args:
        bytes_per_second_min: on average over each window.
        window_seconds: of time waited for the client.
    """

    __slots__ = (
        "_bytes_min",
        "_idle_seconds",
        "_is_sending",
        "_looked",
        "_moved_bytes",
        "_waited_seconds",
        "_window_bytes",
        "_window_seconds",
    )

    def __init__(self, bytes_per_second_min: float, window_seconds: float) -> None:
        self._bytes_min = bytes_per_second_min * window_seconds
        self._window_seconds = window_seconds
        self._looked = 0.0
        self._is_sending: bool | None = None
        self._moved_bytes = 0
        self._window_bytes = 0
        self._idle_seconds = 0.0
        self._waited_seconds = 0.0

    def begin(self) -> None:
        """Another exchange: what was before it is forgotten."""
        self._is_sending = None

    def rest(self, now: float) -> None:
        """The client is not waited for."""
        self._looked = now
        self._idle_seconds = 0.0

    def is_late(
        self, now: float, *, is_sending: bool, moved_bytes: int, idle_seconds_max: float
    ) -> bool:
        """A look, each second or so, at a client that is waited for.

        Args:
            is_sending: the client sends a body; else it reads an answer.
            moved_bytes: in that direction since the connection began.
        """
        if self._is_sending is not is_sending:
            self._is_sending = is_sending
            self._looked, self._idle_seconds, self._waited_seconds = now, 0.0, 0.0
            self._moved_bytes = self._window_bytes = moved_bytes
            return False
        elapsed = min(now - self._looked, _LOOK_SECONDS_MAX)
        self._looked = now
        if moved_bytes != self._moved_bytes:
            self._moved_bytes, self._idle_seconds = moved_bytes, 0.0
        else:
            self._idle_seconds += elapsed
            if self._idle_seconds > idle_seconds_max:
                return True
        self._waited_seconds += elapsed
        if self._waited_seconds < self._window_seconds:
            return False
        is_slow = moved_bytes - self._window_bytes < self._bytes_min
        self._window_bytes, self._waited_seconds = moved_bytes, 0.0
        return is_slow
