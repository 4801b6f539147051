"""What travels beside the messages: headers of uploads, cluster ids, errors.

An error is a status for people and the ErrorDetail in the trailing metadata for us. Statuses are
named here (UNAVAILABLE, ...); whoever imports gRPC has its own values."""

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.errors import (
    REFUSED_FACT,
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
    error_from_detail,
)
from trioxygen.common.grpc_config import METADATA_BYTES_MAX
from trioxygen.common.units import KIB
from trioxygen.proto.v1.types_pb2 import ErrorDetail

HEADER_KEY: Final = "trioxygen-header-bin"
CLUSTER_KEY: Final = "trioxygen-cluster"
PEER_KEY: Final = "trioxygen-peer"
ACCEPTED_KEY: Final = "trioxygen-accepted"
ERROR_KEY: Final = "trioxygen-error-bin"

_ENTRY_BYTES_MAX: Final = METADATA_BYTES_MAX // 2
_TEXT_MAX: Final = 2 * KIB

_STATUS_OF: Final[tuple[tuple[type[TrioxygenError], str], ...]] = (
    (UnknownMethod, "UNIMPLEMENTED"),
    (InvalidRequest, "INVALID_ARGUMENT"),
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
        told = str(error_from_detail(detail))
        detail = ErrorDetail(code=detail.code, message=told[:_TEXT_MAX])
    text = str(error_from_detail(detail))[:_TEXT_MAX]
    return name, text, ((ERROR_KEY, detail.SerializeToString()),)


def error_of_status(
    name: str, text: str | None, trailing: Iterable[tuple[str, Any]] | None, address: str
) -> TrioxygenError:
    """The other end's own error, else what the status means."""
    for key, value in trailing or ():
        if key == ERROR_KEY:
            return error_from_detail(ErrorDetail.FromString(value))
    found, text = _ERROR_OF.get(name, Internal), text or ""
    if found is Unreachable and any(words in text for words in _REFUSALS):
        return Unreachable(text, status=name, address=address, **{REFUSED_FACT: "connection"})
    return found(text, status=name, address=address)
