"""Waits between attempts. What may be repeated, and for how long, says whoever repeats it."""

import random


class Backoff:
    """Each wait is twice the one before.

    Args:
    first_ms, most_ms: the first wait, and what none exceeds.
    """

    __slots__ = ("_first_ms", "_most_ms", "next_ms")

    def __init__(self, first_ms: float, most_ms: float) -> None:
        self._first_ms, self._most_ms = first_ms, most_ms
        # How long the next wait is.
        self.next_ms = first_ms

    def take_ms(self, *, most_ms: float | None = None, rng: random.Random | None = None) -> float:
        """The next wait.

        Args:
        most_ms: what those after it do not exceed, if less than usual.
        rng: takes up to half of it away, so that many that failed together do not come together.
        """
        wait_ms = self.next_ms
        limit_ms = self._most_ms if most_ms is None else min(most_ms, self._most_ms)
        self.next_ms = min(limit_ms, 2 * wait_ms)
        return wait_ms if rng is None else wait_ms * rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """An attempt was a success."""
        self.next_ms = self._first_ms
