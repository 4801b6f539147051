"""How much of all bodies is in memory at once: senders wait for their turn in the kernel's buffers.

Only bytes that the application works on count, so their end depends on the store, and on no client:
what an application has not asked for yet may lie there for as long as somebody likes.
"""

from typing import Protocol


class Sender(Protocol):
    def resume_body(self) -> None: ...


class Intake:
    """Of the connections of one port.

    Args:
        bytes_max: above it nothing more is read until the application has dealt with some.
    """

    __slots__ = ("_bytes_max", "_waiting", "held_bytes")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.held_bytes = 0
        # In the order in which they came; a dict finds those that go away.
        self._waiting: dict[Sender, None] = {}

    @property
    def is_full(self) -> bool:
        return self.held_bytes >= self._bytes_max

    def add(self, size_bytes: int) -> None:
        self.held_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        self.held_bytes -= size_bytes
        waiting = self._waiting
        while waiting and not self.is_full:
            # What it brings is not here yet: a few too many may come, by one read each.
            sender = next(iter(waiting))
            del waiting[sender]
            sender.resume_body()

    def wait(self, sender: Sender) -> None:
        """Its turn comes with `resume_body`."""
        self._waiting[sender] = None

    def forget(self, sender: Sender) -> None:
        self._waiting.pop(sender, None)
