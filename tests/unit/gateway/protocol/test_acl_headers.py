import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.acl_headers import (
    asks_for_acl,
    read_acl_headers,
    read_ownership_header,
)
from trioxygen.gateway.protocol.asked_acls import NOTHING_ASKED, AskedAcl, AskedGrant, GranteeKind
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.values.acls import GRANTS_MAX, Ownership, Permission

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
CANNED = (
    *("private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read"),
    *("bucket-owner-read", "bucket-owner-full-control"),
)


def asked(*grants: tuple[GranteeKind, str, Permission]) -> AskedAcl:
    return AskedAcl(grants=tuple(AskedGrant(*grant) for grant in grants))


def refusal(headers: dict[str, str], *, of_bucket: bool = False) -> S3Error:
    with pytest.raises(S3Error) as refused:
        read_acl_headers(head(headers), of_bucket=of_bucket)
    return refused.value


def test_request_without_a_word_of_it_asks_for_nothing() -> None:
    request = head({"x-amz-acl-x": "private", "x-amz-object-ownership": "ObjectWriter"})
    assert not asks_for_acl(request)
    assert read_acl_headers(request, of_bucket=False) is NOTHING_ASKED


@pytest.mark.parametrize("of_bucket", [False, True])
@pytest.mark.parametrize("name", CANNED)
def test_canned_acl_is_named(name: str, of_bucket: bool) -> None:
    request = head({"x-amz-acl": name})
    assert read_acl_headers(request, of_bucket=of_bucket) == AskedAcl(name)


def test_log_delivery_writes_to_buckets_alone() -> None:
    headers = {"x-amz-acl": "log-delivery-write"}
    assert read_acl_headers(head(headers), of_bucket=True).canned == "log-delivery-write"
    assert refusal(headers).code == "InvalidArgument"


@pytest.mark.parametrize(
    ("value", "grants"),
    [
        ("id=a", [(GranteeKind.CANONICAL_ID, "a")]),
        ('id="a"', [(GranteeKind.CANONICAL_ID, "a")]),
        (' ID = "a" ,uri=' + ALL_USERS, [("id", "a"), ("uri", ALL_USERS)]),
        ('emailAddress="a@b.c", id=d', [("emailAddress", "a@b.c"), ("id", "d")]),
        # Each once.
        ("id=a, id=a", [("id", "a")]),
    ],
)
def test_grantees_are_read(value: str, grants: list[tuple[str, str]]) -> None:
    actual = read_acl_headers(head({"x-amz-grant-read": value}), of_bucket=False)
    expected = [(GranteeKind(kind), name, Permission.READ) for kind, name in grants]
    assert actual == asked(*expected)


def test_permissions_come_in_one_order() -> None:
    headers = {
        f"x-amz-grant-{name}": "id=a"
        for name in ("full-control", "write-acp", "write", "read-acp", "read")
    }
    actual = read_acl_headers(head(headers), of_bucket=True).grants
    assert actual is not None
    assert [grant.permission for grant in actual] == [
        Permission.READ,
        Permission.WRITE,
        Permission.READ_ACP,
        Permission.WRITE_ACP,
        Permission.FULL_CONTROL,
    ]


@pytest.mark.parametrize(
    ("headers", "code", "message", "argument"),
    [
        ({"x-amz-acl": "public"}, "InvalidArgument", "", "x-amz-acl"),
        (
            {"x-amz-acl": "private", "x-amz-grant-read": "id=a"},
            "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed",
            None,
        ),
        *(
            (
                {"x-amz-grant-write": value},
                "InvalidArgument",
                "Argument format not recognized",
                "x-amz-grant-write",
            )
            for value in ("", "everybody", "id=", 'id="a', "id=a id=b", "id=a,", ",", "name=a")
        ),
        (
            {"x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/x"'},
            "InvalidArgument",
            "Invalid group uri",
            "uri",
        ),
    ],
)
def test_what_s3_does_not_take_is_refused(
    headers: dict[str, str], code: str, message: str, argument: str | None
) -> None:
    error = refusal(headers)
    assert (error.code, error.message) == (code, message)
    assert error.details.get("ArgumentName") == argument


def test_grants_are_bounded() -> None:
    many = ", ".join(f"id={number}" for number in range(GRANTS_MAX + 1))
    assert refusal({"x-amz-grant-read": many}).code == "MalformedACLError"


@given(st.text(st.sampled_from('ida=", \x85uemil:/'), max_size=40))
def test_any_text_is_read_or_refused(value: str) -> None:
    try:
        actual = read_acl_headers(head({"x-amz-grant-read": value}), of_bucket=False)
    except S3Error as error:
        assert error.status == 400
        return
    assert actual.grants


def test_ownership_is_one_of_three() -> None:
    assert read_ownership_header(head()) is None
    for ownership in Ownership:
        request = head({"x-amz-object-ownership": ownership.value})
        assert read_ownership_header(request) is ownership
    with pytest.raises(S3Error) as refused:
        read_ownership_header(head({"x-amz-object-ownership": "Mine"}))
    assert refused.value.message == "Invalid x-amz-object-ownership header: Mine"
    assert refused.value.details == {"ArgumentName": "x-amz-object-ownership"}
