"""Power losses and kills at any moment: what was acknowledged is there, and nothing is torn."""

import asyncio
import random
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.metadata.raft.logs_for_tests import open_log, read_all
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry, GroupId

GROUPS = (GroupId(1), GroupId(2))
CONFIG = WalConfig(segment_bytes=16 * 1024, queued_bytes_max=1 << 20)


@dataclass
class Promise:
    """What one group was told, each at a step of the disk's journal.

    Attributes:
    written: all entries ever given to the log under an index.
    acknowledged: (step, entries up to here and what replaced what), in order.
    """

    written: dict[int, list[Entry]] = field(default_factory=dict)
    acknowledged: list[tuple[int, dict[int, Entry]]] = field(default_factory=list)
    hard_states: list[tuple[int, bytes]] = field(default_factory=list)
    released: list[tuple[int, int]] = field(default_factory=list)
    truncated: bool = False


class Workload:
    def __init__(
        self, disk: MemoryDisk, rng: random.Random, promises: dict[GroupId, Promise]
    ) -> None:
        self.disk, self.rng, self.promises = disk, rng, promises
        self.appends: list[asyncio.Future[None]] = []

    async def run(self, wal: WriteAheadLog, steps: int) -> None:
        current = {group: {e.index: e for e in await read_all(wal, group)} for group in GROUPS}
        for _ in range(steps):
            group = self.rng.choice(GROUPS)
            choice = self.rng.random()
            if choice < 0.75:
                self._append(wal, group, current[group])
            elif choice < 0.9:
                await asyncio.sleep(0)
            elif (last := wal.last_index(group)) > wal.compacted(group)[0]:
                through = self.rng.randint(wal.compacted(group)[0], last)
                # Known when it is said: the log may or may not have followed at the crash.
                self.promises[group].released.append((len(self.disk.journal), through))
                wal.release(group, through)
        await asyncio.gather(*self.appends)

    def _append(self, wal: WriteAheadLog, group: GroupId, current: dict[int, Entry]) -> None:
        rng, promise = self.rng, self.promises[group]
        first = wal.last_index_queued(group) + 1
        term = max((entry.term for entry in current.values()), default=1)
        floor = max(wal.compacted(group)[0], max((r for _, r in promise.released), default=0)) + 1
        if rng.random() < 0.1 and first > floor:
            first, term = rng.randint(floor, first - 1), term + 1
            promise.truncated = True
        made = [
            Entry(first + number, term, rng.randbytes(rng.choice((0, 3, 40, 700, 3_000))))
            for number in range(rng.randint(1, 3))
        ]
        for index in [index for index in current if index >= first]:
            del current[index]
        for entry in made:
            current[entry.index] = entry
            promise.written.setdefault(entry.index, []).append(entry)
        state = rng.randbytes(8) if rng.random() < 0.2 else None
        snapshot = dict(current)
        append = wal.append(group, made, hard_state=state)

        def acknowledged(done: asyncio.Future[None]) -> None:
            assert done.exception() is None
            promise.acknowledged.append((len(self.disk.journal), snapshot))
            if state is not None:
                promise.hard_states.append((len(self.disk.journal), state))

        append.add_done_callback(acknowledged)
        self.appends.append(append)


async def check(wal: WriteAheadLog, promises: dict[GroupId, Promise], crashed_at: int) -> None:
    for group, promise in promises.items():
        actual = {entry.index: entry for entry in await read_all(wal, group)}
        released = max((r for step, r in promise.released if step <= crashed_at), default=0)
        assert wal.compacted(group)[0] <= released
        for entry in actual.values():
            assert entry in promise.written[entry.index], "an entry that nobody wrote"
        before = [entries for step, entries in promise.acknowledged if step <= crashed_at]
        if before and not promise.truncated:
            for index, entry in before[-1].items():
                assert index <= released or actual[index] == entry, "an acknowledged entry is gone"
        if before and promise.truncated:
            # Later appends may have replaced some, but then with entries of a higher term.
            for index, entry in before[-1].items():
                now = actual.get(index)
                replaced = wal.last_index(group) < index or (
                    now is not None and now.term > entry.term
                )
                assert (
                    index <= released
                    or now == entry
                    or (replaced and _truncated_below(promise, entry))
                ), "an acknowledged entry is gone"
        states = [state for step, state in promise.hard_states if step <= crashed_at]
        if states:
            known = [state for _, state in promise.hard_states]
            later = known[known.index(states[-1]) :]
            unacknowledged = wal.hard_state(group) not in known
            assert wal.hard_state(group) in later or unacknowledged


def _truncated_below(promise: Promise, entry: Entry) -> bool:
    """Whether something of a higher term was written at or before its index: it may be gone."""
    return any(
        other.term > entry.term
        for index, others in promise.written.items()
        if index <= entry.index
        for other in others
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_log_holds_what_was_acknowledged_after_any_crash(seed: int) -> None:
    async def scenario() -> None:
        rng = random.Random(seed)
        disk = MemoryDisk()
        promises = {group: Promise() for group in GROUPS}
        for _ in range(3):
            wal = await open_log(disk, CONFIG, seed=rng.getrandbits(32))
            steps_before = len(disk.journal)
            await check(wal, promises, steps_before)
            await Workload(disk, rng, promises).run(wal, steps=30)
            if rng.random() < 0.3:
                await wal.close()
            crashed_at = rng.randint(steps_before, len(disk.journal))
            lost_power = rng.random() < 0.7
            disk = disk.image(crashed_at, rng) if lost_power else disk.killed(crashed_at)
            again = await open_log(disk, CONFIG, seed=rng.getrandbits(32))
            await check(again, promises, crashed_at)
            # From here on the log is what recovery made of it.
            disk, promises = await restarted(disk, rng, again)

    async def restarted(
        disk: MemoryDisk, rng: random.Random, wal: WriteAheadLog
    ) -> tuple[MemoryDisk, dict[GroupId, Promise]]:
        """Crashes during or right after recovery: it must have lost nothing of what it found."""
        promises = {group: Promise() for group in GROUPS}
        for group, promise in promises.items():
            held = {entry.index: entry for entry in await read_all(wal, group)}
            promise.written = {index: [entry] for index, entry in held.items()}
            promise.acknowledged = [(0, held)]
            promise.released = [(0, wal.compacted(group)[0])]
            if wal.hard_state(group):
                promise.hard_states = [(0, wal.hard_state(group))]
        return disk.image(len(disk.journal), rng), promises

    asyncio.run(scenario())
