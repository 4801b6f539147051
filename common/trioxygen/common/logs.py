"""Structured logs: an event name in the past tense, ids as fields. No secrets, no object data.

`get(name).info("container_closed", container=7)`. Lines are `time level logger event key=value
...`. What is written while a client's request is served has the request's id among its fields,
and the trace's, if the client named one."""

import errno
import json
import logging
import sys
from typing import Any, Final

from trioxygen.common.errors import Internal, TrioxygenError
from trioxygen.common.origin import current_origin

# That a system call is given what it never should be. Of what it meets otherwise a disk or a
# network is the cause.
_DEFECTS: Final = frozenset((None, errno.EBADF, errno.EFAULT, errno.EINVAL))


class EventLogger:
    """A thin front of the standard library's logging."""

    __slots__ = ("_logger",)

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def _log(
        self, level: int, event: str, fields: dict[str, Any], error: BaseException | None
    ) -> None:
        if self._logger.isEnabledFor(level):
            origin = current_origin()
            request_id = fields.pop("request_id", origin.request_id)
            if request_id:
                is_traced = request_id == origin.request_id and origin.sent_trace
                trace = {"trace": origin.trace} if is_traced else {}
                fields = {"request_id": request_id, **trace, **fields}
            fields_text = "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
            self._logger.log(level, "%s", event + fields_text, exc_info=error)

    @property
    def is_debug(self) -> bool:
        """Of lines whose fields cost something."""
        return self._logger.isEnabledFor(logging.DEBUG)

    def debug(self, event: str, **fields: Any) -> None:
        self._log(logging.DEBUG, event, fields, None)

    def info(self, event: str, **fields: Any) -> None:
        self._log(logging.INFO, event, fields, None)

    def warning(self, event: str, **fields: Any) -> None:
        """Handled, but someone may want to know; count it as well."""
        self._log(logging.WARNING, event, fields, None)

    def error(self, event: str, *, error: BaseException | None = None, **fields: Any) -> None:
        """Someone must act.

        What a disk or a network has done, or another has refused, is one line: where in the code it
        was met tells nothing of it. A defect comes with its trace."""
        if error is not None and not _is_defect(error):
            fields, error = {**fields, "reason": error}, None
        self._log(logging.ERROR, event, fields, error)


def _is_defect(error: BaseException) -> bool:
    if isinstance(error, Internal):
        # What has failed for good says so of itself; its cause may be a disk.
        cause = error.__cause__
        return cause is None or _is_defect(cause)
    if isinstance(error, OSError):
        return error.errno in _DEFECTS
    return not isinstance(error, TrioxygenError)


def _quoted(value: Any) -> str:
    text = str(value)
    return text if text and text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


class LineFormatter(logging.Formatter):
    """A traceback is indented: no text in an error's message can look like a line of its own."""

    def formatException(self, ei: Any) -> str:
        return "\n".join([f"  {line}" for line in super().formatException(ei).splitlines()])


def get(name: str) -> EventLogger:
    return EventLogger(logging.getLogger(name))


def configure(*, level: str = "INFO") -> None:
    """Sends the project's logs to standard error, and what libraries warn of, in the same form.
    Called by the command line only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("trioxygen").setLevel(level)
