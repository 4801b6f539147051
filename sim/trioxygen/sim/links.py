"""How messages travel between hosts: delay, loss, duplicates, cuts in either direction."""

import random
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class LinkBehaviour:
    """Of all links at the moment; the fault plan turns these.

    Attributes:
    delay_ms: bounds of a usual delay; each message has its own, so they overtake each other.
    late_rate, late_ms: how often a message is late, and how late at most.
    loss_rate: of messages; the connection of a lost call breaks.
    duplicate_rate: of messages of services that expect it.
    """

    delay_ms: tuple[float, float] = (0.1, 1.0)
    late_rate: float = 0.0
    late_ms: float = 0.0
    loss_rate: float = 0.0
    duplicate_rate: float = 0.0


class Links:
    """Attributes:
    cut: (from, to) pairs of hosts that nothing passes. A dict for its order.
    slow_ms: hosts to and from which every message takes so much longer at most.
    """

    def __init__(self, rng: random.Random) -> None:
        self.behaviour = LinkBehaviour()
        self.cut: dict[tuple[str, str], None] = {}
        self.slow_ms: dict[str, float] = {}
        self._rng = rng

    def delay_ms(self, source: str, target: str) -> float | None:
        """Of one message now; None: it is lost."""
        rng, behaviour = self._rng, self.behaviour
        if (source, target) in self.cut:
            return None
        if behaviour.loss_rate and rng.random() < behaviour.loss_rate:
            return None
        if source == target:
            return 0.01
        low, high = behaviour.delay_ms
        delay_ms = low + (high - low) * rng.random()
        if behaviour.late_rate and rng.random() < behaviour.late_rate:
            delay_ms += behaviour.late_ms * rng.random()
        if self.slow_ms:
            slow_ms = self.slow_ms.get(source, 0.0) + self.slow_ms.get(target, 0.0)
            delay_ms += slow_ms * rng.random()
        return delay_ms

    def is_doubled(self) -> bool:
        rate = self.behaviour.duplicate_rate
        return bool(rate) and self._rng.random() < rate

    def silence_ms(self) -> float:
        """After which an end of a broken connection knows it."""
        return self._rng.choice((5.0, 200.0, 1_000.0, 4_000.0)) * (0.5 + 0.5 * self._rng.random())
