"""Whether a request may do what it asks. Pure: values in, a `Decision` out.

Today's rule is the owner's: the account that owns a bucket may do everything with it, nobody else
anything. Whatever else may allow or deny (policies, ACLs) becomes a further argument here.
Source: IAM user guide, "Policy evaluation logic": a denial counts first, and what nothing allows is
denied.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple


class Reason(Enum):
    """Why it was decided so. Attributes:
    word: for the access log.
    text: a sentence for people."""

    OWNER = ("owner", "The caller's account owns the bucket.")
    OWN_ACCOUNT = ("own_account", "The caller asks about its own account.")
    ANONYMOUS = ("anonymous", "Nobody signed the request.")
    NOT_OWNER = ("not_owner", "Another account owns the bucket, and nothing allows others in.")
    EXPECTED_OWNER_MALFORMED = (
        "expected_owner_malformed",
        "What is expected to own the bucket is not an account id.",
    )
    EXPECTED_OWNER_DIFFERS = (
        "expected_owner_differs",
        "The bucket belongs to another account than the caller expects.",
    )

    def __init__(self, word: str, text: str) -> None:
        self.word, self.text = word, text


@dataclass(frozen=True, slots=True)
class Decision:
    is_allowed: bool
    reason: Reason


class Resource(NamedTuple):
    """What an action is about. Attributes:
    bucket, key: None: the action is not at that level.
    account_id: whose the bucket is; None: there is none (yet), the caller's own account is meant.
    """

    bucket: str | None
    key: str | None
    account_id: str | None


_ACCOUNT_ID_DIGITS: Final = 12

_ANONYMOUS: Final = Decision(False, Reason.ANONYMOUS)
_NOT_OWNER: Final = Decision(False, Reason.NOT_OWNER)
_EXPECTED_OWNER_MALFORMED: Final = Decision(False, Reason.EXPECTED_OWNER_MALFORMED)
_EXPECTED_OWNER_DIFFERS: Final = Decision(False, Reason.EXPECTED_OWNER_DIFFERS)
_OWNER: Final = Decision(True, Reason.OWNER)
_OWN_ACCOUNT: Final = Decision(True, Reason.OWN_ACCOUNT)


def decide(
    *, principal: str | None, action: str, resource: Resource, expected_owner: str | None = None
) -> Decision:
    """Args:
    principal: the account id of who signed; None: nobody did.
    action: of IAM, such as `s3:GetObject`. Ownership allows every action alike.
    expected_owner: the account that the caller says the bucket belongs to; None: it does not say.
    """
    if principal is None:
        return _ANONYMOUS
    owner = resource.account_id
    if owner is None:
        return _OWN_ACCOUNT
    if principal != owner:
        return _NOT_OWNER
    if expected_owner is not None and expected_owner != owner:
        if _is_account_id(expected_owner):
            return _EXPECTED_OWNER_DIFFERS
        return _EXPECTED_OWNER_MALFORMED
    return _OWNER


def _is_account_id(text: str) -> bool:
    return len(text) == _ACCOUNT_ID_DIGITS and text.isascii() and text.isdigit()
