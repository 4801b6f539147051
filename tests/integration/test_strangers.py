"""Who shows no token and no signature costs the process nothing: no body of theirs is kept, no
header of theirs grows."""

import json
import re
import socket
import time
from collections.abc import Iterator

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.process_memory import Memory
from tests.integration.store_process import StoreProcess

MIB = 1 << 20
SENT_MIB = 120
KEPT_MIB_MAX = 40


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    process = StoreProcess(tmp_path_factory.mktemp("store"), anew=True)
    try:
        process.start()
        with process.endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
        yield process
        process.stop()
    finally:
        process.discard()


def endpoint_file(store: StoreProcess) -> dict[str, str]:
    parsed: dict[str, str] = json.loads((store.data / "endpoint.json").read_text())
    return parsed


def address(store: StoreProcess, port: str) -> tuple[str, int]:
    return Endpoint(endpoint_file(store)[port], store.endpoint.main, store.endpoint.other).address


def status_of(wire: socket.socket) -> int:
    """Of the answer; what follows it is left."""
    line = b""
    while not line.endswith(b"\n"):
        piece = wire.recv(1)
        assert piece, "no answer"
        line += piece
    return int(line.split()[1])


def flood(wire: socket.socket, piece: bytes) -> int:
    """Sends until the other end has had enough; how many MiB it took."""
    sent = 0
    began = time.monotonic()
    try:
        while sent < SENT_MIB * MIB and time.monotonic() - began < 30:
            sent += wire.send(piece)
    except (ConnectionError, TimeoutError):
        pass
    return sent // MIB


LENGTH = f"Content-Length: {1_200 * MIB}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunked"])
@pytest.mark.parametrize(
    ("port", "asked", "fields", "status"),
    [
        ("admin", "POST /admin/v1/keys", "", 401),
        ("admin", "POST /admin/v1/keys", "Authorization: Bearer wrong\r\n", 401),
        ("admin", "GET /admin/v1/status", "", 401),
        ("admin", "POST /admin/v1/none", "", 401),
        ("admin", "POST /elsewhere", "", 401),
        ("admin", "POST /admin/v1/accounts", "TOKEN", 413),
        ("admin", "GET /_health/ready", "", 200),
        ("admin", "POST /metrics", "", 405),
        ("s3", "PUT /bucket/key", "", 403),
        ("s3", "POST /bucket?delete", "", 403),
        ("s3", "GET /bucket", "", 403),
        ("s3", "GET /", "", 403),
        ("s3", "PUT /bucket/%zz", "", 400),
        ("s3", "PUT /bucket/key?X-Amz-Signature=a", "", 400),
        ("s3", "POST /bucket", "Authorization: Bearer x\r\n", 400),
    ],
)
def test_body_of_a_stranger_is_not_kept(
    store: StoreProcess, port: str, asked: str, fields: str, status: int, framing: str
) -> None:
    if fields == "TOKEN":
        fields = f"Authorization: Bearer {endpoint_file(store)['admin_token']}\r\n"
    memory = Memory(store.pid)
    with socket.create_connection(address(store, port), timeout=60) as wire:
        wire.sendall(f"{asked} HTTP/1.1\r\nHost: localhost\r\n{fields}{framing}\r\n".encode())
        piece = bytes(MIB)
        if framing == CHUNKED:
            piece = b"%x\r\n%s\r\n" % (MIB, piece)
        if status == 413 and framing == CHUNKED:
            # How long it will be is not known before it has come.
            wire.sendall(piece)
        # Before the body: nobody waits for it.
        assert status_of(wire) == status
        taken = flood(wire, piece)
    # Some is read and dropped, so that the answer arrives.
    assert taken < 64
    assert memory.grown_mib < KEPT_MIB_MAX


@pytest.mark.parametrize("port", ["admin", "s3"])
@pytest.mark.parametrize(
    "start",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-",
        b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;a=",
        b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ",
    ],
    ids=["target", "value", "name", "chunk extension", "trailer"],
)
def test_head_without_an_end_is_cut_off(store: StoreProcess, port: str, start: bytes) -> None:
    memory = Memory(store.pid)
    with socket.create_connection(address(store, port), timeout=60) as wire:
        wire.sendall(start)
        assert flood(wire, b"a" * MIB) < 64
    assert memory.grown_mib < KEPT_MIB_MAX


@pytest.mark.parametrize("port", ["admin", "s3"])
def test_header_of_many_lines_is_cut_off(store: StoreProcess, port: str) -> None:
    memory = Memory(store.pid)
    with socket.create_connection(address(store, port), timeout=60) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert flood(wire, b"X-A: b\r\n" * 100_000) < 64
    assert memory.grown_mib < KEPT_MIB_MAX


def test_token_opens_the_admin_port_still(store: StoreProcess) -> None:
    assert store.status()


TOLD_NEVER = re.compile(
    rb"/(?:tmp|root|home|usr|work|srv|var)/|\.py\b|Traceback|line [0-9]+|[0-9]+\.[0-9]+\.[0-9]+"
    rb"|python|uvloop|lmdb|grpc|httptools|fastapi|starlette|datanode|dn1|om1|scm1",
    re.I,
)
SIGNED = (
    "Authorization: AWS4-HMAC-SHA256 Credential=AKNOBODY/20260101/us-east-1/s3/aws4_request,"
    "SignedHeaders=host;x-amz-date,Signature=00\r\nx-amz-date: 20260101T000000Z\r\n"
    "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
)


@pytest.mark.parametrize("fields", ["", SIGNED, "Authorization: Bearer x\r\n", "Expect: x\r\n"])
@pytest.mark.parametrize("port", ["s3", "admin"])
@pytest.mark.parametrize(
    "asked",
    [
        *("GET /", "PUT /bucket/key", "GET /bucket/none", "POST /bucket?delete", "DELETE /bucket"),
        *("GET /none/k?uploads", "PATCH /x", "GET /%zz", "GET http://[zz]/", "CONNECT a:1", "X /"),
        *("GET /bucket?X-Amz-Signature=a", "GET /bucket/k?AWSAccessKeyId=a&Signature=b&Expires=1"),
        *(
            "GET /admin/v1/status",
            "POST /admin/v1/keys",
            "GET /docs",
            "GET /openapi.json",
            "HEAD /",
        ),
        "GET /_health/none",
    ],
)
def test_stranger_learns_nothing_of_the_machine(
    store: StoreProcess, port: str, asked: str, fields: str
) -> None:
    with socket.create_connection(address(store, port), timeout=60) as wire:
        wire.sendall(f"{asked} HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: 0\r\n\r\n".encode())
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 ")
    actual = TOLD_NEVER.search(answer.partition(b"\r\n")[2])
    assert actual is None, answer
    assert str(store.data).encode() not in answer
