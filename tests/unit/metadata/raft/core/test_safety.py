"""Groups on a network that loses, doubles and reorders, with restarts, changes of members,
snapshots and slow disks; at every step Raft's five properties (dissertation, figure 3.2) and the
freshness of reads. Then the network heals, and the group must go on."""

import pytest

from tests.unit.metadata.raft.core.members import Member, group_of, install, seeded
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.errors import RaftError
from trioxygen.metadata.raft.core.types import (
    Entry,
    InstallSnapshot,
    Message,
    Ready,
    ReplicaId,
    RequestId,
    Role,
)

SEEDS = 200
STEPS = 4000
SEEDS_PER_TEST = 20


class Properties:
    """What all members together may never contradict."""

    def __init__(self) -> None:
        self.leaders: dict[int, ReplicaId] = {}
        self.leader_last: dict[int, int] = {}
        self.entries: dict[tuple[int, int], tuple[bytes, int]] = {}
        self.applied: dict[int, Entry] = {}
        self.read_floor: dict[RequestId, int] = {}
        self.reads_done = 0

    def check_taken(self, member: Member, ready: Ready) -> None:
        soft = ready.soft_state
        if soft is not None and soft.role is Role.LEADER:
            # Election Safety.
            assert self.leaders.setdefault(soft.term, soft.leader or member.id) == member.id
            # Leader Completeness: what anybody applied is in the log of every later leader.
            for index, entry in self.applied.items():
                term = member.node.term_at(index)
                assert term == entry.term or (term is None and index <= member.applied), index
        if ready.entries and member.node.role is Role.LEADER:
            # Leader Append-Only.
            term, first = member.node.term, ready.entries[0]
            if first.term == term and term in self.leader_last:
                assert first.index == self.leader_last[term] + 1
            self.leader_last[term] = ready.entries[-1].index
        for entry in ready.committed:
            # State Machine Safety.
            known = self.applied.setdefault(entry.index, entry)
            assert known == entry, (known, entry)
        for read in ready.reads:
            assert read.index >= self.read_floor[read.request], read
            self.reads_done += 1

    def check_durable(self, member: Member, ready: Ready) -> None:
        for entry in ready.entries:
            # Log Matching: index and term name one payload and one predecessor.
            output = (entry.payload, member.log.term(entry.index - 1))
            assert self.entries.setdefault((entry.index, entry.term), output) == output


