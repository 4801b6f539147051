"""A recording under load, the places at which it is cut, and a store started on each image."""

import random
import shutil
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from tests.integration.store_process import StoreProcess, wait_until
from tests.powerloss.checking import check
from tests.powerloss.history import History, Step, begin
from tests.powerloss.images import Replay
from tests.powerloss.load import BUCKET, Load
from tests.powerloss.recording import RecordedStore
from tests.powerloss.trace import Event, Kind, read_trace

CONFIG: Final[Mapping[str, object]] = {
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    # Small, so that segments of the logs end and begin, and containers close, while it runs.
    "metadata.log_segment_bytes": 1 << 20,
    "storage.log_segment_bytes": 1 << 20,
    "storage.container_bytes": 6 << 20,
    "storage.block_bytes": 2 << 20,
    "storage.reserved_bytes": 16 << 20,
}
_NEVER_NS: Final = 1 << 63
_AWAITED_SECONDS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Recording:
    """Attributes:
    root: the folder of which the events tell.
    bucket: the making of the bucket.
    """

    root: Path
    events: Sequence[Event]
    bucket: Step
    histories: Sequence[History]

    def acknowledged(self) -> list[int]:
        return [moment for history in self.histories for moment in history.acknowledged()]

    def cut_ns(self, count: int) -> int:
        """The moment of a power loss that follows so many events: just before the next one."""
        return self.events[count].time_ns if count < len(self.events) else _NEVER_NS


def record(
    folder: Path,
    library: Path,
    lives: Sequence[float],
    rng: random.Random,
    *,
    awaited: str = "",
    enough: Callable[[Load], bool] = lambda load: True,
    skipped_syncs: str | None = None,
) -> Recording:
    """A new store from its first start on, under load.

    Args:
        lives: for so many seconds; after each the process is killed, and started again.
        awaited: what the store's log must say before each end.
        enough: whether that was acknowledged which a test is about; before each end.
    """
    store = RecordedStore(folder, library, CONFIG, skipped_syncs=skipped_syncs)
    load = Load(rng)
    bucket: Step | None = None

    def end(seconds: float) -> None:
        # The moment is as good as any, so it is slept for.
        time.sleep(seconds)
        try:
            wait_until(
                lambda: load.has_failed() or (awaited in store.log_text() and enough(load)),
                seconds_max=_AWAITED_SECONDS_MAX,
                output=lambda: f"{load.acknowledged()} acknowledged",
            )
        finally:
            store.kill()

    try:
        for seconds in lives:
            store.start()
            if bucket is None:
                bucket = begin(None)
                with store.endpoint.client() as s3:
                    s3.create_bucket(Bucket=BUCKET)
                bucket.acknowledge()
            load.run(store.endpoint, partial(end, seconds))
        store.check_log()
    finally:
        store.discard()
    assert bucket is not None
    events = [event for trace in store.traces for event in read_trace(trace)]
    times = [event.time_ns for event in events]
    assert all(before <= after for before, after in pairwise(times)), "the trace is out of order"
    return Recording(store.data.resolve(), events, bucket, load.histories)


def choose_cuts(recording: Recording, count: int, rng: random.Random) -> list[int]:
    """How many events come before each cut, rising.

    A third right after an acknowledgement, when all of it must be there and little else is; a third
    beside an event of a kind that is chosen first, so that rare ones have their turn; a third
    anywhere.
    """
    events = recording.events
    times = [event.time_ns for event in events]
    kinds: dict[Kind, list[int]] = {}
    for at, event in enumerate(events):
        kinds.setdefault(event.kind, []).append(at)
    moments = recording.acknowledged()
    cuts: list[int] = []
    for number in range(count):
        if number % 3 == 0:
            cuts.append(bisect_right(times, rng.choice(moments)))
        elif number % 3 == 1:
            cuts.append(rng.choice(kinds[rng.choice(sorted(kinds))]) + rng.randint(0, 1))
        else:
            cuts.append(rng.randint(0, len(events)))
    return sorted(cuts)


def images(
    recording: Recording,
    cuts: Sequence[int],
    folder: Path,
    rng: random.Random,
    initial: Path | None = None,
) -> Iterator[tuple[int, Path]]:
    """(cut, a folder of its own that holds `data`). `cuts` rise.

    Args:
        initial: a copy of what the folder was before the recording.
    """
    replay = Replay(recording.root, initial)
    done = 0
    for number, cut in enumerate(cuts):
        while done < cut:
            replay.apply(recording.events[done])
            done += 1
        home = folder / f"image-{number}"
        home.mkdir()
        replay.write_image(home / "data", random.Random(rng.random()))
        yield cut, home


class ImageWrong(AssertionError):
    """A store does not start on an image, or does not hold what it must."""


def check_image(home: Path, recording: Recording, cut: int) -> None:
    """Starts a store on the image `home/data`. Raises: ImageWrong, and leaves it there."""
    at_ns = recording.cut_ns(cut)
    started = time.monotonic()
    store = StoreProcess(home, CONFIG)
    try:
        store.start()
        check(store, recording.bucket, recording.histories, at_ns)
    except (AssertionError, ClientError, BotoCoreError) as error:
        where = f"after {cut} of {len(recording.events)} events: {home / 'data'}"
        raise ImageWrong(f"{where}\n{store.log_text()[-2_000:]}") from error
    finally:
        store.discard()
    acknowledged = sum(moment < at_ns for moment in recording.acknowledged())
    print(
        f"cut after {cut} events, {acknowledged} acknowledged: "
        f"ready in {store.ready_seconds:.1f} s, checked in {time.monotonic() - started:.1f} s"
    )


def check_images(
    recording: Recording, cuts: Sequence[int], folder: Path, rng: random.Random
) -> None:
    """Raises: ImageWrong, for the first one."""
    for cut, home in images(recording, cuts, folder, rng):
        check_image(home, recording, cut)
        shutil.rmtree(home)


def check_cut_recovery(
    recording: Recording, cut: int, home: Path, library: Path, rng: random.Random, *, count: int
) -> None:
    """The power fails again while a store starts on the image `home/data`. Raises: ImageWrong."""
    initial = home / "initial"
    shutil.copytree(home / "data", initial)
    store = RecordedStore(home, library, CONFIG)
    try:
        store.start()
        store.kill()
    finally:
        store.discard()
    [trace] = store.traces
    again = Recording(
        store.data.resolve(), list(read_trace(trace)), recording.bucket, recording.histories
    )
    cuts = sorted(rng.randint(0, len(again.events)) for _ in range(count))
    for _, second in images(again, cuts, home, rng, initial):
        check_image(second, recording, cut)
