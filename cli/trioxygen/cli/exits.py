"""Exit codes of `o3`, and the error that carries one. docs/reference/cli.md lists them."""

from enum import IntEnum, unique


@unique
class Exit(IntEnum):
    OK = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    DATA_FOLDER = 4
    CANNOT_LISTEN = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.REFUSED: "the server refused the operation, or failed at it",
    Exit.USAGE: "wrong usage or configuration",
    Exit.UNREACHABLE: "no running server found or reached",
    Exit.DATA_FOLDER: "the data folder is in use, of an unknown format, or cannot be used",
    Exit.CANNOT_LISTEN: "an address to listen on is in use or not of this machine",
    Exit.INTERRUPTED: "stopped at once: a server by a second signal, a command by Ctrl-C",
}


class CommandFailed(Exception):
    """Args:
    message: one line: what, and what to do.
    may_pass: the same may succeed in a while: nobody answered, or could.
    """

    def __init__(self, code: Exit, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.code, self.may_pass = code, may_pass


def reason_of(error: OSError) -> str:
    """What the system says, as the end of a line."""
    return (error.strerror or str(error)).lower()


def named_reason_of(error: OSError) -> str:
    """As `reason_of`, after the name of the file that it is about, if any."""
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{reason_of(error)}"
