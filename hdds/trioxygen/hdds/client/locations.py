"""Where containers are, as writers and the SCM have said lately; and which replica comes first."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.errors import NoSuchContainer
from trioxygen.common.replication import Replication
from trioxygen.hdds.client.away_nodes import AwayNodes
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

Locate = Callable[[list[int]], Awaitable[list[ContainerLocation]]]

# More than racks have steps.
_FAR: Final = 100

# A container, of which there are whole replicas; or (container, replica index).
_Replicas = int | tuple[int, int]


def _replicas(container: int, replica_index: int) -> _Replicas:
    return (container, replica_index) if replica_index else container


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is.

    Attributes:
    host: as addresses of DataNodes on its machine have it. rack: as "/hall/rack". Empty: not known.
    """

    host: str = ""
    rack: str = ""

    def distance(self, address: str, rack: str) -> int:
        """0: the same machine, 1: the same rack; more: so many steps up is what both have in
        common. Where racks are not known, all others are as far."""
        if self.host and address.rpartition(":")[0] == self.host:
            return 0
        if not self.rack or not rack:
            return _FAR
        own, other = self.rack.split("/"), rack.split("/")
        shared = 0
        while shared < min(len(own), len(other)) and own[shared] == other[shared]:
            shared += 1
        return 1 + len(own) - shared


ANYWHERE: Final = Place()


def in_order(
    nodes: Sequence[DataNodeAddress],
    *,
    distance: Callable[[DataNodeAddress], int],
    turn: int,
    away: AwayNodes,
) -> Sequence[DataNodeAddress]:
    """Whom to ask first: those that are not away, the nearest; those as near in turn, so that they
    share the work.

    Args: turn: the same for the same block: whoever has read it has it in memory."""
    if len(nodes) == 1:
        return nodes
    first = turn % len(nodes)
    turned = [*nodes[first:], *nodes[:first]]
    turned.sort(key=lambda node: (away.is_away(node.address), distance(node)))
    return turned


class Locations:
    """Args:
    locate: the SCM's answer for some containers; unknown ones are left out.
    locations_max, age_ms_max: bounds of what is remembered.
    place: where the client is.
    """

    def __init__(
        self,
        clock: Clock,
        locate: Locate,
        *,
        locations_max: int,
        age_ms_max: float,
        place: Place = ANYWHERE,
    ) -> None:
        self._clock, self._locate = clock, locate
        self._locations_max, self._age_ms_max = locations_max, age_ms_max
        self._place = place
        # By address of DataNode.
        self._racks: OrderedDict[str, str] = OrderedDict()
        # Of those that are erasure-coded; it never changes.
        self._replications: OrderedDict[int, Replication] = OrderedDict()
        # replicas of one index -> (who holds them, when that was said, whether by a writer)
        self._known: OrderedDict[_Replicas, tuple[tuple[DataNodeAddress, ...], float, bool]] = (
            OrderedDict()
        )

    def learn(self, container: int, pipeline: Pipeline, leader: DataNodeAddress) -> None:
        """A writer knows where its blocks are: readers need not ask. The leader is read from first:
        the others hear a little later that a block is there."""
        members = pipeline.datanodes
        if pipeline.replication.type == types_pb2.EC:
            self._learn_replication(container, pipeline.replication)
        if members[0].replica_index:
            self._remember(container, ((member.replica_index, member) for member in members))
            return
        known = self.known(container)
        if known is not None and known[0].address == leader.address and len(known) == len(members):
            return  # every block of the container comes by here
        others = (member for member in members if member.address != leader.address)
        self._keep(container, (leader, *others), is_fresh=True)

    def _remember(self, container: int, known: Iterable[tuple[int, DataNodeAddress]]) -> None:
        """Args: known: (replica index, who holds it)."""
        by_index: dict[int, list[DataNodeAddress]] = {}
        coded = self._replications.get(container)
        if coded is not None:
            # Of an index that nobody is said to hold, that is known: nobody is asked again for it.
            by_index = {index: [] for index in range(1, coded.members + 1)}
        for replica_index, node in known:
            by_index.setdefault(replica_index, []).append(node)
        for replica_index, nodes in by_index.items():
            self._keep(_replicas(container, replica_index), tuple(nodes), is_fresh=False)

    def _keep(
        self, replicas: _Replicas, nodes: tuple[DataNodeAddress, ...], *, is_fresh: bool
    ) -> None:
        known = self._known
        known[replicas] = (nodes, self._clock.monotonic_ms(), is_fresh)
        known.move_to_end(replicas)
        if len(known) > self._locations_max:
            known.popitem(last=False)

    def known(self, container: int, replica_index: int = 0) -> tuple[DataNodeAddress, ...] | None:
        """Who holds the container's replicas, if it was learnt lately."""
        location = self._known.get(_replicas(container, replica_index))
        if location is None or self._clock.monotonic_ms() - location[1] > self._age_ms_max:
            return None
        return location[0]

    async def find(self, container: int, replica_index: int = 0) -> tuple[DataNodeAddress, ...]:
        """Raises: NoSuchContainer, and what the SCM raises."""
        known = self.known(container, replica_index)
        if known is not None:
            return known
        for location in await self._locate([container]):
            if location.container_id == container:
                self._learn_replication(container, location.replication)
                for replica in location.replicas:
                    self._learn_rack(replica.datanode.address, replica.rack)
                self._remember(
                    container,
                    ((replica.replica_index, replica.datanode) for replica in location.replicas),
                )
        known = self.known(container, replica_index)
        if known is None:
            raise NoSuchContainer(container=container)
        return known

    def _learn_rack(self, address: str, rack: str) -> None:
        racks = self._racks
        racks[address] = rack
        racks.move_to_end(address)
        if len(racks) > self._locations_max:
            racks.popitem(last=False)

    def distance(self, node: DataNodeAddress) -> int:
        """From this client: less is nearer."""
        return self._place.distance(node.address, self._racks.get(node.address, ""))

    def _learn_replication(self, container: int, replication: types_pb2.Replication) -> None:
        if replication.type != types_pb2.EC:
            return
        known = self._replications
        if container not in known:
            known[container] = Replication.of_proto(replication)
        known.move_to_end(container)
        if len(known) > self._locations_max:
            known.popitem(last=False)

    async def coding(self, container: int) -> Replication:
        """Of an erasure-coded container.

        Raises: NoSuchContainer: or it is none; and what the SCM raises."""
        if container not in self._replications:
            self.forget(container, 1)
            await self.find(container, 1)
        replication = self._replications.get(container)
        if replication is None:
            raise NoSuchContainer("it is not erasure-coded", container=container)
        return replication

    def is_fresh(self, container: int) -> bool:
        """Blocks of it were written here lately."""
        location = self._known.get(container)
        return location is not None and location[2]

    def forget(self, container: int, replica_index: int = 0) -> None:
        """Its replicas were not where they should be."""
        self._known.pop(_replicas(container, replica_index), None)
