"""How IAM and STS say errors of signatures and of the store."""

from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import InvalidRequest, NoSuchAccount, TrioxygenError, Unavailable
from trioxygen.common.iam_errors import (
    DeleteConflict,
    EntityAlreadyExists,
    ExpiredToken,
    InvalidToken,
    LimitExceeded,
    NoSuchEntity,
    UnmodifiableEntity,
)
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.request import S3Request

log = logs.get(__name__)

_INVALID_TOKEN: Final = "The security token included in the request is invalid"
_EXPIRED_TOKEN: Final = "The security token included in the request is expired"
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)
_UNAVAILABLE: Final = "The request has failed due to a temporary failure of the server."
# S3's code -> (ours, text; "": S3's).
_OF_S3: Final = {
    "AccessDenied": ("IncompleteSignature", ""),
    "AuthorizationHeaderMalformed": ("IncompleteSignature", ""),
    "AuthorizationQueryParametersError": ("IncompleteSignature", ""),
    "ExpiredToken": ("ExpiredToken", _EXPIRED_TOKEN),
    "InternalError": ("InternalFailure", ""),
    "InvalidAccessKeyId": ("InvalidClientTokenId", _INVALID_TOKEN),
    "InvalidToken": ("InvalidClientTokenId", _INVALID_TOKEN),
    "InvalidURI": ("MalformedQueryString", ""),
    "NotImplemented": ("NotImplemented", ""),
    "RequestTimeTooSkewed": ("SignatureDoesNotMatch", ""),
    "ServiceUnavailable": ("ServiceUnavailable", ""),
    "SignatureDoesNotMatch": ("SignatureDoesNotMatch", _MISMATCH),
    "SlowDown": ("Throttling", "Rate exceeded"),
}
_OF_STORE: Final[tuple[tuple[type[TrioxygenError], str], ...]] = (
    (NoSuchEntity, "NoSuchEntity"),
    (NoSuchAccount, "NoSuchEntity"),
    (EntityAlreadyExists, "EntityAlreadyExists"),
    (DeleteConflict, "DeleteConflict"),
    (LimitExceeded, "LimitExceeded"),
    (UnmodifiableEntity, "AccessDenied"),
    (InvalidRequest, "ValidationError"),
)


def iam_error(failure: IamError | S3Error | TrioxygenError, request: S3Request) -> IamError:
    """What is answered; of what the client has no part in, why goes to the log."""
    if isinstance(failure, IamError):
        return failure
    if isinstance(failure, S3Error):
        code, text = _OF_S3.get(failure.code, ("IncompleteSignature", ""))
        return IamError(code, text or failure.message)
    fields = {"request_id": request.request_id, "operation": request.operation}
    if isinstance(failure, InvalidToken):
        return IamError("InvalidClientTokenId", _INVALID_TOKEN)
    if isinstance(failure, ExpiredToken):
        return IamError("ExpiredToken", _EXPIRED_TOKEN)
    for kind, code in _OF_STORE:
        if isinstance(failure, kind):
            return IamError(code, _text(failure))
    if isinstance(failure, Unavailable):
        log.warning("request_not_served", **fields, code="ServiceUnavailable", reason=failure)
        return IamError("ServiceUnavailable", _UNAVAILABLE)
    log.error("request_failed", **fields, error=failure)
    return IamError(
        "InternalFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
    )


def _text(failure: TrioxygenError) -> str:
    """By its facts, which are of what the client named itself; or its message, which is AWS's."""
    kind, name = failure.facts.get("kind"), failure.facts.get("name")
    if isinstance(failure, NoSuchEntity) and kind and name:
        return f"The {kind} with name {name} cannot be found."
    if isinstance(failure, EntityAlreadyExists) and kind and name:
        return f"{kind.capitalize()} with name {name} already exists."
    return failure.message or str(failure)
