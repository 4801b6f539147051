"""The page that says what is supported says it of every operation, as the table has it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from trioxygen.gateway.s3.supported import FEATURES, page, status
from trioxygen.gateway.s3.table import BY_NAME, OPERATIONS

PAGE: Final = Path(__file__).parents[4] / "docs/reference/supported.md"


def test_page_is_what_the_table_gives() -> None:
    assert PAGE.read_text() == page(), "docs/reference/supported.md: run `make docs`"


def test_every_operation_is_of_one_feature() -> None:
    named = Counter(name for feature in FEATURES for name in feature.operations.split())
    assert set(named) == set(BY_NAME)
    assert [name for name, count in named.items() if count > 1] == []


def test_feature_is_here_when_all_of_it_is() -> None:
    objects = next(feature for feature in FEATURES if feature.name == "objects")
    names = frozenset(objects.operations.split())
    assert status(objects, names) == "yes"
    assert status(objects, names - {"CopyObject"}) == "in part"
    assert status(objects, frozenset()) == "no"


def test_operation_that_goes_changes_the_page() -> None:
    without = [
        replace(row, handler=None) if row.name == "RenameObject" else row for row in OPERATIONS
    ]
    assert "| rename | no |" in page(without) and "| rename | yes |" in page()
