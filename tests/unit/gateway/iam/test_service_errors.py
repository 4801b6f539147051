"""How the store's errors are said to clients of IAM."""

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, request_to
from trioxygen.common.errors import LimitExceeded, NoSuchEntity, TrioxygenError
from trioxygen.gateway.iam.service_errors import iam_error


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (
            LimitExceeded("Cannot exceed quota for GroupsPerUser: 10", quota="GroupsPerUser"),
            "LimitExceeded",
            "Cannot exceed quota for GroupsPerUser: 10",
        ),
        (
            NoSuchEntity(kind="group", name="devs"),
            "NoSuchEntity",
            "The group with name devs cannot be found.",
        ),
    ],
)
def test_facts_of_the_store_are_not_in_the_message(
    failure: TrioxygenError, code: str, message: str
) -> None:
    error = iam_error(failure, request_to("bucket", "k", OWNER))
    assert (error.code, error.message) == (code, message)
