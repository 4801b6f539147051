"""Why an access was allowed or denied: what decided, and each policy statement by statement. Pure.

It is worked out when the access is refused: what a policy saw of the request and of the time is
gone later, and policies that nobody has any more are not kept alive for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from trioxygen.gateway.access.acl import Acl, Grant
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.decision import Reason, Source, SourceKind
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, BucketDocuments, Target
from trioxygen.gateway.access.policy.verdict import Policy, StatementTrace
from trioxygen.gateway.access.public_access import PublicAccessBlock
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.explain.visibility import Section, Viewer, visible_to

OWN_SIDE: Final = "caller"
BUCKET_SIDE: Final = "bucket"
ROLE_SIDE: Final = "role"
# Of those that a policy has; what decided is named whatever its number is.
STATEMENTS_MAX: Final = 100
_VALUES_MAX: Final = 20
_STATEMENT_BYTES: Final = 400


@dataclass(frozen=True, slots=True)
class ConditionView:
    """actual: None: the request has no such key."""

    operator: str
    key: str
    wanted: Sequence[str]
    actual: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class StatementView:
    """Attributes:
    number: from 1, as people count.
    failed: the first element that did not match; "": all did.
    conditions: see `StatementTrace`.
    """

    number: int
    sid: str
    effect: str
    failed: str
    conditions: Sequence[ConditionView]

    @property
    def called(self) -> str:
        return f"statement {self.number}{f' {self.sid!r}' if self.sid else ''}"


@dataclass(frozen=True, slots=True)
class PolicyView:
    """Attributes:
    side: `caller`, `bucket`, `role`.
    source: its ARN or where else it stands.
    verdict: what it says: `nothing`, `deny`, `allow`, `allow_role`, `allow_account` (which has to
        allow it too).
    """

    side: str
    source: str
    verdict: str
    statements: Sequence[StatementView]


@dataclass(frozen=True, slots=True)
class AccessView:
    """Attributes:
    reason: its word, as in the access log; "": it is not the viewer's to know.
    decided_by: a policy, an ACL with its grant, a setting; "": none of these did.
    settings: (what of the bucket decides beside policies, how it is).
    owner: account id, of the bucket or role that it is about, which may be another one than the
        request's (a copy's source); "": of no bucket that is there.
    """

    action: str
    resource: str
    allowed: bool
    reason: str
    text: str
    decided_by: str = ""
    statement: StatementView | None = None
    policies: Sequence[PolicyView] = ()
    settings: Sequence[tuple[str, str]] = ()
    owner: str = ""

    @property
    def sentence(self) -> str:
        verdict = "allowed" if self.allowed else "denied"
        said = f"{self.action} on {self.resource} is {verdict}: {self.text}"
        if self.statement is None:
            return said
        return f"{said} It is {self.statement.called} of: {self.decided_by}."

    @property
    def size_bytes(self) -> int:
        """About, in memory."""
        statements = [each for policy in self.policies for each in policy.statements]
        values = sum(
            len(value) + 60
            for statement in statements
            for condition in statement.conditions
            for value in (*condition.wanted, *(condition.actual or ()))
        )
        return _STATEMENT_BYTES * (1 + len(statements)) + values + len(self.resource)


class AccessViews(NamedTuple):
    """Attributes:
    whole: to operators, and to the account of the bucket that it is about.
    outside: to a caller of another account; None: he is of none, or of that one."""

    whole: AccessView
    outside: AccessView | None = None

    @property
    def size_bytes(self) -> int:
        return self.whole.size_bytes + (0 if self.outside is None else self.outside.size_bytes)


# Whom nothing keeps out is told what is wrong with the rest of his request.
_OF_REQUEST: Final = (
    Reason.REQUESTER_PAYS,
    Reason.EXPECTED_OWNER_DIFFERS,
    Reason.EXPECTED_OWNER_MALFORMED,
)
_OF_OWNER_TEXT: Final = (
    "The account that owns the bucket does not allow it; why, its own requests and operators see."
)


def seen(access: AccessViews, viewer: Viewer) -> AccessView | None:
    """What of it may be shown; None: nothing."""
    visible = visible_to(viewer)
    if Section.VERDICT not in visible:
        return None
    if Section.BUCKET_DOCUMENTS in visible:
        return access.whole
    return access.outside


def access_views(asked: Asked) -> AccessViews:
    return AccessViews(access_view(asked), _outside(asked, access_view))


def verdict_views(asked: Asked) -> AccessViews:
    return AccessViews(verdict_view(asked), _outside(asked, verdict_view))


def _outside(asked: Asked, view: Callable[[Asked], AccessView]) -> AccessView | None:
    """Asked once more, of what the caller brings alone, as if nothing were set of the bucket: his
    own policies could ask what is not his to know, such as an object's tags, by what they say."""
    question, target = asked.question, asked.target
    account_id = question.caller.account_id
    if not account_id or target.account_id in (None, account_id):
        return None
    # Of a role of others nothing: neither whether it is there, nor whom it trusts.
    if asked.of_role:
        return None
    question = question._replace(context=question.context.from_outside())
    if asked.decision.reason in _OF_REQUEST:
        decision = asked.decision._replace(source=None)
    else:
        decision = decide(question, asked.permissions, UNSET, Target(target.account_id))
    alone = Asked(question, asked.permissions, UNSET, OWN_ACCOUNT, decision)
    known = replace(view(alone), allowed=asked.decision.is_allowed, settings=(), owner="")
    if asked.decision.is_allowed:
        return replace(known, reason="", text="", decided_by="", statement=None)
    if decision.reason is Reason.NOT_OWNER:
        return replace(known, reason="", text=_OF_OWNER_TEXT)
    return known


