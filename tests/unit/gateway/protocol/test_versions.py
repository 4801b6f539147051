import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.versions import (
    known_version,
    read_version_id,
    version_headers,
    version_id,
)


@given(st.integers(1, 2**62 - 1))
def test_version_id_reads_back(version: int) -> None:
    assert read_version_id(version_id(version)) == known_version(version_id(version)) == version


def test_null_version_and_none_are_told_apart() -> None:
    assert version_id(0) == "null" and read_version_id("null") == 0
    assert read_version_id(None) is None
    assert version_headers(None) == []
    assert version_headers(0) == [(b"x-amz-version-id", b"null")]
    assert version_headers(255) == [(b"x-amz-version-id", b"00000000000000ff")]


@pytest.mark.parametrize(
    "text",
    [
        *[
            "x",
            "NULL",
            "0" * 16,
            "1" * 15,
            "1" * 17,
            "1" + "F" * 15,
            " " + "1" * 16,
            "-" + "1" * 15,
        ],
        *["0x" + "1" * 14, "1" * 15 + "\n", "\u0661" * 16, "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"],
        *["4" + "0" * 15, "f" * 16],
    ],
)
def test_what_no_id_looks_like_is_refused_with_where_it_was_sent(text: str) -> None:
    assert known_version(text) is None
    with pytest.raises(S3Error) as refused:
        read_version_id(text, argument="version-id-marker")
    assert (refused.value.code, refused.value.message) == (
        "InvalidArgument",
        "Invalid version id specified",
    )
    assert refused.value.details == {
        "ArgumentName": "version-id-marker",
        "ArgumentValue": text,
    }


def test_empty_version_id_has_a_text_of_its_own() -> None:
    with pytest.raises(S3Error, match="InvalidArgument") as refused:
        read_version_id("")
    assert refused.value.message == "Version id cannot be the empty string"


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        read_version_id(text)
    except S3Error as error:
        assert error.code == "InvalidArgument"
