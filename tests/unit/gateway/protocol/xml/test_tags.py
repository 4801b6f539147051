from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.as_client import Client
from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.tags import (
    OBJECT_TAGS_MAX,
    check_object_tags,
    read_tagging_header,
    read_tags,
    replaces_tags,
    tags_document,
)

CHARACTERS = st.characters(categories=("L", "N", "Zs"), include_characters="+-=._:/@")
KEYS = st.text(CHARACTERS, min_size=1, max_size=128).filter(
    lambda key: not key.lower().startswith("aws:")
)
TAGS = st.dictionaries(KEYS, st.text(CHARACTERS, max_size=256), max_size=OBJECT_TAGS_MAX)


@given(TAGS)
def test_all_that_s3_takes_is_read_from_a_document_and_from_a_header(tags: dict[str, str]) -> None:
    pairs = tuple(sorted(tags.items()))
    check_object_tags(pairs)
    assert read_tags(tags_document(pairs)) == pairs
    assert read_tagging_header(urlencode(tags)) == pairs


def test_document_of_an_aws_client_is_read_and_seen_by_it(client: Client) -> None:
    tag_set = [{"Key": "a", "Value": "1"}, {"Key": "\u96ea", "Value": ""}]
    body = client.body(
        "PutObjectTagging", {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": tag_set}}
    )
    tags = read_tags(body)
    assert tags == (("a", "1"), ("\u96ea", ""))
    assert client.parsed("GetObjectTagging", tags_document(tags))["TagSet"] == tag_set


@pytest.mark.parametrize("text", [None, "", "&", "&&"])
def test_header_of_nothing_has_no_tags(text: str | None) -> None:
    assert read_tagging_header(text) == ()


@pytest.mark.parametrize("text", ["=", "=b", "a&a", "a=1&b=2&a=3", "%zz", "a=%", "a=%f", "a=%ff"])
def test_header_that_is_no_query_is_refused_as_it_came(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_tagging_header(text)
    assert refused.value.code == "InvalidArgument"
    assert refused.value.details == {"ArgumentName": "x-amz-tagging", "ArgumentValue": text}


@pytest.mark.parametrize(
    "character", ["\t", "\n", "\u2028", "\u2029", "\u0301", "<", "&", "\u20ac"]
)
def test_character_that_is_no_letter_digit_blank_or_sign_is_refused(character: str) -> None:
    for tags, details in (
        (((f"a{character}", "v"),), {"TagKey": f"a{character}"}),
        ((("a", character),), {"TagKey": "a", "TagValue": character}),
    ):
        with pytest.raises(S3Error) as refused:
            check_object_tags(tags)
        assert (refused.value.code, refused.value.details) == ("InvalidTag", details)


def test_at_most_ten_of_at_most_so_many_characters() -> None:
    tags = tuple((f"{number}".ljust(128, "\U00020000"), "\u96ea" * 256) for number in range(10))
    check_object_tags(tags)
    with pytest.raises(S3Error) as refused:
        check_object_tags((*tags, ("k", "")))
    assert (refused.value.code, refused.value.message) == (
        "BadRequest",
        "Object tags cannot be greater than 10",
    )


def test_directive_of_a_copy_is_copy_or_replace() -> None:
    name = "x-amz-tagging-directive"
    assert not replaces_tags(head()) and not replaces_tags(head({name: "COPY"}))
    assert replaces_tags(head({name: "REPLACE"}))
    for value in ("", "replace", "MOVE"):
        with pytest.raises(S3Error) as refused:
            replaces_tags(head({name: value}))
        assert refused.value.message == "Unknown tagging directive."


@given(st.one_of(st.text(st.characters(max_codepoint=255), max_size=60), st.text(max_size=60)))
def test_any_header_is_read_or_refused(text: str) -> None:
    try:
        read_tagging_header(text)
    except S3Error as error:
        assert error.code in ("InvalidArgument", "InvalidTag", "BadRequest")


@given(st.binary(max_size=80))
def test_any_document_is_read_or_refused(body: bytes) -> None:
    try:
        read_tags(body)
    except S3Error as error:
        assert error.code in ("MalformedXML", "MissingRequestBodyError")
