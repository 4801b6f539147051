"""What a process is made of: parts with a start and a stop, and what all of them are given."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from trioxygen.cli.config.schema import Config
from trioxygen.cli.folder.data_folder import DataFolder
from trioxygen.common import logs
from trioxygen.common.errors import Unavailable
from trioxygen.common.rpc.call import Role
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.http.limits import AsgiApp
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.s3_refusals import S3Port

log = logs.get(__name__)

_RETRY_WAIT_MS: Final = 200.0

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every part is given.

    Attributes:
        oms, scms: addresses under which this process reaches them.
        node_id: of the part; empty: none is known.
        credentials: admin access key and secret that the environment chooses.
    """

    config: Config
    folder: DataFolder
    runtime: Runtime
    readiness: Readiness
    oms: Sequence[str]
    scms: Sequence[str]
    node_id: str
    admin_token: str
    credentials: tuple[str, str] | None

    @property
    def data(self) -> Path:
        return self.folder.path

    def as_role(self, role: Role, node_id: str) -> "Node":
        """For a part: others see who calls."""
        return replace(self, runtime=self.runtime.as_role(role, node_id), node_id=node_id)

    async def retry_while_unavailable(
        self, what: str, attempt: Callable[[], Awaitable[_Result]]
    ) -> _Result:
        """Until it succeeds, however long that takes. Cancel it to give up."""
        while True:
            try:
                return await attempt()
            except Unavailable as error:
                log.warning("still_waiting", for_what=what, reason=error)
            await self.runtime.clock.sleep_ms(_RETRY_WAIT_MS)


class Part:
    """One of what a process is made of; each overrides what it has to do.

    `open`, `start` and `settle` are called once each: one of all parts, in their order, before the
    next. `stop` is called in the reverse order, of each whose `open` was called: also where that or
    `start` failed, was broken off or never came.
    """

    async def open(self) -> None:
        """What needs nobody else. Raises: Corrupt, OSError: what is on the disk cannot be used."""

    async def start(self) -> None:
        """Returns when it does its work; waits for others, as long as that takes."""

    async def settle(self) -> None:
        """All parts have started."""

    def failure(self) -> str | None:
        """Why it cannot go on, and only a new start of the process helps."""
        return None

    async def stop(self) -> None:
        """Answers what is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What one process runs.

    Attributes:
        parts: each needs those before it.
        admin_app: of the admin port, served from before the parts are opened.
        s3_port: served once they are opened; None: of no gateway.
        in_folder: what has to be in the data folder of a process that once ran.
        address: of its service, once started; empty: it has none, or for this process alone.
        greeting: (S3 URL, admin URL) -> lines for the user, once started.
    """

    parts: Sequence[Part]
    admin_app: AsgiApp
    s3_port: S3Port | None = None
    in_folder: Sequence[str] = ()
    address: Callable[[], str] = str
    greeting: Callable[[str, str], Sequence[str]] = lambda _s3, _admin: ()
