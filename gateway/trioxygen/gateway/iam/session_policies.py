"""Session policies: what a session is limited by beside its role, and how large they are packed.

Source: STS API reference, AssumeRole: Policy, PolicyArns, PackedPolicySize."""

import zlib
from dataclasses import dataclass
from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.action import Call
from trioxygen.gateway.iam.arguments import structures, text
from trioxygen.gateway.iam.errors import IamError, validation_error
from trioxygen.gateway.iam.policy_documents import read_session
from trioxygen.gateway.store.values.iam import Tags

_ARNS_MAX: Final = 10
# How AWS packs is not known; a session token holds what is packed, and goes in a header.
_PACKED_BYTES_MAX: Final = 2_048

POLICY: Final = text("Policy", rules.SESSION_DOCUMENT)
POLICY_ARNS: Final = structures("PolicyArns", {"arn": rules.ARN}, _ARNS_MAX)


@dataclass(frozen=True, slots=True)
class SessionPolicies:
    """Attributes: packed_percent: of what a session may carry; None: it carries nothing."""

    documents: tuple[str, ...]
    arns: tuple[str, ...]
    packed_percent: int | None


async def read_session_policies(call: Call, account_id: str, tags: Tags) -> SessionPolicies:
    """Args: account_id: of the session, whose managed policies may be named.

    Raises: MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError."""
    document = call.arguments.maybe("Policy")
    if document:
        read_session(document)
    arns = tuple(each["arn"] for each in call.arguments.structures("PolicyArns"))
    for arn in arns:
        try:
            await call.services.iam.policies.lookup(account_id, arn)
        except NoSuchEntity:
            raise validation_error(
                f"Invalid policy arn: {arn} does not exist or is not attachable."
            ) from None
    documents = (document,) if document else ()
    return SessionPolicies(documents, arns, _packed_percent(documents, arns, tags))


def _packed_percent(documents: tuple[str, ...], arns: tuple[str, ...], tags: Tags) -> int | None:
    """Raises: PackedPolicyTooLarge."""
    carried = "\n".join((*documents, *arns, *(text for tag in tags for text in tag)))
    if not carried:
        return None
    percent = -(-100 * len(zlib.compress(carried.encode(), 9)) // _PACKED_BYTES_MAX)
    if percent > 100:
        raise IamError(
            "PackedPolicyTooLarge",
            f"Packed size of session tags and session policies consumes {percent}% of the allotted"
            " space.",
        )
    return percent
