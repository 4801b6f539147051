import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    # Seen when the folder is named: `pytest tests/transcripts --rewrite`.
    parser.addoption(
        "--rewrite", action="store_true", help="write what transcripts say now as expected"
    )
