"""OM and SCM are put back to earlier states, by dumps and by copies of their folders, together,
alone or lost, while DataNodes and the gateway go on: writes of all sizes work at once (with an SCM
that is lost: when it knows the DataNodes), and what should be there is there."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

MIB: Final = 1 << 20
SIZES: Final = (1, 65_536, 65_537, MIB + 1, 9 * MIB)
CONFIG: Final = {"metadata.gc_delay_seconds": 0, "metadata.lease_duration_seconds": 10}
# Leases of the state that was put back would end, and what they hold be collected.
LEASES_END_SECONDS: Final = 13


# Gives a role another state, and says which of those that were kept.
Change = Callable[[str], str | None]


class Store:
    """A cluster of one OM and one SCM, what was written to it, and its states as they were kept."""

    def __init__(self, cluster: Cluster, kept: Path) -> None:
        self.cluster, self._kept = cluster, kept
        self.names: list[str] = []
        # Of each state that was kept, what was in it.
        self._names_of: dict[str, list[str]] = {}

    def put(self, name: str) -> None:
        with self.cluster.endpoints()[0].client(read_timeout=60) as s3:
            for size in SIZES:
                s3.put_object(Bucket="books", Key=f"{name}-{size}", Body=body_of(name, size))
        self.names.append(name)

    def check(self) -> None:
        """These are the objects, and each has its bytes."""
        wanted = sorted(f"{name}-{size}" for name in self.names for size in SIZES)
        with self.cluster.endpoints()[0].client(read_timeout=60) as s3:
            assert keys_of(s3, "books") == wanted
            for name in self.names:
                for size in SIZES:
                    assert read(s3, "books", f"{name}-{size}") == body_of(name, size), (name, size)

    def keep(self, tag: str) -> None:
        """Dumps, and copies of the folders."""
        for role in ("om", "scm"):
            self.cluster.kill(f"{role}1", "TERM")
            folder = self.cluster.data / f"{role}1"
            file = str(self._kept / f"{role}.{tag}")
            self.cluster.o3("admin", "dump", role, file, data=folder)
            shutil.copytree(folder, self._kept / f"{role}.{tag}.files")
        for role in ("scm", "om"):
            self.cluster.restart(f"{role}1")
        self._names_of[tag] = list(self.names)

    def put_back(self, how: dict[str, Change]) -> None:
        for role in how:
            self.cluster.kill(f"{role}1", "TERM")
        for role, change in how.items():
            tag = change(role)
            if role == "om" and tag is not None:
                self.names = list(self._names_of[tag])
        for role in reversed(how):
            self.cluster.restart(f"{role}1")
        if how.get("scm") == self.lost:
            # It knows a DataNode when that has registered, and refuses writes that need more.
            wait_until(self.cluster.uses_every_datanode, output=self.cluster.logs)

    def dump(self, tag: str) -> Change:
        """As the docs say: state and log move away, the dump is loaded."""

        def change(role: str) -> str:
            folder = self.cluster.data / f"{role}1"
            for part in (role, "log"):
                shutil.rmtree(folder / part)
            self.cluster.o3("admin", "load", role, str(self._kept / f"{role}.{tag}"), data=folder)
            return tag

        return change

    def files(self, tag: str) -> Change:
        """Without a word to anybody."""

        def change(role: str) -> str:
            folder = self.cluster.data / f"{role}1"
            shutil.rmtree(folder)
            shutil.copytree(self._kept / f"{role}.{tag}.files", folder)
            return tag

        return change

    def lost(self, role: str) -> None:
        shutil.rmtree(self.cluster.data / f"{role}1")


def body_of(name: str, size: int) -> bytes:
    return random.Random(f"{name}{size}").randbytes(size)


@pytest.fixture
def store(new_cluster: NewCluster, tmp_path: Path) -> Store:
    """With three objects of each size: of before the first state that was kept, of before the
    second, and of after it."""
    made = Store(new_cluster(CONFIG, oms=1, scms=1, datanodes=3, gateways=1).start(), tmp_path)
    with made.cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket="books")
    made.put("first")
    made.keep("early")
    made.put("second")
    made.keep("late")
    made.put("third")
    return made


def test_writes_go_on_after_dumps_are_loaded(store: Store) -> None:
    ways: list[dict[str, Change]] = [
        {"om": store.dump("early"), "scm": store.dump("early")},
        {"om": store.dump("early"), "scm": store.dump("late")},
        {"om": store.dump("late"), "scm": store.dump("early")},
        {"scm": store.lost},
        {"om": store.dump("early")},
        {"om": store.dump("late"), "scm": store.lost},
    ]
    for number, how in enumerate(ways):
        store.put_back(how)
        store.put(f"after-{number}")
        store.check()
    time.sleep(LEASES_END_SECONDS)
    store.check()
    # Whatever came after it, what a dump names is still there.
    store.put_back({"om": store.dump("late"), "scm": store.dump("late")})
    store.check()
    assert store.names == ["first", "second"]
    store.cluster.stop()
    store.cluster.check_logs()


def test_writes_go_on_after_folders_are_copied_back(store: Store) -> None:
    ways: list[dict[str, Change]] = [
        {"scm": store.files("early")},
        {"om": store.files("late")},
        {"om": store.files("early"), "scm": store.files("early")},
    ]
    for number, how in enumerate(ways):
        store.put_back(how)
        store.put(f"after-{number}")
        store.check()
    time.sleep(LEASES_END_SECONDS)
    store.check()
    store.put("again")
    store.check()
    assert "ids_skipped" in store.cluster.log_text("scm1")
    store.cluster.stop()
    store.cluster.check_logs()
