"""What a gateway has learnt of the pipelines that its leases are in."""

from typing import Final

from trioxygen.common.clock import Clock

# Until then the SCM has noticed that a DataNode is away.
_AVOIDED_MS: Final = 30_000.0
# For so long nobody is asked for other pipelines again, where none were found.
_ALONE_MS: Final = 5_000.0


class KnownPipelines:
    """Which of them are to be avoided for a while, and whether there are others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Pipelines that could not be written to -> until when others come first.
        self._avoided: dict[int, float] = {}
        self._seen: set[int] = set()
        # How many there were besides, when the last lease was given.
        self._others = 0
        # Until then it is known that only avoided pipelines are handed out.
        self._alone_until_ms = 0.0

    def met(self, pipeline_id: int, others: int) -> None:
        """A lease in it was given; the SCM knows `others` besides."""
        self._seen.add(pipeline_id)
        self._others = others

    def met_no_other(self) -> None:
        """Whoever hands out leases has nothing better now."""
        self._alone_until_ms = self._clock.monotonic_ms() + _ALONE_MS

    def avoid(self, pipeline_id: int) -> None:
        now_ms = self._clock.monotonic_ms()
        self._avoided = {name: at for name, at in self._avoided.items() if at > now_ms}
        self._avoided[pipeline_id] = now_ms + _AVOIDED_MS

    def is_avoided(self, pipeline_id: int) -> bool:
        return self._avoided.get(pipeline_id, 0.0) > self._clock.monotonic_ms()

    def knows_others(self, own: int) -> bool:
        """Whether there are pipelines besides `own` that are not avoided, as far as is known."""
        if any(name != own and not self.is_avoided(name) for name in self._seen):
            return True
        return self._others > 0 and self._clock.monotonic_ms() >= self._alone_until_ms

    def may_have_others(self, own: int) -> bool:
        """Those that were met are not all: where none is known, it is worth asking."""
        return self.knows_others(own) or self._clock.monotonic_ms() >= self._alone_until_ms
