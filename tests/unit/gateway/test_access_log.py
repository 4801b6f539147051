"""The access log: one line a request whatever the key holds, bounded memory, rotation."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trioxygen.common.network_local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
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
        remote="127.0.0.1",
        account="A1",
        operation="PutObject",
        bucket=bucket,
        key=key,
        status=200,
        bytes_in=4_096,
        bytes_out=0,
        duration_ms=1.2345,
        error_code="",
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
        **{"duration_ms": 1.23, "error_code": ""},
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
        for _ in range(200):
            if (tmp_path / "access.log").stat().st_size:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("not written")

    run(tmp_path / "access.log", steps)
