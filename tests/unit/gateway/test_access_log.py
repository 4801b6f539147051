"""The access log: one line a request whatever the key holds, bounded memory, rotation."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trioxygen.common.disk import Buffer
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.system_disk import SystemDisk, SystemFile
from trioxygen.gateway.access_log import AccessLog

Steps = Callable[[Runtime, AccessLog], Coroutine[Any, Any, None]]


def run(path: Path, steps: Steps, **bounds: int) -> None:
    async def all_of_it() -> None:
        runtime = system_runtime(LocalNetwork())
        access_log = AccessLog(runtime, path, **bounds)
        await access_log.open()
        await steps(runtime, access_log)
        await access_log.close()
        await runtime.stop()

    asyncio.run(all_of_it())


def write(access_log: AccessLog, key: str = "k", bucket: str = "b") -> None:
    access_log.write(
        request_id="R1",
        trace="0af7651916cd43dd8448eb211c80319c",
        remote="127.0.0.1",
        account="A1",
        caller="arn:aws:iam::A1:user/ann",
        operation="PutObject",
        bucket=bucket,
        key=key,
        status=200,
        bytes_in=4_096,
        bytes_out=0,
        duration_ms=1.2345,
        error_code="",
        decision="owner",
    )


def dropped(runtime: Runtime) -> float:
    return runtime.registry.get_sample_value("trioxygen_access_log_lines_dropped_total") or 0.0


def test_line_holds_what_happened(tmp_path: Path) -> None:
    async def steps(_: Runtime, access_log: AccessLog) -> None:
        write(access_log)

    run(tmp_path / "logs" / "access.log", steps)
    line = json.loads((tmp_path / "logs" / "access.log").read_text())
    assert line.pop("time").endswith("Z")
    assert line == {
        **{"request_id": "R1", "remote": "127.0.0.1", "account": "A1", "operation": "PutObject"},
        **{"bucket": "b", "key": "k", "status": 200, "bytes_in": 4_096, "bytes_out": 0},
        **{"trace": "0af7651916cd43dd8448eb211c80319c"},
        **{"caller": "arn:aws:iam::A1:user/ann"},
        **{"duration_ms": 1.23, "error_code": "", "decision": "owner"},
    }


@settings(max_examples=30, deadline=None)
@given(key=st.text(), bucket=st.text())
def test_names_cannot_forge_lines_or_fields(tmp_path_factory: Any, key: str, bucket: str) -> None:
    path = tmp_path_factory.mktemp("log") / "access.log"

    async def steps(_: Runtime, access_log: AccessLog) -> None:
        write(access_log, key, bucket)
        write(access_log, "next")

    run(path, steps)
    first, second = path.read_bytes().splitlines()
    assert json.loads(first)["key"] == key and json.loads(first)["bucket"] == bucket
    assert json.loads(second)["key"] == "next"


def test_lines_beyond_the_buffer_are_dropped_and_counted(tmp_path: Path) -> None:
    async def steps(runtime: Runtime, access_log: AccessLog) -> None:
        for _ in range(25):
            write(access_log)
        assert dropped(runtime) == 15
        await access_log.work()
        write(access_log)
        assert dropped(runtime) == 15

    run(tmp_path / "access.log", steps, lines_max=10)
    assert len((tmp_path / "access.log").read_text().splitlines()) == 11


def test_log_goes_on_at_its_end_after_a_restart(tmp_path: Path) -> None:
    async def steps(_: Runtime, access_log: AccessLog) -> None:
        write(access_log)

    run(tmp_path / "access.log", steps)
    run(tmp_path / "access.log", steps)
    assert len((tmp_path / "access.log").read_text().splitlines()) == 2


def test_full_file_is_rotated_and_the_oldest_removed(tmp_path: Path) -> None:
    async def steps(_: Runtime, access_log: AccessLog) -> None:
        for number in range(6):
            write(access_log, f"{number}")
            await access_log.work()

    run(tmp_path / "access.log", steps, file_bytes_max=1, files_max=3)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["access.log", "access.log.1", "access.log.2"]
    keys = [json.loads((tmp_path / name).read_text())["key"] for name in names]
    assert keys == ["5", "4", "3"]


def test_one_file_is_kept_when_only_one_may_be(tmp_path: Path) -> None:
    async def steps(_: Runtime, access_log: AccessLog) -> None:
        for number in range(3):
            write(access_log, f"{number}")
            await access_log.work()

    run(tmp_path / "access.log", steps, file_bytes_max=1, files_max=1)
    assert [path.name for path in tmp_path.iterdir()] == ["access.log"]
    assert json.loads((tmp_path / "access.log").read_text())["key"] == "2"


def test_worker_writes_within_its_interval(tmp_path: Path) -> None:
    async def steps(runtime: Runtime, access_log: AccessLog) -> None:
        runtime.tasks.start_worker(access_log)
        write(access_log)
        for _ in range(3_000):
            if (tmp_path / "access.log").stat().st_size:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("not written")

    run(tmp_path / "access.log", steps)


class SlowFile:
    """Written when the test says so."""

    def __init__(self, file: SystemFile, disk: "SlowDisk") -> None:
        self._file, self._disk = file, disk

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        self._disk.is_writing.set()
        assert self._disk.may_write.wait(20)
        return self._file.pwrite(buffers, offset_bytes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class SlowDisk(SystemDisk):
    def __init__(self) -> None:
        self.is_writing, self.may_write = threading.Event(), threading.Event()

    def open(self, path: Path, *, create: bool = False) -> Any:
        return SlowFile(super().open(path, create=create), self)


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_file_that_is_being_written_is_closed_afterwards(
    tmp_path: Path, is_cancelled: bool
) -> None:
    disk, path = SlowDisk(), tmp_path / "access.log"

    async def steps() -> None:
        runtime = replace(system_runtime(LocalNetwork()), disk=disk)
        access_log = AccessLog(runtime, path)
        await access_log.open()
        write(access_log)
        working = asyncio.ensure_future(access_log.work())
        await asyncio.to_thread(disk.is_writing.wait, 20)
        write(access_log)
        if is_cancelled:
            working.cancel()
        closing = asyncio.ensure_future(access_log.close())
        await asyncio.sleep(0)
        assert not closing.done()
        disk.may_write.set()
        await closing
        await asyncio.wait((working,))
        assert working.cancelled() is is_cancelled and dropped(runtime) == 0
        await runtime.stop()

    asyncio.run(steps())
    assert len(path.read_text().splitlines()) == 2
