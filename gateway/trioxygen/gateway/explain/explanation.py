"""Why a request was refused, as values that are shown: in an error document, on the admin port.

Whatever is in here may be seen by whom it was made for (`visibility`)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from trioxygen.gateway.explain.accesses import AccessView
from trioxygen.gateway.explain.difference import Difference

# Of a header: proxies take some 4 KiB of all of them together.
_HEADER_BYTES_MAX: Final = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerView:
    """arn: "" where the key was not asked for."""

    account_id: str
    arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """seconds: how far the client's clock is ahead (of a presigned request: how long ago it was
    signed, as a negative number)."""

    request_time: str
    server_time: str
    seconds: int
    seconds_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureView:
    """Attributes:
    version: "4", "2".
    is_right: the key gives it for the request as it arrived.
    key_is_right: it gives it for what the client says that it signed, or for what a proxy may have
        rewritten; None: nothing says so.
    missing_headers: that are signed and did not arrive.
    canonical_request, string_to_sign: as the server works them out; secrets are not shown.
    differs_at: the first byte that is another in the client's canonical request, from 0.
    differences: of its parts.
    """

    version: str
    access_key: str
    is_right: bool
    key_is_right: bool | None = None
    scope: str = ""
    signed_headers: Sequence[str] = ()
    missing_headers: Sequence[str] = ()
    canonical_request: str = ""
    string_to_sign: str = ""
    differs_at: int | None = None
    differences: Sequence[Difference] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Attributes:
    time: when, UTC.
    findings: sentences for people, what counts most first.
    forwarded: what proxies said of the request, by the header.
    """

    request_id: str
    host_id: str
    time: str
    status: int
    code: str
    message: str
    operation: str
    method: str
    path: str
    query: str
    host: str
    findings: Sequence[str]
    forwarded: Sequence[tuple[str, str]] = ()
    caller: CallerView | None = None
    clock: ClockView | None = None
    signature: SignatureView | None = None
    accesses: Sequence[AccessView] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        """JSON in ASCII, on one line."""
        return json.dumps(self.as_json())

    def as_header(self) -> str:
        """Code and findings, as many as a header can carry."""
        findings = list(self.findings)
        while True:
            text = json.dumps({"code": self.code, "findings": findings})
            if len(text) <= _HEADER_BYTES_MAX or not findings:
                return text
            findings.pop()
