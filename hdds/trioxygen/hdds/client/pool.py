"""Channels to DataNodes, and what is known of them: what the writer and the reader share."""

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from trioxygen.common.clock import Clock
from trioxygen.common.errors import DeadlineExceeded, NotEnoughDataNodes, TrioxygenError
from trioxygen.common.finishing import Finishing
from trioxygen.common.rpc.network import Channel, Network
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.hedges import Hedges
from trioxygen.hdds.client.leaders import Leaders, LeaderSearch
from trioxygen.hdds.client.locations import Locate, Locations, Place
from trioxygen.hdds.client.patience import AWAY, Patience, takes_nothing
from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

_Result = TypeVar("_Result")


class DataNodePool:
    """Args: locate: the SCM's answer for some containers; unknown ones are left out.

    Attributes:
    unwritable, unreadable: DataNodes that others come before, for a while.
    locations: where containers are.
    leaders: who leads rings.
    finishing: what goes on behind a call's end; who stops the pool waits for it.
    queued_bytes: what waits for members of blocks that are being written; see `queued_bytes_max`.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        locate: Locate,
        config: ClientConfig | None = None,
    ) -> None:
        self.config = config = config or ClientConfig()
        self.clock, self._network = clock, network
        self._channels: dict[str, Channel] = {}
        silent_ms = config.member_slow_ms
        self.unwritable = AwayNodes(clock, avoided_ms=config.avoided_ms, silent_ms=silent_ms)
        self.unreadable = AwayNodes(clock, avoided_ms=config.avoided_ms, silent_ms=silent_ms)
        self.leaders = Leaders(clock, config)
        self.hedges = Hedges(config)
        self.locations = Locations(
            clock,
            locate,
            locations_max=config.locations_max,
            age_ms_max=config.location_age_ms_max,
            place=Place(config.own_host, config.own_rack),
        )
        self.finishing = Finishing()
        self.queued_bytes = 0

    def channel(self, address: str) -> Channel:
        """One for each address, kept: there are as many as DataNodes."""
        channel = self._channels.get(address)
        if channel is None:
            channel = self._channels[address] = self._network.channel(address)
        return channel

    def patience(self, most_ms: float = math.inf) -> Patience:
        """Of one operation."""
        return Patience(self.clock, min(most_ms, self.config.patience_ms))

    def note_away(self, node: DataNodeAddress) -> None:
        """It takes no writes; who reads had better ask others, too."""
        self.unwritable.note(node)
        self.unreadable.note(node)

    def note_failure(
        self,
        node: DataNodeAddress,
        error: TrioxygenError,
        *,
        avoided_for: tuple[type[TrioxygenError], ...] = AWAY,
    ) -> bool:
        """Of a write. Whoever is away or full is avoided from now on; whether this one is."""
        if takes_nothing(error):
            self.unwritable.note(node)
        elif isinstance(error, avoided_for):
            self.note_away(node)
        else:
            return False
        return True

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
        attempt: Callable[[DataNodeAddress, float], Awaitable[_Result]],
        *,
        most_ms: float = math.inf,
    ) -> _Result:
        """What the member that leads the pipeline's ring answers. A member that does not lead names
        the one that does; who it was is remembered. One that is silent is not waited for.

        Args: attempt: must be safe to repeat; the second argument is how long it may take, in ms.
        Raises: NotEnoughDataNodes; NotLeader: nobody leads, for as long as patience lasts."""
        members = pipeline.datanodes
        if not members:
            raise NotEnoughDataNodes(pipeline=pipeline.pipeline_id)
        if len(members) == 1:
            timeout_ms = self.config.call_timeout_ms
            return await self.retry(lambda: attempt(members[0], timeout_ms), most_ms=most_ms)
        clock, leaders = self.clock, self.leaders
        search = LeaderSearch(leaders, pipeline)
        began_ms = clock.monotonic_ms()
        patience = self.patience(max(most_ms, 2 * search.try_ms))
        while True:
            member = search.next()
            asked_ms = clock.monotonic_ms()
            try:
                result = await attempt(member, search.try_ms)
            except AWAY as error:
                if isinstance(error, DeadlineExceeded):
                    self.unwritable.note_silent(member, asked_ms)
                if not search.failed(member, error) or patience.left_ms <= 0:
                    await patience.bear(error, has_others=True)
                continue
            leaders.answered(member.address, clock.monotonic_ms() - began_ms)
            self.unwritable.answered(member.address)
            leaders.leads(pipeline, member)
            return result

    async def stop(self) -> None:
        """Nothing is under way any more."""
        await self.finishing.ended()
