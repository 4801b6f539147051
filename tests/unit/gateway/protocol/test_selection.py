"""The rules of RFC 9110, sections 13 and 14, and of S3's partNumber, as one table.

Each row: what is asked for, of which object, and what is answered: a status with the first byte
and the number of bytes, or an error's code.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.heads import head
from trioxygen.gateway.protocol.dates import http_date
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import read_part_number
from trioxygen.gateway.protocol.selection import Selection, Stored, select

ETAG = "d41d8cd98f00b204e9800998ecf8427e"
OTHER = '"00000000000000000000000000000000"'
MODIFIED_S = 784_111_777
NOW_S = MODIFIED_S + 3_600


def stored(size_bytes: int, part_sizes: tuple[int, ...] = ()) -> Stored:
    return Stored(
        etag=ETAG,
        last_modified_ms=MODIFIED_S * 1_000 + 789,
        size_bytes=size_bytes,
        part_sizes=part_sizes,
    )


OBJECTS = {
    "plain": stored(10),
    "empty": stored(0),
    "parts": stored(10, (4, 4, 2)),
    "one part": stored(10, (10,)),
    "empty last part": stored(8, (8, 0)),
    "empty in parts": stored(0, (0,)),
}
SAME = f'"{ETAG}"'
WEAK = f'W/"{ETAG}"'
AT = http_date(MODIFIED_S).decode()
BEFORE = http_date(MODIFIED_S - 1).decode()
AFTER = http_date(MODIFIED_S + 1).decode()
TO_COME = http_date(NOW_S + 60).decode()
RFC_850 = "Sunday, 06-Nov-94 08:49:37 GMT"
ASCTIME = "Sun Nov  6 08:49:37 1994"

WHOLE = (200, 0, 10)
NOT_MODIFIED = (304, 0, 0)
FAILED = "PreconditionFailed"
UNSATISFIABLE = "InvalidRange"

# Conditions: header fields -> answer, of the object of ten bytes.
CONDITIONS: list[tuple[dict[str, str], tuple[int, int, int] | str]] = [
    ({}, WHOLE),
    # If-Match (13.1.1): strong comparison, any of a list, any version at all.
    ({"if-match": SAME}, WHOLE),
    ({"if-match": ETAG}, WHOLE),
    ({"if-match": "*"}, WHOLE),
    ({"if-match": f"{OTHER}, {SAME}"}, WHOLE),
    ({"if-match": f"{OTHER},{ETAG}"}, WHOLE),
    ({"if-match": OTHER}, FAILED),
    ({"if-match": WEAK}, FAILED),
    ({"if-match": f"{WEAK}, {OTHER}"}, FAILED),
    ({"if-match": ""}, FAILED),
    # If-None-Match (13.1.2): weak comparison.
    ({"if-none-match": SAME}, NOT_MODIFIED),
    ({"if-none-match": ETAG}, NOT_MODIFIED),
    ({"if-none-match": WEAK}, NOT_MODIFIED),
    ({"if-none-match": "*"}, NOT_MODIFIED),
    ({"if-none-match": f"{OTHER}, {WEAK}"}, NOT_MODIFIED),
    ({"if-none-match": OTHER}, WHOLE),
    ({"if-none-match": ""}, WHOLE),
    # If-Modified-Since (13.1.3): all forms of a date; other texts and dates to come: none.
    ({"if-modified-since": BEFORE}, WHOLE),
    ({"if-modified-since": AT}, NOT_MODIFIED),
    ({"if-modified-since": RFC_850}, NOT_MODIFIED),
    ({"if-modified-since": ASCTIME}, NOT_MODIFIED),
    ({"if-modified-since": AFTER}, NOT_MODIFIED),
    ({"if-modified-since": TO_COME}, WHOLE),
    ({"if-modified-since": f"{AT},{AT}"}, WHOLE),
    ({"if-modified-since": "784111777"}, WHOLE),
    ({"if-modified-since": "1994-11-06T08:49:37Z"}, WHOLE),
    # If-Unmodified-Since (13.1.4).
    ({"if-unmodified-since": BEFORE}, FAILED),
    ({"if-unmodified-since": AT}, WHOLE),
    ({"if-unmodified-since": RFC_850}, WHOLE),
    ({"if-unmodified-since": ASCTIME}, WHOLE),
    ({"if-unmodified-since": TO_COME}, WHOLE),
    ({"if-unmodified-since": "never"}, WHOLE),
    # Precedence (13.2.2): tags before dates, a refusal before "not modified".
    ({"if-match": SAME, "if-unmodified-since": BEFORE}, WHOLE),
    ({"if-match": OTHER, "if-unmodified-since": AFTER}, FAILED),
    ({"if-none-match": SAME, "if-modified-since": BEFORE}, NOT_MODIFIED),
    ({"if-none-match": OTHER, "if-modified-since": AT}, WHOLE),
    ({"if-match": OTHER, "if-none-match": SAME}, FAILED),
    ({"if-match": SAME, "if-none-match": SAME}, NOT_MODIFIED),
    ({"if-unmodified-since": BEFORE, "if-none-match": SAME}, FAILED),
    ({"if-unmodified-since": AT, "if-modified-since": AT}, NOT_MODIFIED),
]

# Ranges: Range, If-Range -> answer, by object.
RANGES: list[tuple[str, dict[str, str], tuple[int, int, int] | str]] = [
    ("plain", {"range": "bytes=0-0"}, (206, 0, 1)),
    ("plain", {"range": "bytes=2-5"}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-"}, (206, 2, 8)),
    ("plain", {"range": "bytes=0-9"}, (206, 0, 10)),
    ("plain", {"range": "bytes=9-99"}, (206, 9, 1)),
    ("plain", {"range": "bytes=-3"}, (206, 7, 3)),
    ("plain", {"range": "bytes=-99"}, (206, 0, 10)),
    ("plain", {"range": "BYTES=2-5"}, (206, 2, 4)),
    ("plain", {"range": "bytes=, 2-5 ,"}, (206, 2, 4)),
    # Unsatisfiable: from the end on, a suffix of nothing, anything of nothing.
    ("plain", {"range": "bytes=10-"}, UNSATISFIABLE),
    ("plain", {"range": "bytes=10-20"}, UNSATISFIABLE),
    ("plain", {"range": "bytes=-0"}, UNSATISFIABLE),
    ("empty", {"range": "bytes=0-"}, UNSATISFIABLE),
    ("empty", {"range": "bytes=0-0"}, UNSATISFIABLE),
    ("empty", {"range": "bytes=-1"}, UNSATISFIABLE),
    ("empty in parts", {"range": "bytes=0-"}, UNSATISFIABLE),
    # Ignored: other units, several ranges, ill-formed ones.
    ("plain", {"range": "items=0-1"}, WHOLE),
    ("plain", {"range": "bytes=0-1,3-4"}, WHOLE),
    ("plain", {"range": "bytes=20-,30-"}, WHOLE),
    ("plain", {"range": "bytes=5-4"}, WHOLE),
    ("plain", {"range": "bytes=20-10"}, WHOLE),
    ("plain", {"range": "bytes=a-b"}, WHOLE),
    ("plain", {"range": "bytes=-"}, WHOLE),
    ("plain", {"range": "0-1"}, WHOLE),
    ("plain", {"range": ""}, WHOLE),
    ("empty", {"range": "bytes=5-4"}, (200, 0, 0)),
    # If-Range (13.1.5): the version itself, by a strong tag or its very date.
    ("plain", {"range": "bytes=2-5", "if-range": SAME}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-5", "if-range": AT}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-5", "if-range": RFC_850}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-5", "if-range": ASCTIME}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-5", "if-range": OTHER}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": WEAK}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": "*"}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": f"{SAME}, {OTHER}"}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": BEFORE}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": AFTER}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": TO_COME}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": "yesterday"}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-range": ""}, WHOLE),
    ("plain", {"range": "bytes=10-", "if-range": SAME}, UNSATISFIABLE),
    ("plain", {"range": "bytes=10-", "if-range": OTHER}, WHOLE),
    ("plain", {"range": "bytes=5-4", "if-range": SAME}, WHOLE),
    ("plain", {"if-range": OTHER}, WHOLE),
    ("plain", {"if-range": SAME}, WHOLE),
    # Conditions come before ranges, and If-Range after them.
    ("plain", {"range": "bytes=2-5", "if-match": SAME}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-5", "if-match": OTHER}, FAILED),
    ("plain", {"range": "bytes=10-", "if-match": OTHER}, FAILED),
    ("plain", {"range": "bytes=10-", "if-unmodified-since": BEFORE}, FAILED),
    ("plain", {"range": "bytes=2-5", "if-none-match": SAME}, NOT_MODIFIED),
    ("plain", {"range": "bytes=10-", "if-none-match": SAME}, NOT_MODIFIED),
    ("plain", {"range": "bytes=10-", "if-modified-since": AT}, NOT_MODIFIED),
    ("plain", {"range": "bytes=2-5", "if-none-match": OTHER}, (206, 2, 4)),
    ("plain", {"range": "bytes=2-5", "if-match": SAME, "if-range": OTHER}, WHOLE),
    ("plain", {"range": "bytes=2-5", "if-match": OTHER, "if-range": SAME}, FAILED),
    ("plain", {"range": "bytes=2-5", "if-none-match": SAME, "if-range": OTHER}, NOT_MODIFIED),
]

# partNumber: object, number, header fields -> answer.
PARTS: list[tuple[str, str, dict[str, str], tuple[int, int, int] | str]] = [
    ("parts", "1", {}, (206, 0, 4)),
    ("parts", "2", {}, (206, 4, 4)),
    ("parts", "3", {}, (206, 8, 2)),
    ("parts", "0003", {}, (206, 8, 2)),
    ("parts", "4", {}, "InvalidPartNumber"),
    ("parts", "10000", {}, "InvalidPartNumber"),
    ("one part", "1", {}, (206, 0, 10)),
    ("one part", "2", {}, "InvalidPartNumber"),
    ("plain", "1", {}, (206, 0, 10)),
    ("plain", "2", {}, "InvalidPartNumber"),
    ("empty", "1", {}, (200, 0, 0)),
    ("empty", "2", {}, "InvalidPartNumber"),
    ("empty in parts", "1", {}, (200, 0, 0)),
    ("empty last part", "1", {}, (206, 0, 8)),
    ("empty last part", "2", {}, (206, 8, 0)),
    *(("parts", bad, {}, "InvalidArgument") for bad in ("0", "-1", "10001", "", "1.0", "x", " 1")),
    *(("parts", bad, {}, "InvalidArgument") for bad in ("00010001", "9" * 5_000, "٣", "+1", "²")),
    ("parts", "1", {"range": "bytes=0-1"}, "InvalidRequest"),
    ("parts", "1", {"range": "nonsense", "if-match": OTHER}, "InvalidRequest"),
    ("parts", "0", {"if-match": OTHER}, "InvalidArgument"),
    ("parts", "2", {"if-match": SAME}, (206, 4, 4)),
    ("parts", "2", {"if-match": OTHER}, FAILED),
    ("parts", "4", {"if-match": OTHER}, FAILED),
    ("parts", "2", {"if-none-match": SAME}, NOT_MODIFIED),
    ("parts", "4", {"if-none-match": SAME}, NOT_MODIFIED),
    ("parts", "2", {"if-range": OTHER}, (206, 4, 4)),
]


def answer(name: str, fields: dict[str, str], part_number: str | None = None) -> object:
    try:
        actual = select(head(fields), OBJECTS[name], part_number=part_number, now_s=NOW_S)
    except S3Error as error:
        return error.code
    return actual.status, actual.offset, actual.length


@pytest.mark.parametrize(("fields", "expected"), CONDITIONS, ids=str)
def test_conditions_decide_in_the_order_of_rfc_9110(
    fields: dict[str, str], expected: tuple[int, int, int] | str
) -> None:
    assert answer("plain", fields) == expected


@pytest.mark.parametrize(("name", "fields", "expected"), RANGES, ids=str)
def test_ranges_follow_conditions_and_if_range(
    name: str, fields: dict[str, str], expected: tuple[int, int, int] | str
) -> None:
    assert answer(name, fields) == expected


@pytest.mark.parametrize(
    ("name", "number", "fields", "expected"), PARTS, ids=lambda each: str(each)[:40]
)
def test_parts_are_numbered_by_their_place(
    name: str, number: str, fields: dict[str, str], expected: tuple[int, int, int] | str
) -> None:
    assert answer(name, fields, number) == expected


def test_refusal_of_a_part_tells_how_many_there_are() -> None:
    with pytest.raises(S3Error) as refused:
        select(head(), OBJECTS["parts"], part_number="5", now_s=NOW_S)
    assert refused.value.status == 416
    assert refused.value.details == {"ActualPartCount": "3", "PartNumberRequested": "5"}


def test_refusal_of_a_range_tells_the_size() -> None:
    with pytest.raises(S3Error) as refused:
        select(head({"range": "bytes=10-"}), OBJECTS["plain"], part_number=None, now_s=NOW_S)
    assert refused.value.status == 416
    assert refused.value.headers == {"Content-Range": "bytes */10"}
    assert refused.value.details == {"RangeRequested": "bytes=10-", "ActualObjectSize": "10"}


@given(st.lists(st.integers(1, 100), min_size=1, max_size=20))
def test_parts_side_by_side_are_the_object(sizes: list[int]) -> None:
    whole = stored(sum(sizes), tuple(sizes))
    actual = [
        select(head(), whole, part_number=str(number), now_s=NOW_S)
        for number in range(1, len(sizes) + 1)
    ]
    assert [each.length for each in actual] == sizes
    assert actual[-1].offset + actual[-1].length == whole.size_bytes
    for number, each in enumerate(actual):
        assert each.offset == sum(sizes[:number]) and each.part == number
        last = each.offset + each.length - 1
        assert each.content_range == f"bytes {each.offset}-{last}/{whole.size_bytes}"


FIELDS = st.dictionaries(
    st.sampled_from(["range", "if-range", "if-match", "if-none-match", "if-modified-since"]),
    st.one_of(
        st.sampled_from([SAME, OTHER, WEAK, AT, "*", "bytes=0-1", "bytes=-0", "bytes=9-"]),
        st.text(st.characters(codec="latin-1"), max_size=20),
    ),
)


@given(FIELDS, st.sampled_from(sorted(OBJECTS)))
def test_any_header_text_selects_bytes_of_the_object_or_is_refused(
    fields: dict[str, str], name: str
) -> None:
    whole = OBJECTS[name]
    try:
        actual = select(head(fields), whole, part_number=None, now_s=NOW_S)
    except S3Error as error:
        assert error.status in (412, 416)
        return
    assert actual.status in (200, 206, 304)
    assert 0 <= actual.offset <= actual.offset + actual.length <= whole.size_bytes
    if actual.status == 200:
        assert actual == Selection(status=200, length=whole.size_bytes)


def test_part_number_is_read_up_to_ten_thousand() -> None:
    assert [read_part_number(text) for text in ("1", "10000", "0010000")] == [1, 10_000, 10_000]
