"""A bounded resource that many share, so that no one of them takes it all from the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from trioxygen.common.errors import Overloaded

# One alone gets three quarters, two get 3/7 each, ten get 3/31 each.
_GREED: Final = 3


class FairShare:
    """Whoever asks may hold up to `_GREED` times what nobody holds: the bound moves with the load,
    nothing is set aside for holders that are not there, and there is always room for a new one.
    (Switches share their packet buffers alike: "dynamic thresholds".)

    Args:
        capacity: in any unit: requests, connections, bytes.
    """

    __slots__ = ("_held", "capacity", "total")

    def __init__(self, capacity: int) -> None:
        assert capacity > 0
        self.capacity = capacity
        self.total = 0
        self._held: dict[str, int] = {}

    def held(self, holder: str) -> int:
        return self._held.get(holder, 0)

    @property
    def holders(self) -> int:
        return len(self._held)

    def take(self, holder: str, amount: int = 1) -> bool:
        """Whether it was granted; then `give_back` is owed."""
        free = self.capacity - self.total
        held = self._held.get(holder, 0) + amount
        if amount > free or held > _GREED * free:
            return False
        self._held[holder] = held
        self.total += amount
        return True

    def take_anyway(self, holder: str, amount: int) -> None:
        """What cannot be done without; it counts, also above the capacity."""
        self._held[holder] = self._held.get(holder, 0) + amount
        self.total += amount

    def give_back(self, holder: str, amount: int = 1) -> None:
        left = self._held[holder] - amount
        assert left >= 0, "more is given back than was taken"
        self.total -= amount
        if left:
            self._held[holder] = left
        else:
            del self._held[holder]

    @contextmanager
    def holding(self, holder: str, what: str) -> Iterator[None]:
        """Raises Overloaded: the holder has its share already."""
        if not self.take(holder):
            raise Overloaded(f"too many {what}", held=self.held(holder), all=self.total)
        try:
            yield
        finally:
            self.give_back(holder)
