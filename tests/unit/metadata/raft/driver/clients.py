"""Who uses a group of three, and what its machines then hold."""

import asyncio

from tests.contract.replica_harness import TICK_MS, Machine, Member, RaftGroup, until
from trioxygen.common.errors import Unavailable


def machines(group: RaftGroup) -> list[Machine]:
    actual = [member.machine for member in group.members]
    assert all(isinstance(each, Machine) for each in actual)
    return [each for each in actual if isinstance(each, Machine)]


def machine_of(member: Member) -> Machine:
    assert isinstance(member.machine, Machine)
    return member.machine


async def all_equal(group: RaftGroup) -> None:
    """Waits until everybody has applied the same, to the end of the leader's log."""

    def is_done() -> bool:
        leaders = group.leaders()
        if not leaders:
            return False
        last = max(leader.replica.status().last_index for leader in leaders)
        return all(machine.applied_index() == last for machine in machines(group))

    await until(is_done)
    first, *others = machines(group)
    for other in others:
        assert other.entries == first.entries


class Client:
    """Proposes payloads of its own, one after the other, each until it is acknowledged."""

    def __init__(self, group: RaftGroup, name: str) -> None:
        self._group, self._name = group, name
        self.acknowledged: list[bytes] = []
        self.tries = 0

    async def work(self, count: int) -> None:
        for number in range(count):
            await self._propose(f"{self._name}-{number}")

    async def _propose(self, what: str) -> None:
        while True:
            leader = await self._group.leader()
            self.tries += 1
            payload = f"{what} try {self.tries}".encode()
            try:
                await leader.replica.propose(payload)
            except Unavailable:
                await asyncio.sleep(TICK_MS / 1_000)
                continue
            self.acknowledged.append(payload)
            return
