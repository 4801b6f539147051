"""Errors that cross service boundaries: a closed code, facts, the same class on both ends.

TrioxygenError
  Refused        the request is wrong             NoSuchBucket, NoSuchUpload, ConditionFailed, ...
  Unavailable    try again, maybe elsewhere       NotLeader, SafeMode, Overloaded, ...
  Corrupt        stored bytes are bad             ChecksumMismatch, DamagedRow, LogCorrupt, ...
  Internal       a defect of ours

A class carries its code; facts are strings (they travel as a map). Use `error_of` to rebuild one.
"""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.error_kinds import (
    LOCAL_FACTS,
    Corrupt,
    Internal,
    Refused,
    TrioxygenError,
    Unavailable,
)

# They are known where an error is rebuilt of its code, as all are.
from trioxygen.common.iam_errors import (
    DeleteConflict,
    EntityAlreadyExists,
    ExpiredToken,
    InvalidToken,
    LimitExceeded,
    NoSuchEntity,
    UnmodifiableEntity,
)
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.types_pb2 import ErrorCode

__all__ = [
    "LOCAL_FACTS",
    "Corrupt",
    "DeleteConflict",
    "EntityAlreadyExists",
    "ErrorCode",
    "ExpiredToken",
    "Internal",
    "InvalidToken",
    "LimitExceeded",
    "NoSuchEntity",
    "Refused",
    "TrioxygenError",
    "Unavailable",
    "UnmodifiableEntity",
]

REFUSED_FACT: Final = "refused"


class InvalidRequest(Refused):
    code = types_pb2.INVALID_REQUEST


class NoSuchVolume(Refused):
    code = types_pb2.NO_SUCH_VOLUME


class VolumeAlreadyExists(Refused):
    code = types_pb2.VOLUME_ALREADY_EXISTS


class VolumeNotEmpty(Refused):
    code = types_pb2.VOLUME_NOT_EMPTY


class NoSuchBucket(Refused):
    code = types_pb2.NO_SUCH_BUCKET


class BucketAlreadyExists(Refused):
    code = types_pb2.BUCKET_ALREADY_EXISTS


class BucketAlreadyOwned(Refused):
    code = types_pb2.BUCKET_ALREADY_OWNED


class BucketNotEmpty(Refused):
    code = types_pb2.BUCKET_NOT_EMPTY


class TooManyBuckets(Refused):
    code = types_pb2.TOO_MANY_BUCKETS


class NoSuchKey(Refused):
    code = types_pb2.NO_SUCH_KEY


class NoSuchUpload(Refused):
    code = types_pb2.NO_SUCH_UPLOAD


class InvalidPart(Refused):
    code = types_pb2.INVALID_PART


class InvalidPartOrder(Refused):
    code = types_pb2.INVALID_PART_ORDER


class PartTooSmall(Refused):
    code = types_pb2.PART_TOO_SMALL


class ObjectTooLarge(Refused):
    code = types_pb2.OBJECT_TOO_LARGE


class SizeMismatch(Refused):
    code = types_pb2.SIZE_MISMATCH


class ConditionFailed(Refused):
    code = types_pb2.CONDITION_FAILED


class ConditionConflict(Refused):
    code = types_pb2.CONDITION_CONFLICT


class LeaseExpired(Refused):
    code = types_pb2.LEASE_EXPIRED


class BlockExists(Refused):
    code = types_pb2.BLOCK_EXISTS


class NoSuchAccessKey(Refused):
    code = types_pb2.NO_SUCH_ACCESS_KEY


class NoSuchAccount(Refused):
    code = types_pb2.NO_SUCH_ACCOUNT


class AccountAlreadyExists(Refused):
    code = types_pb2.ACCOUNT_ALREADY_EXISTS


class AccessKeyAlreadyExists(Refused):
    code = types_pb2.ACCESS_KEY_ALREADY_EXISTS


class NoSuchContainer(Refused):
    code = types_pb2.NO_SUCH_CONTAINER


class NoSuchBlock(Refused):
    code = types_pb2.NO_SUCH_BLOCK


class ContainerNotOpen(Refused):
    code = types_pb2.CONTAINER_NOT_OPEN


class NoSuchDataNode(Refused):
    code = types_pb2.NO_SUCH_DATANODE


class UnknownMethod(Refused):
    code = types_pb2.UNKNOWN_METHOD


class CallerNotAllowed(Refused):
    """The method is not for callers of that role."""

    code = types_pb2.CALLER_NOT_ALLOWED


class WrongIdentity(Refused):
    """What a caller says of itself, its certificate does not."""

    code = types_pb2.WRONG_IDENTITY


class NoSuchNamespace(Refused):
    code = types_pb2.NO_SUCH_NAMESPACE


class NamespaceAlreadyExists(Refused):
    code = types_pb2.NAMESPACE_ALREADY_EXISTS


class NamespaceNotEmpty(Refused):
    code = types_pb2.NAMESPACE_NOT_EMPTY


class NamespaceFull(Refused):
    """More than its limits allow would be committed. Facts: which limit, and what there is."""

    code = types_pb2.NAMESPACE_FULL


class WrongCustomerKey(Refused):
    """An object is sealed with a key of its client's, who gave none or another one."""

    code = types_pb2.WRONG_CUSTOMER_KEY


