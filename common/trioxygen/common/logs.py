"""Structured logs: an event name in the past tense, ids as fields. No secrets, no object data.

`get(name).info("container_closed", container=7)`. Lines are `time level logger event key=value
...`."""

import errno
import json
import logging
import sys
from typing import Any

from trioxygen.common.errors import Corrupt


class EventLogger:
    """A thin front of the standard library's logging."""

    __slots__ = ("_logger",)

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def _log(
        self, level: int, event: str, fields: dict[str, Any], error: BaseException | None
    ) -> None:
        if self._logger.isEnabledFor(level):
            told = "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
            self._logger.log(level, "%s", event + told, exc_info=error)

    def debug(self, event: str, **fields: Any) -> None:
        self._log(logging.DEBUG, event, fields, None)

    def info(self, event: str, **fields: Any) -> None:
        self._log(logging.INFO, event, fields, None)

    def warning(self, event: str, **fields: Any) -> None:
        """Handled, but someone may want to know; count it as well."""
        self._log(logging.WARNING, event, fields, None)

    def error(self, event: str, *, error: BaseException | None = None, **fields: Any) -> None:
        """Someone must act.

        What a disk has lost is one line: where in the code it was met tells nothing of it."""
        if _is_damage(error):
            fields, error = {**fields, "reason": error}, None
        self._log(logging.ERROR, event, fields, error)


def _is_damage(error: BaseException | None) -> bool:
    return isinstance(error, Corrupt) or (isinstance(error, OSError) and error.errno == errno.EIO)


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
    """Sends the project's logs to standard error. Called by the command line only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger("trioxygen")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
