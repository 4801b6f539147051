"""What an ACL grants to whom, what canned ACLs are, and how ACLs are stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.access.acl import (
    Acl,
    Grant,
    Group,
    Permission,
    canned_acl,
    dump_acl,
    load_acl,
    private_acl,
)
from trioxygen.gateway.access.caller import ANONYMOUS, Caller, CallerKind
from trioxygen.gateway.store.values.acls import GRANTS_MAX

FULL, READ, WRITE = Permission.FULL_CONTROL, Permission.READ, Permission.WRITE
ANN = Caller(kind=CallerKind.ROOT, account_id="1", canonical_id="ann")
BOB = Caller(kind=CallerKind.ROOT, account_id="2", canonical_id="bob")

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
grantees = st.one_of(names, st.sampled_from(Group))
grants = st.builds(Grant, grantees, st.sampled_from(Permission))
acls = st.builds(Acl, names, st.lists(grants, max_size=GRANTS_MAX).map(tuple))


@pytest.mark.parametrize(
    ("grant", "caller", "ignores_public", "is_allowed"),
    [
        (Grant("ann", READ), ANN, False, True),
        (Grant("ann", READ), BOB, False, False),
        (Grant("ann", READ), ANONYMOUS, False, False),
        (Grant("ann", FULL), ANN, True, True),
        (Grant("ann", WRITE), ANN, False, False),
        (Grant("ann", Permission.READ_ACP), ANN, False, False),
        (Grant(Group.ALL_USERS, READ), ANONYMOUS, False, True),
        (Grant(Group.ALL_USERS, FULL), BOB, False, True),
        (Grant(Group.ALL_USERS, READ), BOB, True, False),
        (Grant(Group.AUTHENTICATED_USERS, READ), BOB, False, True),
        (Grant(Group.AUTHENTICATED_USERS, READ), BOB, True, False),
        (Grant(Group.AUTHENTICATED_USERS, READ), ANONYMOUS, False, False),
        (Grant(Group.LOG_DELIVERY, READ), BOB, False, False),
        (Grant(Group.LOG_DELIVERY, READ), ANONYMOUS, False, False),
        # Nobody who does not sign is an account without a name.
        (Grant("", READ), ANONYMOUS, False, False),
    ],
)
def test_read_is_allowed_by_grant(
    grant: Grant, caller: Caller, ignores_public: bool, is_allowed: bool
) -> None:
    actual = Acl("owner", (grant,)).allows(READ, caller, ignores_public=ignores_public)
    assert actual == (grant if is_allowed else None)


def test_groups_grant_is_named_before_an_accounts_own() -> None:
    # Users have what a group was granted; what their account was, if their policies allow it.
    public = Grant(Group.ALL_USERS, READ)
    acl = Acl("owner", (Grant("ann", FULL), public))
    assert acl.allows(READ, ANN, ignores_public=False) == public
    assert acl.allows(READ, ANN, ignores_public=True) == Grant("ann", FULL)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("private", ()),
        ("public-read", (Grant(Group.ALL_USERS, READ),)),
        ("public-read-write", (Grant(Group.ALL_USERS, READ), Grant(Group.ALL_USERS, WRITE))),
        ("authenticated-read", (Grant(Group.AUTHENTICATED_USERS, READ),)),
        ("aws-exec-read", ()),
        ("bucket-owner-read", (Grant("bob", READ),)),
        ("bucket-owner-full-control", (Grant("bob", FULL),)),
        (
            "log-delivery-write",
            (Grant(Group.LOG_DELIVERY, WRITE), Grant(Group.LOG_DELIVERY, Permission.READ_ACP)),
        ),
    ],
)
def test_canned_acl_is_its_owners_and_more(name: str, more: tuple[Grant, ...]) -> None:
    actual = canned_acl(name, owner="ann", bucket_owner="bob")
    assert actual == Acl("ann", (Grant("ann", FULL), *more))
    assert actual.is_public == (name.startswith(("public-", "authenticated-")))
    # What goes to the bucket's owner, he who owns the object has already.
    own = canned_acl(name, owner="bob", bucket_owner="bob")
    assert [grant.grantee for grant in own.grants].count("bob") == 1


@given(acls)
def test_stored_acl_is_read_as_it_was(acl: Acl) -> None:
    assert load_acl(dump_acl(acl)) == acl


@given(acls, st.data())
def test_acl_that_is_cut_short_is_another_or_none(acl: Acl, data: st.DataObject) -> None:
    stored = dump_acl(acl)
    cut = stored[: data.draw(st.integers(0, len(stored) - 1))]
    try:
        shorter = load_acl(cut)
    except ValueError:
        return
    assert acl.grants[: len(shorter.grants)] == shorter.grants != acl.grants


@given(st.binary(max_size=200))
def test_other_bytes_are_no_acl_or_dump_as_they_are(stored: bytes) -> None:
    try:
        acl = load_acl(stored)
    except ValueError:
        return
    assert load_acl(stored) == acl


def test_what_is_too_much_is_not_stored() -> None:
    many = Acl("ann", (Grant("bob", READ),) * (GRANTS_MAX + 1))
    for acl in (many, private_acl("a" * 251), private_acl("")):
        with pytest.raises(ValueError, match=r"grants|canonical id"):
            dump_acl(acl)
