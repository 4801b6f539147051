"""Channels to DataNodes, and where containers are: what the writer and the reader share."""

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from trioxygen.common.clock import Clock
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSuchContainer,
    NotEnoughDataNodes,
    NotLeader,
    Stopping,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.network import Channel, Network
from trioxygen.hdds.client.leaders import Leaders
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

Locate = Callable[[list[int]], Awaitable[list[ContainerLocation]]]

_LOCATIONS_MAX: Final = 10_000
_LOCATION_AGE_MS_MAX: Final = 60_000.0
# A DataNode that is restarted is back before a client's own retries are used up.
_PATIENCE_MS: Final = 15_000.0
_CALL_TIMEOUT_MS: Final = 30_000.0
_WAIT_MS_FIRST: Final = 20.0
_WAIT_MS_MAX: Final = 250.0

# What calls raise when a DataNode stops, is being started, is dead, or stands still; and when a
# ring has no leader.
AWAY: Final = (Unreachable, Stopping, DeadlineExceeded, NotLeader)

_Result = TypeVar("_Result")
# A container, of which there are whole replicas; or (container, replica index).
_Replicas = int | tuple[int, int]


def _replicas(container: int, replica_index: int) -> _Replicas:
    return (container, replica_index) if replica_index else container


def is_refusal(error: TrioxygenError) -> bool:
    """It came at once, from where nobody listens: who waits makes its client wait for nothing."""
    return isinstance(error, Unreachable) and error.is_refused


class Patience:
    """With DataNodes that are away: stopped, or being started."""

    def __init__(self, clock: Clock, total_ms: float) -> None:
        self._clock, self._end_ms = clock, clock.monotonic_ms() + total_ms
        self._backoff = Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX)

    async def bear(self, error: TrioxygenError, *, has_others: bool = False) -> None:
        """Waits a little. Raises the error: it does not pass, or not in time.

        Args: has_others: somebody else is asked next."""
        is_passing = isinstance(error, (Unreachable, Stopping, NotLeader)) and not is_refusal(error)
        is_passing = is_passing or (has_others and isinstance(error, AWAY))
        if not is_passing or self._clock.monotonic_ms() + self._backoff.next_ms > self._end_ms:
            raise error
        await self._clock.sleep_ms(self._backoff.take_ms())


class DataNodePool:
    """Args:
    locate: the SCM's answer for some containers; unknown ones are left out.
    locations_max, location_age_ms_max: bounds of the cache.
    patience_ms: how long a DataNode that is away is waited for, where no other can do its part.
    call_timeout_ms: of a call to a DataNode, and of the wait for each piece of a stream.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        locate: Locate,
        *,
        locations_max: int = _LOCATIONS_MAX,
        location_age_ms_max: float = _LOCATION_AGE_MS_MAX,
        patience_ms: float = _PATIENCE_MS,
        call_timeout_ms: float = _CALL_TIMEOUT_MS,
    ) -> None:
        self._patience_ms, self.call_timeout_ms = patience_ms, call_timeout_ms
        self._network, self._clock, self._locate = network, clock, locate
        self._locations_max, self._location_age_ms_max = locations_max, location_age_ms_max
        self._channels: dict[str, Channel] = {}
        self._leaders = Leaders()
        # replicas of one index -> (addresses, when asked)
        self._locations: OrderedDict[_Replicas, tuple[tuple[str, ...], float]] = OrderedDict()

    def channel(self, address: str) -> Channel:
        """One for each address, kept: there are as many as DataNodes."""
        channel = self._channels.get(address)
        if channel is None:
            channel = self._channels[address] = self._network.channel(address)
        return channel

    def patience(self, most_ms: float = math.inf) -> Patience:
        """Of one operation."""
        return Patience(self._clock, min(most_ms, self._patience_ms))

    async def retry(
        self, attempt: Callable[[], Awaitable[_Result]], *, most_ms: float = math.inf
    ) -> _Result:
        """Until it is granted, or patience ends. `attempt` must be safe to repeat."""
        patience = self.patience(most_ms)
        while True:
            try:
                return await attempt()
            except TrioxygenError as error:
                await patience.bear(error)

    async def ask_leader(
        self,
        pipeline: Pipeline,
        attempt: Callable[[DataNodeAddress], Awaitable[_Result]],
        *,
        most_ms: float = math.inf,
    ) -> _Result:
        """What the member that leads the pipeline's ring answers. A member that does not lead names
        the one that does; who it was is remembered. `attempt` must be safe to repeat.

        Raises: NotEnoughDataNodes; NotLeader: nobody leads, for as long as patience lasts."""
        if not pipeline.datanodes:
            raise NotEnoughDataNodes(pipeline=pipeline.pipeline_id)
        patience = self.patience(most_ms)
        hints_left = len(pipeline.datanodes)
        while True:
            member = self._leaders.of(pipeline)
            try:
                return await attempt(member)
            except AWAY as error:
                named = error.facts.get("leader", "") if isinstance(error, NotLeader) else ""
                if self._leaders.refused(pipeline, member, named) and hints_left:
                    hints_left -= 1
                    continue
                await patience.bear(error, has_others=len(pipeline.datanodes) > 1)

    def learn(self, container: int, pipeline: Pipeline) -> None:
        """A writer knows where its blocks are: readers need not ask."""
        members = pipeline.datanodes
        if len(members) == 1 and not (only := members[0]).replica_index:
            self._keep(container, (only.address,), self._clock.monotonic_ms())
            return
        self._remember(container, ((member.replica_index, member.address) for member in members))

    def _remember(self, container: int, known: Iterable[tuple[int, str]]) -> None:
        """Args: known: (replica index, address)."""
        by_index: dict[int, list[str]] = {}
        for replica_index, address in known:
            by_index.setdefault(replica_index, []).append(address)
        now_ms = self._clock.monotonic_ms()
        for replica_index, addresses in by_index.items():
            self._keep(_replicas(container, replica_index), tuple(addresses), now_ms)

    def _keep(self, replicas: _Replicas, addresses: tuple[str, ...], now_ms: float) -> None:
        locations = self._locations
        locations[replicas] = (addresses, now_ms)
        locations.move_to_end(replicas)
        if len(locations) > self._locations_max:
            locations.popitem(last=False)

    def known(self, container: int, replica_index: int = 0) -> tuple[str, ...] | None:
        """Addresses of the container's replicas, if they were learnt lately."""
        location = self._locations.get(_replicas(container, replica_index))
        if location is None or self._clock.monotonic_ms() - location[1] > self._location_age_ms_max:
            return None
        return location[0]

    async def addresses(self, container: int, replica_index: int = 0) -> tuple[str, ...]:
        """Raises: NoSuchContainer, and what the SCM raises."""
        known = self.known(container, replica_index)
        if known is not None:
            return known
        for location in await self._locate([container]):
            if location.container_id == container:
                replicas = location.replicas
                self._remember(
                    container,
                    ((replica.replica_index, replica.datanode.address) for replica in replicas),
                )
        known = self.known(container, replica_index)
        if known is None:
            raise NoSuchContainer(container=container)
        return known

    def forget(self, container: int, replica_index: int = 0) -> None:
        """Its replicas were not where they should be."""
        self._locations.pop(_replicas(container, replica_index), None)