class RandomGroup:
    def __init__(self, seed: int) -> None:
        self.rng = seeded(seed)
        self.lease_reads = self.rng.random() < 0.3
        self.config = RaftConfig(
            election_ticks=6,
            pre_vote=self.rng.random() < 0.7,
            check_quorum=self.lease_reads or self.rng.random() < 0.7,
            lease_reads=self.lease_reads,
            append_bytes_max=self.rng.choice([8, 40, 1000]),
            inflight_bytes_max=1000,
            inflight_messages_max=self.rng.choice([1, 4, 64]),
            recent_bytes_max=self.rng.choice([0, 20, 1000]),
            committed_bytes_max=self.rng.choice([10, 1000]),
            uncommitted_bytes_max=200,
            quiesce_ticks=self.rng.choice([0, 0, 5]),
            commit_notice_at_once=self.rng.random() < 0.5,
        )
        voters = self.rng.choice([1, 3, 3, 3, 5])
        count = voters + 1
        self.members = {
            number: Member(number, self.config, group_of(voters, 1), seeded(seed * 100 + number))
            for number in group_of(count).voters
        }
        self.network: list[Message] = []
        self.cut: set[tuple[ReplicaId, ReplicaId]] = set()
        self.properties = Properties()
        self.applying: dict[ReplicaId, list[Entry]] = {member: [] for member in self.members}
        self.requests = 0

    def run(self, steps: int) -> None:
        deeds = (
            (self.tick, 30),
            (self.deliver, 70),
            (self.take, 60),
            (self.sync, 55),
            (self.apply, 30),
            (self.propose, 12),
            (self.read, 8),
            (self.partition, 1),
            (self.restart, 1),
            (self.compact, 1),
            (self.change, 2),
            (self.transfer, 1),
            (self.chill, 1),
            (self.suspect, 1),
        )
        weights = [weight for _, weight in deeds]
        for deed, _ in self.rng.choices(deeds, weights, k=steps):
            deed(self.rng.choice(list(self.members.values())))

    def tick(self, member: Member) -> None:
        # Leases rest on clocks that run alike; everything else does not.
        together = self.lease_reads or self.rng.random() < 0.5
        for each in list(self.members.values()) if together else [member]:
            each.node.tick()

    def deliver(self, _: Member) -> None:
        for _times in range(min(3, len(self.network))):
            position = self.rng.randrange(len(self.network))
            message = self.network[position]
            if self.rng.random() > 0.05:
                self.network[position] = self.network[-1]
                self.network.pop()
            if self.rng.random() > 0.05 and (message.sender, message.to) not in self.cut:
                self.arrive(message)
            elif isinstance(message, InstallSnapshot):
                # The stream broke; its end is always told.
                self.members[message.sender].node.snapshot_reported(message.to, installed=False)

    def arrive(self, message: Message) -> None:
        if isinstance(message, InstallSnapshot):
            source, target = self.members[message.sender], self.members[message.to]
            if source.log.snapshot_taken == message.snapshot:
                install(source, target, message)
            else:
                source.node.snapshot_reported(target.id, installed=False)
        else:
            self.members[message.to].node.step(message)

    def take(self, member: Member) -> None:
        if member.node.has_ready():
            ready = member.take()
            self.network += ready.messages_at_once
            self.properties.check_taken(member, ready)
            self.applying[member.id] += ready.committed

    def sync(self, member: Member) -> None:
        if member.unsynced:
            ready = member.unsynced[0]
            self.network += member.sync()
            self.properties.check_durable(member, ready)

    def apply(self, member: Member) -> None:
        member.apply(self.applying[member.id])
        self.applying[member.id].clear()
        member.load()

    def some_leader(self, otherwise: Member) -> Member:
        """Perhaps one that was deposed and does not know it."""
        leaders = [member for member in self.members.values() if member.node.role is Role.LEADER]
        return self.rng.choice(leaders) if leaders else otherwise

    def propose(self, member: Member) -> None:
        self.requests += 1
        member = self.some_leader(member)
        try:
            member.node.propose(b"%d" % self.requests)
        except RaftError:
            return

    def read(self, member: Member) -> None:
        self.requests += 1
        request = RequestId(self.requests)
        self.properties.read_floor[request] = max(self.properties.applied, default=0)
        if self.rng.random() < 0.7:
            member = self.some_leader(member)
        try:
            member.node.read_index(request)
        except RaftError:
            return

    def partition(self, member: Member) -> None:
        if self.cut:
            self.cut.clear()
            return
        member = self.some_leader(member)
        whole = self.rng.random() < 0.5
        for other in self.members:
            if whole or self.rng.random() < 0.7:
                self.cut.add((member.id, other))
            if whole or self.rng.random() < 0.7:
                self.cut.add((other, member.id))

    def restart(self, member: Member) -> None:
        self.applying[member.id].clear()
        self.properties.leader_last.pop(member.node.term, None)
        member.restart()

    def compact(self, member: Member) -> None:
        if not member.unsynced:
            member.compact()

    def change(self, member: Member) -> None:
        if not self.config.pre_vote:
            # Without it removed members depose leaders as long as they run (§4.2.3).
            return
        ids = list(self.members)
        voters = self.rng.sample(ids, self.rng.randrange(1, len(ids) + 1))
        learners = [each for each in ids if each not in voters and self.rng.random() < 0.5]
        member = self.some_leader(member)
        try:
            member.node.propose_configuration(voters=voters, learners=learners)
        except RaftError:
            return

    def transfer(self, member: Member) -> None:
        try:
            member.node.transfer_leadership(self.rng.choice(list(self.members)))
        except RaftError:
            return

    def chill(self, member: Member) -> None:
        member.log.cold = True

    def suspect(self, member: Member) -> None:
        if not self.lease_reads:
            member.node.leader_suspected()

    def settle(self) -> None:
        """Everything works again: one leader, and its entry reaches every member."""
        self.cut.clear()
        for _ in range(400):
            for member in self.members.values():
                member.node.wake()
                member.node.tick()
                self.go_on(member)
            for message in self.network[:]:
                self.arrive(message)
            self.network = []
        leaders = [member for member in self.members.values() if member.node.role is Role.LEADER]
        assert leaders, "nobody leads"
        leader = max(leaders, key=lambda leader: leader.node.term)
        reached = leader.node.status()
        assert reached.commit == reached.last_index == leader.applied, reached
        for number in leader.node.configuration.members():
            assert self.members[number].state == leader.state, (number, leader.id)

    def go_on(self, member: Member) -> None:
        self.apply(member)
        while member.node.has_ready() or member.unsynced:
            self.take(member)
            self.sync(member)
            self.apply(member)


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_PER_TEST))
def test_random_groups_keep_the_five_properties_and_recover(first: int) -> None:
    reads_done = entries_applied = 0
    for seed in range(first, first + SEEDS_PER_TEST):
        group = RandomGroup(seed)
        try:
            group.run(STEPS)
            group.settle()
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
        reads_done += group.properties.reads_done
        entries_applied += len(group.properties.applied)
    # It would prove nothing if the groups had not come to do anything.
    assert reads_done > 200 and entries_applied > 400, (reads_done, entries_applied)
