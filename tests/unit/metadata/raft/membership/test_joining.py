"""Joining and leaving at a leader that is not driven by anything else."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import pytest

from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.errors import InvalidRequest, NotLeader, Overloaded, UnknownFormat
from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.status import PeerStatus, Status
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId, Role
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.membership.directory import MembershipDirectory
from trioxygen.metadata.raft.membership.identity import FORMAT, Identity, Member
from trioxygen.metadata.raft.membership.joining import Joining, MembershipWorker
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import DiscoverRequest, JoinRequest

GROUP, DIGEST = GroupId(1), 77


def member(number: int, node: int) -> Member:
    return Member(ReplicaId(number), f"om-{node}", f"host-{node}:1", 100 + number)


class Table:
    """Rows that are committed at once."""

    def __init__(self) -> None:
        self.rows = {number: member(number, number) for number in (1, 2, 3)}
        self.puts = 0

    def members(self) -> Sequence[Member]:
        return sorted(self.rows.values())

    async def put(self, member: Member) -> None:
        await asyncio.sleep(0)
        self.puts += 1
        self.rows[member.replica] = member

    async def delete(self, replica: ReplicaId) -> None:
        await asyncio.sleep(0)
        del self.rows[replica]


class Replica:
    """The leader of a group whose changes are committed at once."""

    id = ReplicaId(1)

    def __init__(self) -> None:
        self.leads = True
        self.configuration = Configuration(voters=(ReplicaId(1), ReplicaId(2), ReplicaId(3)))
        self.down: set[int] = set()
        self.behind: set[int] = set()
        self.commit = 10
        self.changes: list[Configuration] = []
        self.refusal: Exception | None = None
        self.handed_to: ReplicaId | None = None

    def is_leader(self) -> bool:
        return self.leads

    def leader_address(self) -> str:
        return "" if self.leads else "host-2:1"

    def status(self) -> Status:
        peers = {
            member: PeerStatus(
                state=ProgressState.REPLICATE,
                match=0 if member in self.behind else self.commit,
                next=self.commit + 1,
                active=member not in self.down,
                inflight_messages=0,
                inflight_bytes=0,
            )
            for member in self.configuration.members()
        }
        return Status(
            term=1,
            role=Role.LEADER,
            leader=self.id,
            last_index=self.commit,
            durable_index=self.commit,
            commit=self.commit,
            applied=self.commit,
            quiescent=False,
            uncommitted_bytes=0,
            transfer_to=None,
            configuration=self.configuration,
            peers=peers,
        )

    async def propose_configuration(
        self, *, voters: Collection[ReplicaId], learners: Collection[ReplicaId]
    ) -> None:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.configuration = Configuration(
            voters=tuple(sorted(voters)), learners=tuple(sorted(learners))
        )
        self.changes.append(self.configuration)

    async def transfer_leadership(self, target: ReplicaId) -> None:
        self.handed_to = target


class Setting:
    def __init__(self) -> None:
        self.replica, self.table = Replica(), Table()
        self.joining = Joining(
            SkippingClock(), self.replica, self.table, group=GROUP, group_digest=DIGEST
        )
        self.worker = MembershipWorker(self.joining, "om-membership")

    async def settle(self) -> None:
        for _ in range(10):
            assert not await self.worker.work()

    @property
    def voters(self) -> list[int]:
        return list(self.replica.configuration.voters)


def run(scenario: Callable[[Setting], Awaitable[None]]) -> None:
    async def whole() -> None:
        await scenario(Setting())

    asyncio.run(whole())


def request(node: int, incarnation: int) -> JoinRequest:
    return JoinRequest(
        group=GROUP,
        group_digest=DIGEST,
        node_id=f"om-{node}",
        address=f"new-host-{node}:1",
        incarnation=incarnation,
        format=FORMAT,
    )


def test_node_that_lost_its_disk_replaces_its_former_self() -> None:
    async def scenario(setting: Setting) -> None:
        setting.replica.down = {3}
        reply = await setting.joining.join(request(3, 555))
        assert (reply.replica_id, reply.group_digest) == (4, DIGEST)
        assert len(reply.members) == 4
        await setting.settle()
        assert setting.voters == [1, 2, 4]
        # A learner first, then one change of voters.
        assert [(change.voters, change.learners) for change in setting.replica.changes] == [
            ((1, 2, 3), (4,)),
            ((1, 2, 4), ()),
        ]
        assert sorted(setting.table.rows) == [1, 2, 4]
        assert setting.table.rows[4] == Member(ReplicaId(4), "om-3", "new-host-3:1", 555)

    run(scenario)


def test_join_asked_again_gives_the_same_replica() -> None:
    async def scenario(setting: Setting) -> None:
        replies = await asyncio.gather(
            *(setting.joining.join(request(3, 555)) for _ in range(3)),
            setting.joining.join(request(2, 556)),
        )
        assert [reply.replica_id for reply in replies] == [4, 4, 4, 5]
        assert setting.table.puts == 2
        assert (await setting.joining.join(request(1, 101))).replica_id == 1

    run(scenario)


def test_learner_is_promoted_only_when_it_keeps_up() -> None:
    async def scenario(setting: Setting) -> None:
        await setting.joining.join(request(3, 555))
        setting.replica.behind = {4}
        await setting.settle()
        assert setting.replica.configuration.learners == (4,)
        setting.replica.behind = set()
        # It holds what was committed when it was last looked at, and once more.
        await setting.settle()
        assert setting.voters == [1, 2, 4]

    run(scenario)


def test_node_that_nobody_added_is_refused_and_one_that_was_added_joins() -> None:
    async def scenario(setting: Setting) -> None:
        with pytest.raises(InvalidRequest, match="let an operator add it first"):
            await setting.joining.join(request(4, 555))
        added = await setting.joining.add("om-4", "host-4:1")
        assert await setting.joining.add("om-4", "host-4:1") == added
        await setting.settle()
        assert setting.replica.changes == []
        assert (await setting.joining.join(request(4, 555))).replica_id == added.replica == 4
        await setting.settle()
        assert setting.voters == [1, 2, 3, 4]

    run(scenario)


def test_added_node_must_be_new() -> None:
    async def scenario(setting: Setting) -> None:
        with pytest.raises(InvalidRequest, match="member already"):
            await setting.joining.add("om-3", "elsewhere:1")
        with pytest.raises(InvalidRequest, match="has this address"):
            await setting.joining.add("om-4", "host-3:1")
        for number in (4, 5, 6, 7):
            await setting.joining.add(f"om-{number}", f"host-{number}:1")
        with pytest.raises(InvalidRequest, match="most=7"):
            await setting.joining.add("om-8", "host-8:1")

    run(scenario)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("format", FORMAT + 1, UnknownFormat),
        ("group_digest", DIGEST + 1, InvalidRequest),
        ("incarnation", 0, InvalidRequest),
        ("address", "", InvalidRequest),
    ],
)
def test_join_of_another_group_or_version_is_refused(
    field: str, value: int | str, error: type[Exception]
) -> None:
    async def scenario(setting: Setting) -> None:
        wrong = request(3, 555)
        setattr(wrong, field, value)
        with pytest.raises(error):
            await setting.joining.join(wrong)
        assert setting.table.puts == 0

    run(scenario)


def test_follower_names_the_leader() -> None:
    async def scenario(setting: Setting) -> None:
        setting.replica.leads = False
        for call in (
            setting.joining.join(request(3, 555)),
            setting.joining.add("om-4", "host-4:1"),
            setting.joining.remove("om-3"),
        ):
            with pytest.raises(NotLeader, match="leader=host-2:1"):
                await call
        await setting.settle()
        assert setting.replica.changes == []

    run(scenario)


def test_nobody_joins_before_the_first_members_are_written_down() -> None:
    async def scenario(setting: Setting) -> None:
        setting.table.rows.clear()
        with pytest.raises(NotLeader, match="only begun"):
            await setting.joining.join(request(3, 555))
        await setting.settle()
        assert setting.replica.changes == []

    run(scenario)


def test_removed_node_is_gone_and_its_id_is_not_given_again() -> None:
    async def scenario(setting: Setting) -> None:
        await setting.joining.remove("om-3")
        assert setting.voters == [1, 2]
        await setting.settle()
        assert setting.voters == [1, 2]
        with pytest.raises(InvalidRequest, match="no such member"):
            await setting.joining.remove("om-3")
        with pytest.raises(InvalidRequest, match="add it first"):
            await setting.joining.join(request(3, 555))
        await setting.joining.add("om-3", "host-3:1")
        assert (await setting.joining.join(request(3, 555))).replica_id == 4
        await setting.settle()
        assert setting.voters == [1, 2, 4]

    run(scenario)


def test_node_is_not_removed_when_too_few_of_the_rest_are_alive() -> None:
    async def scenario(setting: Setting) -> None:
        setting.replica.down = {2}
        with pytest.raises(InvalidRequest, match="too few"):
            await setting.joining.remove("om-3")
        assert setting.voters == [1, 2, 3]
        # The dead one may go.
        await setting.joining.remove("om-2")
        assert setting.voters == [1, 3]

    run(scenario)


def test_leader_hands_over_before_it_is_removed() -> None:
    async def scenario(setting: Setting) -> None:
        setting.replica.behind = {2}
        with pytest.raises(NotLeader, match="leader=host-3:1"):
            await setting.joining.remove("om-1")
        assert setting.replica.handed_to == 3
        assert setting.voters == [1, 2, 3]

    run(scenario)


def test_change_that_cannot_be_made_now_is_made_later() -> None:
    async def scenario(setting: Setting) -> None:
        await setting.joining.join(request(3, 555))
        setting.replica.refusal = Overloaded("another change is under way")
        await setting.settle()
        assert setting.replica.changes == []
        setting.replica.refusal = None
        await setting.settle()
        assert setting.voters == [1, 2, 4]

    run(scenario)


def test_directory_answers_for_a_group_from_its_first_day_on() -> None:
    async def scenario(setting: Setting) -> None:
        directory, peers = MembershipDirectory(), [Peer("om-1", "host-1:1")]
        question = DiscoverRequest(group=GROUP, node_id="om-2", incarnation=5)
        with pytest.raises(NotLeader, match="no replica"):
            await directory.discover(question)
        identity = Identity(node_id="om-1", incarnation=9)
        directory.announce(GROUP, identity, peers)
        reply = await directory.discover(question)
        assert (reply.node_id, reply.incarnation, reply.group_digest) == ("om-1", 9, 0)
        assert (list(reply.configured), reply.format) == (["om-1"], FORMAT)
        with pytest.raises(NotLeader):
            await directory.join(request(3, 555))
        directory.announce(GROUP, identity, peers, setting.joining)
        assert len((await directory.discover(question)).members) == 3
        assert (await directory.join(request(3, 555))).replica_id == 4

    run(scenario)
