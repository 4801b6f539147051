"""What a client has learnt of the pipelines that its leases are in."""

from collections import OrderedDict
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.proto.v1.types_pb2 import Pipeline

# Until then the SCM has noticed that a DataNode is away.
_AVOIDED_MS: Final = 30_000.0
# For so long nobody is asked for other pipelines again, where none were found.
_ALONE_MS: Final = 5_000.0
_SEEN_MAX: Final = 1_000


class KnownPipelines:
    """Which of them are to be avoided for a while, and whether there are others.

    Args: away: DataNodes whose pipelines are avoided."""

    def __init__(self, clock: Clock, away: AwayNodes) -> None:
        self._clock, self._away = clock, away
        # Pipelines that could not be written to -> until when others come first.
        self._avoided: dict[int, float] = {}
        self._seen: OrderedDict[int, Pipeline] = OrderedDict()
        # How many there were besides, when the last lease was given.
        self._others = 0
        # Until then it is known that only avoided pipelines are handed out.
        self._alone_until_ms = 0.0

    def met(self, pipeline: Pipeline, others: int) -> None:
        """A lease in it was given; the SCM knows `others` besides."""
        self._seen[pipeline.pipeline_id] = pipeline
        self._seen.move_to_end(pipeline.pipeline_id)
        if len(self._seen) > _SEEN_MAX:
            self._seen.popitem(last=False)
        self._others = others

    def met_no_other(self) -> None:
        """Whoever hands out leases has nothing better now."""
        self._alone_until_ms = self._clock.monotonic_ms() + _ALONE_MS

    @property
    def is_alone(self) -> bool:
        """There was nothing better when it was asked for last, not long ago."""
        return self._clock.monotonic_ms() < self._alone_until_ms

    def avoid(self, pipeline: Pipeline) -> None:
        now_ms = self._clock.monotonic_ms()
        self._avoided = {name: at for name, at in self._avoided.items() if at > now_ms}
        self._avoided[pipeline.pipeline_id] = now_ms + _AVOIDED_MS

    def is_avoided(self, pipeline: Pipeline) -> bool:
        if self._avoided:
            if self._avoided.get(pipeline.pipeline_id, 0.0) > self._clock.monotonic_ms():
                return True
        return self._away.has_any and any(
            self._away.is_away(node.address) for node in pipeline.datanodes
        )

    def knows_others(self, own: Pipeline) -> bool:
        """Whether there are pipelines besides `own` that are not avoided, as far as is known."""
        others = (each for each in self._seen.values() if each.pipeline_id != own.pipeline_id)
        if any(not self.is_avoided(each) for each in others):
            return True
        return self._others > 0 and not self.is_alone

    def may_have_others(self, own: Pipeline) -> bool:
        """Those that were met are not all: where none is known, it is worth asking."""
        return self.knows_others(own) or not self.is_alone
