"""What a node without a group decides, against a model of everything that may be true of the
others."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.membership.deciding import (
    Adopt,
    Bootstrap,
    Decision,
    Join,
    KeepAsking,
    Peer,
    Refuse,
    decide,
    discover_reply,
)
from trioxygen.metadata.raft.membership.identity import Identity, Member, digest_of, first_members
from trioxygen.proto.v1.raft_pb2 import DiscoverReply

PEERS = tuple(Peer(f"om-{number}", f"host-{number}:1") for number in (1, 2, 3))
ADDRESSES = {peer.node_id: peer.address for peer in PEERS}


def empty(number: int, incarnation: int | None = None) -> Identity:
    return Identity(node_id=f"om-{number}", incarnation=incarnation or 100 + number)


def group_of(*identities: Identity) -> tuple[Member, ...]:
    return first_members(
        [
            (identity.node_id, ADDRESSES[identity.node_id], identity.incarnation)
            for identity in identities
        ]
    )


def belonging(identity: Identity, members: tuple[Member, ...]) -> Identity:
    [me] = [member for member in members if member.node_id == identity.node_id]
    return replace(
        identity, group_digest=digest_of(members), replica=me.replica, first_members=members
    )


def answer(identity: Identity, *members: Member, leader: str = "") -> DiscoverReply:
    return discover_reply(identity, peers=PEERS, members=members, leader_address=leader)


def answers(*replies: DiscoverReply) -> dict[str, DiscoverReply]:
    return {reply.node_id: reply for reply in replies}


ALL = (empty(1), empty(2), empty(3))
GROUP = group_of(*ALL)


def test_all_empty_begin_a_group_and_name_it_alike() -> None:
    decisions = [
        decide(own, PEERS, answers(*(answer(each) for each in ALL if each is not own)))
        for own in ALL
    ]
    assert decisions == [Bootstrap(GROUP)] * 3
    assert [each.address for each in GROUP] == [peer.address for peer in PEERS]


def test_only_peer_begins_a_group_alone() -> None:
    assert decide(ALL[0], PEERS[:1], {}) == Bootstrap(group_of(ALL[0]))


def test_silent_peer_is_waited_for() -> None:
    assert decide(ALL[0], PEERS, answers(answer(ALL[1]))) == KeepAsking(("om-3",))
    assert decide(ALL[0], PEERS, {}) == KeepAsking(("om-2", "om-3"))


def test_member_that_the_others_began_with_finds_its_place_though_one_is_silent() -> None:
    reply = answer(belonging(ALL[1], GROUP))
    actual = Adopt(digest_of(GROUP), ReplicaId(1), GROUP)
    assert decide(ALL[0], PEERS, answers(reply)) == actual
    assert decide(ALL[0], PEERS, answers(reply, answer(ALL[2]))) == actual


def test_member_that_joined_before_and_forgot_finds_its_place() -> None:
    returned = empty(1, incarnation=555)
    members = (*GROUP, Member(ReplicaId(4), "om-1", "host-1:1", 555))
    reply = answer(belonging(ALL[1], GROUP), *members)
    assert decide(returned, PEERS, answers(reply)) == Adopt(digest_of(GROUP), ReplicaId(4), ())


def test_node_with_an_empty_disk_joins_the_leader_first() -> None:
    returned = empty(1, incarnation=555)
    second = answer(belonging(ALL[1], GROUP), *GROUP, leader="host-3:1")
    third = answer(belonging(ALL[2], GROUP), *GROUP, leader="host-3:1")
    joined = Join(digest_of(GROUP), ("host-3:1", "host-2:1"))
    assert decide(returned, PEERS, answers(second, third)) == joined
    assert decide(returned, PEERS, answers(second)) == joined


def test_node_that_is_not_configured_as_a_peer_joins_and_never_begins_a_group() -> None:
    new = Identity(node_id="om-4", incarnation=4)
    empties = answers(*(answer(each) for each in ALL))
    assert decide(new, PEERS, empties) == KeepAsking(())
    grouped = answers(*(answer(belonging(each, GROUP), *GROUP) for each in ALL))
    assert isinstance(decide(new, PEERS, grouped), Join)


def test_peers_of_different_groups_are_refused() -> None:
    other = group_of(empty(3, 9))
    actual = decide(
        ALL[0],
        PEERS,
        answers(answer(belonging(ALL[1], GROUP)), answer(belonging(empty(3, 9), other))),
    )
    assert isinstance(actual, Refuse)
    assert "different groups" in actual.reason


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda reply: setattr(reply, "format", 2), "speaks format 2"),
        (lambda reply: setattr(reply, "node_id", "om-3"), "is answered by node om-3"),
        (lambda reply: setattr(reply, "node_id", "om-1"), "of the own id"),
        (lambda reply: reply.configured.pop(), "is configured with the peers om-1, om-2,"),
    ],
)
def test_answer_that_does_not_fit_is_refused(
    spoil: Callable[[DiscoverReply], object], reason: str
) -> None:
    reply = answer(ALL[1])
    spoil(reply)
    actual = decide(ALL[0], PEERS, {"om-2": reply, "om-3": answer(ALL[2])})
    assert isinstance(actual, Refuse)
    assert reason in actual.reason


def test_first_members_that_do_not_make_the_digest_are_not_believed() -> None:
    reply = answer(belonging(ALL[1], GROUP))
    reply.first_members[2].incarnation += 1
    assert decide(ALL[0], PEERS, {"om-2": reply}) == Adopt(digest_of(GROUP), ReplicaId(1), ())


@dataclass
class World:
    """Three nodes that start, ask, lose disks and are silent in any order. Who belongs to a group
    tells; who does not decides anew at each question."""

    def __post_init__(self) -> None:
        self.nodes = [empty(number) for number in (1, 2, 3)]
        self.lives = 3
        self.begun: set[int] = set()
        self.members: dict[int, list[Member]] = {}

    def reply(self, number: int) -> DiscoverReply:
        node = self.nodes[number]
        return answer(node, *self.members.get(node.group_digest, ()))

    def lose_disk(self, number: int) -> None:
        self.lives += 1
        self.nodes[number] = empty(number + 1, incarnation=1_000 + self.lives)

    def ask(self, number: int, silent: set[int]) -> Decision | None:
        own = self.nodes[number]
        if own.belongs:
            return None
        heard = [self.reply(each) for each in range(3) if each != number and each not in silent]
        decision = decide(own, PEERS, answers(*heard))
        if isinstance(decision, Bootstrap):
            self.nodes[number] = belonging(own, decision.members)
            digest = digest_of(decision.members)
            self.begun.add(digest)
            self.members.setdefault(digest, list(decision.members))
        elif isinstance(decision, Adopt):
            self.nodes[number] = replace(
                own,
                group_digest=decision.group_digest,
                replica=decision.replica,
                first_members=decision.first_members,
            )
        elif isinstance(decision, Join):
            members = self.members[decision.group_digest]
            replica = ReplicaId(max(member.replica for member in members) + 1)
            members.append(Member(replica, own.node_id, "", own.incarnation))
            self.nodes[number] = replace(own, group_digest=decision.group_digest, replica=replica)
        return decision


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 2), st.sets(st.integers(0, 2), max_size=2)),
        st.tuples(st.just("lose disk"), st.integers(0, 2), st.just(set[int]())),
    ),
    max_size=25,
)


@given(steps=STEPS)
def test_a_second_group_is_never_begun_while_a_member_of_the_first_has_its_disk(
    steps: list[tuple[str, int, set[int]]],
) -> None:
    world = World()
    for kind, number, silent in steps:
        if kind == "lose disk":
            world.lose_disk(number)
            continue
        before = {node.group_digest for node in world.nodes if node.belongs}
        own = world.nodes[number]
        decision = world.ask(number, silent)
        assert not isinstance(decision, Refuse)
        after = {node.group_digest for node in world.nodes if node.belongs}
        assert len(after) <= 1
        assert not before or after == before
        if isinstance(decision, Adopt):
            # Nobody takes a place that was another disk's.
            [place] = [
                member
                for member in world.members[decision.group_digest]
                if member.replica == decision.replica
            ]
            assert (place.node_id, place.incarnation) == (own.node_id, own.incarnation)
    for number in (0, 1, 2, 0, 1, 2):
        world.ask(number, set())
    assert len({node.group_digest for node in world.nodes}) == 1
    replicas = [node.replica for node in world.nodes]
    assert len(set(replicas)) == 3
