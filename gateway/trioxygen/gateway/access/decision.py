"""What was decided of a request, and by what. Pure values."""

from enum import Enum
from typing import NamedTuple

from trioxygen.gateway.access.acl import Grant
from trioxygen.gateway.access.policy.verdict import Policy, StatementTrace, Verdict
from trioxygen.gateway.access.question import Question


class Reason(Enum):
    """Why it was decided so. Attributes:
    word: for the access log.
    text: a sentence for people.
    is_explicit: of a denial: a statement says it; no other one may allow it."""

    OWNER = ("owner", "The caller's account owns the bucket.")
    OWN_ACCOUNT = ("own_account", "The caller asks about its own account.")
    OTHER_ACCOUNT = ("other_account", "The caller asks about another account than its own.")
    IDENTITY_POLICY = ("identity_policy", "A policy of the caller allows it.")
    BUCKET_POLICY = ("bucket_policy", "The bucket's policy allows it.")
    TRUST_POLICY = ("trust_policy", "The role's trust policy allows it.")
    BUCKET_ACL = ("bucket_acl", "The bucket's ACL grants it.")
    OBJECT_ACL = ("object_acl", "The object's ACL grants it.")
    INITIATOR = ("initiator", "The caller has begun the upload.")
    OBJECT_OWNER = ("object_owner", "The caller's account owns the object.")
    EACH_KEY = ("each_key", "Each key that the body names is decided by itself.")
    ANONYMOUS = ("anonymous", "Nobody signed the request, and nothing lets everybody in.")
    NOT_OWNER = ("not_owner", "Another account owns the bucket, and nothing allows others in.")
    NOT_OBJECT_OWNER = (
        "not_object_owner",
        "Another account owns the object, and its ACL does not grant this.",
    )
    NOT_TRUSTED = ("not_trusted", "No statement of the role's trust policy lets the caller in.")
    NO_SUCH_ROLE = ("no_such_role", "There is no role of this ARN.")
    ROOT_ASSUMES = ("root_assumes", "Root of an account may assume no role.")
    NO_IDENTITY_POLICY = ("no_identity_policy", "No policy of the caller allows it.")
    NO_BOUNDARY = ("no_boundary", "The caller's permissions boundary does not allow it.")
    NO_SESSION_POLICY = ("no_session_policy", "No policy of the caller's session allows it.")
    DENIED_BY_IDENTITY = ("denied_by_identity", "A policy of the caller denies it.", True)
    DENIED_BY_BOUNDARY = ("denied_by_boundary", "The permissions boundary denies it.", True)
    DENIED_BY_SESSION = ("denied_by_session", "A policy of the caller's session denies it.", True)
    DENIED_BY_BUCKET = ("denied_by_bucket", "The bucket's policy denies it.", True)
    DENIED_BY_TRUST = ("denied_by_trust", "The role's trust policy denies it.", True)
    RESTRICTED = (
        "restricted",
        "The bucket's policy is public, and RestrictPublicBuckets lets only its account in.",
        True,
    )
    REQUESTER_PAYS = ("requester_pays", "Who is not the owner pays, and has not said so.", True)
    EXPECTED_OWNER_MALFORMED = (
        "expected_owner_malformed",
        "What is expected to own the bucket is not an account id.",
        True,
    )
    EXPECTED_OWNER_DIFFERS = (
        "expected_owner_differs",
        "The bucket belongs to another account than the caller expects.",
        True,
    )

    def __init__(self, word: str, text: str, is_explicit: bool = False) -> None:
        self.word, self.text, self.is_explicit = word, text, is_explicit


class SourceKind(Enum):
    """What can decide."""

    IDENTITY_POLICY = "identity policy"
    BOUNDARY = "permissions boundary"
    SESSION_POLICY = "session policy"
    BUCKET_POLICY = "bucket policy"
    TRUST_POLICY = "trust policy"
    BUCKET_ACL = "bucket ACL"
    OBJECT_ACL = "object ACL"
    SETTING = "setting"
    ACCOUNT_SETTING = "setting of the account"


class Source(NamedTuple):
    """What decided. Attributes:
    name: where a policy of the caller stands, as its identity says; of a setting its name.
    policy, grant: the one that did, of a policy or an ACL."""

    kind: SourceKind
    name: str = ""
    policy: Policy | None = None
    grant: Grant | None = None


class Decision(NamedTuple):
    """source: None: ownership alone, or nothing that said anything."""

    is_allowed: bool
    reason: Reason
    source: Source | None = None

    def statement(self, question: Question) -> StatementTrace | None:
        """The first statement of the policy that decided which says so; slow, for explanations.

        None: no policy did, or it did by saying nothing."""
        policy = None if self.source is None else self.source.policy
        if policy is None:
            return None
        strongest = policy.verdict(question)
        if strongest is Verdict.NOTHING:
            return None
        return next(
            (each for each in policy.trace(question) if each.verdict is strongest),
            None,
        )
