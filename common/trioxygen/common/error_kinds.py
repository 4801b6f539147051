"""The kinds of errors that cross service boundaries. What single ones are, `errors` and
`iam_errors` say."""

from typing import ClassVar, Final

from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.types_pb2 import ErrorCode

# Where things lie on a machine, and what its system said of them: no stranger's business.
LOCAL_FACTS: Final = frozenset(("path", "file", "folder", "cause"))


class TrioxygenError(Exception):
    """Base of all; `facts` say what about, never secrets."""

    code: ClassVar[ErrorCode] = types_pb2.INTERNAL

    def __init__(self, message: str = "", /, **facts: str | int) -> None:
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}
        self.message = message
        listed = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        text = message or self.code_name.lower().replace("_", " ")
        super().__init__(f"{text} ({listed})" if listed else text)

    @property
    def code_name(self) -> str:
        """For people and for clients of HTTP."""
        return types_pb2.ErrorCode.Name(self.code)

    def detail(self) -> types_pb2.ErrorDetail:
        """The message that crosses the wire, without what is for this machine's log alone."""
        facts = {name: value for name, value in self.facts.items() if name not in LOCAL_FACTS}
        return types_pb2.ErrorDetail(code=self.code, message=self.message, facts=facts)


class Refused(TrioxygenError):
    """The request is wrong; the same request will be refused again."""


class Unavailable(TrioxygenError):
    """Not now, or not here; safe to try again with the same request id."""

    code = types_pb2.UNAVAILABLE


class Corrupt(TrioxygenError):
    """Stored bytes are bad."""


class Internal(TrioxygenError):
    """A defect of ours."""

    code = types_pb2.INTERNAL
