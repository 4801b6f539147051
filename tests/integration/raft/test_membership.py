"""Nodes find, begin, join and leave a group by themselves."""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.integration.raft.group_nodes import GROUP, ROWS, TABLES, Cluster, Node, address, until
from trioxygen.common.errors import InvalidRequest, NotLeader, Unavailable, UnknownFormat
from trioxygen.metadata.raft.membership.identity import FORMAT
from trioxygen.metadata.raft.membership.joining import Joining
from trioxygen.metadata.replication.dump import dump_state, load_state
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1.raft_pb2 import JoinReply, JoinRequest

Scenario = Callable[[Cluster], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture(params=["memory", "lmdb"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    def run_scenario(scenario: Scenario) -> None:
        async def whole() -> None:
            cluster = Cluster(tmp_path, request.param)
            try:
                async with asyncio.timeout(240):
                    await scenario(cluster)
            finally:
                await cluster.stop_all()

        asyncio.run(whole())

    return run_scenario


def nothing(txn: WriteTxn, rng: random.Random) -> None:
    """Of this service's rows, all stay true."""


def keys(count: int, tag: str = "") -> list[bytes]:
    return [f"{tag}{number:06d}".encode() for number in range(count)]


async def write_for(cluster: Cluster, stop: asyncio.Event) -> list[bytes]:
    written: list[bytes] = []
    while not stop.is_set():
        more = keys(20, f"round {len(written)} ")
        await cluster.write(*more)
        written += more
    return written


def test_three_empty_nodes_begin_one_group_and_replicate(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(*keys(50))
        await cluster.settled()
        identities = [node.membership.identity for node in cluster.nodes.values()]
        assert len({identity.group_digest for identity in identities}) == 1
        assert [identity.replica for identity in identities] == [1, 2, 3]
        assert await cluster.voters() == ["om-1", "om-2", "om-3"]

    run(scenario)


def test_nobody_begins_while_one_is_missing(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        first, second = await cluster.start("om-1"), await cluster.start("om-2")
        await asyncio.sleep(0.3)
        assert first.opening is not None and not first.opening.done()
        await cluster.start("om-3")
        await asyncio.gather(*(node.opening for node in cluster.nodes.values() if node.opening))
        digests = {node.membership.identity.group_digest for node in (first, second)}
        assert len(digests) == 1

    run(scenario)


def test_restarted_nodes_go_on_without_asking_anybody(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(*keys(50))
        await cluster.stop_all()
        await cluster.start("om-1")
        await cluster.start("om-3")
        await cluster.write(b"later")
        leader = await cluster.leader()
        assert {*keys(50), b"later"} <= leader.keys()

    run(scenario)


def test_nodes_that_end_before_anything_happened_stay_who_they_are(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start("om-1")
        await cluster.start("om-2")
        third = await cluster.start("om-3")
        assert third.opening is not None
        await third.opening
        # Found its group a moment ago, and has heard nothing of it.
        await cluster.stop_all()
        await cluster.start_all()
        await cluster.write(b"1")
        replicas = [node.membership.identity.replica for node in cluster.nodes.values()]
        assert sorted(replicas) == [1, 2, 3]

    run(scenario)


def test_node_that_lost_its_disk_replaces_its_former_self_while_writes_go_on(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        before = keys(2_000, "before ")
        await cluster.write(*before)
        await cluster.settled()
        # Of all: whoever leads when it comes back has no log from the beginning on.
        for each in cluster.nodes.values():
            assert each.executor is not None
            await each.executor.make_durable()
        leader = await cluster.leader()
        lost = next(node for node in cluster.nodes if node != leader.node_id)
        await cluster.stop(lost)
        cluster.lose_disk(lost)
        stop = asyncio.Event()
        writing = asyncio.ensure_future(write_for(cluster, stop))
        node = await cluster.start(lost)
        assert node.opening is not None
        await node.opening
        assert node.membership.identity.replica == 4
        await until(lambda: 4 in leader.membership.replica.status().configuration.voters)
        stop.set()
        written = await writing
        await cluster.settled()
        assert {*before, *written} <= node.keys()
        voters = leader.membership.replica.status().configuration.voters
        assert len(voters) == 3
        # Its former row is forgotten soon.
        await until(
            lambda: (
                len([member for member in leader.joining.members() if member.node_id == lost]) == 1
            )
        )
        # It came by a snapshot: the log does not go back as far.
        assert node.wal.first_index(GROUP) > 1
        # And counts: with another one gone, the two decide.
        await cluster.stop(
            next(node for node in cluster.nodes if node not in (lost, leader.node_id))
        )
        await cluster.write(b"with the new one")

    run(scenario)


def test_node_that_lost_only_its_log_comes_back_as_another_replica(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(*keys(100))
        leader = await cluster.leader()
        lost = next(node for node in cluster.nodes if node != leader.node_id)
        await cluster.stop(lost)
        shutil.rmtree(cluster.folder / lost / "log")
        await cluster.write(b"later")
        node = await cluster.start(lost)
        await until(lambda: 4 in leader.membership.replica.status().configuration.voters)
        assert node.membership.identity.replica == 4
        await cluster.settled()

    run(scenario)


def test_dump_begins_a_group_of_one_and_others_join_it(run: Run, tmp_path: Path) -> None:
    async def scenario(cluster: Cluster) -> None:
        source = Cluster(tmp_path / "source", cluster.kind)
        await source.start_all()
        await source.write(*keys(100))
        leader = await source.leader()
        await until(lambda: len(leader.joining.members()) == 3)
        pieces = list(dump_state(leader.store, TABLES))
        await source.stop_all()
        cluster.peers = ("om-1",)
        store = cluster.make_store("om-1")
        assert load_state(store, TABLES, pieces, random.Random(1), nothing) > 100
        cluster.close_store(store)
        await cluster.start_all()
        await cluster.write(b"later")
        alone = await cluster.leader()
        assert alone.keys() == {*keys(100), b"later"}
        # Ids go on from those that the dump's service has given.
        with alone.store.read() as txn:
            numbers = [value[:8] for _, value in txn.scan(ROWS, prefix=b"")]
        assert len(set(numbers)) == 101
        assert await cluster.voters() == ["om-1"]
        await alone.joining.add("om-2", address("om-2"))
        await cluster.start("om-2")
        await until(lambda: len(alone.membership.replica.status().configuration.voters) == 2)
        await cluster.settled()

    run(scenario)


def test_dump_does_not_begin_a_group_of_several(run: Run, tmp_path: Path) -> None:
    async def scenario(cluster: Cluster) -> None:
        source = Cluster(tmp_path / "source", cluster.kind, peers=("om-1",))
        await source.start_all()
        await source.write(b"1")
        pieces = list(dump_state((await source.leader()).store, TABLES))
        await source.stop_all()
        store = cluster.make_store("om-2")
        load_state(store, TABLES, pieces, random.Random(1), nothing)
        cluster.close_store(store)
        for node_id in cluster.peers:
            await cluster.start(node_id)
        opening = cluster.nodes["om-2"].opening
        assert opening is not None
        with pytest.raises(InvalidRequest, match="begin a group of one node"):
            await opening

    run(scenario)


def test_added_node_joins_and_removed_one_leaves(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(*keys(100))
        leader = await cluster.leader()
        await by_the_leader(cluster, lambda joining: joining.add("om-4", address("om-4")))
        node = await cluster.start("om-4")
        assert node.opening is not None
        await node.opening
        await until(lambda: len(leader.membership.replica.status().configuration.voters) == 4)
        await cluster.settled()
        assert node.keys() == set(keys(100))
        gone = next(each for each in ("om-1", "om-2", "om-3") if each != leader.node_id)
        await by_the_leader(cluster, lambda joining: joining.remove(gone))
        await cluster.stop(gone)
        await cluster.write(b"later")
        assert gone not in await cluster.voters()
        assert "om-4" in await cluster.voters()

    run(scenario)


async def by_the_leader(
    cluster: Cluster, change: Callable[[Joining], Coroutine[Any, Any, object]]
) -> None:
    """Whoever that is: on a slow disk a leader may have to go."""
    while True:
        leader = await cluster.leader()
        try:
            await change(leader.joining)
        except Unavailable:
            await asyncio.sleep(0.01)
        else:
            return


async def refused_removal(leader: Node, node_id: str) -> NotLeader:
    """By whom has handed over. Where its successor's disk is slow, that is to be tried again."""
    while True:
        try:
            await leader.joining.remove(node_id)
        except NotLeader as error:
            return error
        except Unavailable as error:
            assert "did not take over" in str(error)
        else:
            raise AssertionError("it removed itself")


def test_leader_that_is_removed_hands_over_first(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(b"1")
        leader = await cluster.leader()
        await until(lambda: len(leader.joining.members()) == 3)
        refusal = await refused_removal(leader, leader.node_id)
        await until(lambda: not leader.is_leader())
        assert refusal.facts["leader"] != address(leader.node_id)
        await by_the_leader(cluster, lambda joining: joining.remove(leader.node_id))
        await cluster.stop(leader.node_id)
        await cluster.write(b"2")
        assert leader.node_id not in await cluster.voters()

    run(scenario)


def test_node_that_nobody_added_is_told_so(run: Run) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(b"1")
        node = await cluster.start("om-9")
        assert node.opening is not None
        with pytest.raises(InvalidRequest, match="add it first"):
            await node.opening

    run(scenario)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("group_digest", 1, InvalidRequest),
        ("format", FORMAT + 1, UnknownFormat),
    ],
)
def test_node_of_another_group_or_format_is_refused(
    run: Run, field: str, value: int, error: type[Exception]
) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(b"1")
        leader = await cluster.leader()
        request = JoinRequest(
            group=GROUP,
            group_digest=leader.membership.identity.group_digest,
            node_id="om-1",
            address="elsewhere:1",
            incarnation=5,
            format=FORMAT,
        )
        setattr(request, field, value)
        channel = cluster.network.channel(address(leader.node_id))
        with pytest.raises(error):
            await channel.call("Raft/Join", request, JoinReply, timeout_ms=1_000)

    run(scenario)


def test_member_of_another_group_is_not_heard(run: Run, tmp_path: Path) -> None:
    async def scenario(cluster: Cluster) -> None:
        await cluster.start_all()
        await cluster.write(*keys(10))
        # The same node id, with a disk from a group that it began alone.
        stranger = Cluster(tmp_path / "stranger", cluster.kind, peers=("om-3",))
        await stranger.start_all()
        await stranger.write(b"of another group")
        await stranger.stop_all()
        follower = next(node for node in cluster.nodes.values() if not node.is_leader())
        node_id = follower.node_id
        await cluster.stop(node_id)
        stranger.network, stranger.peers = cluster.network, cluster.peers
        if node_id != "om-3":
            await cluster.start(node_id)
            await cluster.stop("om-3")
        intruder = await stranger.start("om-3")
        await asyncio.sleep(0.3)
        await cluster.write(b"later")
        assert intruder.keys() == {b"of another group"}
        assert not any(b"of another group" in node.keys() for node in cluster.nodes.values())
        await stranger.stop_all()

    run(scenario)
