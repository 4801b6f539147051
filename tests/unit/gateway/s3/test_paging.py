"""Where a listing goes on, as its continuation token says it."""

import pytest

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.paging import position_of, token_of


@pytest.mark.parametrize("position", ["k", "a/b c+d&e", "é\U0001f600", "\x01", "x" * 1_024])
def test_page_goes_on_where_its_token_says(position: str) -> None:
    token = token_of(position)
    assert token.isascii() and not set(token) & set("+/&")
    assert position_of(token) == position


@pytest.mark.parametrize("token", ["*", "x", "=", "é", "_w=="])
def test_token_that_nobody_was_given_is_refused(token: str) -> None:
    with pytest.raises(S3Error, match="continuation token") as refused:
        position_of(token)
    assert refused.value.code == "InvalidArgument"
    assert refused.value.details == {
        "ArgumentName": "continuation-token",
        "ArgumentValue": token,
    }
