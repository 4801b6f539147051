"""What travels beside the messages: headers of uploads, cluster ids, errors.

An error is a status for people and the ErrorDetail in the trailing metadata for us. Statuses are
named here (UNAVAILABLE, ...); whoever imports gRPC has its own values."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.errors import (
    REFUSED_FACT,
    CallerNotAllowed,
    Corrupt,
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    Overloaded,
    Refused,
    TrioxygenError,
    Unavailable,
    UnknownMethod,
    Unreachable,
    WrongIdentity,
    error_from_detail,
)
from trioxygen.common.origin import Origin
from trioxygen.common.rpc.grpc_config import METADATA_BYTES_MAX
from trioxygen.common.units import KIB
from trioxygen.proto.v1.session_pb2 import Hello
from trioxygen.proto.v1.types_pb2 import ErrorDetail

HEADER_KEY: Final = "trioxygen-header-bin"
CLUSTER_KEY: Final = "trioxygen-cluster"
PEER_KEY: Final = "trioxygen-peer"
ROLE_KEY: Final = "trioxygen-role"
REQUEST_ID_KEY: Final = "trioxygen-request-id"
TRACE_KEY: Final = "trioxygen-trace"
ACCEPTED_KEY: Final = "trioxygen-accepted"
ERROR_KEY: Final = "trioxygen-error-bin"

_ENTRY_BYTES_MAX: Final = METADATA_BYTES_MAX // 2
_TEXT_MAX: Final = 2 * KIB
_LINE_MAX: Final = 255

_STATUS_OF: Final[tuple[tuple[type[TrioxygenError], str], ...]] = (
    (UnknownMethod, "UNIMPLEMENTED"),
    (InvalidRequest, "INVALID_ARGUMENT"),
    (CallerNotAllowed, "PERMISSION_DENIED"),
    (WrongIdentity, "UNAUTHENTICATED"),
    (Refused, "FAILED_PRECONDITION"),
    (Overloaded, "RESOURCE_EXHAUSTED"),
    (DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Unavailable, "UNAVAILABLE"),
    (Corrupt, "DATA_LOSS"),
    (TrioxygenError, "INTERNAL"),
)
# What gRPC says on its own, without a detail of ours.
_ERROR_OF: Final[dict[str, type[TrioxygenError]]] = {
    "UNAVAILABLE": Unreachable,
    "CANCELLED": Unreachable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "RESOURCE_EXHAUSTED": Overloaded,
    "UNIMPLEMENTED": UnknownMethod,
    "UNAUTHENTICATED": InvalidRequest,
    "PERMISSION_DENIED": InvalidRequest,
}
# strerror's words, which gRPC hands on: the other machine, or this one's routes, said no at once.
_REFUSALS: Final = ("Connection refused", "Network is unreachable", "No route to host")


def sent_metadata(hello: Hello, origin: Origin) -> tuple[tuple[str, str], ...]:
    """Of a call or stream outside sessions: what a session's hello and frames say."""
    metadata = (CLUSTER_KEY, hello.cluster_id), (PEER_KEY, hello.peer), (ROLE_KEY, str(hello.role))
    if not origin.request_id:
        return metadata
    return (*metadata, (REQUEST_ID_KEY, origin.request_id), (TRACE_KEY, origin.trace))


def received_metadata(metadata: Mapping[str, Any]) -> tuple[Hello, Origin]:
    """What was sent with `sent_metadata`, or by anybody: texts that are no line are left out."""
    hello = Hello(
        cluster_id=_line(metadata, CLUSTER_KEY),
        peer=_line(metadata, PEER_KEY),
        role=_role(str(metadata.get(ROLE_KEY, ""))),
    )
    request_id = _line(metadata, REQUEST_ID_KEY)
    return hello, Origin(request_id, _line(metadata, TRACE_KEY) or request_id)


def _role(number: str) -> Any:
    """Of any number: the enum is open on the wire."""
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0


def _line(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key, "")
    is_line = isinstance(value, str) and len(value) <= _LINE_MAX and value.isprintable()
    return value if is_line else ""


def encoded_header(method: str, header: Message) -> bytes:
    """Raises InvalidRequest: it does not fit the metadata."""
    encoded = header.SerializeToString()
    if len(encoded) > _ENTRY_BYTES_MAX:
        raise InvalidRequest("the header is too large", method=method, size_bytes=len(encoded))
    return encoded


def status_of(error: TrioxygenError) -> tuple[str, str, tuple[tuple[str, bytes], ...]]:
    """Name of the status, its text, the trailing metadata. Texts are cut: metadata is small."""
    name = next(name for cls, name in _STATUS_OF if isinstance(error, cls))
    detail = error.detail()
    if detail.ByteSize() > _ENTRY_BYTES_MAX:
        whole = str(error_from_detail(detail))
        detail = ErrorDetail(code=detail.code, message=whole[:_TEXT_MAX])
    text = str(error_from_detail(detail))[:_TEXT_MAX]
    return name, text, ((ERROR_KEY, detail.SerializeToString()),)


def error_of_status(
    name: str, text: str | None, trailing: Iterable[tuple[str, Any]] | None, address: str
) -> TrioxygenError:
    """The other end's own error, else what the status means."""
    for key, value in trailing or ():
        if key == ERROR_KEY:
            return error_from_detail(ErrorDetail.FromString(value))
    cls, text = _ERROR_OF.get(name, Internal), text or ""
    if cls is Unreachable and any(words in text for words in _REFUSALS):
        return Unreachable(text, status=name, address=address, **{REFUSED_FACT: "connection"})
    return cls(text, status=name, address=address)