class NoSuchKeyVersion(Refused):
    code = types_pb2.NO_SUCH_KEY_VERSION


class VersionIsMarker(Refused):
    """A delete marker has neither bytes nor tags nor a lock."""

    code = types_pb2.VERSION_IS_MARKER


class ObjectLocked(Refused):
    """A version is under a hold, or its retention is not over."""

    code = types_pb2.OBJECT_LOCKED


class BucketState(Refused):
    """What a bucket's versioning and Object Lock do not allow. Facts: which of both it `needs`."""

    code = types_pb2.BUCKET_STATE


class NoSuchKmsKey(Refused):
    """No master key has that name, or that version of it is gone. Facts: key_id."""

    code = types_pb2.NO_SUCH_KMS_KEY


class KmsKeyDisabled(Refused):
    """A master key, or a version of it, is not to be used. Facts: key_id."""

    code = types_pb2.KMS_KEY_DISABLED


class MasterKeyDiffers(Refused):
    """Another gateway has another key of the same id and version. Facts: key_id, version."""

    code = types_pb2.MASTER_KEY_DIFFERS


class TooManyNamespaces(Refused):
    code = types_pb2.TOO_MANY_NAMESPACES


class TokenRefused(Refused):
    """A DataNode was asked without a block token that covers it. Facts: reason."""

    code = types_pb2.TOKEN_REFUSED


class NotLeader(Unavailable):
    code = types_pb2.NOT_LEADER


class SafeMode(Unavailable):
    code = types_pb2.SAFE_MODE


class Overloaded(Unavailable):
    code = types_pb2.OVERLOADED


class DeadlineExceeded(Unavailable):
    code = types_pb2.DEADLINE_EXCEEDED


class Unreachable(Unavailable):
    code = types_pb2.UNREACHABLE

    @property
    def is_refused(self) -> bool:
        """Nobody listens there: it was said at once, and waiting changes nothing."""
        return REFUSED_FACT in self.facts


class NoSpace(Unavailable):
    code = types_pb2.NO_SPACE


class NotEnoughDataNodes(Unavailable):
    code = types_pb2.NOT_ENOUGH_DATANODES


class PipelineNotReady(Unavailable):
    """Its DataNodes are there, and have not told all that they hold, or have no leader yet."""

    code = types_pb2.PIPELINE_NOT_READY


class KmsUnavailable(Unavailable):
    """Who keeps the master keys does not answer, or refuses the gateway. Facts: reason."""

    code = types_pb2.KMS_UNAVAILABLE


class Stopping(Unavailable):
    code = types_pb2.STOPPING


class Healing(Unavailable):
    """A damaged row is being fetched from another member."""

    code = types_pb2.HEALING


class ChecksumMismatch(Corrupt):
    code = types_pb2.CHECKSUM_MISMATCH


class LogCorrupt(Corrupt):
    code = types_pb2.LOG_CORRUPT


class UnknownFormat(Corrupt):
    code = types_pb2.UNKNOWN_FORMAT


class DamagedRow(Corrupt):
    """Facts: table, key (for people), key_hex, store (its folder)."""

    code = types_pb2.DAMAGED_ROW


class WrongBlock(Corrupt):
    """A block is there, but it is not the one that was written under the reader's reference."""

    code = types_pb2.WRONG_BLOCK


class StoreDamaged(Corrupt):
    """The file of a store itself is damaged, not a row of it."""

    code = types_pb2.STORE_DAMAGED


class IllegalContainerMove(Internal):
    """Facts: now, to."""

    code = types_pb2.ILLEGAL_CONTAINER_MOVE


def _by_code(base: type[TrioxygenError]) -> dict[ErrorCode, type[TrioxygenError]]:
    """The one table of codes, read off the classes: what an error is, its class says, and never
    its number."""
    classes = {base.code: base} if "code" in vars(base) else {}
    for sub in base.__subclasses__():
        below = _by_code(sub)
        # `Internal` is what the base itself counts as on the wire.
        assert not (classes.keys() & below.keys()) - {TrioxygenError.code}, (base, sub)
        classes |= below
    return classes


_CLASSES: Final[Mapping[ErrorCode, type[TrioxygenError]]] = _by_code(TrioxygenError)


def error_of(
    code: ErrorCode, message: str = "", facts: Mapping[str, str] | None = None
) -> TrioxygenError:
    """The error of a code; one that is not known here becomes `Internal` with its number."""
    cls = _CLASSES.get(code)
    if cls is None:
        all_facts: dict[str, str | int] = {"unknown_code": int(code), **(facts or {})}
        return Internal(message, **all_facts)
    return cls(message, **dict(facts or {}))


def again(error: TrioxygenError) -> TrioxygenError:
    """The same error for another waiter: one that is raised twice would gather both tracebacks."""
    copy = type(error)(error.message, **error.facts)
    copy.__cause__ = error.__cause__
    return copy


def error_from_detail(detail: types_pb2.ErrorDetail) -> TrioxygenError:
    """What the other end raised."""
    # A map has no order on the wire; texts have one.
    return error_of(detail.code, detail.message, dict(sorted(detail.facts.items())))
