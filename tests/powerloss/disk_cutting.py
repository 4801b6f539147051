"""A DataNode's disk, recorded under load, and the DataNode started on what power losses leave of
it: in this process, so that hundreds of images cost little."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.crash.model import Content
from tests.integration.store_process import wait_until
from tests.powerloss.cutting import ImageWrong, Recording, choose_cuts, images
from tests.powerloss.disk_load import (
    COPIED_FIRST,
    LIFE_IDS,
    NODE,
    WHOLE_RING,
    Blocks,
    member,
    pipeline,
)
from tests.powerloss.history import History, Step
from tests.powerloss.recording import kill_recorded, recorded
from tests.powerloss.trace import read_trace
from tests.unit.hdds.ring.three import Member
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import NoSuchBlock, NoSuchContainer, TrioxygenError
from trioxygen.common.rpc.local import LocalNetwork

_START_SECONDS_MAX: Final = 60
_END_SECONDS_MAX: Final = 60
# A busy machine does little in the seconds of a life: there has to be something to be lost.
_ENOUGH_SECONDS_MAX: Final = 120
_ACKNOWLEDGED_MIN: Final = 100
_NEW_CONTAINER: Final = 900_000
_GOING: Final = frozenset({ContainerState.DELETING, ContainerState.RECOVERING})


@dataclass(frozen=True, slots=True)
class DiskRecording:
    """Attributes: closed: containers, and when it was told that they are."""

    recording: Recording
    closed: Sequence[tuple[int, int]] = field(default=())

    @property
    def history(self) -> History:
        [history] = self.recording.histories
        return history


def record_disk(
    folder: Path,
    library: Path,
    lives: Sequence[float],
    rng: random.Random,
    *,
    skipped_syncs: str | None = None,
) -> DiskRecording:
    """Args: lives: for so many seconds of load; after each the process is killed, and started
    again on another load, with the containers of before left as they are."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    traces: list[Path] = []
    for number, seconds in enumerate(lives):
        other, trace = folder / f"other-{number}", folder / f"trace-{number}"
        other.mkdir()
        traces.append(trace)
        notes = folder / f"notes-{number}"
        environment = os.environ | recorded(library, disk, trace, skipped_syncs)
        command = [sys.executable, "-m", "tests.powerloss.disk_load"]
        arguments = [str(disk), str(other), str(notes), str(rng.getrandbits(32)), str(number)]
        process = subprocess.Popen([*command, *arguments], env=environment)
        try:
            wait_until(notes.exists, seconds_max=_START_SECONDS_MAX)
            # The moment is as good as any, so it is slept for.
            time.sleep(seconds)
            wait_until(partial(_has_enough, notes), seconds_max=_ENOUGH_SECONDS_MAX)
            assert process.poll() is None, "the load ended by itself"
            kill_recorded(trace)
            process.wait(timeout=_END_SECONDS_MAX)
        finally:
            process.kill()
            process.wait()
    events = [event for trace in traces for event in read_trace(trace)]
    history, closed = _read_notes([folder / f"notes-{number}" for number in range(len(lives))])
    never = Step(0, None)
    return DiskRecording(Recording(disk.resolve(), events, never, [history]), closed)


def _has_enough(notes: Path) -> bool:
    """Acknowledged, of each kind of thing that comes seldom."""
    # What is being written may be half a line.
    told = [json.loads(line) for line in notes.read_text().splitlines(keepends=True)[:-1]]
    closed = [rest[0] for _, what, *rest in told if what == "closed"]
    copied = any(container % LIFE_IDS >= COPIED_FIRST for container in closed)
    removed = any(what == "removed" for _, what, *_ in told)
    acknowledged = sum(len(line) == 2 for line in told)
    return copied and removed and acknowledged > _ACKNOWLEDGED_MIN


def _read_notes(paths: Sequence[Path]) -> tuple[History, list[tuple[int, int]]]:
    history, closed = History(), list[tuple[int, int]]()
    for path in paths:
        steps: dict[int, Step] = {}
        for line in path.read_text().splitlines():
            at_ns, what, *rest = json.loads(line)
            if what == "closed":
                closed.append((rest[0], at_ns))
            elif what == "removed":
                continue
            elif rest:
                key, value = rest
                steps[what] = Step(at_ns, None if value is None else Content(*value))
                history.keys.setdefault(key, []).append(steps[what])
            else:
                steps[what].acknowledged_ns = at_ns
    return history, closed


def check_disk_images(
    recording: DiskRecording, count: int, folder: Path, rng: random.Random
) -> None:
    """Raises: ImageWrong, for the first one, and leaves it there."""
    whole = recording.recording
    cuts = choose_cuts(whole, count, rng)
    for cut, home in images(whole, cuts, folder, rng):
        # Of an image without a name nothing is left.
        (home / "data").mkdir(exist_ok=True)
        try:
            asyncio.run(_check(home / "data", recording, whole.cut_ns(cut)))
        except (AssertionError, TrioxygenError, OSError) as error:
            raise ImageWrong(f"after {cut} of {len(whole.events)} events: {home}") from error
        _remove(home)


async def _check(disk: Path, recording: DiskRecording, at_ns: int) -> None:
    node = member(NODE, disk, LocalNetwork(encode=True))
    await node.start()
    try:
        await _check_blocks(node, recording.history, at_ns)
        _check_closed(node, recording, at_ns)
        assert not node.work.volume.corrupt, node.work.volume.corrupt
        await _check_goes_on(node)
    finally:
        await node.end()


async def _check_blocks(node: Member, history: History, at_ns: int) -> None:
    for key in history.keys:
        possible = history.possible(key, at_ns)
        sizes = {state.size_bytes for state in possible if state is not None}
        assert len(sizes) <= 1, "a block is written once"
        container, local = map(int, key.split("/"))
        data = await _read(node, container, local, max(sizes, default=1))
        if data is None:
            assert None in possible, f"{key} is gone; possible: {possible}"
        else:
            contents = [state.body for state in possible if state is not None]
            assert data in contents, f"{key}: {len(data)} other bytes; possible: {possible}"


async def _read(node: Member, container: int, local: int, size_bytes: int) -> bytes | None:
    here = node.work.volume.containers.get(container)
    if here is None or here.state in _GOING:
        return None
    try:
        return await node.read(container, local, size_bytes)
    except (NoSuchBlock, NoSuchContainer):
        return None


def _check_closed(node: Member, recording: DiskRecording, at_ns: int) -> None:
    for container, told_ns in recording.closed:
        here = node.work.volume.containers.get(container)
        if told_ns < at_ns and here is not None:
            assert here.state in {ContainerState.CLOSED, ContainerState.DELETING}, (
                container,
                here.state,
            )


async def _check_goes_on(node: Member) -> None:
    """It takes writes, as before."""
    await node.datanode.homes.join(pipeline(WHOLE_RING))
    blocks = Blocks(node, WHOLE_RING)
    for local, size_bytes in ((1, 100), (2, 10_000), (3, 40_000)):
        data = random.Random(local).randbytes(size_bytes)
        await blocks.put(_NEW_CONTAINER, local, data)
        assert await node.read(_NEW_CONTAINER, local, size_bytes) == data


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
