import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.conditions import (
    check_copy_conditions,
    entity_tags,
    if_range_holds,
    is_not_modified,
    read_write_condition,
)
from trioxygen.gateway.protocol.dates import http_date
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.values.keys import WriteCondition

ETAG = "d41d8cd98f00b204e9800998ecf8427e-3"
MODIFIED_S = 784_111_777
NOW_S = MODIFIED_S + 3_600


def date(offset_s: int) -> str:
    return http_date(MODIFIED_S + offset_s).decode()


def read(headers: dict[str, str]) -> bool | S3Error:
    """Whether the answer is 304, or the refusal."""
    try:
        return is_not_modified(
            head(headers), etag=ETAG, last_modified_ms=MODIFIED_S * 1000 + 999, now_s=NOW_S
        )
    except S3Error as error:
        return error


def code(headers: dict[str, str]) -> str | None:
    content = read(headers)
    return content.code if isinstance(content, S3Error) else "NotModified" if content else None


@pytest.mark.parametrize(
    "value", [ETAG, f'"{ETAG}"', "*", f'"other", "{ETAG}"', f"other,{ETAG}", f',, "{ETAG}" ,']
)
def test_if_match_holds_for_the_tag_quoted_bare_or_listed(value: str) -> None:
    assert code({"if-match": value}) is None
    assert code({"if-none-match": value}) == "NotModified"


@pytest.mark.parametrize("value", ["ABCORZ", '"ABCORZ"', "", f'"{ETAG}x"', f'"x{ETAG}', '"a","b"'])
def test_if_match_fails_for_another_tag(value: str) -> None:
    error = read({"if-match": value})
    assert isinstance(error, S3Error) and (error.code, error.status) == ("PreconditionFailed", 412)
    assert error.details == {"Condition": "If-Match"}
    assert code({"if-none-match": value}) is None


def test_weak_tag_matches_if_none_match_only() -> None:
    assert code({"if-match": f'W/"{ETAG}"'}) == "PreconditionFailed"
    assert code({"if-none-match": f'W/"{ETAG}"'}) == "NotModified"


def test_dates_compare_in_whole_seconds() -> None:
    assert code({"if-modified-since": date(0)}) == "NotModified"
    assert code({"if-modified-since": date(-1)}) is None
    assert code({"if-unmodified-since": date(0)}) is None
    assert code({"if-unmodified-since": date(-1)}) == "PreconditionFailed"


def test_date_that_cannot_be_read_is_ignored() -> None:
    assert code({"if-modified-since": "soon", "if-unmodified-since": "never"}) is None


def test_date_still_to_come_is_ignored() -> None:
    assert code({"if-modified-since": date(NOW_S - MODIFIED_S)}) == "NotModified"
    assert code({"if-modified-since": date(NOW_S - MODIFIED_S + 1)}) is None
    assert code({"if-unmodified-since": date(NOW_S - MODIFIED_S + 1)}) is None


def test_time_of_the_object_itself_is_never_to_come() -> None:
    # This machine's clock may be behind the one that gave the object its time.
    late = head({"if-modified-since": date(0)})
    assert is_not_modified(
        late, etag=ETAG, last_modified_ms=MODIFIED_S * 1000, now_s=MODIFIED_S - 60
    )


def test_tags_are_stronger_than_dates() -> None:
    assert code({"if-match": ETAG, "if-unmodified-since": date(-5)}) is None
    assert code({"if-none-match": "other", "if-modified-since": date(5)}) is None
    assert code({"if-none-match": ETAG, "if-modified-since": date(-5)}) == "NotModified"


TAGS = st.sampled_from([None, ETAG, "other", "*", f'W/"{ETAG}"'])
DATES = st.sampled_from([None, -1, 0, 1])


@given(match=TAGS, none_match=TAGS, unmodified=DATES, modified=DATES)
def test_conditions_follow_the_order_of_rfc_9110(
    match: str | None, none_match: str | None, unmodified: int | None, modified: int | None
) -> None:
    # Model of section 13.2.2, steps 1 to 4, over tags and offsets instead of header text.
    headers: dict[str, str] = {}
    if match is not None:
        headers["if-match"] = match
    if none_match is not None:
        headers["if-none-match"] = none_match
    if unmodified is not None:
        headers["if-unmodified-since"] = date(unmodified)
    if modified is not None:
        headers["if-modified-since"] = date(modified)
    if match is not None:
        passes = match in (ETAG, "*")
    else:
        passes = unmodified is None or unmodified >= 0
    if none_match is not None:
        fresh = none_match == "other"
    else:
        fresh = modified is None or modified < 0
    expected = "PreconditionFailed" if not passes else None if fresh else "NotModified"
    assert code(headers) == expected
    copied = {f"x-amz-copy-source-{name}": value for name, value in headers.items()}
    if expected is None:
        check_copy(copied)
    else:
        with pytest.raises(S3Error, match="PreconditionFailed") as refused:
            check_copy(copied)
        assert refused.value.details["Condition"].lower() in copied


