"""Object Lock: headers of writes and reads, documents of retention, hold and a bucket's default.
Pure.

Source: S3 API, PutObjectRetention, PutObjectLegalHold, PutObjectLockConfiguration, PutObject; S3
user guide, "Locking objects with Object Lock".
"""

from typing import Final

from lxml import etree

from trioxygen.gateway.protocol.dates import iso_date_with_millis, parse_iso_date
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.numbers import read_integer
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import (
    children,
    leaf_text,
    local_name,
    once,
    parse_document,
)
from trioxygen.gateway.store.values.buckets import DefaultRetention, LockMode
from trioxygen.gateway.store.values.keys import NO_LOCK, Lock, Retention

_MODE: Final = "x-amz-object-lock-mode"
_UNTIL: Final = "x-amz-object-lock-retain-until-date"
_HOLD: Final = "x-amz-object-lock-legal-hold"
_HOLDS: Final = {"ON": True, "OFF": False}
_MODES: Final = {mode.name: mode for mode in LockMode}
_DAYS_MAX: Final = 36_500
_YEARS_MAX: Final = 100
_IN_THE_FUTURE: Final = "The retain until date must be in the future!"


def read_lock(head: RequestHeaders, *, now_ms: int) -> Lock:
    """What a new version is to be locked with.

    Raises: InvalidArgument."""
    mode, until, hold = head.header(_MODE), head.header(_UNTIL), head.header(_HOLD)
    if mode is None and until is None and hold is None:
        return NO_LOCK
    if (mode is None) != (until is None):
        missing = _UNTIL if until is None else _MODE
        raise invalid_argument(f"{_UNTIL} and {_MODE} must both be supplied.", missing, "")
    retention = None
    if mode is not None and until is not None:
        until_ms = _read_date(until, _UNTIL, now_ms)
        known = _MODES.get(mode)
        if known is None:
            raise invalid_argument("Unknown wormMode directive.", _MODE, mode)
        retention = Retention(known, until_ms)
    if hold is not None and hold not in _HOLDS:
        raise invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", _HOLD, hold)
    return Lock(retention, None if hold is None else _HOLDS[hold])


def _read_date(text: str, argument: str, now_ms: int) -> int:
    until_ms = parse_iso_date(text)
    if until_ms is None:
        raise invalid_argument(
            "The retain until date must be provided in ISO 8601 format", argument, text
        )
    if until_ms <= now_ms:
        raise invalid_argument(_IN_THE_FUTURE, argument, text)
    return until_ms


def lock_headers(lock: Lock) -> list[tuple[bytes, bytes]]:
    """Of a version that is read."""
    headers: list[tuple[bytes, bytes]] = []
    if lock.retention is not None:
        mode, until_ms = lock.retention
        headers.append((_MODE.encode(), mode.name.encode()))
        headers.append((_UNTIL.encode(), iso_date_with_millis(until_ms).encode()))
    if lock.has_legal_hold is not None:
        headers.append((_HOLD.encode(), b"ON" if lock.has_legal_hold else b"OFF"))
    return headers


# ---- documents ----


def read_retention(body: bytes, *, now_ms: int) -> Retention | None:
    """None: it is to have none.

    Raises: MalformedXML; InvalidArgument: it is over already."""
    fields = _fields(body, "Retention")
    if not fields:
        return None
    mode, until_ms = (
        _MODES.get(fields.get("Mode", "")),
        parse_iso_date(fields.get("RetainUntilDate", "")),
    )
    if fields.keys() != {"Mode", "RetainUntilDate"} or mode is None or until_ms is None:
        raise S3Error("MalformedXML")
    if until_ms <= now_ms:
        raise invalid_argument(_IN_THE_FUTURE, "RetainUntilDate", fields["RetainUntilDate"])
    return Retention(mode, until_ms)


def retention_document(retention: Retention) -> bytes:
    until = iso_date_with_millis(retention.until_ms)
    return document(
        "Retention", f"{element('Mode', retention.mode.name)}{element('RetainUntilDate', until)}"
    )


def read_legal_hold(body: bytes) -> bool:
    """Raises: MalformedXML."""
    fields = _fields(body, "LegalHold")
    is_held = _HOLDS.get(fields.get("Status", ""))
    if fields.keys() != {"Status"} or is_held is None:
        raise S3Error("MalformedXML")
    return is_held


def legal_hold_document(*, is_held: bool) -> bytes:
    return document("LegalHold", element("Status", "ON" if is_held else "OFF"))


def _fields(body: bytes, root: str) -> dict[str, str]:
    # Of these two S3 says MalformedXML where there is no body either.
    return children(parse_document(body, root, rows_max=1))


def read_lock_configuration(body: bytes) -> DefaultRetention | None:
    """None: new versions are not to be retained.

    Raises: MissingRequestBodyError, MalformedXML; InvalidArgument: of how long."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "ObjectLockConfiguration", rows_max=1)
    parts = once(root)
    enabled = parts.pop("ObjectLockEnabled", None)
    rule = parts.pop("Rule", None)
    if parts or enabled is None or leaf_text(enabled).strip() != "Enabled":
        raise S3Error("MalformedXML")
    return None if rule is None else _default_retention(rule)


def _default_retention(rule: "etree._Element") -> DefaultRetention:
    if [local_name(child) for child in rule] != ["DefaultRetention"]:
        raise S3Error("MalformedXML")
    fields = children(rule[0])
    mode = _MODES.get(fields.pop("Mode", ""))
    if mode is None or fields.keys() not in ({"Days"}, {"Years"}):
        raise S3Error("MalformedXML")
    [(unit, text)] = fields.items()
    count = read_integer(text.strip())
    if count is None:
        raise S3Error("MalformedXML")
    if count < 1:
        raise invalid_argument(
            "Default retention period must be a positive integer value.",
            unit,
            text,
            case=Case.DEFAULT_RETENTION_IS_NOTHING,
        )
    if count > (_DAYS_MAX if unit == "Days" else _YEARS_MAX):
        raise invalid_argument("Default retention period too large.", unit, text)
    return DefaultRetention(mode, **{unit.lower(): count})


def lock_configuration_document(default: DefaultRetention | None) -> bytes:
    rule = ""
    if default is not None:
        days, years = default.days or None, default.years or None
        rule = (
            f"<Rule><DefaultRetention>{element('Mode', default.mode.name)}"
            f"{element('Days', days)}{element('Years', years)}</DefaultRetention></Rule>"
        )
    return document(
        "ObjectLockConfiguration", f"<ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}"
    )
