"""Who an access key is, with all policies that apply to it now."""

from collections.abc import Iterable, Iterator

from trioxygen.common.errors import InvalidToken
from trioxygen.metadata.om.state.iam_tags import merged_tags
from trioxygen.metadata.om.state.identities import (
    KIND_NAMES,
    ROLE,
    USER,
    default_document,
    get_policy,
    groups_of,
    principal_arn,
    principal_of_id,
)
from trioxygen.metadata.om.state.schema import IDENTITY_REVISION
from trioxygen.metadata.replication.state import get_integer
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import Identity, PolicyText, PrincipalRow


def identity_of_root(txn: ReadTxn, account_id: str) -> Identity:
    return Identity(
        kind=Identity.ROOT,
        arn=f"arn:aws:iam::{account_id}:root",
        user_id=account_id,
        revision=get_integer(txn, IDENTITY_REVISION),
    )


def identity_of_user(txn: ReadTxn, user: PrincipalRow) -> Identity:
    policies = [*_policies_of(txn, user)]
    for group in groups_of(txn, user):
        policies += _policies_of(txn, group)
    return Identity(
        kind=Identity.USER,
        arn=principal_arn(user),
        user_id=user.unique_id,
        name=user.name,
        tags=user.tags,
        policies=policies,
        boundary=_boundary_of(txn, user),
        revision=get_integer(txn, IDENTITY_REVISION),
    )


def identity_of_session(txn: ReadTxn, session: iam.SessionContent) -> Identity:
    """Raises: InvalidToken: its user or role is gone."""
    if not session.principal_id:
        identity = identity_of_root(txn, session.account_id)
    else:
        principal = principal_of_id(txn, session.principal_id)
        if principal is None or principal.kind not in (USER, ROLE):
            raise InvalidToken()
        if principal.kind == USER:
            identity = identity_of_user(txn, principal)
        else:
            identity = _identity_of_role(txn, principal, session)
    identity.context.extend(session.context)
    identity.expires_ms = session.expires_ms
    if session.policies or session.policy_arns:
        identity.has_session_policies = True
        identity.session_policies.extend(_session_policies(txn, session))
    return identity


def _identity_of_role(txn: ReadTxn, role: PrincipalRow, session: iam.SessionContent) -> Identity:
    name = f"{role.name}/{session.session_name}"
    return Identity(
        kind=Identity.ROLE_SESSION,
        arn=f"arn:aws:sts::{role.account_id}:assumed-role/{name}",
        user_id=f"{role.unique_id}:{session.session_name}",
        role_arn=principal_arn(role),
        tags=merged_tags(role.tags, session.tags, ()),
        policies=_policies_of(txn, role),
        boundary=_boundary_of(txn, role),
        revision=get_integer(txn, IDENTITY_REVISION),
    )


def _policies_of(txn: ReadTxn, row: PrincipalRow) -> Iterator[PolicyText]:
    where = f"{KIND_NAMES[row.kind]}/{row.name} inline"
    for policy in row.inline:
        yield PolicyText(source=f"{where} {policy.name}", document=policy.document)
    yield from _managed(txn, row.account_id, row.attached)


def _managed(txn: ReadTxn, account_id: str, arns: Iterable[str]) -> Iterator[PolicyText]:
    """Of those that there are."""
    for arn in arns:
        policy = get_policy(txn, account_id, arn)
        if policy is not None:
            yield PolicyText(source=arn, document=default_document(policy))


def _boundary_of(txn: ReadTxn, row: PrincipalRow) -> PolicyText | None:
    if not row.boundary:
        return None
    boundary = next(_managed(txn, row.account_id, [row.boundary]), None)
    assert boundary is not None, f"{row.boundary} is a boundary, and gone"
    return boundary


def _session_policies(txn: ReadTxn, session: iam.SessionContent) -> Iterator[PolicyText]:
    for number, document in enumerate(session.policies, start=1):
        yield PolicyText(source=f"session policy {number}", document=document)
    yield from _managed(txn, session.account_id, session.policy_arns)
