"""Random cases for decisions: callers with policies, buckets with documents."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.unit.gateway.access.policy.asking import (
    ACCOUNT,
    BUCKET,
    BUCKET_ARN,
    CALLERS,
    CANONICAL_ID,
    OTHER_ACCOUNT,
    OTHER_CANONICAL_ID,
    OTHER_ROOT,
)
from tests.unit.gateway.access.policy.random_policies import (
    ACTIONS,
    PRINCIPALS,
    RESOURCES,
    contexts,
    documents,
)
from tests.unit.gateway.access.reference_decide import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    OF_OBJECT_ACL,
    Case,
)
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.protocol.errors import S3Error

_CANONICAL_IDS = {ACCOUNT: CANONICAL_ID, OTHER_ACCOUNT: OTHER_CANONICAL_ID}
_GRANTEES = (*_CANONICAL_IDS.values(), ALL_USERS, AUTHENTICATED_USERS)
_PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
_GRANTS: st.SearchStrategy[list[tuple[str, str]]] = st.lists(
    st.tuples(st.sampled_from(_GRANTEES), st.sampled_from(_PERMISSIONS)), max_size=2
)


def _is_taken(document: Any) -> bool:
    """The strategy draws actions and resources apart."""
    try:
        read_bucket_policy(json.dumps(document).encode(), BUCKET)
    except S3Error:
        return False
    return True


def _only(statements: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "Version": st.just("2012-10-17"),
            "Statement": st.lists(statements, min_size=1, max_size=1),
        }
    )


# Of all that is drawn at random little allows anything; of these everything does.
_ALLOWS_ALL = st.just({"Effect": "Allow", "Action": "*", "Resource": "*"})
_ALLOWS_SOMEBODY_ALL = st.fixed_dictionaries(
    {
        "Effect": st.just("Allow"),
        "Principal": PRINCIPALS,
        "Action": st.just("s3:*"),
        "Resource": st.just(f"{BUCKET_ARN}*"),
    }
)
BUCKET_POLICIES = documents(of_bucket=True).filter(_is_taken) | _only(_ALLOWS_SOMEBODY_ALL)
IDENTITY_POLICIES = documents(of_bucket=False) | _only(_ALLOWS_ALL)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    caller = draw(st.sampled_from((*CALLERS, OTHER_ROOT)))
    action = draw(st.sampled_from(ACTIONS))
    question = Question(action, draw(st.sampled_from(RESOURCES)), caller, draw(contexts()))
    has_policies = caller.kind in (CallerKind.USER, CallerKind.ROLE_SESSION)
    is_session = caller.kind is CallerKind.ROLE_SESSION
    object_owner = draw(st.sampled_from((None, ACCOUNT, OTHER_ACCOUNT)))
    if action not in OF_OBJECT_ACL:
        object_owner = None
    # Whoever owns an object was granted everything of it.
    owners = [] if object_owner is None else [(_CANONICAL_IDS[object_owner], "FULL_CONTROL")]
    return Case(
        question=question,
        identity=draw(st.lists(IDENTITY_POLICIES, max_size=2)) if has_policies else (),
        boundary=draw(st.none() | IDENTITY_POLICIES) if has_policies else None,
        session=draw(st.none() | st.lists(IDENTITY_POLICIES, min_size=1, max_size=2))
        if is_session
        else None,
        bucket_policy=draw(st.none() | BUCKET_POLICIES),
        owner=ACCOUNT,
        object_owner=object_owner,
        bucket_grants=draw(_GRANTS),
        object_grants=[*owners, *draw(_GRANTS)] if owners else [],
        uses_acls=draw(st.booleans()),
        ignores_public_acls=draw(st.booleans()),
        restricts_public=draw(st.booleans()),
    )
