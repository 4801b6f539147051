"""Who may assume a role, and what he is told who may not."""

import pytest

from tests.unit.gateway.access.said import (
    ALLOW,
    DENY,
    MINE,
    NOTHING,
    STRANGE_USER,
    USER,
    Says,
    asked,
)
from trioxygen.gateway.access.decision import Reason
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.iam.authorization import decide_trust, refusal


@pytest.mark.parametrize("own", [ALLOW, DENY, NOTHING])
@pytest.mark.parametrize("trust", [DENY, NOTHING])
def test_other_account_is_told_the_same_of_each_role_that_does_not_trust(
    own: Says, trust: Says
) -> None:
    """Whatever its own policies say, which may ask for the role's tags."""
    question = asked(STRANGE_USER)
    decision = decide_trust(question, Permissions(policies=(("own", own),)), trust, MINE)
    assert (decision.is_allowed, decision.reason) == (False, Reason.NOT_TRUSTED)
    assert "because" not in str(refusal(question, decision))


def test_own_account_is_told_which_of_its_policies_denies() -> None:
    own = Permissions(policies=(("own", DENY),))
    assert decide_trust(asked(USER), own, ALLOW, MINE).reason is Reason.DENIED_BY_IDENTITY
