import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.asked_acls import AskedGrant, GranteeKind
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.acl import acl_document, read_acl
from trioxygen.gateway.protocol.xml.document import Owner
from trioxygen.gateway.store.values.acls import GRANTS_MAX, Group, Permission

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
OWNER = "<Owner><ID>ann</ID><DisplayName>Ann</DisplayName></Owner>"
BOB = "<ID>bob</ID>"


def grant(kind: str = "CanonicalUser", grantee: str = BOB, permission: str = "READ") -> str:
    return (
        f'<Grant><Grantee {XSI} xsi:type="{kind}">{grantee}</Grantee>'
        f"<Permission>{permission}</Permission></Grant>"
    )


def document(*grants: str, owner: str = OWNER) -> bytes:
    rows = "".join(grants)
    return (
        f"<AccessControlPolicy>{owner}<AccessControlList>{rows}</AccessControlList>"
        "</AccessControlPolicy>"
    ).encode()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (grant(), (GranteeKind.CANONICAL_ID, "bob", Permission.READ)),
        (
            grant(grantee=f"{BOB}<DisplayName/>", permission="FULL_CONTROL"),
            (GranteeKind.CANONICAL_ID, "bob", Permission.FULL_CONTROL),
        ),
        (
            grant("Group", f"<URI>{Group.ALL_USERS.value}</URI>", "WRITE_ACP"),
            (GranteeKind.GROUP, Group.ALL_USERS.value, Permission.WRITE_ACP),
        ),
        (
            grant("AmazonCustomerByEmail", "<EmailAddress>a@b.c</EmailAddress>"),
            (GranteeKind.EMAIL, "a@b.c", Permission.READ),
        ),
    ],
)
def test_grantee_is_named_as_its_type_says(
    row: str, expected: tuple[GranteeKind, str, Permission]
) -> None:
    actual = read_acl(document(row, row))
    assert (actual.owner, actual.grants) == ("ann", (AskedGrant(*expected),))


def test_nobody_may_be_granted_anything() -> None:
    assert read_acl(document()).grants == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<AccessControlPolicy>",
        b"<AccessControlPolicy/>",
        b"<Acl/>",
        f"<AccessControlPolicy>{OWNER}</AccessControlPolicy>".encode(),
        document(owner=""),
        document(owner="<Owner/>"),
        document(owner="<Owner><ID/></Owner>"),
        document(owner="<Owner><DisplayName>Ann</DisplayName></Owner>"),
        document(owner=f"{OWNER}{OWNER}"),
        document(grant(kind="User")),
        document(grant(kind="")),
        document(grant().replace("xsi:type", "type")),
        document(grant(grantee="")),
        document(grant(grantee="<URI>x</URI>")),
        document(grant(grantee=f"{BOB}<URI>x</URI>")),
        document(grant(permission="ALL")),
        document(grant(permission="read")),
        document(grant(permission="")),
        document("<Grant/>"),
        document("<Other/>"),
        document(*(grant(grantee=f"<ID>{number}</ID>") for number in range(GRANTS_MAX + 1))),
    ],
)
def test_other_documents_are_malformed(body: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        read_acl(body)
    assert refused.value.code == "MalformedACLError"


def test_group_that_there_is_not_is_an_argument() -> None:
    with pytest.raises(S3Error) as refused:
        read_acl(document(grant("Group", "<URI>x</URI>")))
    assert (refused.value.code, refused.value.message) == ("InvalidArgument", "Invalid group uri")


@given(st.data())
def test_mangled_document_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(document(grant(), grant("Group", f"<URI>{Group.ALL_USERS.value}</URI>")))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body) - 1))
        end = data.draw(st.integers(start, min(len(body), start + 40)))
        body[start:end] = data.draw(st.sampled_from([b"", b"<", b"&", b"\x00", b"\xff", b"]]>"]))
        body = body or bytearray(b"x")
    try:
        read_acl(bytes(body))
    except S3Error as error:
        assert error.status == 400


def test_what_is_written_is_read_and_groups_come_first() -> None:
    ann, bob = Owner("ann", "Ann & co"), Owner("bob")
    grants: list[tuple[Owner | Group, Permission]] = [
        (ann, Permission.FULL_CONTROL),
        (Group.ALL_USERS, Permission.READ),
        (bob, Permission.WRITE),
        (Group.LOG_DELIVERY, Permission.WRITE),
    ]
    written = acl_document(ann, grants)
    assert b"<DisplayName>Ann &amp; co</DisplayName>" in written
    read = read_acl(written)
    assert read.owner == "ann" and read.grants is not None
    assert [(each.name, each.permission) for each in read.grants] == [
        (Group.ALL_USERS.value, Permission.READ),
        (Group.LOG_DELIVERY.value, Permission.WRITE),
        ("ann", Permission.FULL_CONTROL),
        ("bob", Permission.WRITE),
    ]
