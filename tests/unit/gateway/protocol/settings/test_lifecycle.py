"""Lifecycle rules: what is read, what is refused and in which words, what is shown."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    MinimumSize,
    NoncurrentExpiration,
    NoncurrentTransition,
    Transition,
)
from trioxygen.common.lifecycle_rows import load_rules, store_rules
from trioxygen.common.units import DAY_MS
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.lifecycle import (
    LIFECYCLE,
    MINIMUM_SIZE_HEADER,
    check_lifecycle,
    complete_lifecycle,
)

EXPIRE = "<Expiration><Days>1</Days></Expiration>"
ALL = "<Filter/>"


class Head:
    def __init__(self, **headers: str) -> None:
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def header(self, name: str) -> str | None:
        return self._headers.get(name)

    def has_any(self, names: Iterable[bytes]) -> bool:
        return any(name.decode() in self._headers for name in names)

    def headers_with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._headers.items() if name.startswith(prefix)]


def rule(content: str, *, status: str = "Enabled") -> str:
    return f"<Rule>{content}<Status>{status}</Status></Rule>"


def body(*rules: str) -> bytes:
    return f"<LifecycleConfiguration>{''.join(rules)}</LifecycleConfiguration>".encode()


def refused(*rules: str) -> tuple[str, str]:
    with pytest.raises(S3Error) as error:
        check_lifecycle(LIFECYCLE.parse(body(*rules)))
    return error.value.code, error.value.message


def test_rules_of_both_forms_are_read() -> None:
    old = LIFECYCLE.parse(body(rule(f"<ID>a</ID><Prefix>logs/</Prefix>{EXPIRE}")))
    assert old.rules[0].filter == Filter(Form.PREFIX, "logs/")
    assert old.rules[0].expiration == Expiration(days=1)
    new = LIFECYCLE.parse(
        body(
            rule(
                "<Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><Tag>"
                "<Key>l</Key><Value/></Tag><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan>"
                "<ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>"
                "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
                "<NewerNoncurrentVersions>2</NewerNoncurrentVersions>"
                "</NoncurrentVersionExpiration>"
            )
        )
    )
    assert new.rules[0].filter == Filter(Form.AND, "a", (("k", "v"), ("l", "")), 1, 9)
    assert new.rules[0].noncurrent == NoncurrentExpiration(3, 2)
    check_lifecycle(old)
    check_lifecycle(new)


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule(f"<Prefix/>{ALL}{EXPIRE}")],
        [rule(EXPIRE)],
        [rule(ALL + EXPIRE, status="enabled")],
        [f"<Rule>{ALL}{EXPIRE}</Rule>"],
        [rule(f"{ALL}{EXPIRE}{EXPIRE}")],
        [rule(f"{ALL}<Expiration/>")],
        [rule(f"{ALL}<Expiration><Days>x</Days></Expiration>")],
        [rule(f"{ALL}<Expiration><Date>20200101</Date></Expiration>")],
        [rule(f"{ALL}<Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>")],
        [rule(f"{ALL}<Expiration><Days>99999999999</Days></Expiration>")],
        [rule(f"<Filter><Prefix>a</Prefix><Tag/></Filter>{EXPIRE}")],
        [rule(f"<Filter><And/></Filter>{EXPIRE}")],
        [rule(f"<Filter><Tag><Key>k</Key></Tag></Filter>{EXPIRE}")],
        [rule(f"<Filter><ObjectSizeLessThan>-1</ObjectSizeLessThan></Filter>{EXPIRE}")],
        [rule(f"{ALL}<Unknown/>")],
        [rule(f"{ALL}<NoncurrentVersionExpiration/>")],
        [rule(f"{ALL}<Transition><Days>1</Days></Transition>")],
        [rule(f"{ALL}<Transition><Days>1</Days><StorageClass>X</StorageClass></Transition>")],
        [rule(f"{ALL}<AbortIncompleteMultipartUpload/>")],
        [rule(ALL + EXPIRE)] * 1_001,
    ],
)
def test_document_of_another_form_is_malformed(rules: Sequence[str]) -> None:
    assert refused(*rules)[0] == "MalformedXML"


DAYS_0 = "<Expiration><Days>0</Days></Expiration>"
ABORT = (
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>{}</DaysAfterInitiation>"
    "</AbortIncompleteMultipartUpload>"
)
TAG = "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>"
NONCURRENT = (
    "<NoncurrentVersionExpiration><NoncurrentDays>{}</NoncurrentDays>"
    "<NewerNoncurrentVersions>{}</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
)


@pytest.mark.parametrize(
    ("rules", "code", "message"),
    [
        (
            [rule(f"<ID>a</ID>{ALL}{EXPIRE}")] * 2,
            "InvalidArgument",
            "Rule ID must be unique. Found same ID for more than one rule",
        ),
        (
            [rule(f"<ID>{'a' * 256}</ID>{ALL}{EXPIRE}")],
            "InvalidArgument",
            "ID length should not exceed allowed limit of 255",
        ),
        (
            [rule(ALL + DAYS_0)],
            "InvalidArgument",
            "'Days' for Expiration action must be a positive integer",
        ),
        (
            [rule(f"{ALL}<Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>")],
            "InvalidArgument",
            "'Date' must be at midnight GMT",
        ),
        (
            [rule(ALL + NONCURRENT.format(0, 1))],
            "InvalidArgument",
            "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
        ),
        (
            [rule(ALL + NONCURRENT.format(1, 101))],
            "InvalidArgument",
            "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be a positive"
            " integer",
        ),
        (
            [rule(ALL + ABORT.format(0))],
            "InvalidArgument",
            "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive"
            " integer",
        ),
        (
            [rule(TAG + ABORT.format(1))],
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        ),
        (
            [
                rule(
                    f"{TAG}<Expiration><ExpiredObjectDeleteMarker>true"
                    "</ExpiredObjectDeleteMarker></Expiration>"
                )
            ],
            "InvalidRequest",
            "ExpiredObjectDeleteMarker cannot be specified with Tags.",
        ),
        (
            [rule(ALL + EXPIRE), rule(f"<Prefix/>{EXPIRE}")],
            "InvalidRequest",
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the"
            " Filter.",
        ),
        (
            [rule(f"<Prefix/>{EXPIRE}"), rule(ALL + EXPIRE)],
            "InvalidRequest",
            "Filter element can only be used in Lifecycle V2.",
        ),
        (
            [rule("<Prefix/>" + NONCURRENT.format(1, 1))],
            "InvalidRequest",
            "NewerNoncurrentVersions element can only be used in Lifecycle V2.",
        ),
        ([rule(ALL)], "InvalidRequest", "At least one action needs to be specified in a rule"),
    ],
)
def test_what_s3_does_not_take_is_refused_in_its_words(
    rules: Sequence[str], code: str, message: str
) -> None:
    assert refused(*rules) == (code, message)


def test_rules_get_ids_and_what_the_header_says() -> None:
    parsed = LIFECYCLE.parse(body(rule(ALL + EXPIRE), rule(f"<ID/>{ALL}{EXPIRE}")))
    first = complete_lifecycle(parsed, Head())
    ids = [each.rule_id for each in first.rules]
    assert len(set(ids)) == 2 and all(1 <= len(each) <= 255 for each in ids)
    assert first == complete_lifecycle(parsed, Head())
    assert first.minimum_size is MinimumSize.ALL_STORAGE_CLASSES_128K
    head = Head(**{MINIMUM_SIZE_HEADER: "varies_by_storage_class"})
    assert complete_lifecycle(parsed, head).minimum_size is MinimumSize.VARIES_BY_STORAGE_CLASS
    with pytest.raises(S3Error) as error:
        complete_lifecycle(parsed, Head(**{MINIMUM_SIZE_HEADER: "some"}))
    assert error.value.code == "InvalidArgument"


TEXT = st.text(st.characters(categories=("L", "N")), max_size=9)
DAYS = st.integers(0, 2**31 - 1)
DATES = st.integers(0, 40_000).map(lambda day: day * DAY_MS)
CLASSES = st.sampled_from(("EC_3_2", "STANDARD_IA"))
NEWER = st.none() | st.integers(1, 100)
SIZES = st.none() | st.integers(0, 2**50)
TAGS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
FILTERS = st.one_of(
    st.builds(Filter, st.just(Form.PREFIX), TEXT),
    st.builds(Filter, st.just(Form.FILTER), st.none() | TEXT),
    st.builds(Filter, st.just(Form.FILTER), smaller_than=SIZES),
    st.builds(Filter, st.just(Form.AND), TEXT, TAGS, SIZES, SIZES),
)
RULES = st.builds(
    LifecycleRule,
    rule_id=TEXT,
    is_enabled=st.booleans(),
    filter=FILTERS,
    expiration=st.one_of(
        st.none(),
        DAYS.map(lambda days: Expiration(days=days)),
        DATES.map(lambda date_ms: Expiration(date_ms=date_ms)),
        st.booleans().map(lambda removes: Expiration(removes_markers=removes)),
    ),
    noncurrent=st.none() | st.builds(NoncurrentExpiration, DAYS, NEWER),
    abort_days=st.none() | DAYS,
    transitions=st.lists(
        st.builds(Transition, CLASSES, DAYS, st.none())
        | st.builds(Transition, CLASSES, st.none(), DATES),
        max_size=2,
    ).map(tuple),
    noncurrent_transitions=st.lists(
        st.builds(NoncurrentTransition, CLASSES, DAYS, NEWER), max_size=2
    ).map(tuple),
)


@given(
    st.builds(
        LifecycleRules,
        st.lists(RULES, min_size=1, max_size=4).map(tuple),
        st.sampled_from(MinimumSize),
    )
)
def test_rules_are_read_as_they_are_shown_and_stored(rules: LifecycleRules) -> None:
    assert LIFECYCLE.parse(LIFECYCLE.show(rules)).rules == rules.rules
    assert load_rules(store_rules(rules)) == rules


def test_what_is_stored_and_is_no_rules_is_told() -> None:
    with pytest.raises(ValueError):
        load_rules(b"\xff\xff")


NAMES = (
    *("Rule", "ID", "Prefix", "Filter", "And", "Tag", "Key", "Value", "Status", "Expiration"),
    *("Days", "Date", "ExpiredObjectDeleteMarker", "NoncurrentVersionExpiration", "Transition"),
    *("NoncurrentDays", "NewerNoncurrentVersions", "AbortIncompleteMultipartUpload"),
    *("DaysAfterInitiation", "NoncurrentVersionTransition", "StorageClass"),
    *("ObjectSizeGreaterThan", "ObjectSizeLessThan"),
)
WORDS = st.sampled_from(
    (
        *(
            "",
            "0",
            "1",
            "30",
            "-1",
            "99999999999999999999",
            "1.5",
            "\u0661",
            " 7 ",
            "true",
            "false",
        ),
        *("Enabled", "Disabled", "2030-01-01", "2030-01-01T00:00:00.000Z", "9999-99-99", "EC_3_2"),
        *("STANDARD_IA", "aws:k", "&#x1F;", "&#xD800;", "&unknown;", "<!-- -->", "]]&gt;", "é"),
    )
)
ELEMENTS = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
        st.sampled_from(NAMES),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
PARTS = st.lists(
    st.sampled_from(
        (ALL, TAG, EXPIRE, DAYS_0, ABORT.format(1), NONCURRENT.format(1, 1), "<Prefix/>")
    )
    | ELEMENTS,
    max_size=5,
)


@given(st.lists(PARTS, max_size=3))
def test_any_document_is_rules_or_is_refused(rules: list[list[str]]) -> None:
    try:
        parsed = LIFECYCLE.parse(body(*(rule("".join(parts)) for parts in rules)))
        check_lifecycle(parsed)
    except S3Error as error:
        assert 400 <= error.status < 500 or error.code == "NotImplemented"
        return
    kept = complete_lifecycle(parsed, Head())
    assert load_rules(store_rules(kept)) == kept
    again = LIFECYCLE.parse(LIFECYCLE.show(kept))
    assert again.rules == kept.rules
