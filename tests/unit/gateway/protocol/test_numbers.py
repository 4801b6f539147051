"""One reader of numbers: ASCII digits of any length, never an exception of Python's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import (
    BOUND,
    clamped,
    count_of_query,
    natural_up_to,
    read_integer,
    read_natural,
    read_part_number,
)

NO_NUMBERS = ["", "-", "+", "--5", "+-5", "1_0", " 5", "5 ", "5\n", "٣", "²", "5.0", "0x5", "1e3"]
ZEROS = "0" * 50_000


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_not_ascii_digits_is_no_number(text: str) -> None:
    assert read_integer(text) is None
    assert read_natural(text) is None
    assert natural_up_to(text, 10) is None


def test_length_does_not_matter() -> None:
    assert read_integer(ZEROS + "7") == 7
    assert read_integer("-" + ZEROS + "7") == -7
    assert read_integer(ZEROS) == 0
    assert read_integer("9" * 50_000) == BOUND
    assert read_integer("-" + "9" * 50_000) == -BOUND
    assert read_integer("0" * 50_000 + "x") is None
    assert clamped("1" + ZEROS) == BOUND


@given(st.integers(-BOUND + 1, BOUND - 1), st.integers(0, 30))
def test_numbers_are_read_back(number: int, zeros: int) -> None:
    sign = "-" if number < 0 else ""
    assert read_integer(f"{sign}{'0' * zeros}{abs(number)}") == number
    assert read_natural(str(number)) == (None if number < 0 else number)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = read_integer(text)
    assert number is None or text.isascii() and -BOUND <= number <= BOUND


@pytest.mark.parametrize("text", [*NO_NUMBERS, "2147483648", "-2147483649", "9" * 5_000])
def test_count_that_is_no_32_bit_integer_is_told_so(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        count_of_query("max-keys", text)
    assert refused.value.code == "InvalidArgument"
    assert refused.value.message == "Provided max-keys not an integer or within integer range"
    assert refused.value.details == {"ArgumentName": "max-keys", "ArgumentValue": text}


@pytest.mark.parametrize("text", ["-1", "-0001", "-2147483648"])
def test_negative_count_is_told_the_range(text: str) -> None:
    with pytest.raises(S3Error, match="must be an integer between 0 and 2147483647"):
        count_of_query("max-parts", text)


def test_count_keeps_its_value() -> None:
    assert [count_of_query("max-keys", text) for text in ("0", "-0", "+5", ZEROS + "9")] == [
        *(0, 0, 5, 9)
    ]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "0", ZEROS, "-1", "+1", "10001", "9" * 5_000])
def test_part_number_is_1_to_10000(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        read_part_number(text)
    assert refused.value.details == {"ArgumentName": "partNumber", "ArgumentValue": text}
    assert read_part_number(ZEROS + "10000") == 10_000
