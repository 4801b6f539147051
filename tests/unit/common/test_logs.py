"""What a disk has done is one line of the log; a defect comes with the way to it."""

import errno
import logging
import re
import subprocess
import sys
from contextvars import copy_context

import pytest

from trioxygen.common import logs
from trioxygen.common.errors import (
    ContainerNotOpen,
    DamagedRow,
    Internal,
    NoSpace,
    StoreDamaged,
    TrioxygenError,
)
from trioxygen.common.origin import Origin, set_origin


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
        FileNotFoundError(errno.ENOENT, "no such file or directory", "data.mdb"),
        OSError(errno.EROFS, "read-only file system", "data.mdb"),
        NoSpace("the disk is full", path="data.mdb"),
        ContainerNotOpen("only closed replicas are copied", state="OPEN"),
    ],
)
def test_what_a_disk_or_another_node_has_done_is_one_line_that_names_it(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    logs.get("trioxygen.test").error("worker_failed", worker="expiry", error=_raised(error))
    [record] = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info is None
    output = logging.Formatter("%(message)s").format(record)
    assert output.startswith("worker_failed worker=expiry reason=") and "\n" not in output
    facts = error.facts.values() if isinstance(error, TrioxygenError) else ["data.mdb"]
    assert all(fact in output for fact in facts)


def test_what_has_failed_for_good_is_one_line_where_a_disk_is_the_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = Internal("the log has failed", cause="gone")
    failed.__cause__ = FileNotFoundError(errno.ENOENT, "no such file or directory", "log")
    logs.get("trioxygen.test").error("replica_failed", group=7, error=failed)
    [record] = caplog.records
    assert record.exc_info is None
    assert record.getMessage() == (
        'replica_failed group=7 reason="the log has failed (cause=gone)"'
    )


@pytest.mark.parametrize("error", [Internal("a defect"), KeyError("x"), OSError(errno.EBADF, "x")])
def test_defect_has_a_traceback(caplog: pytest.LogCaptureFixture, error: BaseException) -> None:
    logs.get("trioxygen.test").error("task_failed", error=_raised(error))
    [record] = caplog.records
    assert "Traceback" in logging.Formatter("%(message)s").format(record)


def test_libraries_warn_in_the_form_of_our_own_lines_and_say_nothing_else() -> None:
    program = (
        "import logging\n"
        "from trioxygen.common import logs\n"
        "logs.configure(level='INFO')\n"
        "logs.get('trioxygen.test').info('begun', number=1)\n"
        "logging.getLogger('uvicorn.error').info('Started server process')\n"
        "logging.getLogger('uvicorn.error').warning('Invalid HTTP request received.')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    ours, theirs = done.stderr.splitlines()
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{time} INFO trioxygen\.test begun number=1", ours)
    assert re.fullmatch(rf"{time} WARNING uvicorn\.error Invalid HTTP request received\.", theirs)


def test_lines_written_while_a_request_is_served_have_its_id_and_its_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logs.get("trioxygen.test")

    def serve() -> None:
        set_origin(Origin("4F0A", "a-trace"))
        log.warning("slow", bytes=1)
        set_origin(Origin("4F0B", "4F0B"))
        log.warning("untraced")
        # Work for many says whose of them it means, or nobody's.
        log.warning("one_of_many", request_id="5B")
        log.warning("all_of_them", request_id="")

    log.warning("before")
    copy_context().run(serve)
    log.warning("after")
    assert [record.getMessage() for record in caplog.records] == [
        "before",
        "slow request_id=4F0A trace=a-trace bytes=1",
        "untraced request_id=4F0B",
        "one_of_many request_id=5B",
        "all_of_them",
        "after",
    ]
