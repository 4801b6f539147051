"""Batches: what an executor runs, proposes and answers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.replication.executor_harness import (
    ROWS,
    Service,
    inline,
    kinds,
)
from trioxygen.common.errors import (
    Internal,
    NoSpace,
    NoSuchKey,
    NotLeader,
    Overloaded,
    TrioxygenError,
)
from trioxygen.common.origin import Origin, set_origin
from trioxygen.metadata.raft.ports import Entry
from trioxygen.metadata.replication.executor import (
    ExecutorConfig,
)
from trioxygen.proto.v1.om_pb2 import KeyToDelete
from trioxygen.proto.v1.replication_pb2 import WorkReply


def test_batch_is_one_entry_and_each_command_gets_its_own_answer() -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()
        results = await service.run(b"a", b"refused", b"b")
        assert kinds(results) == [WorkReply, NoSuchKey, WorkReply]
        assert len(service.replica.entries) == 1
        assert service.keys() == [b"a", b"b"]
        await service.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("key", "error"),
    [(b"broken", Internal), (b"full", NoSpace), (b"changes and refuses", Internal)],
)
def test_handler_that_fails_in_the_middle_of_a_batch_harms_no_other(
    key: bytes, error: type[TrioxygenError]
) -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()
        results = await service.run(b"a", key, b"b", key + b" too", b"c")
        assert kinds(results) == [WorkReply, error, WorkReply, error, WorkReply]
        assert service.keys() == [b"a", b"b", b"c"]
        assert kinds(await service.run(key)) == [error]
        assert kinds(await service.run(b"d")) == [WorkReply]
        assert service.keys() == [b"a", b"b", b"c", b"d"]
        await service.stop()

    asyncio.run(scenario())


def test_commands_beyond_a_batch_wait_for_the_next_one() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(batch_commands_max=3))
        await service.executor.start()
        await service.run(*(b"%d" % number for number in range(8)))
        assert len(service.replica.entries) == 3
        assert len(service.keys()) == 8
        await service.stop()

    asyncio.run(scenario())


def test_batch_ends_when_its_changes_are_many_bytes() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(batch_bytes_max=100))
        await service.executor.start()
        keys = [b"%d" % number + b"x" * 30 for number in range(9)]
        results = await service.run(*keys[:4], b"broken", b"refused", *keys[4:], b"l" * 500)
        expected = [WorkReply] * 4 + [Internal, NoSuchKey] + [WorkReply] * 6
        assert kinds(results) == expected
        assert service.keys() == [*keys, b"l" * 500]
        with service.store.read() as txn:
            ids = [value for _, value in txn.scan(ROWS, prefix=b"")]
        assert ids == sorted(ids)
        assert 3 <= len(service.replica.entries) <= 5
        await service.stop()

    asyncio.run(scenario())


def test_queue_has_a_limit() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(queued_commands_max=2))
        await service.executor.start()
        assert kinds(await service.run(b"a", b"b", b"c")) == [WorkReply, WorkReply, Overloaded]
        await service.stop()

    asyncio.run(scenario())


def test_entries_that_were_not_executed_here_are_copied() -> None:
    async def scenario() -> None:
        leader = Service(inline())
        await leader.executor.start()
        await leader.run(b"a", b"b")
        await leader.run(b"c")
        follower = Service(inline())
        await follower.executor.machine.apply(
            [
                Entry(entry.index, entry.term, bytes(bytearray(entry.payload)))
                for entry in leader.replica.entries
            ]
        )
        assert follower.keys() == [b"a", b"b", b"c"]
        assert follower.executor.applied_index() == 2
        await leader.stop()

    asyncio.run(scenario())


def test_command_is_refused_while_another_node_leads() -> None:
    async def scenario() -> None:
        service = Service(inline())
        with pytest.raises(NotLeader):
            await service.executor.execute(KeyToDelete(key=b"a"))

    asyncio.run(scenario())


class BarrierLost(MemoryReplica):
    """Still thinks that it leads."""

    async def read_barrier(self) -> None:
        raise NotLeader(group="test")


def test_refusal_of_a_leader_that_was_replaced_is_not_given() -> None:
    """It is a read of a state that may be old."""

    async def scenario() -> None:
        service = Service(inline(), replica=BarrierLost())
        await service.executor.start()
        assert kinds(await service.run(b"refused")) == [NotLeader]
        await service.stop()

    asyncio.run(scenario())


class Refusing(MemoryReplica):
    """Takes no proposal until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = True

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        if self.refuses:
            raise Overloaded("too many proposals wait")
        return await super().propose(payload, committed=committed)


def test_batch_that_could_not_be_proposed_leaves_nothing_and_the_next_one_runs() -> None:
    async def scenario() -> None:
        replica = Refusing()
        service = Service(inline(), replica=replica)
        await service.executor.start()
        assert kinds(await service.run(b"a", b"b")) == [Overloaded, Overloaded]
        assert service.keys() == []
        replica.refuses = False
        assert kinds(await service.run(b"a")) == [WorkReply]
        assert service.keys() == [b"a"]
        await service.stop()

    asyncio.run(scenario())


def test_batch_ends_when_its_changes_are_large_and_the_rest_follows() -> None:
    async def scenario() -> None:
        config = ExecutorConfig(batch_bytes_max=100)
        service = Service(inline(), config=config)
        await service.executor.start()
        keys = [b"%02d" % number + b"x" * 60 for number in range(10)]
        assert kinds(await service.run(*keys)) == [WorkReply] * 10
        assert service.keys() == keys
        # Each changes 70 bytes: the second one fills a batch.
        assert service.executor.applied_index() == 5
        await service.stop()

    asyncio.run(scenario())


def test_caller_that_goes_away_does_not_take_its_command_back() -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()
        calling = asyncio.ensure_future(service.executor.execute(KeyToDelete(key=b"a")))
        await asyncio.sleep(0)
        calling.cancel()
        await service.run(b"b")
        assert service.keys() == [b"a", b"b"]
        await service.stop()

    asyncio.run(scenario())


def test_log_is_released_as_far_as_the_store_is_durable() -> None:
    async def scenario() -> None:
        service = Service(inline(), config=ExecutorConfig(batch_commands_max=1))
        await service.executor.start()
        for start in range(0, 2_000, 100):
            await service.run(*(b"%d" % number for number in range(start, start + 100)))
        assert service.executor.applied_index() == 2_000
        assert len(service.replica.entries) == 0
        await service.run(b"more")
        assert len(service.replica.entries) == 1
        await service.stop()
        assert len(service.replica.entries) == 0

    asyncio.run(scenario())


def test_command_that_fails_is_logged_with_the_id_of_its_own_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        service = Service(inline())
        await service.executor.start()

        async def ask(request_id: str, key: bytes) -> None:
            set_origin(Origin(request_id))
            with suppress(TrioxygenError):
                await service.executor.execute(KeyToDelete(key=key))

        keys = (b"a", b"broken 1", b"b", b"broken 2")
        await asyncio.gather(*(ask(f"id-{at}", key) for at, key in enumerate(keys)))
        assert len(service.replica.entries) == 1
        await service.stop()

    asyncio.run(scenario())
    output = [line for line in caplog.messages if line.startswith("command_failed")]
    assert [line.partition("request_id=")[2].split()[0] for line in output] == ["id-1", "id-3"]
