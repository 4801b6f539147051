"""What a DataNode tells the SCM, and that it does what it is told."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.recording_scm import RecordingScm
from tests.unit.hdds.support import PIPELINE, ListRing, config, node, until
from trioxygen.common.errors import (
    ContainerNotOpen,
    InvalidRequest,
    NoSuchBlock,
    Unreachable,
)
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.datanode.heartbeat import rest_ms
from trioxygen.hdds.datanode.volumes import belong_to
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    DataNodeCommand,
    DeleteBlocksCommand,
    HeartbeatReply,
    HeartbeatRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange


def delete_command(transaction_id: int, first_local: int, count: int) -> DataNodeCommand:
    blocks = BlockRange(container=1, first_local=first_local, count=count)
    command = DeleteBlocksCommand(transaction_id=transaction_id, blocks=[blocks])
    return DataNodeCommand(term=1, delete_blocks=command)


def test_the_first_report_is_full_and_later_ones_say_what_changed(tmp_path: Path) -> None:
    async def run() -> None:
        scm, ring = RecordingScm(), ListRing()
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, b"12345")
        async with node(tmp_path, ring=ring, scm=scm) as n:
            await scm.after(2)
            assert [request.node_id for request in scm.registrations] == ["node-1"]
            first, second = scm.heartbeats[:2]
            assert first.full_report and not second.full_report
            assert [report.container_id for report in first.containers] == [1]
            assert first.containers[0].used_bytes == 5
            assert list(second.containers) == []
            assert second.volumes[0].free_bytes > 0
            await n.write(2, b"123")
            await n.flush()
            await scm.after(2)
            changed = [
                report.used_bytes
                for heartbeat in scm.heartbeats[2:]
                for report in heartbeat.containers
            ]
            assert changed[-1] == 8

    asyncio.run(run())


def test_deletions_are_acknowledged_once_they_are_in_the_log(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            scm.answers.append(HeartbeatReply(leader=True, commands=[delete_command(77, 1, 10)]))
            # The heartbeat with the acknowledgement gets lost: it is told again.
            scm.answers.append(Unreachable())

            def told() -> list[list[int]]:
                return [list(request.deleted_transaction_ids) for request in scm.heartbeats]

            await until(lambda: [77] in told())
            with pytest.raises(NoSuchBlock):
                await n.read(1, 0, 5)
            await until(lambda: [77] in told()[:-1] and told()[-1] == [])
            await scm.after(3)
            assert told().count([77]) == 2
            assert told()[-1] == []

    asyncio.run(run())


def test_commands_of_a_former_term_or_too_old_when_they_come_are_dropped(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            stale = delete_command(1, 1, 1)
            stale.term = 4
            late = delete_command(2, 1, 1)
            # Any answer takes longer than that.
            late.term, late.valid_ms = 5, 1
            scm.answer_after_ms = 20
            scm.answers.append(HeartbeatReply(leader=True, commands=[late, stale]))
            await scm.after(3)
            assert await n.read(1, 0, 5) == b"12345"

    asyncio.run(run())


def test_commands_count_by_the_term_of_the_scm_that_took_the_node_in(tmp_path: Path) -> None:
    """An SCM that was loaded from a dump leads in an earlier term than the one before."""

    async def run() -> None:
        scm = RecordingScm(term=9)
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            await scm.after(1)
            scm.term = 2
            command = delete_command(1, 1, 1)
            command.term, command.valid_ms = 2, 60_000
            scm.answers.append(HeartbeatReply(leader=True, register_again=True))
            scm.answers.append(HeartbeatReply(leader=True, commands=[command]))
            await scm.after(4)
            with pytest.raises(NoSuchBlock):
                await n.read(1, 0, 5)

    asyncio.run(run())


def test_a_node_that_the_scm_forgot_registers_again_and_reports_all(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            await n.flush()
            await scm.after(2)
            scm.answers.append(HeartbeatReply(leader=True, register_again=True))
            await scm.after(3)
            assert len(scm.registrations) == 2
            assert scm.registrations[1].cluster_id == "cluster-1"
            assert [heartbeat.full_report for heartbeat in scm.heartbeats].count(True) == 2

    asyncio.run(run())


def test_a_volume_stays_with_its_cluster(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await scm.after(1)
            layout = n.work.volume.layout
            belong_to(n.disk, layout, "cluster-1")
            with pytest.raises(InvalidRequest):
                belong_to(n.disk, layout, "cluster-2")

    asyncio.run(run())


def test_corrupt_blocks_are_reported_once_and_in_every_full_report(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            await n.flush()
            await scm.after(2)
            n.work.volume.record_corrupt(bytes(7) + b"\x01" + bytes(7) + b"\x01", "a test")
            await scm.after(3)
            output = [request for request in scm.heartbeats if request.corrupt_blocks]
            assert len(output) == 1
            assert output[0].corrupt_blocks[0].block == BlockId(container=1, local=1)

    asyncio.run(run())


def test_block_that_is_corrupt_no_more_is_told_with_the_next_heartbeat(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm()
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            await n.write(2, b"12345")
            await n.flush()
            await scm.after(2)
            volume = n.work.volume
            for local in (1, 2):
                volume.record_corrupt(block_key(1, local), "a test")
            await until(lambda: sum(len(each.corrupt_blocks) for each in scm.heartbeats) == 2)
            told = len(scm.heartbeats)
            volume.corrupt_block_is_gone(block_key(1, 2))
            # Of one that never was corrupt there is nothing to tell.
            volume.corrupt_block_is_gone(block_key(1, 3))
            n.work.volume.tell_news()
            await scm.after(told + 1)
            mended = [block for each in scm.heartbeats for block in each.mended_blocks]
            assert mended == [BlockId(container=1, local=2)]
            scm.answers.append(HeartbeatReply(leader=True, register_again=True))
            await until(lambda: sum(each.full_report for each in scm.heartbeats) == 2)
            [full] = [each for each in scm.heartbeats[told:] if each.full_report]
            assert [each.block.local for each in full.corrupt_blocks] == [1]
            assert not full.mended_blocks

    asyncio.run(run())


def test_a_closed_container_takes_no_writes_and_stays_readable(tmp_path: Path) -> None:
    async def run() -> None:
        scm, ring = RecordingScm(), ListRing()
        async with node(tmp_path, ring=ring, scm=scm) as n:
            await n.write(1, b"12345")
            close = DataNodeCommand(term=1, close_container=CloseContainerCommand(container_id=1))
            scm.answers.append(HeartbeatReply(leader=True, commands=[close]))

            def reported() -> list[int]:
                return [
                    report.state for heartbeat in scm.heartbeats for report in heartbeat.containers
                ]

            await until(lambda: scm_pb2.CLOSED in reported())
            with pytest.raises(ContainerNotOpen):
                await n.write(2, b"x")
            with pytest.raises(ContainerNotOpen):
                await n.write(2, bytes(100 * KIB))
            assert await n.read(1, 0, 5) == b"12345"
            await scm.after(2)
            assert reported()[-1] == scm_pb2.CLOSED
        async with node(tmp_path, ring=ring) as n:
            with pytest.raises(ContainerNotOpen):
                await n.write(2, b"x")
            assert await n.read(1, 0, 5) == b"12345"

    asyncio.run(run())


def test_a_container_waits_for_its_streams_before_it_closes(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            stream = await n.writer.open(BlockId(container=1, local=1), PIPELINE, 2 * MIB)
            await stream.send(bytes(MIB))
            await n.pipeline.close_container(1)
            with pytest.raises(ContainerNotOpen):
                await n.write(2, b"x")
            await stream.send(bytes(MIB))
            assert await stream.finish() == 2 * MIB
            assert await n.read_stream(1, 0, 2 * MIB) == bytes(2 * MIB)
            await until(lambda: n.container().state.name == "CLOSED")

    asyncio.run(run())


def test_a_container_that_reaches_its_limit_closes_itself(tmp_path: Path) -> None:
    async def run() -> None:
        limits = config(container_bytes_max=200 * KIB, block_bytes_max=200 * KIB,
                        packed_block_bytes_max=100 * KIB)  # fmt: skip
        async with node(tmp_path, settings=limits) as n:
            for local in range(1, 5):
                await n.write(local, bytes(60 * KIB))
            await until(lambda: n.container().state.name == "CLOSED")
            with pytest.raises(ContainerNotOpen):
                await n.write(5, b"x")
            await n.write(5, b"x", container=2)

    asyncio.run(run())


def test_news_do_not_wait_for_the_next_heartbeat(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm(interval_ms=3_600_000)
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            await until(lambda: scm.heartbeats)
            # The writing alone is none.
            await n.flush()
            await n.pipeline.close_container(1)
            await until(lambda: n.container().state.name == "CLOSED")

            def states() -> list[int]:
                return [
                    report.state for heartbeat in scm.heartbeats for report in heartbeat.containers
                ]

            await until(lambda: states()[-1:] == [scm_pb2.CLOSED])
            n.work.volume.record_corrupt(bytes(7) + b"\x01" + bytes(7) + b"\x01", "a test")
            await until(lambda: scm.heartbeats[-1].corrupt_blocks)

    asyncio.run(run())


def test_all_containers_are_reported_again_from_time_to_time(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm(report_interval_ms=20)
        async with node(tmp_path, scm=scm) as n:
            await n.write(1, b"12345")
            await n.flush()
            # Its ring may have come after some reports: those from here on know of it.
            told = len(scm.heartbeats)

            def full() -> list[HeartbeatRequest]:
                return [each for each in scm.heartbeats[told:] if each.full_report]

            await until(lambda: len(full()) >= 4)
            assert all(len(heartbeat.containers) == 1 for heartbeat in full())
            assert len(scm.registrations) == 1
            # Those between say what changed.
            await until(lambda: any(not each.containers for each in scm.heartbeats[told:]))

    asyncio.run(run())


def test_heartbeats_say_which_start_of_the_node_they_are_of(tmp_path: Path) -> None:
    async def run() -> None:
        scm, ring = RecordingScm(), ListRing()
        for starts in (1, 2):
            async with node(tmp_path, ring=ring, scm=scm):
                await scm.after(2)
            assert len({request.instance for request in scm.registrations}) == starts
            told = {heartbeat.instance for heartbeat in scm.heartbeats}
            assert told == {request.instance for request in scm.registrations}

    asyncio.run(run())


def test_rest_is_shorter_where_somebody_waits() -> None:
    led, others_lead, leaderless = (True, True), (False, True), (False, False)
    for interval_ms, again_after_ms, (leads, has_leader), expected_ms in (
        (3_000, 300, led, 300),
        (100, 300, led, 100),
        (3_000, 1, led, 50),
        (3_000, 0, led, 3_000),
        (3_000, 300, others_lead, 3_000),
        (3_000, 0, leaderless, 250),
        (3_000, 2_000, leaderless, 2_000),
        (10, 0, leaderless, 10),
    ):
        actual_ms = rest_ms(
            interval_ms, again_after_ms=again_after_ms, leads=leads, has_leader=has_leader
        )
        assert actual_ms == expected_ms


def test_node_that_is_wanted_soon_comes_soon(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm(interval_ms=3_600_000)
        wanted = HeartbeatReply(leader=True, again_after_ms=1)
        scm.answers += [wanted, wanted, wanted]
        async with node(tmp_path, scm=scm):
            await until(lambda: len(scm.heartbeats) == 4)

    asyncio.run(run())


def test_node_looks_for_a_leader_while_there_is_none(tmp_path: Path) -> None:
    async def run() -> None:
        scm = RecordingScm(interval_ms=3_600_000)
        scm.answers += [HeartbeatReply(), HeartbeatReply()]
        async with node(tmp_path, scm=scm) as n:
            await until(lambda: len(scm.heartbeats) == 3)
            assert n.datanode.registered.is_set()

    asyncio.run(run())
