import pytest

from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.refused_headers import refuse_of_put, refuse_unimplemented


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-object-lock-event-hold", "ON"),
        ("x-amz-write-offset-bytes", "1"),
        ("x-amz-if-match-size", "1"),
    ],
)
def test_header_of_an_absent_feature_is_not_implemented(name: str, value: str) -> None:
    with pytest.raises(S3Error) as refused:
        refuse_unimplemented(head({"host": "h", name: value}))
    assert (refused.value.code, refused.value.status) == ("NotImplemented", 501)
    assert refused.value.details["Header"] == name


def test_put_appends_and_refuses_the_others() -> None:
    refuse_of_put(head({"x-amz-write-offset-bytes": "1"}))
    with pytest.raises(S3Error):
        refuse_of_put(head({"x-amz-write-offset-bytes": "1", "x-amz-if-match-size": "1"}))


def test_values_that_change_nothing_and_unknown_headers_are_taken() -> None:
    refuse_unimplemented(
        head(
            {
                "x-amz-acl": "private",
                "x-amz-tagging-directive": "REPLACE",
                "x-amz-object-lock-mode": "GOVERNANCE",
                "x-amz-object-ownership": "BucketOwnerEnforced",
                "x-amz-bypass-governance-retention": "true",
                "x-amz-meta-x-amz-tagging": "a",
                "x-amz-date": "now",
                "x-amz-something-new": "1",
            }
        )
    )
