"""The wall clock of a running store is stepped: writes go on, garbage goes, and what readers
are at stays. On real processes; only their wall clock is another one (`tests/clocks`)."""

import datetime
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clocks.stepping import HOUR_MS, Clocks, SteppedStore
from tests.integration.endpoint import read
from tests.integration.s3.wire import Request, send
from tests.integration.store_process import wait_until

MIB = 1 << 20
# Signatures are of wall time, by AWS's rule: a wider window lets the test look behind it.
CONFIG: dict[str, object] = {
    "s3.clock_skew_seconds_max": 86_400,
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    "storage.reserved_bytes": 16 * MIB,
}
STEPS_MS = [HOUR_MS, 0, -HOUR_MS, 23 * HOUR_MS]


def new_store(folder: Path, clocks: Clocks, **changed: object) -> SteppedStore:
    config = {**CONFIG, **{name.replace("__", "."): value for name, value in changed.items()}}
    return SteppedStore(folder, clocks, config)


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    return Clocks(tmp_path / "clocks")


@pytest.fixture
def store(tmp_path: Path, clocks: Clocks) -> Iterator[SteppedStore]:
    made = new_store(tmp_path, clocks)
    made.start()
    yield made
    made.discard()


def body_of(size: int, number: int) -> bytes:
    return random.Random(number).randbytes(size)


def block_files(store: SteppedStore) -> set[Path]:
    """Of blocks in files of their own."""
    return {path for path, stat in store.container_files().items() if stat.st_size >= 8 * MIB}


def step(store: SteppedStore, clocks: Clocks, offset_ms: int, was_ms: int) -> None:
    """Returns when the store has noticed."""
    before = store.log_text().count("wall_clock_stepped")
    clocks.set_offset(store.pid, offset_ms)
    if offset_ms != was_ms:
        wait_until(lambda: store.log_text().count("wall_clock_stepped") > before)


def test_puts_go_on_and_garbage_goes_whatever_the_wall_clock_does(
    store: SteppedStore, clocks: Clocks
) -> None:
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="steps")
        was_ms = 0
        for number, offset_ms in enumerate(STEPS_MS):
            # Blocks of this lease are used after the step.
            s3.put_object(Bucket="steps", Key="before", Body=b"before")
            s3.put_object(Bucket="steps", Key="large", Body=body_of(8 * MIB, number))
            step(store, clocks, offset_ms, was_ms)
            was_ms = offset_ms
            for size in (1, 100, 60_000, 70_000, 2 * MIB):
                body = body_of(size, number)
                s3.put_object(Bucket="steps", Key=f"k{size}", Body=body)
                assert read(s3, "steps", f"k{size}") == body
            # What is overwritten and deleted goes while the clock stays where it is.
            s3.delete_object(Bucket="steps", Key="large")
            wait_until(lambda: not block_files(store), output=store.log_text)
    text = store.log_text()
    assert "lease_lost" not in text and "blocks_rewritten" not in text
    assert "clock_behind" in text, "a time before what was stored last is told of"
    store.stop()


def test_step_forward_takes_no_bytes_from_a_reader(tmp_path: Path, clocks: Clocks) -> None:
    store = new_store(tmp_path, clocks, metadata__gc_delay_seconds=300)
    store.start()
    try:
        body = body_of(32 * MIB, 1)
        with store.endpoint.client() as s3:
            s3.create_bucket(Bucket="steps")
            s3.put_object(Bucket="steps", Key="large", Body=body)
            stream = s3.get_object(Bucket="steps", Key="large")["Body"]
            content = stream.read(MIB)
            s3.delete_object(Bucket="steps", Key="large")
            files = block_files(store)
            assert files
            step(store, clocks, HOUR_MS, 0)
            # What must not happen cannot be waited for: the collector runs every second.
            time.sleep(4)
            assert block_files(store) == files
            assert content + stream.read() == body
        store.stop()
    finally:
        store.discard()


@pytest.mark.parametrize(
    "year", [pytest.param(1970, id="a clock without a battery"), pytest.param(2100, id="2100")]
)
def test_store_that_begins_in_another_time_works_then_and_later(tmp_path: Path, year: int) -> None:
    now = datetime.datetime.now(datetime.UTC)
    then = datetime.datetime(year, 1, 2, tzinfo=datetime.UTC)
    offset_s = int((then - now).total_seconds())
    clocks = Clocks(tmp_path / "clocks", offset_ms=offset_s * 1_000)
    store = new_store(tmp_path, clocks)
    store.start()
    try:
        endpoint = store.endpoint
        for path, body in (
            ("/steps", b""),
            ("/steps/small", b"small"),
            ("/steps/large", b"l" * 8 * MIB),
        ):
            answer = send(endpoint, Request("PUT", path, body=body), skew_seconds=offset_s)
            assert answer.status == 200, answer
        assert ("wall_clock_implausible" in store.log_text()) == (year == 1970)
        step(store, clocks, 0, offset_s * 1_000)
        with endpoint.client() as s3:
            assert read(s3, "steps", "small") == b"small"
            s3.put_object(Bucket="steps", Key="small", Body=b"again")
            shown = s3.head_object(Bucket="steps", Key="small")["LastModified"]
            assert abs((shown - now).total_seconds()) < 3_600, "no time of then is kept"
            s3.delete_object(Bucket="steps", Key="large")
            wait_until(lambda: not block_files(store), output=store.log_text)
            s3.delete_object(Bucket="steps", Key="small")
            s3.delete_bucket(Bucket="steps")
        store.stop()
    finally:
        store.discard()


def test_restart_at_another_time_goes_on(store: SteppedStore, clocks: Clocks) -> None:
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="steps")
        s3.put_object(Bucket="steps", Key="large", Body=b"l" * 8 * MIB)
        s3.put_object(Bucket="steps", Key="key", Body=b"1")
        first = s3.head_object(Bucket="steps", Key="key")["LastModified"]
        s3.delete_object(Bucket="steps", Key="large")
    for offset_ms in (-HOUR_MS, HOUR_MS):
        # Not cleanly: leases are left.
        store.kill()
        clocks.begin_with(offset_ms)
        store.start()
        with store.endpoint.client() as s3:
            s3.put_object(Bucket="steps", Key="key", Body=b"2")
            assert s3.head_object(Bucket="steps", Key="key")["LastModified"] >= first
            s3.put_object(Bucket="steps", Key="large", Body=b"l" * 8 * MIB)
            s3.delete_object(Bucket="steps", Key="large")
            wait_until(lambda: not block_files(store), output=store.log_text)
    store.stop()


def test_signatures_stay_by_the_wall_clock(tmp_path: Path, clocks: Clocks) -> None:
    """AWS's rule: a request says when it was signed, which only wall clocks can compare."""
    store = new_store(tmp_path, clocks, s3__clock_skew_seconds_max=900)
    store.start()
    try:
        endpoint = store.endpoint
        request = Request("PUT", "/steps")
        clocks.set_offset(store.pid, HOUR_MS)
        answer = send(endpoint, request)
        assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")
        assert send(endpoint, request, skew_seconds=HOUR_MS // 1_000).status == 200
        clocks.set_offset(store.pid, 0)
        with endpoint.client() as s3:
            s3.put_object(Bucket="steps", Key="key", Body=b"body")
            assert read(s3, "steps", "key") == b"body"
        store.stop()
    finally:
        store.discard()
