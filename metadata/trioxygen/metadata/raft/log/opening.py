"""The segments that a log starts with: those that are there, or its first."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from trioxygen.common.blocking import run_or_undo
from trioxygen.common.finishing import to_the_end
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.log.format import SEGMENT_HEADER_BYTES, SegmentHeader
from trioxygen.metadata.raft.log.mending import StatesHeld
from trioxygen.metadata.raft.log.recovery import Recovered, recover
from trioxygen.metadata.raft.log.segment import Segment, make_segment


async def open_segments(
    runtime: Runtime,
    directory: Path,
    *,
    segment_bytes: int,
    spares_max: int,
    states: StatesHeld | None,
) -> Recovered:
    """Raises as `WriteAheadLog.open`; nothing is open then, nor written any more."""
    disk, blocking = runtime.disk, runtime.blocking
    await to_the_end(blocking.run(disk.make_directory, directory))
    recovered = await run_or_undo(
        blocking,
        partial(recover, disk, directory, spares_max=spares_max, states=states),
        lambda recovered: _close(recovered.segments),
    )
    if recovered.segments:
        return recovered
    header = SegmentHeader(
        log_id=runtime.rng.getrandbits(64),
        base_offset=0,
        size_bytes=segment_bytes,
        salt=runtime.rng.getrandbits(64),
    )
    first = await run_or_undo(
        blocking, partial(make_segment, disk, directory, header), lambda first: _close([first])
    )
    return replace(recovered, segments=[first], end_offset=SEGMENT_HEADER_BYTES)


def _close(segments: Sequence[Segment]) -> None:
    for segment in segments:
        segment.file.close()
