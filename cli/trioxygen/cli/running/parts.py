"""The parts of one process, as one."""

from dataclasses import dataclass, field

from trioxygen.cli.wiring.part import Part
from trioxygen.common import logs

log = logs.get(__name__)


@dataclass(slots=True)
class Parts:
    """The parts of a process, in their order. `stop` may come at any time."""

    parts: list[Part]
    _begun: list[Part] = field(default_factory=list)

    async def open(self) -> None:
        for part in self.parts:
            self._begun.append(part)
            await part.open()

    async def start(self) -> None:
        for part in self.parts:
            await part.start()
        for part in self.parts:
            await part.settle()

    def failure(self) -> str | None:
        """Of the first that cannot go on."""
        return next((why for part in self.parts if (why := part.failure()) is not None), None)

    async def stop(self) -> None:
        """All of them, whatever one of them raises; raises that then."""
        failures: list[BaseException] = []
        while self._begun:
            try:
                await self._begun.pop().stop()
            except Exception as error:
                failures.append(error)
                log.error("part_did_not_stop", error=error)
        if failures:
            raise failures[0]
