"""Blocks that a load from a dump has left on the DataNodes are listed, and no others."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read
from tests.integration.store_process import StoreProcess, wait_until

MIB = 1 << 20
SIZES = (10, 100_000, 2 * MIB)
CONFIG = {
    **{"metadata.gc_delay_seconds": 0, "metadata.lease_duration_seconds": 10},
    # Sizes are of what was sent.
    "encryption.default": "none",
}


def put_all(store: StoreProcess, name: str) -> None:
    with store.endpoint.client() as s3:
        for size in SIZES:
            s3.put_object(Bucket="books", Key=f"{name}-{size}", Body=bytes(size))


def orphans(store: StoreProcess, *options: str) -> dict[str, Any]:
    done = store.o3("admin", "orphans", "--json", *options)
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_orphans_of_a_restore_are_listed(new_store: NewStore, tmp_path: Path) -> None:
    store = new_store(CONFIG).start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
    put_all(store, "early")
    store.stop()
    for service in ("om", "scm"):
        done = store.o3("admin", "dump", service, str(tmp_path / service))
        assert done.returncode == 0, done.stderr
    store.start()
    put_all(store, "lost")
    # What is in use is none, nor what is leased, nor what is being deleted.
    wait_until(lambda: orphans(store)["examined"] == 2 * len(SIZES))
    assert orphans(store)["orphans"] == []
    with store.endpoint.client() as s3:
        s3.delete_object(Bucket="books", Key=f"lost-{SIZES[0]}")
    assert orphans(store)["orphans"] == []
    store.stop()
    for part in ("om", "scm", "log"):
        shutil.move(store.data / part, tmp_path / f"old-{part}")
    for service in ("om", "scm"):
        done = store.o3("admin", "load", service, str(tmp_path / service))
        assert done.returncode == 0, done.stderr
    store.start()
    put_all(store, "late")
    wait_until(lambda: orphans(store)["examined"] >= 3 * len(SIZES) - 1)
    output = orphans(store)
    sizes = sorted(orphan["size_bytes"] for orphan in output["orphans"])
    assert [size for size in sizes if size != SIZES[0]] == list(SIZES[1:]), output
    assert output["size_bytes"] == sum(sizes) and output["is_whole"] and not output["silent_nodes"]
    assert {orphan["node_id"] for orphan in output["orphans"]} == {"dn1"}
    few = orphans(store, "--limit", "1")
    assert len(few["orphans"]) == 1 and not few["is_whole"]
    done = store.o3("admin", "orphans")
    assert done.returncode == 0 and "CONTAINER" in done.stdout
    assert f"{len(sizes)} orphans of" in done.stderr
    store.stop()
    # They were kept for long enough.
    store.configure({"metadata.orphan_search_seconds": 1, "storage.orphan_keep_seconds": 1})
    store.start()
    wait_until(lambda: orphans(store)["orphans"] == [])
    with store.endpoint.client() as s3:
        for size in SIZES:
            assert read(s3, "books", f"late-{size}") == bytes(size)
            assert read(s3, "books", f"early-{size}") == bytes(size)
    store.stop()
