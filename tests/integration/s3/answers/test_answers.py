"""Every operation's answers, held against what AWS's documentation and AWS itself say of them: one
table, in the files beside this one."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.s3.answers import (
    acls,
    buckets,
    cors,
    deletions,
    encryption,
    forms,
    lifecycle,
    listings,
    policies,
    queries,
    reads,
    settings,
    tags_and_locks,
    uploads,
    writes,
)
from tests.integration.s3.answers.expected import (
    Row,
    filled,
    is_like,
    lines_of,
    outline,
)
from tests.integration.s3.answers.place import made_place
from tests.integration.s3.wire import Answer, Request, connection, send
from trioxygen.gateway.s3.operation import Level
from trioxygen.gateway.s3.table import OPERATIONS

ROWS: Final = (
    *buckets.ROWS,
    *settings.ROWS,
    *acls.ROWS,
    *policies.ROWS,
    *cors.ROWS,
    *listings.ROWS,
    *reads.ROWS,
    *queries.ROWS,
    *writes.ROWS,
    *deletions.ROWS,
    *tags_and_locks.ROWS,
    *uploads.ROWS,
    *encryption.ROWS,
    *lifecycle.ROWS,
    # They write where others list.
    *forms.ROWS,
)
# Of every answer, and those that say how a body travels.
_ALWAYS: Final = {"date", "server", "x-amz-request-id", "x-amz-id-2"}
_TRANSPORT: Final = {"content-length", "transfer-encoding", "connection"}


@pytest.fixture(scope="module")
def place(endpoint: Endpoint) -> Iterator[dict[str, str]]:
    with made_place(endpoint) as made:
        yield (
            made
            | forms.signatures(made["plain"], endpoint.main)
            | {
                "host": endpoint.host,
                "tag": hashlib.md5(b"body").hexdigest(),
                "part-tag": hashlib.md5(b"part").hexdigest(),
                "md5": b64encode(hashlib.md5(b"body").digest()).decode(),
            }
        )


def encoded(text: str | bytes, place: dict[str, str]) -> bytes:
    return text if isinstance(text, bytes) else filled(text, place).encode()


def asked(endpoint: Endpoint, row: Row, place: dict[str, str]) -> Answer:
    method, _, target = filled(row.asked, place).partition(" ")
    path, _, query = target.partition("?")
    body = encoded(row.body, place)
    fields = {name: filled(value, place) for name, value in row.sent.items()}
    if fields.get("Content-MD5") == "md5":
        fields["Content-MD5"] = b64encode(hashlib.md5(body).digest()).decode()
    request = Request(method, path, query, body, fields)
    if row.signer != "nobody":
        keys = endpoint.main if row.signer == "main" else endpoint.other
        return send(endpoint, request, keys=keys)
    if body:
        fields["Content-Length"] = str(len(body))
    with connection(endpoint) as wire:
        wire.send(request.bytes(fields, endpoint.host))
        return wire.answer(of_head=method == "HEAD")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_answer_is_the_one_of_the_table(
    endpoint: Endpoint, place: dict[str, str], row: Row
) -> None:
    answer = asked(endpoint, row, place)
    assert answer.status == row.status, answer.body
    check_headers(answer, row, place)
    if not row.document:
        assert answer.body == encoded(row.content, place)
        return
    expected = outline(filled(row.document, place))
    actual = lines_of(answer.body)
    assert [path for path, _ in actual] == [path for path, _ in expected]
    for (path, text), (_, wanted) in zip(actual, expected, strict=True):
        assert is_like(text, wanted), f"{path}: {text!r} is not {wanted!r}"
    if expected[0][0] == "Error":
        error = answer.error
        assert error["RequestId"] == answer.fields["x-amz-request-id"]
        assert error["HostId"] == answer.fields["x-amz-id-2"]


def check_headers(answer: Answer, row: Row, place: dict[str, str]) -> None:
    fields = answer.fields
    assert fields.keys() >= _ALWAYS
    assert re.fullmatch("[0-9A-Z]{16}", fields["x-amz-request-id"])
    assert re.fullmatch("[A-Za-z0-9+/=]{56,76}", fields["x-amz-id-2"])
    shown = {
        name: value
        for name, value in fields.items()
        if name not in _ALWAYS and (name not in _TRANSPORT or name in row.headers)
    }
    assert shown.keys() == row.headers.keys()
    for name, value in shown.items():
        wanted = filled(row.headers[name], place)
        assert is_like(value, wanted), f"{name}: {value!r} is not {wanted!r}"


def test_every_operation_that_is_here_is_in_the_table_with_a_success_and_a_refusal() -> None:
    # Those of S3 Control: `tests/integration/test_s3_control.py`.
    rows = [row for row in OPERATIONS if row.route.level is not Level.ACCOUNT]
    here = {row.name for row in rows if row.handler is not None}
    # Nothing is archived that could be restored.
    assert {row.operation for row in ROWS if row.status < 400} >= here - {"RestoreObject"}
    assert {row.operation for row in ROWS if row.status >= 400} >= here


def test_no_two_rows_are_of_the_same_situation() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
