"""One key's slow uploads do not stop another's requests; who is over its share is told."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.signing import EMPTY_SHA256, UNSIGNED_PAYLOAD, Signer
from bench.signing import Endpoint as SignedEndpoint
from tests.integration.endpoint import Endpoint, Keys, read
from tests.integration.store_process import OTHER, StoreProcess, wait_until
from trioxygen.common.units import KIB, MIB

UPLOADS_MAX = 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreProcess]:
    made = StoreProcess(
        tmp_path,
        {
            "s3.uploads_max": UPLOADS_MAX,
            "s3.rate_window_seconds": 8,
            "s3.rate_bytes_per_second_min": 1_000,
        },
    ).start()
    try:
        made.add_account("other", OTHER)
        yield made
        made.stop()
    finally:
        made.discard()


def begun(endpoint: Endpoint, keys: Keys, method: str, path: str, size_bytes: int) -> socket.socket:
    """A signed request whose body is yet to come."""
    signed = SignedEndpoint.parse(endpoint.url)
    signer = Signer(
        endpoint=signed, access_key=keys.access, secret_key=keys.secret, region="us-east-1"
    )
    connection = socket.create_connection(endpoint.address, timeout=60)
    payload = UNSIGNED_PAYLOAD if size_bytes else EMPTY_SHA256
    head = signer.head(method, path, size_bytes=size_bytes or None, payload_sha256=payload)
    connection.sendall(head)
    return connection


def test_uploads_that_dribble_leave_room_for_others_and_are_ended(store: StoreProcess) -> None:
    endpoint = store.endpoint
    with (
        ExitStack() as stack,
        endpoint.client() as s3,
        endpoint.client(OTHER) as other,
    ):
        s3.create_bucket(Bucket="mine")
        other.create_bucket(Bucket="others")
        slow = [
            stack.enter_context(begun(endpoint, store.endpoint.main, "PUT", f"/mine/{n}", 64 * MIB))
            for n in range(UPLOADS_MAX)
        ]
        for connection in slow:
            connection.sendall(bytes(2 * KIB))
        # The key that dribbles has its share: those beyond it are answered. Everybody else goes on.
        assert select.select(slow, [], [], 60)[0], "the share is never used up"
        data = bytes(MIB)
        other.put_object(Bucket="others", Key="k", Body=data)
        assert read(other, "others", "k") == data
        s3.put_object(Bucket="mine", Key="small", Body=b"no upload of blocks")
        # Beyond the share: refused at once. Below the rate over the window: told so, and the place
        # is free again.
        codes = [_answered(connection) for connection in slow]
        assert set(codes) == {(400, "RequestTimeout"), (503, "SlowDown")}
        assert UPLOADS_MAX // 2 <= codes.count((400, "RequestTimeout")) <= UPLOADS_MAX * 3 // 4
        s3.put_object(Bucket="mine", Key="k", Body=data)


def _answered(connection: socket.socket) -> tuple[int, str]:
    with connection.makefile("rb") as answer:
        text = answer.read().decode()
    return int(text.split()[1]), text.partition("<Code>")[2].partition("</Code>")[0]


def test_slow_reader_is_cut_off_and_logged_with_its_request(store: StoreProcess) -> None:
    endpoint = store.endpoint
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="mine")
        data = bytes(range(256)) * (64 * KIB)
        s3.put_object(Bucket="mine", Key="large", Body=data)
        assert read(s3, "mine", "large") == data
        assert read(s3, "mine", "large", Range="bytes=100001-5000000") == data[100_001:5_000_001]
        with begun(endpoint, endpoint.main, "GET", "/mine/large", 0) as connection:
            end = time.monotonic() + 120
            while "reader_cut_off" not in store.log_text():
                assert time.monotonic() < end
                connection.recv(10)
                time.sleep(0.1)
        line = next(line for line in store.log_text().splitlines() if "reader_cut_off" in line)
        request_id = line.partition("request_id=")[2].split()[0]
        wait_until(lambda: request_id in (store.data / "logs" / "access.log").read_text())
