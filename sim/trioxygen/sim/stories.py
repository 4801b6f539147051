"""What operators do while things go wrong: one change of a group's members in a run. It is asked
for until it is done, and must be done soon after everything has healed."""

import asyncio
import random
from collections.abc import Callable
from typing import Final, TypeVar

from google.protobuf.message import Message

from trioxygen.common.errors import InvalidRequest, LogCorrupt, TrioxygenError
from trioxygen.common.rpc.call import Role
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1 import group_admin_pb2 as admin
from trioxygen.sim.cluster import Cluster, Seat, address_of
from trioxygen.sim.rot import flip_bit
from trioxygen.sim.trace import Trace

_CALL_MS: Final = 3_000.0
_PAUSE_S: Final = 0.2

Reply = TypeVar("Reply", bound=Message)


class Stories:
    """Args:
    rng: which story, when, about whom.
    """

    def __init__(self, cluster: Cluster, rng: random.Random, trace: Trace) -> None:
        self._cluster, self._rng, self._trace = cluster, rng, trace
        self._runtime = cluster.outsider("operator").as_role(Role.OPERATOR)
        self.counts: dict[str, int] = {}

    async def run(self, group: GroupId, seconds: float) -> None:
        """One story. Returns when it is over."""
        await asyncio.sleep(self._rng.uniform(0.0, seconds))
        story = self._rng.choice(
            (self._lose_disk, self._lose_machine, self._grow, self._replace, self._shrink)
        )
        if self._cluster.options.rot:
            story = self._rot
        name = story.__name__.lstrip("_")
        self.counts[name] = self.counts.get(name, 0) + 1
        seat = self._rng.choice(self._cluster.of_group(group))
        self._trace.note("story", name, seat.name)
        self._cluster.members_changed = True
        await story(seat)
        self._trace.note("story-over", name, seat.name)

    async def transfer(self, seat: Seat) -> None:
        """Asks once for the seat to lead."""
        request = admin.TransferLeadershipRequest(node_id=seat.name)
        await self._ask_all(
            seat.group, "TransferLeadership", request, admin.TransferLeadershipReply
        )

    async def _lose_disk(self, seat: Seat) -> None:
        """It comes back with an empty one, by itself as another replica."""
        seat.node.crash(power=True, reason="its disk is gone")
        seat.forget()
        seat.node.lose_disk()
        await asyncio.sleep(self._rng.uniform(0.0, 2.0))
        if not seat.node.is_up:
            seat.start()

    async def _rot(self, seat: Seat) -> None:
        """A bit of its log flips. That is noticed when it is read, at the latest at the next start,
        and never believed; the node gets a new disk then."""
        node, last = seat.node, self._cluster.options.rot_last
        place = flip_bit(node.platter, self._rng, last=last)
        if not place:
            await asyncio.sleep(_PAUSE_S)
            await self._rot(seat)
            return
        self._trace.note("rot", seat.name, place)
        await asyncio.sleep(self._rng.uniform(0.0, 0.0 if last else 3.0))
        node.crash(power=True, reason="its log is read again")
        await asyncio.sleep(self._rng.uniform(0.0, 0.5))
        if not node.is_up:
            seat.start()
        await self._until(lambda: node.is_ready or isinstance(node.failure, LogCorrupt))
        if isinstance(node.failure, LogCorrupt):
            await self._lose_disk(seat)

    async def _lose_machine(self, seat: Seat) -> None:
        """Its place is taken by a new one."""
        seat.is_lost = True
        seat.node.crash(power=True, reason="the machine is gone")
        await self._remove(seat)
        await self._add(seat.group)

    async def _grow(self, seat: Seat) -> None:
        await self._add(seat.group)

    async def _replace(self, seat: Seat) -> None:
        added = await self._add(seat.group)
        await self._until(lambda: added.name in self._cluster.voters(seat.group))
        await self._remove(seat)
        await self._retire(seat)

    async def _shrink(self, seat: Seat) -> None:
        await self._remove(seat)
        await self._retire(seat)

    async def _retire(self, seat: Seat) -> None:
        """It goes on for a while after it was removed."""
        await asyncio.sleep(self._rng.uniform(0.0, 2.0))
        seat.is_lost = True
        seat.node.crash(power=False, reason="retired")

    async def _add(self, group: GroupId) -> Seat:
        seats = self._cluster.of_group(group)
        name = f"{seats[0].place.name}{len(seats) + 1}"
        request = admin.AddNodeRequest(node_id=name, address=address_of(name))
        await self._retry_until_answered(group, "AddNode", request, admin.AddNodeReply)
        seat = self._cluster.add(name, group)
        seat.start()
        return seat

    async def _remove(self, seat: Seat) -> None:
        request = admin.RemoveNodeRequest(node_id=seat.name)
        await self._retry_until_answered(seat.group, "RemoveNode", request, admin.RemoveNodeReply)

    async def _until(self, is_true: Callable[[], bool]) -> None:
        if not is_true():
            await asyncio.sleep(_PAUSE_S)
            await self._until(is_true)

    async def _retry_until_answered(
        self, group: GroupId, method: str, request: Message, reply_type: type[Reply]
    ) -> None:
        if not await self._ask_all(group, method, request, reply_type):
            await asyncio.sleep(_PAUSE_S)
            await self._retry_until_answered(group, method, request, reply_type)

    async def _ask_all(
        self, group: GroupId, method: str, request: Message, reply_type: type[Reply]
    ) -> bool:
        """One member after the other; whether one has done it."""
        for seat in self._cluster.of_group(group):
            if seat.is_lost:
                continue
            channel = self._runtime.network.channel(seat.place.address)
            try:
                await channel.call(f"GroupAdmin/{method}", request, reply_type, timeout_ms=_CALL_MS)
            except InvalidRequest as error:
                self._trace.note("refused", seat.name, method, str(error))
                if str(error).startswith("no such member"):
                    return True
            except TrioxygenError as error:
                self._trace.note("not-done", seat.name, method, type(error).__name__)
            else:
                self._trace.note("done", seat.name, method)
                return True
        return False
