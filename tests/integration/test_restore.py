"""A store is put back to an earlier state while its DataNode goes on: writes of all sizes work, and
what is there is neither overwritten nor taken for garbage."""

import random
import shutil
import time
from pathlib import Path

import pytest

from tests.integration.conftest import NewStore
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import StoreProcess

MIB = 1 << 20
SIZES = (1, 4_096, 65_536, 65_537, MIB, MIB + 1, 9 * MIB)
CONFIG = {
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    "storage.reserved_bytes": 16 * MIB,
}


def body_of(name: str, size: int) -> bytes:
    return random.Random(f"{name}{size}").randbytes(size)


def put_all(store: StoreProcess, name: str) -> None:
    with store.endpoint.client() as s3:
        for size in SIZES:
            s3.put_object(Bucket="books", Key=f"{name}-{size}", Body=body_of(name, size))


def check_all(store: StoreProcess, *names: str) -> None:
    """These are the objects, and each has its bytes."""
    with store.endpoint.client() as s3:
        assert keys_of(s3, "books") == sorted(f"{name}-{size}" for name in names for size in SIZES)
        for name in names:
            for size in SIZES:
                assert read(s3, "books", f"{name}-{size}") == body_of(name, size), (name, size)


def dump(store: StoreProcess, folder: Path, tag: str) -> None:
    for service in ("om", "scm"):
        done = store.o3("admin", "dump", service, str(folder / f"{service}.{tag}"))
        assert done.returncode == 0, done.stderr


def put_back(store: StoreProcess, folder: Path, om: str, scm: str) -> None:
    """As docs/operations say: state and log move away, the dumps are loaded.

    Args:
        om, scm: tags of dumps.
    """
    old = folder / f"old-{time.monotonic_ns()}"
    old.mkdir()
    for name in ("om", "scm", "log"):
        shutil.move(store.data / name, old / name)
    for service, tag in (("om", om), ("scm", scm)):
        done = store.o3("admin", "load", service, str(folder / f"{service}.{tag}"))
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("om", "scm"),
    [
        pytest.param("early", "early", id="both"),
        pytest.param("early", "late", id="the OM is older", marks=pytest.mark.slow),
        pytest.param("late", "early", id="the SCM is older", marks=pytest.mark.slow),
        pytest.param("late", "born", id="the SCM knows nothing", marks=pytest.mark.slow),
    ],
)
def test_writes_of_all_sizes_go_on_after_a_restore(
    new_store: NewStore, tmp_path: Path, om: str, scm: str
) -> None:
    store = new_store(CONFIG).start()
    store.stop()
    dump(store, tmp_path, "born")
    store.start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
    put_all(store, "first")
    store.stop()
    dump(store, tmp_path, "early")
    store.start()
    put_all(store, "second")
    store.stop()
    dump(store, tmp_path, "late")
    kept = ["first"] if om == "early" else ["first", "second"]
    # The same dumps twice: what was written after the first load is not in them either.
    for name in ("third", "fourth"):
        put_back(store, tmp_path, om, scm)
        store.start()
        put_all(store, name)
        check_all(store, *kept, name)
        with store.endpoint.client() as s3:
            s3.delete_object(Bucket="books", Key=f"{name}-1")
            s3.put_object(Bucket="books", Key=f"{name}-1", Body=body_of(name, 1))
        # Leases of the dump would end, and garbage be collected, in that time.
        time.sleep(4)
        check_all(store, *kept, name)
        store.stop()
    # What came after the early dump was not touched: a later one still finds it.
    put_back(store, tmp_path, "late", "late")
    store.start()
    check_all(store, "first", "second")
    store.stop()


def test_copies_of_the_folders_are_put_back(new_store: NewStore, tmp_path: Path) -> None:
    """A snapshot of the file system: nothing tells the SCM that it is older than its DataNode."""
    store = new_store(CONFIG).start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
    put_all(store, "first")
    store.stop()
    for name in ("om", "scm", "log"):
        shutil.copytree(store.data / name, tmp_path / name)
    store.start()
    put_all(store, "second")
    store.stop()
    for name in ("om", "scm", "log"):
        shutil.rmtree(store.data / name)
        shutil.copytree(tmp_path / name, store.data / name)
    store.start()
    put_all(store, "third")
    check_all(store, "first", "third")
    store.stop()
    assert "ids_skipped" in store.log_text()
