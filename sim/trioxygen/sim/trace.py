"""What happened, in order: a digest over all of it, and the last events in words."""

import zlib
from collections import deque
from collections.abc import Callable
from typing import Final

LAST_EVENTS: Final = 120


class Trace:
    """Args:
    now_ms: virtual time.
    write: gets each event as a line, too.
    """

    def __init__(
        self, now_ms: Callable[[], float], write: Callable[[str], object] | None = None
    ) -> None:
        self._now_ms, self._write = now_ms, write
        self._digest = self.events = 0
        self._last: deque[tuple[float, str, tuple[object, ...]]] = deque(maxlen=LAST_EVENTS)

    def note(self, event: str, *facts: object) -> None:
        """Facts are numbers, texts and bytes, or tuples of them: nothing whose repr has an
        address."""
        noted = (self._now_ms(), event, facts)
        self._digest = zlib.crc32(repr(noted).encode(), self._digest)
        self.events += 1
        self._last.append(noted)
        if self._write is not None:
            self._write(_line(noted))

    @property
    def digest(self) -> str:
        return f"{self._digest:08x}"

    def last(self) -> list[str]:
        return [_line(noted) for noted in self._last]


def _line(noted: tuple[float, str, tuple[object, ...]]) -> str:
    at_ms, event, facts = noted
    return f"{at_ms:12.3f} {event:<12} {' '.join(map(str, facts))}"
