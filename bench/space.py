"""Small objects are stored and most of them deleted: when their bytes are back, and what it costs.

They lie packed in segments of a DataNode: deleted ones are punched out, and segments of which
little is left are rewritten.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.accounting import process_tree_usage
from bench.local import LocalServer
from bench.measure import Operation, run_all
from bench.phases import SMALL_BYTES, delete_operation, put_operation
from bench.report import aligned, number
from bench.session import Payload, Session

# So that a run need not wait for readers that are not there.
SETTINGS: Final = {"O3_METADATA__GC_DELAY_SECONDS": "5"}
# Of each ten objects, those that are deleted.
_DELETED_OF_TEN: Final = 9
_CONCURRENCY: Final = 32
_STEP_OBJECTS: Final = 10_000
_POLL_SECONDS: Final = 1.0
# So long nothing has changed when it is over.
_STILL_SECONDS: Final = 10.0
_WAIT_SECONDS_MAX: Final = 600.0
_BLOCK_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Stage:
    """How it was at the end of a stage, and what that stage took.

    Attributes:
        data_bytes: of disk that blocks take; `log_bytes`, `index_bytes`: what logs and LMDB take.
        cpu_seconds: of all server processes.
    """

    name: str
    seconds: float
    cpu_seconds: float
    data_bytes: int
    log_bytes: int
    index_bytes: int


def disk_bytes(root: Path, counts: Callable[[Path], bool]) -> int:
    """What files take on the disk; holes take nothing."""
    total = 0
    for path in root.rglob("*"):
        try:
            if path.is_file() and counts(path):
                total += path.stat().st_blocks * _BLOCK_BYTES
        except FileNotFoundError:
            continue  # it was removed between the listing and the look
    return total


def is_data(path: Path) -> bool:
    return "containers" in path.parts


def is_index(path: Path) -> bool:
    return path.suffix == ".mdb"


def is_log(path: Path) -> bool:
    return not is_data(path) and not is_index(path)


class Measured:
    """The stages of one run."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self._began, self._spent = time.perf_counter(), self._cpu_seconds()
        self.stages: list[Stage] = []

    def _cpu_seconds(self) -> float:
        return process_tree_usage(self._server.pid).cpu_seconds

    def end_stage(self, name: str, *, until: float | None = None) -> None:
        """Args: until: when it was over, if that was some time ago."""
        now, spent, folder = time.perf_counter(), self._cpu_seconds(), self._server.folder
        self.stages.append(
            Stage(
                name,
                (until or now) - self._began,
                spent - self._spent,
                disk_bytes(folder, is_data),
                disk_bytes(folder, is_log),
                disk_bytes(folder, is_index),
            )
        )
        self._began, self._spent = time.perf_counter(), self._cpu_seconds()


async def measure_space(
    server: LocalServer, session: Session, *, objects: int, seed: int
) -> list[Stage]:
    """Raises TimeoutError: the bytes do not come back."""
    client = session.client()
    await session.create_bucket(client)
    client.close()
    rng = random.Random(seed)
    payloads = [Payload.random(SMALL_BYTES, rng) for _ in range(64)]
    numbers = list(range(objects))
    measured = Measured(server)

    def puts(some: Sequence[int]) -> list[Operation]:
        chosen = [(number, payloads[number % len(payloads)]) for number in some]
        return [put_operation(session.put(f"k/{n:08d}", each), each) for n, each in chosen]

    def deletes(some: Sequence[int]) -> list[Operation]:
        return [delete_operation(session.delete(f"k/{number:08d}")) for number in some]

    await _in_steps(session, numbers, puts)
    measured.end_stage("stored")
    # Those that stay lie between the others.
    rng.shuffle(numbers)
    await _in_steps(session, numbers[: objects * _DELETED_OF_TEN // 10], deletes)
    measured.end_stage("deleted")
    still_since = await _until_still(server.folder, measured.stages[-1].data_bytes)
    measured.end_stage("given back", until=still_since)
    return measured.stages


async def _in_steps(
    session: Session, numbers: Sequence[int], make: Callable[[Sequence[int]], list[Operation]]
) -> None:
    """Requests are signed a step at a time: signatures end, and all of them would take memory."""
    for start in range(0, len(numbers), _STEP_OBJECTS):
        await run_all(session, make(numbers[start : start + _STEP_OBJECTS]), _CONCURRENCY)


async def _until_still(folder: Path, at_first: int) -> float:
    """When the bytes had come back: since then nothing has changed."""
    last, since = at_first, time.perf_counter()
    end = since + _WAIT_SECONDS_MAX
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        now, taken = time.perf_counter(), disk_bytes(folder, is_data)
        if taken != last:
            last, since = taken, now
        if last < at_first and now - since >= _STILL_SECONDS:
            return since
        if now > end:
            raise TimeoutError(f"{taken} bytes of {at_first} are still there")


def show(stages: Sequence[Stage], objects: int) -> None:
    rows = [("stage", "s", "CPU s", "blocks MB", "logs MB", "indexes MB")]
    for stage in stages:
        rows.append(
            (
                stage.name,
                number(stage.seconds),
                number(stage.cpu_seconds),
                number(stage.data_bytes / 1e6),
                number(stage.log_bytes / 1e6),
                number(stage.index_bytes / 1e6),
            )
        )
    print(aligned(rows))
    [stored, _, given_back] = stages
    gone = objects * _DELETED_OF_TEN // 10
    back = stored.data_bytes - given_back.data_bytes
    kept = (objects - gone) * SMALL_BYTES
    print(
        f"{gone:,} of {objects:,} objects deleted: {number(back / 1e6)} MB of "
        f"{number(gone * SMALL_BYTES / 1e6)} MB are back, {number(given_back.data_bytes / 1e6)} MB "
        f"hold {number(kept / 1e6)} MB; {number(given_back.cpu_seconds / gone * 1e6)} us of CPU "
        "for each deleted object"
    )
