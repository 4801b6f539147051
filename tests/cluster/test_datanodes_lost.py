"""Five DataNodes, one of which is killed and another stopped in the middle of large PUTs and GETs:
no client sees an error, nor waits for long."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import Endpoint
from tests.integration.store_process import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BUCKET: Final = "books"
SIZE: Final = 64 << 20
CHUNK: Final = 256 << 10
BODY: Final = bytes(range(256)) * (CHUNK // 256)
# On a machine with time for it, two seconds are the aim; tests may share one with much else.
GAP_SECONDS_MAX: Final = 20.0


class Steps:
    """When something went on, and what came of it."""

    def __init__(self) -> None:
        self.longest_seconds, self._at = 0.0, time.monotonic()
        self.chunks = 0

    def step(self) -> None:
        now = time.monotonic()
        self.longest_seconds, self._at = max(self.longest_seconds, now - self._at), now
        self.chunks += 1


class Body:
    """A file of SIZE bytes that is read as the connection takes it."""

    def __init__(self, steps: Steps) -> None:
        self._steps, self._at = steps, 0

    def __len__(self) -> int:
        return SIZE

    def read(self, size: int = -1) -> bytes:
        self._steps.step()
        left = SIZE - self._at
        size = left if size < 0 else min(size, left)
        self._at += size
        return (BODY * (size // CHUNK + 1))[:size] if size else b""

    def seek(self, at: int, whence: int = 0) -> int:
        self._at = at if whence == 0 else SIZE + at if whence == 2 else self._at + at
        return self._at

    def tell(self) -> int:
        return self._at

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(CHUNK):
            yield data


class Clients:
    """Threads that do the same again and again, with no retries, until they are told to stop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.failures: list[BaseException] = []
        self.steps: dict[str, Steps] = {}
        self.done: dict[str, int] = {}

    def start(self, name: str, act: Callable[["S3Client", Steps, int], None]) -> None:
        steps = self.steps[name] = Steps()
        self.done[name] = 0

        def run() -> None:
            try:
                with self._endpoint.client(
                    read_timeout=60, retries={"total_max_attempts": 1}
                ) as s3:
                    steps.step()
                    while not self._stopping.is_set():
                        act(s3, steps, self.done[name])
                        steps.step()
                        self.done[name] += 1
            except BaseException as error:
                self.failures.append(error)

        thread = threading.Thread(target=run, name=name)
        self._threads.append(thread)
        thread.start()

    def go_on(self, times: int) -> None:
        """All of them have done so many more."""
        before = dict(self.done)
        end = time.monotonic() + 240
        while any(self.done[name] - before[name] < times for name in before):
            assert not self.failures, self.failures
            assert time.monotonic() < end, self.done
            time.sleep(0.05)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        assert not self.failures, self.failures


def put_large(s3: "S3Client", steps: Steps, number: int) -> None:
    body: Any = Body(steps)
    s3.put_object(Bucket=BUCKET, Key=f"large-{number % 2}", Body=body, ContentLength=SIZE)


def get_large(s3: "S3Client", steps: Steps, number: int) -> None:
    read = 0
    for chunk in s3.get_object(Bucket=BUCKET, Key="source")["Body"].iter_chunks(CHUNK):
        start = read % CHUNK
        assert chunk == (BODY + BODY)[start : start + len(chunk)]
        read += len(chunk)
        steps.step()
    assert read == SIZE


def put_small(s3: "S3Client", steps: Steps, number: int) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"small-{number % 100}", Body=b"%d" % number)
    time.sleep(0.02)


def puts_source(s3: "S3Client") -> bool:
    """Whether it could be: pipelines may still be made."""
    body: Any = Body(Steps())
    try:
        s3.put_object(Bucket=BUCKET, Key="source", Body=body, ContentLength=SIZE)
    except ClientError:
        return False
    return True


def busiest(cluster: Cluster, *, but: str = "") -> str:
    """A DataNode that is being written to, as heartbeats tell."""

    def used() -> dict[str, int]:
        nodes = cluster.status()["nodes"]
        return {node["node_id"]: node["used_bytes"] for node in nodes if node["node_id"] != but}

    before = used()
    grown: dict[str, int] = {}

    def has_grown() -> bool:
        grown.update((node, size - before[node]) for node, size in used().items())
        return max(grown.values()) > SIZE

    wait_until(has_grown, output=lambda: grown)
    return max(grown, key=lambda node: grown[node])


@pytest.mark.parametrize("replication", ["RATIS/THREE", "EC/3-2"])
def test_no_client_sees_that_datanodes_die_and_freeze(
    new_cluster: NewCluster, replication: str
) -> None:
    # Of an erasure code on five nodes three are left, as many as hold data.
    kept = {"storage.replication": replication, "storage.missing_replicas_max": 2}
    cluster = new_cluster(kept, oms=1, scms=1, datanodes=5, gateways=1).start()
    endpoint = cluster.endpoints()[0]
    with endpoint.client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        wait_until(lambda: puts_source(s3))
    clients = Clients(endpoint)
    gaps: list[str] = []

    def tell(what: str) -> None:
        for name, steps in clients.steps.items():
            gaps.append(f"{what}: {name}: longest gap {steps.longest_seconds:.2f} s")
            steps.longest_seconds = 0.0

    frozen = ""
    try:
        clients.start("PUT 64 MiB", put_large)
        clients.start("GET 64 MiB", get_large)
        clients.start("PUT small", put_small)
        clients.go_on(2)
        tell("undisturbed")
        dead = busiest(cluster)
        cluster.kill(dead)
        clients.go_on(3)
        tell(f"{dead} killed")
        frozen = busiest(cluster, but=dead)
        cluster.kill(frozen, "STOP")
        clients.go_on(3)
    finally:
        clients.stop()
        tell(f"{frozen} stopped")
        print("\n".join(gaps))
    cluster.kill(frozen, "CONT")
    cluster.stop()
    cluster.check_logs()
