"""Texts of times and sizes, and documents."""

import pytest

from trioxygen.cli.printing import duration_text, print_document


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


def test_document_is_printed_indented_and_its_title_stays_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_document("policy a\nb", '{"Id":"\u202e","Number":1}')
    title, _, document = capsys.readouterr().out.lstrip().partition("\n")
    assert (title, document) == ('"policy a\\nb":', '{\n  "Id": "\\u202e",\n  "Number": 1\n}\n')
    print_document("p", f'{{"Number": {"9" * 5_000}}}')
    assert "9" * 5_000 in capsys.readouterr().out
