"""What a disk has lost is one line of the log; a defect comes with the way to it."""

import errno
import logging

import pytest

from trioxygen.common import logs
from trioxygen.common.errors import Corrupt, DamagedRow, Internal, StoreDamaged


def _raised(error: BaseException) -> BaseException:
    """As it is when it was raised from another."""
    try:
        try:
            raise ValueError("of the engine")
        except ValueError as cause:
            raise error from cause
    except type(error) as raised:
        return raised


@pytest.mark.parametrize(
    "error",
    [
        DamagedRow("a stored row is damaged", table="key", key="name"),
        StoreDamaged("the file of a store is damaged", file="data.mdb"),
        OSError(errno.EIO, "input/output error", "data.mdb"),
    ],
)
def test_damage_is_one_line_that_names_it(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    logs.get("trioxygen.test").error("worker_failed", worker="expiry", error=_raised(error))
    [record] = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info is None
    told = logging.Formatter("%(message)s").format(record)
    assert told.startswith("worker_failed worker=expiry reason=") and "\n" not in told
    facts = error.facts.values() if isinstance(error, Corrupt) else ["data.mdb"]
    assert all(fact in told for fact in facts)


@pytest.mark.parametrize("error", [Internal("a defect"), KeyError("x"), OSError(errno.EBADF, "x")])
def test_defect_has_a_traceback(caplog: pytest.LogCaptureFixture, error: BaseException) -> None:
    logs.get("trioxygen.test").error("task_failed", error=_raised(error))
    [record] = caplog.records
    assert "Traceback" in logging.Formatter("%(message)s").format(record)
