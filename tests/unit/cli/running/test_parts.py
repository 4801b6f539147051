"""The parts of a process: opened and started in their order, stopped in the reverse one."""

import asyncio

import pytest

from trioxygen.cli.running.parts import Parts
from trioxygen.cli.wiring.part import Part
from trioxygen.common.errors import NoSpace, Stopping


class Noted(Part):
    """Notes what is done to it; `fails` names what does not work."""

    def __init__(self, name: str, events: list[str], *, fails: str = "") -> None:
        self._name, self._events, self._fails = name, events, fails
        self.failed = ""

    async def open(self) -> None:
        self._note("open")

    async def start(self) -> None:
        self._note("start")

    async def settle(self) -> None:
        self._note("settle")

    def failure(self) -> str | None:
        return self.failed or None

    async def stop(self) -> None:
        self._note("stop")

    def _note(self, event: str) -> None:
        self._events.append(f"{event} {self._name}")
        if event == self._fails:
            raise (Stopping if event == "stop" else NoSpace)(self._name)


def test_parts_start_in_their_order_and_stop_in_the_reverse_one() -> None:
    async def live() -> list[str]:
        events: list[str] = []
        parts = Parts([Noted("log", events), Noted("om", events), Noted("gateway", events)])
        await parts.open()
        await parts.start()
        await parts.stop()
        await parts.stop()  # may come again
        return events

    phases = asyncio.run(live())
    assert phases == [
        *("open log", "open om", "open gateway"),
        *("start log", "start om", "start gateway"),
        *("settle log", "settle om", "settle gateway"),
        *("stop gateway", "stop om", "stop log"),
    ]


def test_what_was_begun_is_stopped_when_a_part_does_not_open() -> None:
    async def live() -> list[str]:
        events: list[str] = []
        parts = Parts(
            [Noted("log", events), Noted("om", events, fails="open"), Noted("gateway", events)]
        )
        with pytest.raises(NoSpace, match="om"):
            await parts.open()
        await parts.stop()
        return events

    assert asyncio.run(live()) == ["open log", "open om", "stop om", "stop log"]


def test_part_that_does_not_stop_keeps_no_other_from_it() -> None:
    async def live() -> list[str]:
        events: list[str] = []
        parts = Parts([Noted("log", events), Noted("om", events, fails="stop")])
        await parts.open()
        with pytest.raises(Stopping, match="om"):
            await parts.stop()
        return events

    assert asyncio.run(live())[2:] == ["stop om", "stop log"]


def test_first_part_that_cannot_go_on_says_why() -> None:
    log, om = Noted("log", []), Noted("om", [])
    parts = Parts([log, om])
    assert parts.failure() is None
    om.failed = "its log failed"
    assert parts.failure() == "its log failed"
