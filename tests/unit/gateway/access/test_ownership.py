import pytest

from trioxygen.gateway.access.ownership import Ownership, owns_upload, uses_acls


@pytest.mark.parametrize(
    ("ownership", "gives_full_control", "owner"),
    [
        (Ownership.BUCKET_OWNER_ENFORCED, False, "bucket's"),
        (Ownership.BUCKET_OWNER_ENFORCED, True, "bucket's"),
        (Ownership.BUCKET_OWNER_PREFERRED, False, "writer's"),
        (Ownership.BUCKET_OWNER_PREFERRED, True, "bucket's"),
        (Ownership.OBJECT_WRITER, False, "writer's"),
        (Ownership.OBJECT_WRITER, True, "writer's"),
        (None, False, "writer's"),
        (None, True, "writer's"),
    ],
)
def test_upload_is_owned_as_the_controls_say(
    ownership: Ownership | None, gives_full_control: bool, owner: str
) -> None:
    actual = owns_upload(
        ownership,
        writer="writer's",
        bucket_owner="bucket's",
        gives_full_control=gives_full_control,
    )
    assert actual == owner


def test_acls_say_something_unless_ownership_is_enforced() -> None:
    assert [each for each in (*Ownership, None) if not uses_acls(each)] == [
        Ownership.BUCKET_OWNER_ENFORCED
    ]
