"""A whole cluster on one virtual loop: nodes, network, clients; and the observers between them."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from google.protobuf.message import Message
from prometheus_client import CollectorRegistry

from trioxygen.cli.wiring.names import OM_GROUP, SCM_GROUP
from trioxygen.common.rpc.call import Role
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.om.state.schema import GC, LEASES
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.proto.v1.raft_pb2 import RaftBatch
from trioxygen.sim.blocking import SimBlocking
from trioxygen.sim.checkers.states import StateObserver
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.clock import SimClock
from trioxygen.sim.datanodes import EmptyDataNode
from trioxygen.sim.disk import DiskBehaviour, SimDisk
from trioxygen.sim.fabric import Fabric
from trioxygen.sim.links import Links
from trioxygen.sim.loop import Life, VirtualLoop
from trioxygen.sim.network import SimNetwork
from trioxygen.sim.node import Node, SimTasks
from trioxygen.sim.options import Options
from trioxygen.sim.platter import Platter
from trioxygen.sim.services import Member, Place
from trioxygen.sim.store import SimStore
from trioxygen.sim.trace import Trace

_STEP = "Raft/Step"


def address_of(name: str) -> str:
    """Of a node called om1, scm2, ..."""
    return f"{name}:{9862 if name.startswith('om') else 9860}"


Observe = Callable[["Seat", SimStore], None]


class Machine(Protocol):
    """A node of any role, over all its lives: what faults befall."""

    @property
    def name(self) -> str: ...

    @property
    def node(self) -> Node: ...

    @property
    def is_lost(self) -> bool: ...

    def start(self) -> None: ...

    def leads(self) -> bool: ...

    def has_failed(self) -> bool: ...


class Seat:
    """A node of a group, over all its lives.

    Attributes:
    member: of the present life; `before` of the last one.
    is_lost: the machine will not come back.
    """

    def __init__(self, node: Node, place: Place, options: Options, observe: Observe) -> None:
        self.node, self.place = node, place
        self._options, self._observe = options, observe
        self.member: Member | None = None
        self.before: Member | None = None
        self.is_lost = False

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def group(self) -> GroupId:
        return self.place.group

    def start(self) -> None:
        if self.member is not None and self.member.wal is not None:
            self.before = self.member
        self.member = None
        self.node.start()

    def has_failed(self) -> bool:
        """Whether its replica takes part no more, so that a process would have ended."""
        raft = None if self.member is None else self.member.raft
        return raft is not None and raft.failure is not None

    def forget(self) -> None:
        """What was on its disk is gone."""
        self.member = self.before = None

    async def boot(self, node: Node, runtime: Runtime) -> None:
        member = self.member = Member(
            node.name, runtime, self.place, self._options, partial(self._observe, self)
        )
        await member.run()

    def leads(self) -> bool:
        """As it sees it."""
        return self.node.is_up and self.member is not None and self.member.leads()

    def holds(self, index: int, term: int) -> bool:
        """Whether its log says that it has an entry on its disk, or had before it died."""
        member, group = self.member, self.group
        if member is None or member.wal is None:
            member = self.before
        wal = None if member is None else member.wal
        if wal is None:
            return False
        if index <= wal.compacted(group)[0] or index < wal.first_index(group):
            return True
        return index <= wal.last_index(group) and wal.term(group, index) == term


class Cluster:
    """Args:
    scm_config: see `Place`. Given by who has DataNodes of its own; else there is an empty one.
    Attributes:
    seats: of both groups, by node name.
    others: machines that are in neither.
    om_witness: is shown each state of the OMs, when the first of them has it. Raises Violation.
    members_changed: a group may have other members than it began with.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        rng: random.Random,
        options: Options,
        trace: Trace,
        scm_config: ScmConfig | None = None,
    ) -> None:
        self.loop, self.options, self.trace = loop, options, trace
        self._scm_config = scm_config
        self._rng = rng
        self.links = Links(random.Random(rng.getrandbits(64)))
        self.fabric = Fabric(
            loop, self.links, self._heard, self._heard_reply, doubled=frozenset(("Raft",))
        )
        self.observer = StateObserver(trace)
        self.seats: dict[str, Seat] = {}
        self.others: list[Machine] = []
        self.members_changed = False
        self.om_witness: Callable[[SimStore], None] | None = None
        self.client_hosts: list[str] = []
        oms = [f"om{number + 1}" for number in range(options.oms)]
        scms = [f"scm{number + 1}" for number in range(options.scms)]
        self._peers = {
            OM_GROUP: tuple(Peer(name, address_of(name)) for name in oms),
            SCM_GROUP: tuple(Peer(name, address_of(name)) for name in scms),
        }
        self.om_addresses = [address_of(name) for name in oms]
        self.scm_addresses = [address_of(name) for name in scms]
        for name in oms:
            self.add(name, OM_GROUP)
        for name in scms:
            self.add(name, SCM_GROUP)

    def add(self, name: str, group: GroupId) -> Seat:
        address = address_of(name)
        node = Node(
            name,
            self.loop,
            self.fabric,
            self.trace,
            random.Random(self._rng.getrandbits(64)),
            self._boot,
        )
        scms = self.scm_addresses or [address_of("scm1")]
        role = "om" if group == OM_GROUP else "scm"
        place = Place(role, group, address, self._peers[group], scms, self._scm_config)
        self.fabric.name_address(address, name)
        self.fabric.name_address(scms[0], scms[0].partition(":")[0])
        seat = self.seats[name] = Seat(node, place, self.options, self._committed)
        return seat

    async def _boot(self, node: Node, runtime: Runtime) -> None:
        await self.seats[node.name].boot(node, runtime)

    def start(self) -> None:
        for seat in self.seats.values():
            seat.start()
        if self.scm_addresses and self._scm_config is None:
            runtime = self.outsider("dn1").as_role(Role.DATANODE, "dn1")
            rings: set[int] = set()
            for number, address in enumerate(self.scm_addresses, start=1):
                client = ScmClient(
                    runtime, [address], timeout_ms=3_000, try_ms=500, only_these=True
                )
                sender = EmptyDataNode("dn1", number, client, runtime.clock, rings)
                runtime.tasks.start_worker(sender)

    @property
    def machines(self) -> Sequence[Machine]:
        return [*self.seats.values(), *self.others]

    def of_group(self, group: GroupId) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.group == group]

    def outsider(self, name: str) -> Runtime:
        """A runtime that never crashes, of a client or such."""
        life = Life(name)
        self.client_hosts.append(name)
        rng = random.Random(self._rng.getrandbits(64))
        disk = SimDisk(Platter(), DiskBehaviour(), rng, self.loop.time, _never)
        clock = SimClock(self.loop, offset_ms=0.0, rate=1.0)
        registry = CollectorRegistry()
        return Runtime(
            clock=clock,
            rng=rng,
            disk=disk,
            network=SimNetwork(self.fabric, life, name),
            blocking=SimBlocking(self.loop, disk, rng),
            registry=registry,
            tasks=SimTasks(self.loop, clock, registry),
        )

    def lagging(self) -> str:
        """Who is not yet where the others of the group are; empty: nobody."""
        reasons: list[str] = []
        for group in (OM_GROUP, SCM_GROUP):
            at: dict[str, tuple[int, int]] = {}
            wanted = self.voters(group)
            for seat in self.of_group(group):
                if wanted and seat.name not in wanted and "nobody" not in wanted:
                    continue
                store = None if seat.member is None else seat.member.store
                if seat.is_lost:
                    reasons.append(f"{seat.name} is lost and still counted")
                elif not seat.node.is_ready or store is None:
                    reasons.append(f"{seat.name} is not up: {seat.node.failure!r}")
                else:
                    at[seat.name] = (store.applied()[0], store.row_hash)
            if "nobody" in wanted and not reasons:
                reasons.append("a voter is counted that is no more")
            if len(set(at.values())) > 1:
                reasons.append(", ".join(f"{name} at {index}" for name, (index, _) in at.items()))
        return "; ".join(reasons)

    def uncollected(self) -> str:
        """What leases left, and what nobody refers to, and is not handed to the SCM yet; empty:
        nothing, by the state of an OM that has all the others have."""
        stores = [
            seat.member.store
            for seat in self.of_group(OM_GROUP)
            if seat.node.is_ready and seat.member is not None and seat.member.store is not None
        ]
        leases, garbage = stores[0].count(LEASES.table), stores[0].count(GC.table)
        return f"{leases} leases and {garbage} rows of garbage" if leases or garbage else ""

    def voters(self, group: GroupId) -> list[str]:
        """Names of the voters of a group, as its latest leader applied it, old and new ones while
        they change; "nobody" for one that no node is. Empty: there is no leader."""
        seats = self.of_group(group)
        running = [
            (seat, seat.member.raft)
            for seat in seats
            if seat.member is not None and seat.member.raft is not None
        ]
        leaders = [raft for seat, raft in running if seat.leads()]
        if not leaders:
            return []
        configuration = max(leaders, key=lambda raft: raft.term).applied_configuration
        names = {raft.id: seat.name for seat, raft in running}
        voters = dict.fromkeys((*configuration.voters, *configuration.outgoing))
        return [names.get(voter, "nobody") for voter in voters]

    def check_defects(self) -> None:
        """Raises Violation."""
        for seat in self.seats.values():
            if seat.member is not None and (defect := seat.member.defect()):
                raise Violation("defect", f"{seat.name}: {defect}")

    # ---- observers ----

    def _watch(self, look: Callable[[], None]) -> None:
        try:
            look()
        except Violation as violation:
            self.loop.fail(violation)

    def _heard(self, source: str, target: str, method: str, message: Message) -> None:
        # Rings of DataNodes count their groups from one as well.
        if isinstance(message, RaftBatch) and target in self.seats:
            self._watch(lambda: self.observer.heard(source, target, message))

    def _heard_reply(self, source: str, target: str, method: str, body: bytes) -> None:
        if method == _STEP and body and target in self.seats:
            batch = RaftBatch.FromString(body)
            self._watch(lambda: self.observer.heard(source, target, batch))

    def _committed(self, seat: Seat, store: SimStore) -> None:
        self._watch(lambda: self._check_commit(seat, store))

    def _check_commit(self, seat: Seat, store: SimStore) -> None:
        is_first = self.observer.committed(seat.name, seat.group, store)
        if is_first and seat.group == OM_GROUP and self.om_witness is not None:
            self.om_witness(store)
        if not is_first or self.members_changed:
            return
        index, term = store.applied()
        seats = self.of_group(seat.group)
        holders = [seat.name for seat in seats if seat.holds(index, term)]
        if len(holders) <= len(seats) // 2:
            raise Violation(
                "majority",
                f"{seat.name} applied ({index}, {term}), which only {holders} have on their disks",
            )


def _never() -> None:
    raise AssertionError("no crash was planned")