def verdict_view(asked: Asked) -> AccessView:
    """Of an access that nobody wonders about: without its policies."""
    question, decision = asked.question, asked.decision
    reason = decision.reason
    return AccessView(
        question.action,
        question.resource,
        decision.is_allowed,
        reason.word,
        reason.text,
        owner=asked.target.account_id or "",
    )


def access_view(asked: Asked) -> AccessView:
    """All of it; about as slow as the decision was."""
    question, decision, documents = asked.question, asked.decision, asked.documents
    deciding = decision.statement(question)
    return replace(
        verdict_view(asked),
        decided_by=_source_text(decision.source),
        statement=None if deciding is None else _statement_view(deciding),
        policies=tuple(
            _policy_view(side, name, policy, question) for side, name, policy in _policies(asked)
        ),
        settings=(
            ()
            if asked.of_role or asked.target.account_id is None
            else _settings(documents, asked.target)
        ),
    )


def _source_text(source: Source | None) -> str:
    """As the same policy is called among all that were asked."""
    if source is None:
        return ""
    called = _called(source.kind, source.name)
    return called if source.grant is None else f"{called}: {_grant_text(source.grant)}"


def _called(kind: SourceKind, name: str) -> str:
    """Names say of themselves what they are of, but those of ARNs."""
    if kind is SourceKind.IDENTITY_POLICY or name.startswith(kind.value):
        return name
    return f"{kind.value} {name}".rstrip()


def _policies(asked: Asked) -> Iterable[tuple[str, str, Policy]]:
    """(side, where it stands, policy)."""
    permissions, documents = asked.permissions, asked.documents
    for name, policy in permissions.policies:
        yield OWN_SIDE, name, policy
    if permissions.boundary is not None:
        name, policy = permissions.boundary
        yield OWN_SIDE, _called(SourceKind.BOUNDARY, name), policy
    for name, policy in permissions.session or ():
        yield OWN_SIDE, _called(SourceKind.SESSION_POLICY, name), policy
    if documents.policy is not None and asked.of_role:
        yield ROLE_SIDE, _called(SourceKind.TRUST_POLICY, ""), documents.policy
    elif documents.policy is not None:
        yield BUCKET_SIDE, _called(SourceKind.BUCKET_POLICY, ""), documents.policy


def _policy_view(side: str, source: str, policy: Policy, question: Question) -> PolicyView:
    return PolicyView(
        side,
        source,
        policy.verdict(question).name.lower(),
        [_statement_view(trace) for trace in policy.trace(question)[:STATEMENTS_MAX]],
    )


def _statement_view(trace: StatementTrace) -> StatementView:
    failed = "" if trace.failed is None else trace.failed.value
    return StatementView(
        trace.number + 1,
        trace.sid,
        "Deny" if trace.is_deny else "Allow",
        failed,
        [
            ConditionView(
                operator,
                key,
                wanted[:_VALUES_MAX],
                None if actual is None else actual[:_VALUES_MAX],
            )
            for operator, key, wanted, actual in trace.conditions
        ],
    )


def _settings(documents: BucketDocuments, target: Target) -> list[tuple[str, str]]:
    if documents is UNSET:
        return [("bucket", "private, as it was made: no policy, no ACL, no public access")]
    ownership, block = documents.ownership, documents.public_access
    output = [
        ("object ownership", "not set" if ownership is None else ownership.value),
        ("block public access", ", ".join(_blocked(block)) or "nothing"),
        ("bucket ACL", _acl_text(documents.acl)),
    ]
    of_account = _blocked(documents.account_block)
    if of_account:
        output.insert(2, ("of that by the account", ", ".join(of_account)))
    if target.object_owner is not None:
        output.append(("object owner", target.object_owner))
    # Another account's object is not the bucket owner's to look into.
    if target.object_owner == target.account_id:
        output.append(("object ACL", _acl_text(target.object_acl)))
    if documents.requester_pays:
        output.append(("requester pays", "yes"))
    return output


def _blocked(block: PublicAccessBlock) -> list[str]:
    """As S3 calls them."""
    return [name.title().replace("_", "") for name, is_on in block._asdict().items() if is_on]


def _acl_text(acl: Acl | None) -> str:
    return "private" if acl is None else ", ".join(map(_grant_text, acl.grants)) or "no grants"


def _grant_text(grant: Grant) -> str:
    grantee = grant.grantee
    return f"{grant.permission.value} for {grantee if isinstance(grantee, str) else grantee.value}"
