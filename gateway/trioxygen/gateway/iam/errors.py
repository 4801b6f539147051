"""Errors of the IAM and STS APIs: one table, code -> status. Nothing else names a status.

Sources: IAM and STS API references, "Common Error Types" and each action's errors; botocore's
models, whose `httpStatusCode` these are."""

from collections.abc import Sequence
from typing import Final

STATUSES: Final[dict[str, int]] = {
    "AccessDenied": 403,
    "ConcurrentModification": 409,
    "DeleteConflict": 409,
    "EntityAlreadyExists": 409,
    "ExpiredToken": 403,
    "ExpiredTokenException": 400,
    "IDPCommunicationError": 400,
    "IDPRejectedClaim": 403,
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidAuthorizationMessageException": 400,
    "InvalidClientTokenId": 403,
    "InvalidIdentityToken": 400,
    "InvalidInput": 400,
    "LimitExceeded": 409,
    "MalformedInput": 400,
    "MalformedPolicyDocument": 400,
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "NoSuchEntity": 404,
    "NotImplemented": 501,
    "PackedPolicyTooLarge": 400,
    "PolicyNotAttachable": 400,
    "RequestEntityTooLarge": 413,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "Throttling": 400,
    "ValidationError": 400,
}


class IamError(Exception):
    """An answer. Its text is for the client, and holds no secrets."""

    def __init__(self, code: str, message: str) -> None:
        assert code in STATUSES, f"unknown error code {code}"
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")

    @property
    def status(self) -> int:
        return STATUSES[self.code]


def validation_error(message: str) -> IamError:
    return IamError("ValidationError", message)


def constraints_failed(faults: Sequence[str]) -> IamError:
    """Args: faults: each as `Value 'x' at 'y' failed to satisfy constraint: ...`."""
    noun = "error" if len(faults) == 1 else "errors"
    return validation_error(f"{len(faults)} validation {noun} detected: {'; '.join(faults)}")


def no_such_entity(message: str) -> IamError:
    return IamError("NoSuchEntity", message)


def malformed_policy(message: str) -> IamError:
    return IamError("MalformedPolicyDocument", message)
