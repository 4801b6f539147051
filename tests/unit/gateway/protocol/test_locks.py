from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.as_client import Client
from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol import locks
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.values.buckets import DefaultRetention, LockMode
from trioxygen.gateway.store.values.keys import NO_LOCK, Lock, Retention

NOW_MS = 1_730_882_977_000
UNTIL_MS = NOW_MS + 86_400_123
DATE = "2024-11-07T08:49:37.123Z"
GOVERNED = Retention(LockMode.GOVERNANCE, UNTIL_MS)
TEXTS = st.sampled_from(("", "GOVERNANCE", "COMPLIANCE", "ON", "OFF", DATE, "2020-01-01", "x"))


def lock_head(**fields: str) -> Any:
    return head({f"x-amz-object-lock-{name.replace('_', '-')}": v for name, v in fields.items()})


def test_headers_of_a_write_are_those_of_a_read() -> None:
    for lock in (
        Lock(GOVERNED),
        Lock(GOVERNED, has_legal_hold=True),
        Lock(None, has_legal_hold=False),
        NO_LOCK,
    ):
        fields = {name.decode(): value.decode() for name, value in locks.lock_headers(lock)}
        assert locks.read_lock(head(fields), now_ms=NOW_MS) == lock


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"mode": "GOVERNANCE"}, "retain-until-date"),
        ({"retain_until_date": DATE}, "mode"),
        ({"mode": "x", "retain_until_date": "x"}, "retain-until-date"),
        ({"mode": "GOVERNANCE", "retain_until_date": "2024-11-06T08:49:37Z"}, "retain-until-date"),
        ({"mode": "x", "retain_until_date": DATE, "legal_hold": "x"}, "mode"),
        ({"legal_hold": ""}, "legal-hold"),
    ],
)
def test_header_that_locks_nothing_is_named(fields: dict[str, str], name: str) -> None:
    with pytest.raises(S3Error) as refused:
        locks.read_lock(lock_head(**fields), now_ms=NOW_MS)
    assert refused.value.code == "InvalidArgument"
    assert refused.value.details["ArgumentName"] == f"x-amz-object-lock-{name}"


@given(st.dictionaries(st.sampled_from(("mode", "retain_until_date", "legal_hold")), TEXTS))
def test_any_headers_are_read_or_refused(fields: dict[str, str]) -> None:
    try:
        locks.read_lock(lock_head(**fields), now_ms=NOW_MS)
    except S3Error as error:
        assert error.code == "InvalidArgument"


def test_documents_of_an_aws_client_are_read_and_seen_by_it(client: Client) -> None:
    at = {"Bucket": "b", "Key": "k"}
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": DATE}
    body = client.body("PutObjectRetention", {**at, "Retention": retention})
    assert locks.read_retention(body, now_ms=NOW_MS) == GOVERNED
    seen = client.parsed("GetObjectRetention", locks.retention_document(GOVERNED))["Retention"]
    assert (seen["Mode"], seen["RetainUntilDate"].timestamp()) == ("GOVERNANCE", UNTIL_MS / 1_000)
    body = client.body("PutObjectRetention", {**at, "Retention": {}})
    assert locks.read_retention(body, now_ms=NOW_MS) is None
    for status, is_held in (("ON", True), ("OFF", False)):
        body = client.body("PutObjectLegalHold", {**at, "LegalHold": {"Status": status}})
        assert locks.read_legal_hold(body) is is_held
        document = locks.legal_hold_document(is_held=is_held)
        assert client.parsed("GetObjectLegalHold", document)["LegalHold"] == {"Status": status}


@pytest.mark.parametrize(
    ("default", "rule"),
    [
        (None, None),
        (DefaultRetention(LockMode.GOVERNANCE, days=36_500), {"Mode": "GOVERNANCE", "Days": 36500}),
        (DefaultRetention(LockMode.COMPLIANCE, years=1), {"Mode": "COMPLIANCE", "Years": 1}),
    ],
)
def test_configuration_of_an_aws_client_is_read_and_seen_by_it(
    client: Client, default: DefaultRetention | None, rule: dict[str, Any] | None
) -> None:
    configuration: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    if rule is not None:
        configuration["Rule"] = {"DefaultRetention": rule}
    asked = {"Bucket": "b", "ObjectLockConfiguration": configuration}
    body = client.body("PutObjectLockConfiguration", asked)
    assert locks.read_lock_configuration(body) == default
    document = locks.lock_configuration_document(default)
    seen = client.parsed("GetObjectLockConfiguration", document)["ObjectLockConfiguration"]
    assert seen == configuration


@pytest.mark.parametrize(
    ("read", "of_none"),
    [
        (lambda body: locks.read_retention(body, now_ms=NOW_MS), "MalformedXML"),
        (locks.read_legal_hold, "MalformedXML"),
        (locks.read_lock_configuration, "MissingRequestBodyError"),
    ],
)
def test_document_that_is_missing_or_another_is_told_as_such(
    read: Callable[[bytes], object], of_none: str
) -> None:
    for body, code in ((b"", of_none), (b"<Other/>", "MalformedXML")):
        with pytest.raises(S3Error) as refused:
            read(body)
        assert refused.value.code == code


WORDS = st.sampled_from(
    [
        *["Retention", "LegalHold", "ObjectLockConfiguration", "ObjectLockEnabled", "Rule", "Mode"],
        *["DefaultRetention", "Days", "Years", "Status", "RetainUntilDate", "Other"],
    ]
)
LEAVES = st.sampled_from(
    ["", "Enabled", "GOVERNANCE", "COMPLIANCE", "ON", DATE, "0", "1", "-1", "9" * 5_000, "&#x661;"]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(st.tuples(WORDS, inner), max_size=3).map(
        lambda nodes: "".join(f"<{name}>{text}</{name}>" for name, text in nodes)
    ),
    max_leaves=8,
)


@given(WORDS, TREES)
def test_any_document_is_read_or_refused(root: str, content: str) -> None:
    body = f"<{root}>{content}</{root}>".encode()
    for read in (
        lambda: locks.read_retention(body, now_ms=NOW_MS),
        lambda: locks.read_legal_hold(body),
        lambda: locks.read_lock_configuration(body),
    ):
        try:
            read()
        except S3Error as error:
            assert error.code in ("MalformedXML", "InvalidArgument")
