"""Channels to DataNodes, and where containers are: what the writer and the reader share."""

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from trioxygen.common.clock import Clock
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSuchContainer,
    Stopping,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.network import Channel, Network
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import Pipeline

Locate = Callable[[list[int]], Awaitable[list[ContainerLocation]]]

_LOCATIONS_MAX: Final = 10_000
_LOCATION_AGE_MS_MAX: Final = 60_000.0
# A DataNode that is restarted is back before a client's own retries are used up.
_PATIENCE_MS: Final = 15_000.0
_WAIT_MS_FIRST: Final = 20.0
_WAIT_MS_MAX: Final = 250.0

# What calls raise when a DataNode stops, is being started, is dead, or stands still.
AWAY: Final = (Unreachable, Stopping, DeadlineExceeded)

_Result = TypeVar("_Result")


def is_refusal(error: TrioxygenError) -> bool:
    """It came at once, from where nobody listens: who waits makes its client wait for nothing."""
    return isinstance(error, Unreachable) and error.is_refused


class Patience:
    """With DataNodes that are away: stopped, or being started."""

    def __init__(self, clock: Clock, total_ms: float) -> None:
        self._clock, self._end_ms = clock, clock.monotonic_ms() + total_ms
        self._wait_ms = _WAIT_MS_FIRST

    async def bear(self, error: TrioxygenError) -> None:
        """Waits a little. Raises the error: it does not pass, or not in time."""
        is_passing = isinstance(error, (Unreachable, Stopping)) and not is_refusal(error)
        if not is_passing or self._clock.monotonic_ms() + self._wait_ms > self._end_ms:
            raise error
        await self._clock.sleep_ms(self._wait_ms)
        self._wait_ms = min(_WAIT_MS_MAX, 2 * self._wait_ms)


class DataNodePool:
    """Args:
    locate: the SCM's answer for some containers; unknown ones are left out.
    locations_max, location_age_ms_max: bounds of the cache.
    patience_ms: how long a DataNode that is away is waited for, where no other can do its part.
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
    ) -> None:
        self._patience_ms = patience_ms
        self._network, self._clock, self._locate = network, clock, locate
        self._locations_max, self._location_age_ms_max = locations_max, location_age_ms_max
        self._channels: dict[str, Channel] = {}
        # container -> (addresses, when asked)
        self._locations: OrderedDict[int, tuple[tuple[str, ...], float]] = OrderedDict()

    def channel(self, address: str) -> Channel:
        """One for each address, kept: there are as many as DataNodes."""
        found = self._channels.get(address)
        if found is None:
            found = self._channels[address] = self._network.channel(address)
        return found

    def patience(self, most_ms: float = math.inf) -> Patience:
        """Of one operation."""
        return Patience(self._clock, min(most_ms, self._patience_ms))

    async def insist(
        self, attempt: Callable[[], Awaitable[_Result]], *, most_ms: float = math.inf
    ) -> _Result:
        """Until it is granted, or patience ends. `attempt` must be safe to repeat."""
        patience = self.patience(most_ms)
        while True:
            try:
                return await attempt()
            except TrioxygenError as error:
                await patience.bear(error)

    def learn(self, container: int, pipeline: Pipeline) -> None:
        """A writer knows where its blocks are: readers need not ask."""
        self._remember(container, (node.address for node in pipeline.datanodes))

    def _remember(self, container: int, addresses: Iterable[str]) -> tuple[str, ...]:
        found = tuple(addresses)
        self._locations[container] = (found, self._clock.monotonic_ms())
        self._locations.move_to_end(container)
        if len(self._locations) > self._locations_max:
            self._locations.popitem(last=False)
        return found

    def known(self, container: int) -> tuple[str, ...] | None:
        """Addresses of the container's replicas, if they were learnt lately."""
        found = self._locations.get(container)
        if found is None or self._clock.monotonic_ms() - found[1] > self._location_age_ms_max:
            return None
        return found[0]

    async def addresses(self, container: int) -> tuple[str, ...]:
        """Raises: NoSuchContainer, and what the SCM raises."""
        found = self.known(container)
        if found is not None:
            return found
        for location in await self._locate([container]):
            if location.container_id == container:
                return self._remember(
                    container, (node.address for node in location.pipeline.datanodes)
                )
        raise NoSuchContainer(container=container)

    def forget(self, container: int) -> None:
        """Its replicas were not where they should be."""
        self._locations.pop(container, None)
