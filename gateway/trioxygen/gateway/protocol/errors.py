"""Every S3 error the gateway can answer, by the tables in `error_table` and `select_errors`.

Nobody else names an HTTP status. Who raises one gives facts only; where they stand in the document,
and which the request itself tells, is decided here and in `error_response`.
"""

from collections.abc import Mapping
from typing import Final

from trioxygen.gateway.protocol import select_errors
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.error_table import TABLE as _GENERAL

TABLE: Final[Mapping[str, tuple[int, str, str]]] = {
    **_GENERAL,
    **{code: (400, message, "") for code, message in select_errors.MESSAGES.items()},
}
_ELEMENTS: Final = {code: tuple(row[2].split()) for code, row in TABLE.items()}
CODES: Final = frozenset(TABLE)


class S3Error(Exception):
    """An answer from the table above.

    Args:
        code: a code of the table; an unknown one is a programming error.
        message: replaces the table's message where more is known.
        details: further elements of the error document, by name; the table has to know them, and
            gives them their order. Never secrets. What the request itself tells (bucket, key,
            upload, method) need not be given.
        headers: extra response headers.
        case: that a dialect may say otherwise.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        details: Mapping[str, str] | None = None,
        headers: dict[str, str] | None = None,
        case: Case | None = None,
    ) -> None:
        assert code in TABLE, f"unknown S3 error code {code}"
        self.code, self.case = code, case
        self.status, default, _ = TABLE[code]
        self.message = default if message is None else message
        self.details = dict(details or {})
        assert self.details.keys() <= set(_ELEMENTS[code]), f"{code} has no {set(self.details)}"
        self.headers = headers or {}
        super().__init__(f"{code}: {self.message}")


def invalid_argument(message: str, name: str, value: str, *, case: Case | None = None) -> S3Error:
    """InvalidArgument always says of what, and what was sent."""
    return S3Error(
        "InvalidArgument",
        message,
        details={"ArgumentName": name, "ArgumentValue": value},
        case=case,
    )


def not_implemented(what: str, *, header: str | None = None, case: Case | None = None) -> S3Error:
    """Args:
    what: a sentence: what is not there.
    header: whose value asked for it, if one did.
    """
    details = {} if header is None else {"Header": header}
    return S3Error("NotImplemented", details={**details, "additionalMessage": what}, case=case)


def named_as_not_implemented(what: str, *, header: str | None = None) -> S3Error:
    """As `not_implemented`, with the sentence for the message too: that is all that most clients
    show, and S3's own is of headers in general."""
    refused = not_implemented(what, header=header)
    return S3Error(refused.code, what, details=refused.details)


def elements_of(code: str) -> tuple[str, ...]:
    """Names of the further elements of its document, in order."""
    return _ELEMENTS[code]
