"""The cache of open block files: shared openings, uses and drops."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from trioxygen.common.blocking import Lane
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.container.layout import VolumeLayout
from trioxygen.hdds.container.open_files import FileId, OpenFiles

T = TypeVar("T")
FILE = FileId(1, 0, 0)


class InlineBlocking:
    """Runs at once: what it returns is done, and only its callbacks have yet to run."""

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(function(*arguments))
        except OSError as error:
            future.set_exception(error)
        return future

    def lane(self, name: str) -> Lane:
        raise AssertionError(name)

    def close(self) -> None:
        pass


def open_files(folder: Path) -> OpenFiles:
    VolumeLayout(folder).containers.mkdir()
    return OpenFiles(SystemDisk(), InlineBlocking(), VolumeLayout(folder), files_max=2)


def test_user_that_comes_between_the_opening_and_its_callback_gets_the_file(
    tmp_path: Path,
) -> None:
    async def steps() -> None:
        files = open_files(tmp_path)
        first, second = await asyncio.gather(
            files.acquire(FILE, create=True), files.acquire(FILE, create=True)
        )
        assert first is second and first.users == 2
        files.release(first)
        files.release(second)
        files.close()

    asyncio.run(asyncio.wait_for(steps(), 60))


def test_missing_file_is_told_to_each_user(tmp_path: Path) -> None:
    async def steps() -> None:
        files = open_files(tmp_path)
        actual = await asyncio.gather(
            files.acquire(FILE), files.acquire(FILE), return_exceptions=True
        )
        assert [type(each) for each in actual] == [FileNotFoundError] * 2

    asyncio.run(asyncio.wait_for(steps(), 60))
