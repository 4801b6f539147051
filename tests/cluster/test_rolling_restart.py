"""Every node is stopped and started in turn while clients work: none of their requests fails."""

import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cluster.balancer import Balancer
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import Endpoint
from tests.integration.store_process import ADMIN, OTHER, wait_until
from trioxygen.cli.config.roles import GROUPS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

BUCKET: Final = "rolling"
CLIENTS: Final = 4
_KEYS: Final = 5
# As boto3's users have it: three attempts in all.
_RETRIES: Final = {"mode": "standard"}


class Worker:
    """Owns some keys: what it finds there is what it put there last."""

    def __init__(self, number: int, endpoint: Endpoint, rng: random.Random) -> None:
        self._number, self._endpoint, self._rng = number, endpoint, rng
        self._known: dict[str, bytes] = {}
        # Until a request fails: nobody knows then what is there.
        self._is_known = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.failures: list[str] = []
        self.calls = self.retries = 0
        self.slowest_seconds = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._endpoint.client(retries=_RETRIES, read_timeout=60) as s3:
            while not self._stopping.is_set():
                started = time.monotonic()
                try:
                    answer = self._step(s3)
                    self.retries += answer["ResponseMetadata"]["RetryAttempts"]
                except Exception as error:  # whatever it is, the client's request has failed
                    self._known.clear()
                    self._is_known = False
                    self.failures.append(f"{time.strftime('%H:%M:%S')} {error!r}")
                self.calls += 1
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - started)
                # The pace of the load; nothing waits for it.
                time.sleep(self._rng.uniform(0, 0.05))

    def _step(self, s3: "S3Client") -> Any:
        key = f"w{self._number}/{self._rng.randrange(_KEYS)}"
        choice = self._rng.random()
        answer: Any
        if choice < 0.45 and key in self._known:
            answer = s3.get_object(Bucket=BUCKET, Key=key)
            assert answer["Body"].read() == self._known[key], key
            return answer
        if choice < 0.55:
            answer = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"w{self._number}/")
            actual = {entry["Key"]: entry["Size"] for entry in answer.get("Contents", [])}
            known = {key: len(body) for key, body in self._known.items()}
            assert actual == known or not self._is_known
            return answer
        if choice < 0.65:
            self._known.pop(key, None)
            return s3.delete_object(Bucket=BUCKET, Key=key)
        large = self._rng.random() < 0.15
        body = self._rng.randbytes(self._rng.randrange(200_000 if large else 4_000))
        self._known.pop(key, None)
        answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        self._known[key] = body
        return answer


def all_went_on(calls: dict[Worker, int]) -> bool:
    """Args: calls: that each had made."""
    return all(worker.calls > before + 10 for worker, before in calls.items())


def test_no_request_fails_while_every_node_is_restarted(
    new_cluster: NewCluster, rng: random.Random
) -> None:
    cluster = new_cluster(datanodes=3).start()
    balancer = Balancer([endpoint.address for endpoint in cluster.endpoints()]).start()
    endpoint = Endpoint(f"http://127.0.0.1:{balancer.address[1]}", ADMIN, OTHER)
    workers = [Worker(n, endpoint, random.Random(rng.random())) for n in range(CLIENTS)]
    try:
        with endpoint.client() as s3:
            s3.create_bucket(Bucket=BUCKET)
        for worker in workers:
            worker.start()
        for node, actual in cluster.nodes().items():
            calls = {worker: worker.calls for worker in workers}
            started = time.strftime("%H:%M:%S")
            cluster.restart(node)
            if actual["role"] in GROUPS:
                cluster.wait_for_all(actual["role"])
            # Of three replicas one may be away at a time.
            wait_until(cluster.uses_every_datanode, output=cluster.logs)
            wait_until(partial(all_went_on, calls))
            print(
                f"{started} {node}: {sum(worker.calls for worker in workers)} calls, "
                f"{sum(worker.retries for worker in workers)} retried, "
                f"slowest {max(worker.slowest_seconds for worker in workers):.2f} s, "
                f"{sum(len(worker.failures) for worker in workers)} failed",
                flush=True,
            )
            for worker in workers:
                worker.slowest_seconds = 0.0
    finally:
        for worker in workers:
            worker.stop()
        balancer.stop()
    failures = [failure for worker in workers for failure in worker.failures]
    assert not failures, "\n".join(failures)
    cluster.check_logs()
