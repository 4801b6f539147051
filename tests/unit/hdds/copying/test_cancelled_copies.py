"""Streams of replicas that are cancelled while something of them is written: that is finished
first, and a disk that fails meanwhile holds nothing else up."""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.unit.hdds.copying.test_bounds import break_off, header
from tests.unit.hdds.copying.test_broken_copies import copy_by, interrupted
from tests.unit.hdds.copying.two import BLOCKS, CONTAINER, Two, contents, with_two
from tests.unit.hdds.ring.three import until
from trioxygen.common.errors import Unavailable
from trioxygen.hdds.copying.frames import end_frame
from trioxygen.proto.v1.datanode_pb2 import ImportContainerCommand


async def break_off_in_a_write(two: Two) -> None:
    lock = two.target.work.volume.commit_lock
    await two.close()
    # What comes first is written, and waits to be put.
    channel = interrupted(two, {1: lock.acquire})
    copying = asyncio.create_task(copy_by(two, channel, stall_ms=200).run())
    # The next try; it may as well wait for what this one has begun.
    with suppress(TimeoutError):
        async with asyncio.timeout(1.5):
            await until(lambda: len(channel.headers) > 1)
    lock.release()
    await copying
    assert two.is_copied()
    assert await contents(two.target) == BLOCKS
    copied = two.copied
    assert copied is not None
    assert copied.block_count == len(BLOCKS)
    assert copied.used_bytes == sum(map(len, BLOCKS.values()))


def test_blocks_that_a_broken_stream_has_yet_to_put_are_counted_once(tmp_path: Path) -> None:
    with_two(tmp_path, break_off_in_a_write)


async def cancel_at_the_end(two: Two) -> None:
    imports, volume = two.target.datanode.imports, two.target.work.volume
    upload: Any = await two.network.channel("target").upload("DataNode/ImportContainer", header())
    await until(lambda: two.copied is not None)
    await two.target.work.flusher.flush_all()
    go_on = threading.Event()
    held = volume.store_lane.run(go_on.wait)
    try:
        await upload.send(end_frame([]))
        await until(lambda: imports._incoming[CONTAINER]._step is not None)
        cancelling = asyncio.create_task(upload.cancel())
        await until(lambda: upload.task.cancelling() > 0)
    finally:
        go_on.set()
    await held
    await cancelling
    await until(two.is_copied)
    for incoming in imports._incoming.values():
        incoming.expires_ms = 0
    await imports.work()
    assert two.is_copied()
    assert len(imports) == 0
    assert volume.room.under_way_bytes == 0


def test_replica_that_became_whole_after_its_stream_was_cancelled_stays(tmp_path: Path) -> None:
    with_two(tmp_path, cancel_at_the_end)


async def cancel_at_the_beginning(two: Two) -> None:
    imports, work = two.target.datanode.imports, two.target.work
    ring = await work.rings.local()
    import_container, is_logged, go_on = ring.import_container, asyncio.Event(), asyncio.Event()

    async def import_slowly(command: ImportContainerCommand) -> None:
        await import_container(command)
        is_logged.set()
        await go_on.wait()

    ring.import_container = import_slowly  # type: ignore[method-assign]
    channel = two.network.channel("target")
    opening = asyncio.create_task(channel.upload("DataNode/ImportContainer", header()))
    await is_logged.wait()
    opening.cancel()
    # Its handler is told, and stays for what it has begun.
    await until(lambda: len(imports._finishing._tasks) == 2)
    go_on.set()
    await asyncio.wait((opening,))
    await imports.finished()
    # It can be gone on with, and is dropped where nobody does.
    assert not imports._incoming[CONTAINER].is_running
    imports._incoming[CONTAINER].expires_ms = 0
    await imports.work()
    await until(lambda: two.copied is None)
    assert len(imports) == 0
    assert work.volume.room.under_way_bytes == 0


def test_replica_whose_stream_was_cancelled_as_it_began_is_dropped(tmp_path: Path) -> None:
    with_two(tmp_path, cancel_at_the_beginning)


async def lose_the_disk(two: Two) -> None:
    imports, works = two.target.datanode.imports, two.target.datanode.works
    await break_off(two, header())
    await until(lambda: not imports._incoming[CONTAINER].is_running)
    imports._incoming[CONTAINER].expires_ms = 0
    [lost] = works
    works.clear()
    await lost.rings.abandon(Unavailable("the disk has failed"))
    await imports.work()
    assert len(imports) == 0
    works.append(lost)


def test_copy_that_was_on_its_way_to_a_disk_that_failed_is_forgotten(tmp_path: Path) -> None:
    with_two(tmp_path, lose_the_disk)
