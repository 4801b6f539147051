import pytest

from trioxygen.cli.admin.orphan_replicas import goes_text


@pytest.mark.parametrize(
    ("goes", "left_ms", "text"),
    [
        (False, 0, "not by itself"),
        (True, 0, "now"),
        (True, 3_660_000, "in 1 h 1 min"),
    ],
)
def test_when_an_orphan_goes_is_said(goes: bool, left_ms: int, text: str) -> None:
    assert goes_text({"goes": goes, "left_ms": left_ms}) == text