def check_copy(headers: dict[str, str]) -> None:
    check_copy_conditions(head(headers), etag=ETAG, last_modified_ms=MODIFIED_S * 1000, now_s=NOW_S)


def test_copy_conditions_do_not_look_at_plain_headers() -> None:
    check_copy({"if-none-match": "*"})
    assert code({"x-amz-copy-source-if-match": "other"}) is None


def test_refusal_of_a_copy_spells_the_condition_as_s3_does() -> None:
    with pytest.raises(S3Error) as refused:
        check_copy({"x-amz-copy-source-if-none-match": ETAG})
    assert refused.value.details == {"Condition": "x-amz-copy-source-If-None-Match"}


def if_range(value: str) -> bool:
    return if_range_holds(
        head({"if-range": value}), etag=ETAG, last_modified_ms=MODIFIED_S * 1000 + 999, now_s=NOW_S
    )


@pytest.mark.parametrize("value", [f'"{ETAG}"', ETAG, date(0), "Sunday, 06-Nov-94 08:49:37 GMT"])
def test_if_range_holds_for_the_version_itself(value: str) -> None:
    assert if_range(value)


@pytest.mark.parametrize(
    "value",
    [
        *(f'W/"{ETAG}"', '"other"', "*", '"*"', "", f'"{ETAG}", "other"', f'"{ETAG}'),
        *(date(1), date(-1), "soon", "Foo, 06 Nov 1994 08:49:37 GMT"),
    ],
)
def test_if_range_fails_for_whatever_names_no_version_or_another(value: str) -> None:
    assert not if_range(value)


def test_range_without_if_range_is_free() -> None:
    assert if_range_holds(head(), etag=ETAG, last_modified_ms=0, now_s=NOW_S)


@given(st.text(max_size=60))
def test_any_text_is_a_finite_list_of_tags(value: str) -> None:
    assert len(entity_tags(value)) <= len(value)


def test_write_without_conditions_has_none() -> None:
    assert read_write_condition(head({"if-modified-since": date(0)})) is None


def test_write_that_counts_on_a_date_is_refused_not_done() -> None:
    with pytest.raises(S3Error, match="NotImplemented") as refused:
        read_write_condition(head({"if-unmodified-since": date(0)}))
    assert refused.value.details["Header"] == "If-Unmodified-Since"


@pytest.mark.parametrize("value", [ETAG, f'"{ETAG}"', f' "{ETAG}" '])
def test_write_condition_keeps_the_tag_without_quotes(value: str) -> None:
    assert read_write_condition(head({"if-match": value})) == WriteCondition(if_match=ETAG)


def test_write_condition_takes_any_version() -> None:
    assert read_write_condition(head({"if-match": "*"})) == WriteCondition(if_match="*")
    assert read_write_condition(head({"if-none-match": "*"})) == WriteCondition(if_none_match="*")


def test_if_none_match_of_a_write_takes_a_tag_only_where_allowed() -> None:
    request = head({"if-none-match": f'"{ETAG}"'})
    with pytest.raises(S3Error, match="NotImplemented") as refused:
        read_write_condition(request)
    assert refused.value.details["Header"] == "If-None-Match"
    allowed = read_write_condition(request, none_match_tags=True)
    assert allowed == WriteCondition(if_none_match=ETAG)


@pytest.mark.parametrize("none_match", ["*", ETAG])
def test_both_conditions_of_a_write_are_not_implemented(none_match: str) -> None:
    with pytest.raises(S3Error, match="NotImplemented"):
        read_write_condition(
            head({"if-match": ETAG, "if-none-match": none_match}), none_match_tags=True
        )


@pytest.mark.parametrize("value", ["", '""', '"a", "b"', ",", 'W/""'])
@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_no_tag_or_several_of_a_write_are_refused(name: str, value: str) -> None:
    with pytest.raises(S3Error, match="InvalidArgument"):
        read_write_condition(head({name: value}), none_match_tags=True)


def test_weak_tag_of_a_write_counts_only_where_weak_ones_match() -> None:
    # Strongly compared, it is the tag of no version.
    weak = f'W/"{ETAG}"'
    assert read_write_condition(head({"if-match": weak})) == WriteCondition(if_match=weak)
    actual = read_write_condition(head({"if-none-match": weak}), none_match_tags=True)
    assert actual == WriteCondition(if_none_match=ETAG)


@pytest.mark.parametrize("value", ['"*"', 'W/"*"', ' "*" '])
@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_star_in_quotes_is_a_tag_and_not_any_version(name: str, value: str) -> None:
    condition = read_write_condition(head({name: value}), none_match_tags=True)
    assert condition is not None
    actual = {condition.if_match, condition.if_none_match} - {""}
    assert len(actual) == 1 and "*" not in actual and '"*"' in actual.pop()
