"""Texts of times and sizes."""

import pytest

from trioxygen.cli.printing import duration_text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (1, "1 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(duration_ms: int, text: str) -> None:
    assert duration_text(duration_ms) == text
