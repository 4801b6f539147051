"""One of three PySyncObj processes: `python -m bench.pysyncobj_node OWN PARTNER PARTNER JOURNAL`.

PySyncObj is a library without a network protocol for clients, so the load is made inside the
leading process, in the callbacks of its own loop: nothing is spent on reaching it. Told by lines of
JSON on standard input, answers with one on standard output.
"""

import argparse
import fcntl
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

# Of the extra `peers`: not in a development install.
from pysyncobj import (  # pyright: ignore[reportMissingImports]
    FAIL_REASON,
    SyncObj,
    SyncObjConf,
    replicated,
)

_TICK_SECONDS = 0.05


class Keys(SyncObj):  # type: ignore[misc]  # the library has no types
    """A dictionary of small rows, as the OM's keys are."""

    def __init__(self, own: str, partners: list[str], config: SyncObjConf) -> None:
        super().__init__(own, partners, config)
        self._rows: dict[bytes, bytes] = {}

    @replicated  # type: ignore[untyped-decorator]
    def put(self, key: bytes, row: bytes) -> None:
        self._rows[key] = row


def sync_each_entry(keys: Keys) -> None:
    """The library writes its journal through a memory map and never syncs it; here every entry is
    on stable storage before the next step, by the journal's own `flush`."""
    journal: Any = getattr(keys, "_SyncObj__raftLog")  # noqa: B009  a private name
    add = journal.add

    def add_and_flush(command: bytes, index: int, term: int) -> None:
        add(command, index, term)
        journal.flush()

    journal.add = add_and_flush


class Load:
    """So many commands in flight until a time; each answer sends the next."""

    def __init__(self, keys: Keys, names: Iterator[bytes], *, in_flight: int, seconds: float):
        self._keys, self._names = keys, names
        self._in_flight = in_flight
        self.latencies: list[float] = []
        self.errors = 0
        self._stop_at = time.perf_counter() + seconds

    def run(self) -> None:
        for _ in range(self._in_flight):
            self._send()
        while self._in_flight:
            self._keys.doTick(_TICK_SECONDS)

    def _send(self) -> None:
        began = time.perf_counter()

        def answered(_: object, reason: int) -> None:
            now = time.perf_counter()
            if reason == FAIL_REASON.SUCCESS:
                self.latencies.append(now - began)
            else:
                self.errors += 1
            if now < self._stop_at:
                self._send()
            else:
                self._in_flight -= 1

        # The decorator adds the argument.
        put: Any = self._keys.put
        put(next(self._names), b"d41d8cd98f00b204e9800998ecf8427e", callback=answered)


def _names() -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield b"k/%08d" % number


def _commands(keys: Keys) -> Iterator[dict[str, Any]]:
    """Ticks until a line comes; ends when standard input does."""
    fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK)
    waiting = b""
    while True:
        keys.doTick(_TICK_SECONDS)
        try:
            read = os.read(0, 4096)
        except BlockingIOError:
            continue
        if not read:
            return
        waiting += read
        while b"\n" in waiting:
            line, _, waiting = waiting.partition(b"\n")
            yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("own")
    parser.add_argument("partners", nargs=2)
    parser.add_argument("journal")
    parser.add_argument("--sync", action="store_true")
    parser.add_argument("--batch-ms", type=float, help="how often it sends what was queued")
    options = parser.parse_args()
    # With batches a follower warns each time that entries come a second time.
    logging.disable(logging.WARNING)
    config = SyncObjConf(
        autoTick=False,
        journalFile=options.journal,
        appendEntriesUseBatch=options.batch_ms is not None,
        appendEntriesPeriod=0.1 if options.batch_ms is None else options.batch_ms / 1e3,
    )
    keys = Keys(options.own, options.partners, config)
    if options.sync:
        sync_each_entry(keys)
    names = _names()
    for command in _commands(keys):
        answer: dict[str, Any] = {}
        if command["do"] == "describe":
            answer["leads"] = keys._isLeader() and keys.isReady()
        else:
            load = Load(keys, names, in_flight=command["in_flight"], seconds=command["seconds"])
            began, cpu = time.perf_counter(), time.process_time()
            load.run()
            answer = {
                "latencies": load.latencies,
                "errors": load.errors,
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time() - cpu,
            }
        print(json.dumps(answer), flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
