"""Which member leads the ring of a pipeline, as members have said; and whom to ask next."""

from collections import OrderedDict
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.errors import DeadlineExceeded, NotLeader, TrioxygenError
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.latencies import Latencies
from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

_PIPELINES_MAX: Final = 10_000
_NODES_MAX: Final = 1_000
# A write that takes so many times what others take is asked for elsewhere.
_TRY_FACTOR: Final = 3.0


class Leaders:
    """Args: pipelines_max: those that were asked for last are remembered."""

    def __init__(
        self, clock: Clock, config: ClientConfig, *, pipelines_max: int = _PIPELINES_MAX
    ) -> None:
        self.clock, self.config = clock, config
        self._pipelines_max = pipelines_max
        # pipeline -> place among its members; the first, where nothing is known.
        self._places: OrderedDict[int, int] = OrderedDict()
        # address -> until when others are asked instead
        self._silent: OrderedDict[str, float] = OrderedDict()
        self._latencies = Latencies(config.leader_try_ms / _TRY_FACTOR)

    def of(self, pipeline: Pipeline) -> DataNodeAddress:
        """Whom to ask first."""
        members = pipeline.datanodes
        return members[self._places.get(pipeline.pipeline_id, 0) % len(members)]

    @property
    def try_ms(self) -> float:
        """How long a member may take before others are asked."""
        return max(self.config.leader_try_ms, _TRY_FACTOR * self._latencies.p99_ms)

    def answered(self, address: str, took_ms: float) -> None:
        self._latencies.observe(took_ms)
        if self._silent:
            self._silent.pop(address, None)

    def silent(self, member: DataNodeAddress, wait_ms: float) -> None:
        """It could not be reached, or has not answered."""
        self._silent[member.address] = self.clock.monotonic_ms() + wait_ms
        self._silent.move_to_end(member.address)
        if len(self._silent) > _NODES_MAX:
            self._silent.popitem(last=False)

    def silent_until_ms(self, member: DataNodeAddress) -> float:
        """0: it is not."""
        if not self._silent:
            return 0.0
        until_ms = self._silent.get(member.address, 0.0)
        return until_ms if until_ms > self.clock.monotonic_ms() else 0.0

    def leads(self, pipeline: Pipeline, member: DataNodeAddress) -> None:
        """It does, or it is the next to ask."""
        place = [each.address for each in pipeline.datanodes].index(member.address)
        if place or pipeline.pipeline_id in self._places:
            self._places[pipeline.pipeline_id] = place
            self._places.move_to_end(pipeline.pipeline_id)
            if len(self._places) > self._pipelines_max:
                self._places.popitem(last=False)


class LeaderSearch:
    """Of one call: whom to ask, how long to wait for the answer, and when to wait in between.

    A member that was silent is not asked again, whoever names it, before the others had time to
    elect another; then it is: it may only be slow."""

    def __init__(self, leaders: Leaders, pipeline: Pipeline) -> None:
        self._leaders, self._pipeline = leaders, pipeline
        self.try_ms = leaders.try_ms
        self._hints_left = len(pipeline.datanodes)
        # Since the last wait.
        self._asked: set[str] = set()

    def next(self) -> DataNodeAddress:
        """Whoever is thought to lead; where that one is silent, who is not; or who was it first."""
        leaders = self._leaders
        member = leaders.of(self._pipeline)
        if not leaders.silent_until_ms(member):
            return member
        candidate = self._next_to(member)
        if leaders.silent_until_ms(candidate):
            candidate = min(self._pipeline.datanodes, key=leaders.silent_until_ms)
        return candidate

    def failed(self, member: DataNodeAddress, error: TrioxygenError) -> bool:
        """What it answered, or that it did not. Whether somebody can be asked without a wait."""
        leaders, config = self._leaders, self._leaders.config
        self._asked.add(member.address)
        if isinstance(error, DeadlineExceeded):
            leaders.silent(member, self.try_ms)
            self.try_ms = min(2 * self.try_ms, config.call_timeout_ms)
        elif not isinstance(error, NotLeader):
            leaders.silent(member, config.away_retry_ms)
        named = self._named(error)
        if named is not None and named.address != member.address and self._hints_left:
            if not leaders.silent_until_ms(named):
                self._hints_left -= 1
                leaders.leads(self._pipeline, named)
                return True
        following = self._next_to(member)
        if leaders.of(self._pipeline).address == member.address:
            leaders.leads(self._pipeline, following)
        can_go_on = self.next().address not in self._asked
        if not can_go_on:
            self._asked.clear()
        return can_go_on

    def _named(self, error: TrioxygenError) -> DataNodeAddress | None:
        name = error.facts.get("leader", "") if isinstance(error, NotLeader) else ""
        for member in self._pipeline.datanodes:
            if name and member.address == name:
                return member
        return None

    def _next_to(self, member: DataNodeAddress) -> DataNodeAddress:
        """The one after it that is not silent; if all are, the one after it."""
        members = self._pipeline.datanodes
        place = [each.address for each in members].index(member.address)
        following = [*members[place + 1 :], *members[:place]]
        for each in following:
            if not self._leaders.silent_until_ms(each):
                return each
        return following[0] if following else member
