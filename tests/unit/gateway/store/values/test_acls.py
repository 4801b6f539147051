"""Which grant of an ACL counts."""

from tests.unit.gateway.access.policy.asking import CANONICAL_ID, OTHER_ROOT, ROOT
from trioxygen.gateway.access.caller import ANONYMOUS
from trioxygen.gateway.store.values.acls import Acl, Grant, Group, Permission


def test_grant_to_a_group_counts_before_one_to_the_account() -> None:
    """The account's would do for root only, and for users whose policies allow it as well."""
    own = Grant(CANONICAL_ID, Permission.FULL_CONTROL)
    of_all = Grant(Group.ALL_USERS, Permission.READ)
    for grants in ((own, of_all), (of_all, own)):
        acl = Acl(CANONICAL_ID, grants)
        for caller in (ROOT, OTHER_ROOT, ANONYMOUS):
            assert acl.allows(Permission.READ, caller, ignores_public=False) == of_all
        assert acl.allows(Permission.READ, ROOT, ignores_public=True) == own
        assert acl.allows(Permission.WRITE, ROOT, ignores_public=False) == own
        assert acl.allows(Permission.READ, OTHER_ROOT, ignores_public=True) is None
