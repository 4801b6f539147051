"""HTTP below S3: 100-continue, chunks, connections that live on, clients that go away."""

import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.integration.endpoint import Endpoint, Keys, keys_of, read
from tests.integration.s3.uploads import Upload
from tests.integration.s3.wire import UNSIGNED, Connection, Request, connection, sign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
NOT_THE_SECRET = "not-the-secret"


def put_head(
    endpoint: Endpoint, path: str, length: int | None, *, secret: str = "", **fields: str
) -> bytes:
    """The head of a PUT with an unsigned payload."""
    chosen = {name.replace("_", "-"): value for name, value in fields.items()}
    if length is not None:
        chosen["Content-Length"] = str(length)
    keys = Keys(endpoint.main.access, secret) if secret else None
    return sign(endpoint, Request("PUT", path, fields=chosen), payload=UNSIGNED, keys=keys).bytes


def test_body_is_asked_for_before_it_is_sent(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    with connection(endpoint) as wire:
        wire.send(put_head(endpoint, f"/{bucket}/k", 4, Expect="100-continue"))
        assert wire.head()[0] == 100
        wire.send(b"body")
        assert wire.answer().status == 200
    assert read(s3, bucket, "k") == b"body"


@pytest.mark.parametrize(
    ("path", "secret", "status", "code"),
    [
        ("/{bucket}/k", NOT_THE_SECRET, 403, "SignatureDoesNotMatch"),
        ("/o3-test-not-there/k", "", 404, "NoSuchBucket"),
        ("/{bucket}/" + "k" * 1_025, "", 400, "KeyTooLongError"),
        ("/{bucket}?website", "", 501, "NotImplemented"),
    ],
)
def test_refusal_comes_instead_of_the_question_for_the_body(
    endpoint: Endpoint, bucket: str, path: str, secret: str, status: int, code: str
) -> None:
    where = path.format(bucket=bucket)
    plain, _, query = where.partition("?")
    asked = Request("PUT", plain, query, fields={"Expect": "100-continue"})
    asked.fields["Content-Length"] = str(5 << 30)
    keys = Keys(endpoint.main.access, secret) if secret else None
    with connection(endpoint) as wire:
        wire.send(sign(endpoint, asked, payload=UNSIGNED, keys=keys).bytes)
        actual, fields = wire.head()
        # A final answer at once, without 100 before it; and 5 GiB need not be read.
        assert actual == status
        assert code in wire._file.read(int(fields["content-length"])).decode()


@pytest.mark.parametrize(("key", "status"), [("k", 200), ("k" * 1_025, 400)])
def test_empty_body_is_asked_for_too(
    endpoint: Endpoint, bucket: str, key: str, status: int
) -> None:
    # botocore keeps the status of an answer that comes instead of 100 for its next request.
    with connection(endpoint) as wire:
        for _ in range(2):
            wire.send(put_head(endpoint, f"/{bucket}/{key}", 0, Expect="100-continue"))
            assert wire.head() == (100, {})
            assert wire.answer().status == status


def test_too_much_is_refused_before_it_is_sent(endpoint: Endpoint, bucket: str) -> None:
    with connection(endpoint) as wire:
        head = put_head(endpoint, f"/{bucket}/k", (5 << 30) + 1, Expect="100-continue")
        wire.send(head)
        answer = wire.answer()
    assert (answer.status, answer.code) == (400, "EntityTooLarge")
    assert answer.error["MaxSizeAllowed"] == str(5 << 30)


@pytest.mark.parametrize("size", [0, 10, 70_000, 3 * MIB])
def test_body_in_http_chunks_needs_no_length(
    endpoint: Endpoint, s3: "S3Client", bucket: str, size: int
) -> None:
    body = random.Random(size).randbytes(size)
    with connection(endpoint) as wire:
        wire.send(put_head(endpoint, f"/{bucket}/k", None, Transfer_Encoding="chunked"))
        for start in range(0, size, 40_000):
            piece = body[start : start + 40_000]
            wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        wire.send(b"0\r\n\r\n")
        answer = wire.answer()
    assert answer.status == 200, answer.body
    assert read(s3, bucket, "k") == body


def test_put_without_any_length_is_refused(endpoint: Endpoint, bucket: str) -> None:
    with connection(endpoint) as wire:
        wire.send(put_head(endpoint, f"/{bucket}/k", None))
        answer = wire.answer()
    assert (answer.status, answer.code) == (411, "MissingContentLength")


@pytest.mark.parametrize(("announced", "sent"), [(10, 0), (10, 9), (3 * MIB, 2 * MIB)])
def test_body_that_ends_early_is_incomplete(
    endpoint: Endpoint, s3: "S3Client", bucket: str, announced: int, sent: int
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    with connection(endpoint) as wire:
        wire.send(put_head(endpoint, f"/{bucket}/k", announced) + b"x" * sent)
        wire.half_close()
        answer = wire.answer()
        assert (answer.status, answer.code) == (400, "IncompleteBody")
        assert wire.is_closed()
    assert read(s3, bucket, "k") == b"old"


def test_http_chunks_that_end_early_are_incomplete(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    with connection(endpoint) as wire:
        wire.send(put_head(endpoint, f"/{bucket}/k", None, Transfer_Encoding="chunked"))
        wire.send(b"5\r\nhello\r\n")
        wire.half_close()
        assert wire.answer().status == 400
    assert keys_of(s3, bucket) == []


def reset(wire: Connection) -> None:
    """Ends the connection with RST: the client is gone, not done."""
    wire._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wire.close()


@pytest.mark.parametrize("leave", [Connection.close, reset], ids=["close", "reset"])
@pytest.mark.parametrize("sent", [0, 1_000, 2 * MIB])
def test_client_that_goes_away_leaves_nothing(
    endpoint: Endpoint, s3: "S3Client", bucket: str, leave: Callable[[Connection], None], sent: int
) -> None:
    upload = Upload.begin(s3, bucket, "upload")
    for path in (f"/{bucket}/k", f"/{bucket}/upload?partNumber=1&uploadId={upload.upload_id}"):
        plain, _, query = path.partition("?")
        asked = Request("PUT", plain, query, fields={"Content-Length": str(3 * MIB)})
        wire = Connection(endpoint.address)
        wire.send(sign(endpoint, asked, payload=UNSIGNED).bytes + b"x" * sent)
        leave(wire)
    # The store is as usable as before, and knows of no such object or part.
    s3.put_object(Bucket=bucket, Key="other", Body=b"x")
    assert keys_of(s3, bucket) == ["other"]
    assert s3.list_parts(**upload.names).get("Parts", []) == []


def test_client_that_reads_nothing_and_goes_does_no_harm(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"z" * 8 * MIB)
    for _ in range(5):
        wire = Connection(endpoint.address)
        wire.send(sign(endpoint, Request("GET", f"/{bucket}/k")).bytes)
        reset(wire)
    assert len(read(s3, bucket, "k")) == 8 * MIB


def test_slow_client_is_waited_for(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    with connection(endpoint) as wire:
        sent = put_head(endpoint, f"/{bucket}/k", 40) + b"0123456789" * 4
        for start in range(0, len(sent), 7):
            wire.send(sent[start : start + 7])
        assert wire.answer().status == 200
    assert read(s3, bucket, "k") == b"0123456789" * 4


def test_requests_may_be_sent_ahead_of_their_answers(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    keys = [f"k{number}" for number in range(12)]
    with connection(endpoint) as wire:
        puts = [put_head(endpoint, f"/{bucket}/{key}", 2) + key[-2:].encode() for key in keys]
        wire.send(b"".join(puts))
        assert [wire.answer().status for _ in keys] == [200] * 12
        gets = [sign(endpoint, Request("GET", f"/{bucket}/{key}")).bytes for key in keys]
        wire.send(b"".join(gets))
        assert [wire.answer().body for _ in keys] == [key[-2:].encode() for key in keys]


def test_connection_is_closed_when_the_client_asks(endpoint: Endpoint, bucket: str) -> None:
    with connection(endpoint) as wire:
        wire.send(
            sign(endpoint, Request("HEAD", f"/{bucket}", fields={"Connection": "close"})).bytes
        )
        answer = wire.answer(of_head=True)
        assert answer.status == 200 and answer.fields["connection"] == "close"
        assert wire.is_closed()


def test_http_1_0_is_answered_and_closed(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    signed = sign(endpoint, Request("GET", f"/{bucket}/k"))
    with connection(endpoint) as wire:
        wire.send(signed.bytes.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))
        assert wire.answer().body == b"body"
        assert wire.is_closed()


def test_unread_body_of_a_refused_put_does_not_become_a_request(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    smuggled = sign(endpoint, Request("PUT", f"/{bucket}/smuggled", fields={"Content-Length": "0"}))
    with connection(endpoint) as wire:
        body = smuggled.bytes + b"x" * MIB
        head = put_head(endpoint, "/o3-test-not-there/k", len(body))
        wire.send(head)
        try:
            wire.send(body)
        except OSError:
            pass  # closed by the server, which has answered
        answer = wire.answer()
        assert answer.code == "NoSuchBucket"
    assert keys_of(s3, bucket) == []
