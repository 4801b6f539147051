"""What a program does with its namespace that it should not: it is told so at once, and nothing
that is half written stays."""

import asyncio
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.hdds.client.namespaces.test_namespace import DATA, labels, with_hdds, write
from tests.unit.hdds.scm_cluster import ScmCluster
from trioxygen.common.errors import InvalidRequest, Stopping
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.client import Hdds, connect


def test_more_than_was_said_is_refused_and_nothing_of_it_stays(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"first", b"first")
            async with logs.writer(size_bytes=10) as writer:
                await writer.write(b"0123456")
                with pytest.raises(InvalidRequest, match="more bytes than the writer"):
                    await writer.write(b"78", b"9 and more")
                with pytest.raises(InvalidRequest, match="has ended"):
                    await writer.commit(b"cut")
            async with logs.writer(size_bytes=10) as writer:
                await writer.write(b"less")
                (less,) = await writer.commit(b"less")
            with pytest.raises(InvalidRequest, match="no size"):
                logs.writer(size_bytes=-1)
            assert await logs.read_all(less) == b"less"
            assert await labels(logs) == [b"first", b"less"]

    with_hdds(tmp_path, scenario)


def test_writer_that_failed_or_was_cancelled_in_the_middle_commits_nothing(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"first", b"first")
            writer = logs.writer()
            await writer.write(DATA)
            with pytest.raises(TypeError):
                await writer.write("text")  # type: ignore[arg-type]
            with pytest.raises(InvalidRequest, match="has ended"):
                await writer.commit(b"failed")
            writer = logs.writer()
            await writer.write(DATA[:MIB])
            cancelled = asyncio.ensure_future(writer.write(DATA))
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.wait((cancelled,))
            assert cancelled.cancelled()
            with pytest.raises(InvalidRequest, match="has ended"):
                await writer.commit(b"cancelled")
            assert await labels(logs) == [b"first"]

    with_hdds(tmp_path, scenario)


def test_bytes_of_every_kind_are_written_as_they_lie_in_memory(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            words = memoryview(array("I", range(50 * KIB)))
            whole = words.tobytes()
            (small,) = await write(logs, words[:100], b"small")  # type: ignore[arg-type]
            assert await logs.read_all(small) == whole[:400]
            for kind in (bytearray(whole), memoryview(whole), words):
                refs = await logs.write(kind)
                assert await logs.read_all(refs) == whole
                async with logs.writer() as writer:
                    await writer.write(kind, kind)
                    refs = await writer.commit()
                assert await logs.read_all(refs) == whole * 2
                async with await logs.allocate(MIB) as block:
                    await block.write(kind)
                    assert await logs.read_all(await block.commit()) == whole

    with_hdds(tmp_path, scenario)


def test_who_goes_on_after_the_end_is_told_at_once(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"first")
        with pytest.raises(Stopping):
            await logs.write(b"more")
        await hdds.stop()
        for call in (hdds.create_namespace("more"), hdds.delete_namespace("logs"), logs.info()):
            with pytest.raises(Stopping):
                await call

    with_hdds(tmp_path, scenario)


@pytest.mark.parametrize(
    "scms",
    [
        [],
        "127.0.0.1:9860",
        ["127.0.0.1"],
        ["scm1"],
        ["127.0.0.1:99999"],
        ["http://scm1:9860"],
        [""],
    ],
    ids=repr,
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(scms: Sequence[str]) -> None:
    async def connected() -> None:
        async with connect(scms):
            raise AssertionError("connected")

    with pytest.raises(ValueError, match=r"SCMs|HOST:PORT"):
        asyncio.run(connected())
