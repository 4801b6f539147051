"""Groups that have nothing to say (`core/quiescence`): the process of each one's leader vouches for
all that it leads, in one message to each other process, in place of heartbeats of each.

A follower whose leader's process vouches for the group no more, since it is dead, stands still, or
leads it no more, stands for election. Nothing of what Raft promises rests on it: who was wrongly
suspected answers, and leads on."""

from collections.abc import Callable, Iterable
from typing import Protocol

from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.ports import GroupId


class QuietMember(Protocol):
    """A replica of this process, whose group may be quiet."""

    @property
    def id(self) -> ReplicaId: ...

    @property
    def group(self) -> GroupId: ...

    @property
    def quiet_leader(self) -> ReplicaId | None:
        """Of its group, which is quiet. None: its timers run, or it takes part no more."""
        ...

    @property
    def others(self) -> Iterable[ReplicaId]:
        """All other members of its group."""
        ...

    def wake(self) -> None:
        """Its timers run again."""
        ...

    def suspect_leader(self) -> None:
        """It has not been heard of: stand for election within a timeout."""
        ...


class QuietGroups:
    """Of one process, by its own ticks.

    Args: unvouched_ticks_max: how long a group's leader is believed in after it was vouched for."""

    def __init__(self, *, unvouched_ticks_max: int) -> None:
        self._unvouched_ticks_max = unvouched_ticks_max
        self._now = 0
        # Those that members here follow: when they were vouched for, or were first seen quiet.
        self._vouched: dict[GroupId, int] = {}

    def tick(self) -> None:
        self._now += 1

    def led(
        self,
        members: Iterable[QuietMember],
        address_of: Callable[[GroupId, ReplicaId], str],
    ) -> dict[str, list[GroupId]]:
        """By process, what is to be vouched for there. Groups that are followed are watched."""
        led: dict[str, list[GroupId]] = {}
        for member in members:
            leader = member.quiet_leader
            if leader is None:
                self._vouched.pop(member.group, None)
            elif leader != member.id:
                self._vouched.setdefault(member.group, self._now)
            else:
                for other in member.others:
                    address = address_of(member.group, other)
                    if address:
                        led.setdefault(address, []).append(member.group)
        return led

    def vouched(self, member: QuietMember, *, by_leader: bool) -> None:
        """Args: by_leader: by the process of the one that it follows."""
        leader = member.quiet_leader
        if leader is None:
            return
        if leader == member.id:
            # Two believe that they lead: their terms tell.
            member.wake()
        elif by_leader:
            self._vouched[member.group] = self._now

    def forsaken(self) -> list[GroupId]:
        """Those whose leaders are not vouched for any more."""
        last = self._now - self._unvouched_ticks_max
        forsaken = [group for group, at in self._vouched.items() if at < last]
        for group in forsaken:
            del self._vouched[group]
        return forsaken
