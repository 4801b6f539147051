"""Senders wait for their turn while bodies fill what they may take of memory."""

from collections.abc import Callable

from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.http.intake import READ_BYTES_MAX, SIP_BYTES, Intake


class Later:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []

    def __call__(self, seconds: float, function: Callable[[], None]) -> None:
        self._due.append(function)

    def passes(self) -> None:
        due, self._due = self._due, []
        for function in due:
            function()


class Waiting:
    def __init__(
        self, output: list[str], name: str, *, holder: str = "a", had_bytes: int = 0
    ) -> None:
        self._names, self.name, self.holder, self.had_bytes = output, name, holder, had_bytes

    def resume_body(self) -> None:
        self._names.append(self.name)


class Scene:
    def __init__(self, bytes_max: int = READ_BYTES_MAX) -> None:
        self.later, self.turns = Later(), []
        self.intake = Intake(bytes_max, self.later)

    turns: list[str]

    def waits(self, name: str, *, holder: str = "a", had_bytes: int = 0) -> Waiting:
        sender = Waiting(self.turns, name, holder=holder, had_bytes=had_bytes)
        self.intake.wait(sender)
        return sender

    def room_for_one(self) -> None:
        """A read's worth goes, and what the next one brings takes its place."""
        self.intake.release("a", READ_BYTES_MAX)
        self.intake.add("a", READ_BYTES_MAX)
        self.later.passes()
        self.later.passes()


def test_a_read_brings_as_much_as_there_is_room_for_and_a_sip_where_there_is_none() -> None:
    scene = Scene(MIB)
    sender = Waiting([], "s")
    assert scene.intake.read_bytes(sender) == READ_BYTES_MAX
    scene.intake.add("a", MIB - 100 * KIB)
    assert scene.intake.read_bytes(sender) == 100 * KIB
    scene.intake.add("a", 100 * KIB)
    assert scene.intake.read_bytes(sender) == SIP_BYTES


def test_turns_are_only_as_many_as_there_is_room_for() -> None:
    scene = Scene(4 * READ_BYTES_MAX)
    scene.intake.add("a", 4 * READ_BYTES_MAX)
    senders = [scene.waits(f"{number}") for number in range(8)]
    assert scene.turns == []
    scene.intake.release("a", 2 * READ_BYTES_MAX + 1)
    assert len(scene.turns) == 3
    # Who has no turn does not pass by those that wait.
    assert scene.intake.read_bytes(senders[7]) == SIP_BYTES
    assert scene.intake.read_bytes(senders[0]) == READ_BYTES_MAX


def test_a_body_that_has_had_least_goes_first_and_every_fourth_turn_is_the_longest_waiting() -> (
    None
):
    scene = Scene()
    scene.intake.add("a", READ_BYTES_MAX)
    for number in range(6):
        scene.waits(f"large {number}", had_bytes=(9 - number) * MIB)
    for number in range(3):
        scene.waits(f"small {number}", had_bytes=number)
    for _ in range(9):
        scene.room_for_one()
    assert scene.turns == [
        *("small 0", "small 1", "small 2", "large 0"),
        *("large 5", "large 4", "large 3", "large 1"),
        "large 2",
    ]


def test_a_holder_with_little_in_memory_goes_before_one_with_much() -> None:
    scene = Scene()
    scene.intake.add("a", READ_BYTES_MAX)
    for number in range(1_000):
        scene.waits(f"crowd {number}")
    scene.waits("other", holder="b", had_bytes=MIB)
    scene.intake.release("a", READ_BYTES_MAX // 2)
    assert scene.turns == ["other"]


def test_a_turn_of_one_that_has_nothing_to_give_ends() -> None:
    scene = Scene()
    scene.intake.add("a", READ_BYTES_MAX)
    scene.waits("silent")
    scene.waits("next", had_bytes=1)
    scene.intake.release("a", READ_BYTES_MAX)
    assert scene.turns == ["silent"]
    scene.later.passes()
    scene.later.passes()
    assert scene.turns == ["silent", "next"]


def test_senders_that_go_away_lose_their_places_and_their_turns() -> None:
    scene = Scene()
    scene.intake.add("a", READ_BYTES_MAX)
    gone, *_, last = [scene.waits(f"{number}", had_bytes=number) for number in range(3)]
    scene.intake.forget(gone)
    scene.intake.release("a", READ_BYTES_MAX)
    assert scene.turns == ["1"]
    scene.intake.forget(_[0])
    assert scene.turns == ["1", "2"]
    scene.intake.forget(last)
    assert not scene.intake.is_full


def test_a_thousand_senders_that_come_and_go_all_get_their_turns() -> None:
    scene = Scene()
    scene.intake.add("a", READ_BYTES_MAX)
    senders = [scene.waits(f"{number}", had_bytes=number % 7) for number in range(1_000)]
    for sender in senders[::2]:
        scene.intake.forget(sender)
    for _ in range(500):
        scene.room_for_one()
    assert sorted(scene.turns) == sorted(sender.name for sender in senders[1::2])
    assert not scene.intake.is_full or scene.intake.held_bytes == READ_BYTES_MAX


def test_bodies_that_nobody_has_asked_for_bring_less_where_there_are_many() -> None:
    scene = Scene(3 * MIB)
    assert scene.intake.unasked_bytes_max == 64 * KIB
    scene.intake.unasked_bytes = MIB + 1
    assert scene.intake.unasked_bytes_max == 8 * KIB
