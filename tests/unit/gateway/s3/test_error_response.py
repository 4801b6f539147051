"""What goes into an answer, and what only into the log."""

import pytest

from trioxygen.common.errors import (
    ChecksumMismatch,
    DeadlineExceeded,
    Internal,
    NoSuchBlock,
    NoSuchContainer,
    NotEnoughDataNodes,
    TrioxygenError,
    UnknownFormat,
    Unreachable,
)
from trioxygen.gateway.http.limits import Message
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.error_response import error_response, s3_error
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.shares import ShareLimits, Shares

SECRETS = ("10.9.8.7:9862", "/srv/disk-1", "node-7", "4711")


async def _receive() -> Message:
    raise AssertionError("nobody reads a body")


def request(method: str = "GET", path: bytes = b"/b/k", query: bytes = b"") -> S3Request:
    head, shares = RequestHead(method, path, query, []), Shares(ShareLimits())
    made = S3Request(head, _receive, "00000001", "host", "http", shares)
    made.bucket, made.key, made.operation = "b", "k", "GetObject"
    return made


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unreachable("refused", address=SECRETS[0], node=SECRETS[2]), 503),
        (DeadlineExceeded(f"gave up ({SECRETS[0]}: {SECRETS[1]} {SECRETS[2]} {SECRETS[3]})"), 503),
        (NotEnoughDataNodes(pipeline=SECRETS[2], lease=SECRETS[3]), 503),
        (ChecksumMismatch("a bad row", path=SECRETS[1], container=SECRETS[3]), 500),
        (NoSuchBlock(container=SECRETS[3], address=SECRETS[0]), 500),
        (UnknownFormat(SECRETS[1], format=9), 500),
        (Internal(f"OSError({SECRETS[1]!r}) in the server"), 500),
    ],
)
def test_facts_go_to_the_log_with_the_request_id_and_not_to_the_client(
    caplog: pytest.LogCaptureFixture, error: TrioxygenError, status: int
) -> None:
    asked = request()
    answer = error_response(asked, s3_error(error, asked))
    assert answer.status == status
    shown = bytes(answer.body).decode() + str(answer.headers)
    assert not [secret for secret in SECRETS if secret in shown]
    [record] = caplog.records
    assert record.levelname == ("ERROR" if status == 500 else "WARNING")
    output = record.getMessage() + str(record.exc_info)
    assert "request_id=00000001" in output and "operation=GetObject" in output
    assert all(value in output for value in error.facts.values())


def test_data_that_is_gone_is_told_of_as_damage_and_not_as_a_defect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for error in (NoSuchBlock(container=1, local=2), NoSuchContainer(container=1)):
        caplog.clear()
        assert s3_error(error, request()).code == "InternalError"
        [record] = caplog.records
        assert "damaged_data_met" in record.getMessage() and not record.exc_info


def test_too_few_datanodes_are_told_by_their_number() -> None:
    asked = request("PUT")
    error = NotEnoughDataNodes("of node-7", replication="EC/3-2", needed=5, healthy=4)
    answer = s3_error(error, asked)
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert answer.message == (
        "The storage class needs 5 DataNodes, and 4 can take data now. Please try again later."
    )


def test_what_the_client_did_wrong_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    asked = request()
    assert s3_error(S3Error("NoSuchKey"), asked).code == "NoSuchKey"
    assert not caplog.records


def test_request_tells_what_an_error_does_not_say_itself() -> None:
    own = bytes(error_response(request(), S3Error("NoSuchKey")).body)
    assert b"<Key>k</Key><RequestId>00000001</RequestId><HostId>host</HostId></Error>" in own
    source = S3Error("NoSuchKey", details={"Key": "source"})
    assert b"<Key>source</Key>" in bytes(error_response(request(), source).body)
    upload = error_response(request(query=b"uploadId=u"), S3Error("NoSuchUpload"))
    assert b"<UploadId>u</UploadId>" in bytes(upload.body)
    assert error_response(request("HEAD"), S3Error("NoSuchKey")).body == b""
