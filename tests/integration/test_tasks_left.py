"""A process that has stopped ends with no task of its own: nobody's work is left behind, whatever
was under way when the signal came. A process says `tasks_left` in its log when there is one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.cluster.cluster import Cluster
from tests.integration.endpoint import Endpoint
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import UNSIGNED, Connection, Request, connection, sign
from tests.integration.store_process import StoreProcess
from trioxygen.common.units import MIB

_ONE_OF_EACH: Final = {"oms": 1, "scms": 1, "datanodes": 1, "gateways": 1}
_CONFIG: Final = {"s3.drain_seconds": 1}


@contextmanager
def work_under_way(endpoint: Endpoint) -> Iterator[None]:
    """A body that stops coming, an answer that nobody reads, and what was done before."""
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        for size_bytes in (10, 70_000, 24 * MIB):
            s3.put_object(Bucket="bucket", Key=f"key-{size_bytes}", Body=b"x" * size_bytes)
        upload = Upload.begin(s3, "bucket", "upload")
        upload.put(1, b"a" * PART_MIN)
        upload.complete()
        s3.delete_object(Bucket="bucket", Key="key-70000")
        with connection(endpoint) as sending, connection(endpoint) as reading:
            asked = Request("PUT", "/bucket/cut", fields={"Content-Length": str(16 * MIB)})
            sending.send(sign(endpoint, asked, payload=UNSIGNED).bytes + b"x" * 3 * MIB)
            begin_to_read(endpoint, reading)
            yield


def begin_to_read(endpoint: Endpoint, wire: Connection) -> None:
    wire.send(sign(endpoint, Request("GET", f"/bucket/key-{24 * MIB}")).bytes)
    status, _ = wire.head()
    assert status == 200


def test_store_leaves_no_task_behind(tmp_path: Path) -> None:
    store = StoreProcess(tmp_path, _CONFIG)
    try:
        store.start()
        with work_under_way(store.endpoint):
            store.stop()
        assert "stopped" in store.log_text()
    finally:
        store.discard()


def test_no_role_leaves_a_task_behind(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, _CONFIG, _ONE_OF_EACH)
    try:
        cluster.start()
        nodes = list(cluster.nodes())
        [endpoint] = cluster.endpoints()
        with work_under_way(endpoint):
            cluster.stop()
        for node in nodes:
            assert "stopped" in cluster.log_text(node), node
        cluster.check_logs()
    finally:
        cluster.discard()
