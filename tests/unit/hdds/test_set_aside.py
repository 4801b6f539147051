"""What an older store let in is set aside: the node starts, says so once, and goes on."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.unit.hdds.recording_scm import RecordingScm
from tests.unit.hdds.support import ListRing, Node, node
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import UnknownFormat
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.hdds.container.blocks import CONTAINERS, TABLES, block_key, container_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.layout import container_of
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow

BEYOND = [0, NUMBER_MAX + 1, 2**64 - 1]


def write_container(root: Path, container_id: int, *, highest_local: int = 1) -> None:
    """As an older version left it: a folder and a row."""
    (root / "containers" / str(container_id)).mkdir(exist_ok=True)
    store = LmdbStore(root / "index", TABLES, reserve_bytes=8 << 20)
    txn = store.begin()
    row = DataNodeContainerRow(
        container_id=container_id, state=scm_pb2.OPEN, highest_local=highest_local
    )
    CONTAINERS.put(txn, container_key(container_id), row)
    txn.commit()
    store.close()


def set_aside_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    output = [record.getMessage() for record in caplog.records]
    return [line for line in output if line.startswith("container_unhealthy")]


async def goes_on(started: Node, scm: RecordingScm, container_id: int) -> None:
    await scm.after(2)
    for heartbeat in scm.heartbeats:
        # What an SCM holds each request to before it looks at it.
        assert RULES.fault(heartbeat) is None
    assert {1} <= {report.container_id for report in scm.heartbeats[0].containers}
    assert started.container(container_id).state is ContainerState.UNHEALTHY
    await started.write(7, b"served")
    assert await started.read(7, 0, 6) == b"served"


@pytest.mark.parametrize("container_id", BEYOND)
def test_container_beyond_all_ids_is_set_aside_and_heartbeats_work(
    tmp_path: Path, container_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as first:
            await first.write(1, b"before")
        write_container(tmp_path, container_id)
        with caplog.at_level(logging.INFO):
            for _ in range(2):
                scm = RecordingScm()
                async with node(tmp_path, ring=ring, scm=scm) as again:
                    key = block_key(container_id, 1)
                    again.work.volume.record_corrupt(key, "damaged")
                    await goes_on(again, scm, container_id)
                    reported = [r.container_id for beat in scm.heartbeats for r in beat.containers]
                    assert container_id not in reported
                    shown = {r.container_id: r.state for r in again.datanode.describe().containers}
                    assert shown[container_id] == scm_pb2.UNHEALTHY
                    assert await again.read(1, 0, 6) == b"before"
        [line] = set_aside_lines(caplog)
        assert f"container={container_id}" in line

    asyncio.run(run())


async def set_aside_once(
    root: Path, caplog: pytest.LogCaptureFixture, container_id: int, leave: Callable[[Path], None]
) -> RecordingScm:
    """A node is started again on a folder in which an older version left something."""
    ring, scm = ListRing(), RecordingScm()
    async with node(root, ring=ring) as first:
        await first.write(1, b"before")
    leave(root)
    with caplog.at_level(logging.INFO):
        async with node(root, ring=ring, scm=scm) as again:
            await goes_on(again, scm, container_id)
    assert len(set_aside_lines(caplog)) == 1
    return scm


def test_container_without_a_row_is_set_aside_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def leave(root: Path) -> None:
        (root / "containers" / "0").mkdir()

    asyncio.run(set_aside_once(tmp_path, caplog, 0, leave))


def test_block_beyond_all_ids_makes_its_container_unhealthy_and_no_report_too_high(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave = partial(write_container, container_id=2, highest_local=2**64 - 1)
    scm = asyncio.run(set_aside_once(tmp_path, caplog, 2, leave))
    [report] = [
        container for container in scm.heartbeats[0].containers if container.container_id == 2
    ]
    assert report.state == scm_pb2.UNHEALTHY


@pytest.mark.parametrize("name", ["007", "99999999999999999999", str(2**64), "-1", "1 ", "x"])
def test_folder_that_stands_for_no_container_is_named(tmp_path: Path, name: str) -> None:
    async def run() -> None:
        async with node(tmp_path) as first:
            await first.write(1, b"before")
        (tmp_path / "containers" / name).mkdir()
        with pytest.raises(UnknownFormat, match="not a container"):
            async with node(tmp_path):
                pass

    assert container_of(name) is None
    asyncio.run(run())


def test_report_of_a_container_within_ids_is_as_it_is() -> None:
    assert Container(1, highest_local=NUMBER_MAX).is_within_ids
    assert Container(5, highest_local=77).report("node-1").highest_local == 77
