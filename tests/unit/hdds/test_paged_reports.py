"""A node with more containers than one heartbeat takes reports them in several, at once."""

import asyncio
from pathlib import Path

from tests.unit.hdds.recording_scm import RecordingScm
from tests.unit.hdds.support import ListRing, config, node
from trioxygen.common.errors import Unreachable
from trioxygen.proto.v1.scm_pb2 import HeartbeatReply

CONTAINERS = range(1, 8)


def pages_of(scm: RecordingScm) -> list[tuple[bool, bool, set[int]]]:
    """(begins, goes on, containers) of each heartbeat."""
    return [
        (
            heartbeat.full_report,
            heartbeat.more,
            {report.container_id for report in heartbeat.containers},
        )
        for heartbeat in scm.heartbeats
    ]


def test_report_of_many_containers_ends_with_its_last_page(tmp_path: Path) -> None:
    async def run() -> None:
        scm, ring = RecordingScm(), ListRing()
        async with node(tmp_path, ring=ring) as n:
            for container in CONTAINERS:
                await n.write(1, b"12345", container=container)
        settings = config(reported_at_once_max=3)
        async with node(tmp_path, ring=ring, scm=scm, settings=settings):
            await scm.after(5)
            pages = pages_of(scm)
            assert [page[:2] for page in pages[:4]] == [
                (True, True),
                (False, True),
                (False, False),
                (False, False),
            ]
            assert [len(page[2]) for page in pages[:4]] == [3, 3, 1, 0]
            assert set().union(*(page[2] for page in pages)) == set(CONTAINERS)

    asyncio.run(run())


def test_pages_that_were_not_answered_come_again(tmp_path: Path) -> None:
    async def run() -> None:
        scm, ring = RecordingScm(), ListRing()
        async with node(tmp_path, ring=ring) as n:
            for container in CONTAINERS:
                await n.write(1, b"12345", container=container)
        scm.answers += [
            Unreachable(),
            HeartbeatReply(
                leader=True,
            ),
            Unreachable(),
            HeartbeatReply(),
        ]
        settings = config(reported_at_once_max=3)
        async with node(tmp_path, ring=ring, scm=scm, settings=settings):
            async with asyncio.timeout(20):
                while len(scm.heartbeats) < 7:
                    await scm.after(1)
            pages = pages_of(scm)
            heard = [page for number, page in enumerate(pages) if number not in (0, 2)]
            assert [page[:2] for page in heard[:3]] == [(True, True), (False, True), (False, False)]
            assert set().union(*(page[2] for page in heard)) == set(CONTAINERS)

    asyncio.run(run())
