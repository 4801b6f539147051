"""Who may see what of an explanation. The rule is `visible_to`, and stands nowhere else."""

from enum import Enum, auto
from typing import Final


class Viewer(Enum):
    """OPERATOR: has the admin port's token. BUCKET_OWNER: whose signature is right, of the account
    that owns the bucket, or of one that asks about itself. CALLER: whose signature is right, of
    another account. STRANGER: nobody signed, or not as the key would."""

    OPERATOR = auto()
    BUCKET_OWNER = auto()
    CALLER = auto()
    STRANGER = auto()


class Section(Enum):
    """REQUEST: as it arrived, what its sender says that he signed, and its clock. IDENTITY: whose
    the key is. OWN_POLICIES: those that the caller brings. VERDICT: whether each access is allowed;
    of a bucket of others no more. BUCKET_DOCUMENTS: what decided on the bucket's side. KEY_STATE:
    that an access key which signs nothing is there and disabled."""

    REQUEST = auto()
    IDENTITY = auto()
    OWN_POLICIES = auto()
    VERDICT = auto()
    BUCKET_DOCUMENTS = auto()
    KEY_STATE = auto()


_OF_OWNER: Final = frozenset(Section) - {Section.KEY_STATE}
_OF_CALLER: Final = _OF_OWNER - {Section.BUCKET_DOCUMENTS}
_VISIBLE: Final = {
    Viewer.OPERATOR: frozenset(Section),
    Viewer.BUCKET_OWNER: _OF_OWNER,
    Viewer.CALLER: _OF_CALLER,
    Viewer.STRANGER: frozenset((Section.REQUEST,)),
}


def visible_to(viewer: Viewer) -> frozenset[Section]:
    return _VISIBLE[viewer]


def viewer_of(*, account_id: str | None, owner: str) -> Viewer:
    """Args:
    account_id: of the key whose signature is right; None: no such.
    owner: account id, of the bucket that was asked about; "": there is none, and the caller asks
        about itself.
    """
    if account_id is None:
        return Viewer.STRANGER
    return Viewer.BUCKET_OWNER if owner in ("", account_id) else Viewer.CALLER
