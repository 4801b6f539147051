import logging

import pytest

from trioxygen.common import logs

FORGED = "2026-01-01 00:00:00,000 ERROR trioxygen.scm node_removed node=dn1"


@pytest.mark.parametrize("breaks", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028"])
def test_value_with_line_breaks_stays_in_its_line(
    breaks: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        logs.get("trioxygen.test").info("node_registered", node=f"dn1{breaks}{FORGED}")
    [record] = caplog.records
    assert len(record.getMessage().splitlines()) == 1


@pytest.mark.parametrize("breaks", ["\n", "\r", "\u2028"])
def test_error_with_line_breaks_forges_no_line(breaks: str) -> None:
    formatter = logs.LineFormatter("%(message)s")
    try:
        raise ValueError(f"no such node{breaks}{FORGED}")
    except ValueError as error:
        output = (ValueError, error, error.__traceback__)
        record = logging.LogRecord("trioxygen", logging.ERROR, "", 1, "failed", None, output)
    first, *rest = formatter.format(record).splitlines()
    assert first == "failed" and f"  {FORGED}" in rest
    assert all(line.startswith("  ") for line in rest)
