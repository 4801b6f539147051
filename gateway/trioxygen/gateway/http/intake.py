"""How much of all bodies is in memory at once: senders wait for their turn in the kernel's buffers.

Only bytes that the application works on count, so their end depends on the store, and on no client:
what an application has not asked for yet may lie there for as long as somebody likes. Of that each
connection has a little.

Where there is no room a sender may still bring a sip: one that has no more to give (it trickles)
waits for nobody and is waited for by nobody. One that has more waits in line, and turns go

1. to the holder (account) that has least of its bytes in memory;
2. of its senders, to the one whose body has had least so far: who stores a megabyte does not wait
   behind uploads that have brought theirs already, however many they are;
3. but every fourth turn to the one that waits longest, so that large bodies go on.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final, Protocol

from trioxygen.common.units import KIB

READ_BYTES_MAX: Final = 256 * KIB
SIP_BYTES: Final = 4 * KIB
# Of bodies that nobody has asked for: much of one, or where there are many, little of each.
_UNASKED_BYTES_MAX: Final = 64 * KIB
_UNASKED_BYTES_MIN: Final = 8 * KIB
_LONGEST_WAITING_EVERY: Final = 4
# A sender has something to give when it gets its turn, so it is over at once; if not, by then.
_TURN_SECONDS: Final = 0.01


class Sender(Protocol):
    """Attributes:
    holder: whose body it sends: an account, or an address.
    had_bytes: of that body, so far.
    """

    @property
    def holder(self) -> str: ...
    @property
    def had_bytes(self) -> int: ...
    def resume_body(self) -> None: ...


class _Line:
    """One holder's senders that wait."""

    __slots__ = ("_by_had", "_senders", "_served")

    def __init__(self) -> None:
        # In the order in which they came, with the number of their place.
        self._senders: dict[Sender, int] = {}
        # Also those that have left: they are passed over.
        self._by_had: list[tuple[int, int, Sender]] = []
        self._served = 0

    def __len__(self) -> int:
        return len(self._senders)

    def add(self, sender: Sender, place: int) -> None:
        self._senders[sender] = place
        heappush(self._by_had, (sender.had_bytes, place, sender))

    def remove(self, sender: Sender) -> None:
        self._senders.pop(sender, None)
        if len(self._by_had) > 2 * len(self._senders) + 64:
            self._by_had = [
                entry for entry in self._by_had if self._senders.get(entry[2]) == entry[1]
            ]
            heapify(self._by_had)

    def next(self) -> Sender:
        self._served += 1
        if self._served % _LONGEST_WAITING_EVERY:
            while True:
                _, place, sender = heappop(self._by_had)
                if self._senders.get(sender) == place:
                    break
        else:
            sender = next(iter(self._senders))
        self.remove(sender)
        return sender


class Intake:
    """Of the connections of one port.

    Args:
        bytes_max: above it nothing more is read until the application has dealt with some.
        later: calls a function after so many seconds.

    Attributes:
        unasked_bytes: what applications have not asked for.
    """

    def __init__(
        self, bytes_max: int, later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self._bytes_max, self._later = bytes_max, later
        self.held_bytes = self.unasked_bytes = 0
        self._held: dict[str, int] = {}
        self._lines: dict[str, _Line] = {}
        self._place = 0
        # Who may read now, and since which look at the time.
        self._turns: dict[Sender, int] = {}
        self._look = 0
        self._is_timed = False

    @property
    def is_full(self) -> bool:
        return bool(self._lines) or self.held_bytes >= self._bytes_max

    @property
    def unasked_bytes_max(self) -> int:
        """Of one body."""
        is_much = 3 * self.unasked_bytes > self._bytes_max
        return _UNASKED_BYTES_MIN if is_much else _UNASKED_BYTES_MAX

    def read_bytes(self, sender: Sender) -> int:
        """What it may bring now, at most; less than `READ_BYTES_MAX`: who has more than that waits
        in line for the rest."""
        if self._turns.pop(sender, None) is None and self._lines:
            return SIP_BYTES
        return min(READ_BYTES_MAX, max(SIP_BYTES, self._bytes_max - self.held_bytes))

    def add(self, holder: str, size_bytes: int) -> None:
        self.held_bytes += size_bytes
        self._held[holder] = self._held.get(holder, 0) + size_bytes

    def release(self, holder: str, size_bytes: int) -> None:
        self.held_bytes -= size_bytes
        left_bytes = self._held[holder] - size_bytes
        if left_bytes:
            self._held[holder] = left_bytes
        else:
            del self._held[holder]
        if self._lines:
            self._give_turns()

    def wait(self, sender: Sender) -> None:
        """Its turn comes with `resume_body`, perhaps at once."""
        self._place += 1
        self._lines.setdefault(sender.holder, _Line()).add(sender, self._place)
        self._give_turns()

    def forget(self, sender: Sender) -> None:
        self._turns.pop(sender, None)
        for holder, line in self._lines.items():
            line.remove(sender)
            if not line:
                del self._lines[holder]
                break
        self._give_turns()

    def _give_turns(self) -> None:
        while self._lines:
            if self.held_bytes + READ_BYTES_MAX * len(self._turns) >= self._bytes_max:
                break
            holder = min(self._lines, key=lambda holder: self._held.get(holder, 0))
            line = self._lines[holder]
            sender = line.next()
            if not line:
                del self._lines[holder]
            self._turns[sender] = self._look
            sender.resume_body()
        if self._lines and self._turns and not self._is_timed:
            self._is_timed = True
            self._later(_TURN_SECONDS, self._end_turns)

    def _end_turns(self) -> None:
        """Of those that had nothing to give after all."""
        self._is_timed = False
        self._turns = {sender: look for sender, look in self._turns.items() if look == self._look}
        self._look += 1
        self._give_turns()
