"""Forms and arguments, as texts."""

import pytest

from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.arguments import (
    TAGS,
    Arguments,
    flag,
    needed,
    number,
    text,
    texts,
)
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.form import Form

NAME = needed(text("UserName", rules.NAME_64))


def refusal(form: bytes, *wanted: object) -> str:
    with pytest.raises(IamError) as error:
        Arguments(Form.read(form), wanted)  # type: ignore[arg-type]
    assert error.value.code == "ValidationError"
    return error.value.message


def test_members_are_in_order_of_their_numbers() -> None:
    form = Form.read(b"L.member.10=c&L.member.2=b&L.member.1=a+%2B&L.member.x=d&L.member.01=e")
    assert form.members("L") == ["a +", "b", "c"]
    assert form.members("M") is None
    assert Form.read(b"L=").members("L") == []


def test_structures_have_fields_by_their_names() -> None:
    form = Form.read(b"Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.1.Value=1")
    assert form.structures("Tags") == [{"Key": "a", "Value": "1"}, {"Key": "b"}]


@pytest.mark.parametrize("encoded", [b"a=%", b"a=%ff", b"&" * 4_096])
def test_form_that_cannot_be_read_is_malformed(encoded: bytes) -> None:
    with pytest.raises(IamError) as error:
        Form.read(encoded)
    assert error.value.code == "MalformedQueryString"


def test_arguments_are_read_by_their_kinds() -> None:
    form = Form.read(
        b"UserName=ann&MaxItems=7&Flag=TRUE&TagKeys.member.1=k&Tags.member.1.Key=a&"
        b"Tags.member.1.Value="
    )
    arguments = Arguments(
        form,
        (
            NAME,
            number("MaxItems", 1, 10),
            flag("Flag"),
            texts("TagKeys", rules.TAG_KEY, 2),
            TAGS,
        ),
    )
    assert arguments.text("UserName") == "ann"
    assert arguments.number("MaxItems", 1) == 7
    assert arguments.flag("Flag")
    assert arguments.texts("TagKeys") == ["k"]
    assert arguments.tags() == (("a", ""),)
    assert arguments.maybe("Path", "/") == "/"


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = refusal(b"MaxItems=0", NAME, number("MaxItems", 1, 1_000))
    assert message == (
        "2 validation errors detected: Value null at 'userName' failed to satisfy constraint:"
        " Member must not be null; Value '0' at 'maxItems' failed to satisfy constraint: Member"
        " must have value greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        (b"MaxItems=x", "'maxItems'"),
        (b"MaxItems=99999999999", "'maxItems'"),
        (b"Flag=yes", "it is not a boolean"),
        (b"Tags.member.1.Key=a", "Value null at 'tags.1.member.value'"),
        (b"Tags.member.1.Key=%00&Tags.member.1.Value=", "'tags.1.member.key'"),
        (b"L.member.1=a&L.member.2=b&L.member.3=c", "less than or equal to 2"),
    ],
)
def test_value_of_another_kind_is_refused(sent: bytes, part: str) -> None:
    wanted = (number("MaxItems", 1, 9), flag("Flag"), TAGS, texts("L", rules.TAG_KEY, 2))
    assert part in refusal(sent, *wanted)


def test_tags_are_alike_whatever_their_case_is() -> None:
    form = Form.read(
        b"Tags.member.1.Key=a&Tags.member.1.Value=&Tags.member.2.Key=A&Tags.member.2.Value="
    )
    with pytest.raises(IamError) as error:
        Arguments(form, (TAGS,)).tags()
    assert "Duplicate tag keys" in error.value.message


def test_secret_and_long_values_are_not_repeated() -> None:
    token = needed(text("WebIdentityToken", rules.WEB_TOKEN))
    assert "abc" not in refusal(b"WebIdentityToken=abc", token)
    assert len(refusal(b"UserName=" + b"n" * 9_000, NAME)) < 300


@pytest.mark.parametrize("key", [b"aws:owner", b"AWS:owner"])
def test_tags_of_aws_are_nobodys_to_give(key: bytes) -> None:
    form = Form.read(b"Tags.member.1.Value=x&Tags.member.1.Key=" + key)
    with pytest.raises(IamError) as error:
        Arguments(form, (TAGS,)).tags()
    assert (error.value.code, key.decode() in error.value.message) == ("ValidationError", True)
