"""What is refused below S3 is answered as S3 answers: a document with both ids, and then the end of
the connection; noted in the access log and in the metrics. The admin port keeps plain text."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest

from tests.integration.conftest import NewStore
from tests.integration.s3.wire import Answer, Connection
from tests.integration.store_process import StoreProcess, wait_until

KIB = 1 << 10
HOST = "Host: localhost\r\n"
PARSING = ("BadRequest", "An error occurred when parsing the HTTP request.")
CHUNKED = "Transfer-Encoding: chunked\r\n"
HEAD_BYTES_MAX = 64 * KIB


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    config = {"s3.head_seconds_max": 2, "s3.connections_max": 40, "s3.body_idle_seconds_max": 2}
    process = StoreProcess(tmp_path_factory.mktemp("store"), config)
    try:
        process.start()
        yield process
        process.stop()
    finally:
        process.discard()


def address_of(store: StoreProcess, port: str) -> tuple[str, int]:
    parts = urlsplit(json.loads((store.data / "endpoint.json").read_text())[port])
    assert parts.hostname is not None and parts.port is not None
    return parts.hostname, parts.port


def refusal(store: StoreProcess, sent: bytes, *, port: str = "s3", of_head: bool = False) -> Answer:
    with closing(Connection(address_of(store, port))) as wire:
        if sent:
            wire.send(sent)
        answer = wire.answer(of_head=of_head)
        assert answer.fields["connection"] == "close"
        wire.half_close()
        assert wire.is_closed()
        return answer


def logged(store: StoreProcess, request_id: str) -> dict[str, object]:
    """The line of the access log with this id."""
    path = store.data / "logs" / "access.log"
    actual: list[dict[str, object]] = []

    def is_there() -> bool:
        # The last one may be on its way.
        written, _, _ = path.read_bytes().rpartition(b"\n")
        lines = [json.loads(line) for line in written.splitlines()]
        actual[:] = [line for line in lines if line["request_id"] == request_id]
        return len(actual) == 1

    wait_until(is_there)
    return actual[0]


def counted(store: StoreProcess, status: int) -> float:
    host, port = address_of(store, "admin")
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    name = "trioxygen_gateway_requests_total"
    actual = re.search(rf'^{name}{{operation="Unrouted",status="{status}"}} (\S+)$', text, re.M)
    return float(actual[1]) if actual else 0.0


def check(store: StoreProcess, answer: Answer, status: int, code: str, **details: str) -> None:
    assert (answer.status, answer.code) == (status, code)
    assert answer.fields["content-type"] == "application/xml"
    error = answer.error
    assert list(error) == ["Code", "Message", *details, "RequestId", "HostId"]
    assert {name: error[name] for name in details} == details
    assert re.fullmatch("[0-9A-F]{16}", error["RequestId"])
    assert error["RequestId"] == answer.fields["x-amz-request-id"]
    assert error["HostId"] == answer.fields["x-amz-id-2"]
    line = logged(store, error["RequestId"])
    assert (line["status"], line["error_code"], line["operation"]) == (status, code, "Unrouted")
    assert line["remote"] == "127.0.0.1" and line["bytes_out"] == len(answer.body)


@pytest.mark.parametrize(
    "sent",
    [
        "garbage\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS client on the port without TLS
        "get / HTTP/1.1\r\n" + HOST + "\r\n",
        "FROB / HTTP/1.1\r\n" + HOST + "\r\n",
        "GET / HTTP/1.1 \r\n" + HOST + "\r\n",
        "GET / HTTP/1.2\r\n" + HOST + "\r\n",
        "GET / HTTP/11\r\n" + HOST + "\r\n",
        "GET / HTTQ/1.1\r\n" + HOST + "\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + HOST + "\r\n",
        "GET / HTTP/1.1\r\nHost: [zz]\r\n\r\n",
        "GET /a#b HTTP/1.1\r\n" + HOST + "\r\n",
        "GET /a\x01b HTTP/1.1\r\n" + HOST + "\r\n",
        "GET http://[zz]/ HTTP/1.1\r\n" + HOST + "\r\n",
        "GET ftp://a/ HTTP/1.1\r\n" + HOST + "\r\n",
        "CONNECT a:1 HTTP/1.1\r\n" + HOST + "\r\n",
        "CONNECT a:1 HTTP/1.1\r\n" + HOST + "Content-Length: 4\r\n\r\nbody",
        "CONNECT a:1 HTTP/1.1\r\n" + HOST + CHUNKED + "\r\n1\r\nx\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "Bad Name: x\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "Name : x\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "no-colon\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + " folded: x\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "X: a\x00b\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "X: a\rb\r\n\r\n",
        "PUT /b/k HTTP/1.1\r\n" + HOST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "PUT /b/k HTTP/1.1\r\n" + HOST + "Content-Length: 1\r\n" + CHUNKED + "\r\nx",
        "PUT /b/k HTTP/1.1\r\n" + HOST + CHUNKED + "Content-Length: 1\r\n\r\nx",
        "PUT /b/k HTTP/1.1\r\n" + HOST + "Content-Length: -1\r\n\r\n",
        "PUT /b/k HTTP/1.1\r\n" + HOST + "Content-Length: 1, 1\r\n\r\n",
        "PUT /b/k HTTP/1.1\r\n" + HOST + "Content-Length: 99999999999999999999999\r\n\r\n",
    ],
    ids=lambda sent: ascii(sent)[1:60],
)
def test_what_is_not_http_is_a_bad_request(store: StoreProcess, sent: str) -> None:
    before = counted(store, 400)
    answer = refusal(store, sent.encode("latin-1"))
    check(store, answer, 400, "BadRequest")
    assert answer.error["Message"] == PARSING[1]
    assert counted(store, 400) == before + 1


@pytest.mark.parametrize(
    "fields",
    [
        "X: " + "x" * HEAD_BYTES_MAX + "\r\n",
        "".join(f"X-{number}: {'x' * 60}\r\n" for number in range(1_000)),
        "a:b\r\n" * 2_001,
    ],
    ids=["one large field", "large in all", "many fields"],
)
def test_head_over_its_bounds_is_refused_with_the_bound(store: StoreProcess, fields: str) -> None:
    answer = refusal(store, f"GET / HTTP/1.1\r\n{HOST}{fields}\r\n".encode())
    bound = str(HEAD_BYTES_MAX)
    check(store, answer, 400, "RequestHeaderSectionTooLarge", MaxSizeAllowed=bound)
    target = "/" + "x" * HEAD_BYTES_MAX
    answer = refusal(store, f"GET {target} HTTP/1.1\r\n{HOST}\r\n".encode())
    check(store, answer, 400, "RequestHeaderSectionTooLarge", MaxSizeAllowed=bound)


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "identity"])
def test_coding_that_is_not_known_is_not_implemented(store: StoreProcess, coding: str) -> None:
    head = f"PUT /b/k HTTP/1.1\r\n{HOST}Transfer-Encoding: {coding}\r\n\r\n"
    answer = refusal(store, head.encode())
    what = "A body is sent whole or chunked."
    fields = {"Header": "Transfer-Encoding", "additionalMessage": what}
    check(store, answer, 501, "NotImplemented", **fields)


@pytest.mark.parametrize(
    "head", ["GET / HTTP/2.0\r\n" + HOST, "GET / HTTP/0.9\r\n" + HOST, "GET /\r\n"]
)
def test_other_version_is_refused(store: StoreProcess, head: str) -> None:
    check(store, refusal(store, f"{head}\r\n".encode()), 505, "HttpVersionNotSupported")


@pytest.mark.parametrize("value", ["200", "200-ok", "100-continue=1"])
def test_expectation_of_something_else_is_ignored(store: StoreProcess, value: str) -> None:
    with closing(Connection(address_of(store, "s3"))) as wire:
        wire.send(f"GET /no-bucket/k HTTP/1.1\r\n{HOST}Expect: {value}\r\n\r\n".encode())
        assert wire.answer().code == "NoSuchBucket"


def test_broken_chunk_is_answered_as_a_bad_request(store: StoreProcess) -> None:
    with store.endpoint.client() as s3:
        url = s3.generate_presigned_url("put_object", Params={"Bucket": "chunks", "Key": "k"})
        s3.create_bucket(Bucket="chunks")
    parts = urlsplit(url)
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n{CHUNKED}\r\n"
    for chunks in ("zz\r\nabc\r\n", "3\r\nabcX\r\n", "-3\r\nabc\r\n", "1" * 20 + "\r\nabc\r\n"):
        answer = refusal(store, (head + chunks).encode())
        assert (answer.status, answer.code) == (400, "BadRequest"), chunks
        line = logged(store, answer.error["RequestId"])
        assert (line["operation"], line["error_code"]) == ("PutObject", "BadRequest")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("HEAD / HTTP/1.1\r\n" + HOST + "Bad Name: x\r\n\r\n", 400),
        ("HEAD / HTTP/1.1\r\n" + HOST + HOST + "\r\n", 400),
        ("HEAD / HTTP/1.1\r\n" + HOST + "X: " + "x" * HEAD_BYTES_MAX + "\r\n\r\n", 400),
        ("HEAD / HTTP/2.0\r\n" + HOST + "\r\n", 505),
        ("HEAD / HTTP/1.1\r\n" + HOST + "Transfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_refused_head_has_no_body(store: StoreProcess, head: str, status: int) -> None:
    answer = refusal(store, head.encode(), of_head=True)
    assert answer.status == status and "content-length" not in answer.fields
    line = logged(store, answer.fields["x-amz-request-id"])
    assert (line["status"], line["bytes_out"]) == (status, 0)


def test_refusal_follows_the_answers_of_the_requests_before_it(store: StoreProcess) -> None:
    with closing(Connection(address_of(store, "s3"))) as wire:
        wire.send(f"HEAD /none HTTP/1.1\r\n{HOST}\r\n".encode() * 2 + b"garbage\r\n\r\n")
        assert [wire.answer(of_head=True).status for _ in range(2)] == [404, 404]
        check(store, wire.answer(), 400, "BadRequest")


def test_head_that_does_not_come_to_its_end_times_out(store: StoreProcess) -> None:
    answer = refusal(store, b"GET / HTTP/1.1\r\nHo")
    check(store, answer, 400, "RequestTimeout")
    assert float(str(logged(store, answer.error["RequestId"])["duration_ms"])) >= 2_000


def test_operator_is_told_why_a_head_was_refused(store: StoreProcess) -> None:
    secret = "X-Amz-Signature=0123456789"
    answer = refusal(store, f"GET /b/k?{secret} HTTP/1.1\r\n\r\n".encode())
    told = store.o3("explain", answer.error["RequestId"]).stdout
    assert told.startswith("400 BadRequest") and "- What came is not HTTP/1.1" in told
    assert "nobody signed" not in told.lower() and "0123456789" not in told
    assert answer.error["HostId"] in store.o3("explain", answer.error["RequestId"], "--json").stdout


def test_body_that_does_not_come_times_out(store: StoreProcess) -> None:
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="slow")
        url = s3.generate_presigned_url("put_object", Params={"Bucket": "slow", "Key": "k"})
    parts = urlsplit(url)
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    answer = refusal(store, (head + "Content-Length: 10\r\n\r\nfour").encode())
    assert (answer.status, answer.code) == (400, "RequestTimeout")


def test_connection_too_many_is_told_to_slow_down(store: StoreProcess) -> None:
    held: list[Connection] = []
    with ExitStack() as stack:

        def three_quarters_are_held() -> bool:
            """What one address may have, each waiting for another request. Those of the test before
            may still be about to end."""
            wire = stack.enter_context(closing(Connection(address_of(store, "s3"))))
            wire.send(f"HEAD /none HTTP/1.1\r\n{HOST}\r\n".encode())
            if wire.head()[0] == 404:
                held.append(wire)
            return len(held) == 30

        wait_until(three_quarters_are_held)
        answer = refusal(store, b"")
        check(store, answer, 503, "SlowDown")
    wait_until(lambda: refusal(store, b"garbage\r\n\r\n").status == 400)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("garbage\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n" + HOST + "\r\n", 505),
        ("GET / HTTP/1.1\r\n" + HOST + "X: " + "x" * HEAD_BYTES_MAX + "\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n" + HOST + "Transfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_admin_port_refuses_in_plain_text(store: StoreProcess, sent: str, status: int) -> None:
    answer = refusal(store, sent.encode(), port="admin")
    assert (answer.status, answer.fields["content-type"]) == (status, "text/plain")
    assert "x-amz-request-id" not in answer.fields and b"<" not in answer.body


def test_requests_on_their_way_at_a_stop_are_refused_as_any_other(new_store: NewStore) -> None:
    store = new_store({"s3.body_idle_seconds_max": 2}).start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="stopping")
        url = s3.generate_presigned_url("put_object", Params={"Bucket": "stopping", "Key": "k"})
    parts = urlsplit(url)
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    address = address_of(store, "s3")
    with closing(Connection(address)) as stuck, closing(Connection(address)) as late:
        stuck.send((head + "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n").encode())
        assert stuck.head()[0] == 100
        late.send(b"GET / HTTP/1.1\r\nHo")
        # What was sent before it has been read when a later request is answered.
        refusal(store, b"GET / HTTP/1.1\r\n\r\n")
        assert store.process is not None
        store.process.terminate()
        wait_until(lambda: "stop_begun" in store.log_text())
        late.send(b"st: a\r\nHost: b\r\n\r\n")
        answer = late.answer()
        assert (answer.status, answer.code) == (400, "BadRequest")
        assert answer.fields["connection"] == "close"
        assert stuck.answer().code == "RequestTimeout"
    store.process.communicate(timeout=120)
    assert store.process.returncode == 0, store.log_text()
    store.check_log()
