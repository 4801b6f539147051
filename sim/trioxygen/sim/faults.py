"""What goes wrong, and when: drawn from the seed, one deed after another, until all is healed."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from trioxygen.common.units import DAY_MS
from trioxygen.sim.clock import true_wall_ms
from trioxygen.sim.cluster import Cluster, Machine, Seat
from trioxygen.sim.disk import Ailment
from trioxygen.sim.node import Node
from trioxygen.sim.options import Options
from trioxygen.sim.stories import Stories
from trioxygen.sim.trace import Trace

Deed = Callable[[Machine], None]


class Faults:
    """Does something to the cluster every now and then."""

    def __init__(
        self,
        cluster: Cluster,
        stories: Stories,
        options: Options,
        rng: random.Random,
        trace: Trace,
    ) -> None:
        self._cluster, self._stories, self._options = cluster, stories, options
        self._rng, self._trace = rng, trace
        self._loop = cluster.loop
        self._deeds: list[tuple[Deed, int]] = []
        if options.network:
            self._deeds += [
                (self._cut_off, 3),
                (self._cut_from_members, 4),
                (self._cut_direction, 3),
                (self._mend, 5),
                (self._weather, 4),
            ]
        if options.crashes:
            self._deeds += [(self._kill, 3), (self._lose_power, 4), (self._crash_in_operation, 6)]
        if options.disks:
            self._deeds += [(self._slow_disk, 3), (self._full_disk, 2), (self._fail_sync, 2)]
        if options.members:
            self._deeds += [(self._transfer, 2)]
        if options.clocks:
            self._deeds += [(self._jump_clock, 2), (self._drift_clock, 2)]
        if options.slowness:
            self._deeds += [(self._slow_link, 3), (self._ail_disk, 3)]
        if options.pauses:
            self._deeds += [(self._pause, 3)]
        self.done: dict[str, int] = {}
        if options.storm:
            self._storm()

    async def run(self) -> None:
        """Until it is cancelled."""
        if not self._deeds or not self._options.faults:
            return
        deeds = [deed for deed, _ in self._deeds]
        weights = [weight for _, weight in self._deeds]
        while True:
            await asyncio.sleep(self._rng.expovariate(1_000 / self._options.faults))
            deed = self._rng.choices(deeds, weights)[0]
            seat = self._some_machine()
            name = getattr(deed, "__name__", "deed").lstrip("_")
            self.done[name] = self.done.get(name, 0) + 1
            self._trace.note("fault", name, seat.node.name)
            deed(seat)
            self._cluster.check_defects()

    def _some_machine(self) -> Machine:
        """Leaders more often than others."""
        seats = self._cluster.machines
        leaders = [seat for seat in seats if seat.leads()]
        return self._rng.choice(leaders if leaders and self._rng.random() < 0.5 else seats)

    def _later(self, low_ms: float, high_ms: float, deed: Callable[[], None]) -> None:
        delay_s = self._rng.uniform(low_ms, high_ms) / 1_000
        self._loop.call_at_of(self._loop.root, self._loop.time() + delay_s, deed)

    # ---- network ----

    def _hosts(self) -> list[str]:
        names = [machine.name for machine in self._cluster.machines]
        return [*names, *self._cluster.client_hosts]

    def _cut_off(self, seat: Machine) -> None:
        cut, here = self._cluster.links.cut, seat.node.name
        for host in self._hosts():
            if host != here and self._rng.random() < 0.9:
                cut[host, here] = cut[here, host] = None

    def _cut_from_members(self, seat: Machine) -> None:
        """Clients still reach it."""
        cut, here = self._cluster.links.cut, seat.node.name
        for host in [machine.name for machine in self._cluster.machines]:
            if host != here:
                cut[host, here] = cut[here, host] = None

    def _cut_direction(self, seat: Machine) -> None:
        cut, here = self._cluster.links.cut, seat.node.name
        outgoing = self._rng.random() < 0.5
        for host in self._hosts():
            if host != here and self._rng.random() < 0.8:
                cut[(here, host) if outgoing else (host, here)] = None

    def _mend(self, seat: Machine) -> None:
        self._cluster.links.cut.clear()

    def _weather(self, seat: Machine) -> None:
        rng, behaviour = self._rng, self._cluster.links.behaviour
        behaviour.delay_ms = rng.choice(((0.1, 1.0), (0.1, 5.0), (1.0, 40.0)))
        behaviour.loss_rate = rng.choice((0.0, 0.0, 0.01, 0.1))
        behaviour.late_rate = rng.choice((0.0, 0.01, 0.1, 0.3))
        behaviour.late_ms = rng.choice((5.0, 50.0, 400.0, 1_500.0))
        behaviour.duplicate_rate = rng.choice((0.0, 0.05, 0.3))
        if self._options.storm:
            self._storm()

    def _storm(self) -> None:
        behaviour = self._cluster.links.behaviour
        behaviour.late_rate, behaviour.late_ms, behaviour.duplicate_rate = 0.3, 400.0, 0.3

    def _slow_link(self, seat: Machine) -> None:
        """Of one machine: the others are as they were."""
        slow_ms = self._cluster.links.slow_ms
        slow_ms[seat.name] = self._rng.choice((10.0, 100.0, 600.0))

        def usual() -> None:
            slow_ms.pop(seat.name, None)

        self._later(500.0, 5_000.0, usual)

    # ---- crashes ----

    def _start_later(self, seat: Machine) -> None:
        self._later(20.0, 1_500.0, lambda: self._start(seat))

    def _start(self, seat: Machine) -> None:
        if not seat.node.is_up and not seat.is_lost:
            seat.start()

    def _kill(self, seat: Machine) -> None:
        if seat.node.is_up:
            seat.node.crash(power=False)
            self._start_later(seat)

    def _lose_power(self, seat: Machine) -> None:
        if not seat.node.is_up:
            return
        seat.node.crash(power=True)
        self._start_later(seat)
        if self._rng.random() < 0.15:
            # The whole rack.
            for other in self._cluster.machines:
                if other.node.is_up:
                    other.node.crash(power=True)
                    self._start_later(other)

    def _crash_in_operation(self, seat: Machine) -> None:
        behaviour = seat.node.disk_behaviour
        if seat.node.is_up and behaviour.operations_to_crash is None:
            behaviour.operations_to_crash = self._rng.choice((0, 1, 2, 5, 20))
            self._watch_crash(seat)

    def _watch_crash(self, seat: Machine) -> None:
        def look() -> None:
            if seat.node.is_up:
                self._later(50.0, 100.0, look)
            else:
                self._start_later(seat)

        self._later(50.0, 100.0, look)

    # ---- disks ----

    def _slow_disk(self, seat: Machine) -> None:
        behaviour = seat.node.disk_behaviour
        behaviour.slow_sync_rate = self._rng.choice((0.02, 0.2))
        behaviour.slow_sync_ms = self._rng.choice((20.0, 200.0, 1_500.0))
        self._later(500.0, 2_000.0, lambda: self._usual_disk(seat))

    def _usual_disk(self, seat: Machine) -> None:
        seat.node.disk_behaviour.slow_sync_rate = 0.0
        seat.node.disk_behaviour.full = False

    def _full_disk(self, seat: Machine) -> None:
        seat.node.disk_behaviour.full = True
        self._later(100.0, 1_500.0, lambda: self._usual_disk(seat))

    def _ail_disk(self, seat: Machine) -> None:
        """One, where a machine has several."""
        node = seat.node
        well = [disk for disk in node.platter.disks if disk not in node.disk_behaviour.ailing]
        if not well:
            return
        disk, ailment = self._rng.choice(well), self._rng.choice((Ailment.SLOW, Ailment.FULL))
        node.disk_behaviour.ailing[disk] = ailment
        self._later(500.0, 4_000.0, lambda: self._cure(node, disk))

    def _cure(self, node: Node, disk: Path) -> None:
        """What is broken is not cured, but replaced."""
        ailing = node.disk_behaviour.ailing
        if ailing.get(disk) in (Ailment.SLOW, Ailment.FULL):
            del ailing[disk]

    def _fail_sync(self, seat: Machine) -> None:
        """The log is dead then; whoever runs the node starts it again."""
        if not seat.node.is_up:
            return
        seat.node.disk_behaviour.sync_failures_left = 1
        self._later(100.0, 1_000.0, lambda: self._replace_failed(seat))

    def _replace_failed(self, seat: Machine) -> None:
        seat.node.disk_behaviour.sync_failures_left = 0
        if seat.node.is_up:
            seat.node.crash(power=True, reason="after a failed sync")
            self._start_later(seat)

    # ---- clocks ----

    def _jump_clock(self, seat: Machine) -> None:
        """For a moment, or for good."""
        jumps_ms = (3_000.0, 600_000.0, 3_600_000.0)
        if self._options.leaps:
            jumps_ms = (1_000.0, float(DAY_MS), 400.0 * DAY_MS)
        jump_ms = self._rng.choice(jumps_ms) * self._rng.choice((-1, 1))
        self._set_clock(seat.node, jump_ms)
        if self._rng.random() < 0.5:
            self._later(50.0, 3_000.0, lambda: self._set_clock(seat.node, -jump_ms))

    def _set_clock(self, node: Node, by_ms: float) -> None:
        node.clock_offset_ms += by_ms
        if node.clock is not None:
            node.clock.jump(by_ms)

    def _drift_clock(self, seat: Machine) -> None:
        node = seat.node
        node.clock_rate = self._rng.choice((0.9, 0.99, 1.0, 1.01, 1.1))
        if node.clock is not None:
            node.clock.set_rate(node.clock_rate)

    # ---- pauses ----

    def _pause(self, seat: Machine) -> None:
        seat.node.pause()
        self._later(20.0, 3_000.0, seat.node.resume)

    # ---- members ----

    def _transfer(self, seat: Machine) -> None:
        if isinstance(seat, Seat):
            self._loop.create_task(self._stories.transfer(seat), name="transfer")

    # ---- the end ----

    def set_clocks_right(self) -> None:
        for seat in self._cluster.machines:
            node = seat.node
            node.clock_rate = 1.0
            if node.clock is not None:
                node.clock.set_rate(1.0)
                self._set_clock(node, true_wall_ms(self._loop) - node.clock.wall_ms())
            node.clock_offset_ms = 0.0

    def heal(self) -> None:
        """Nothing is wrong any more, and every node runs."""
        self._trace.note("heal")
        links = self._cluster.links
        links.cut.clear()
        links.slow_ms.clear()
        links.behaviour = type(links.behaviour)()
        for seat in self._cluster.machines:
            node = seat.node
            self._usual_disk(seat)
            for disk in node.platter.disks:
                self._cure(node, disk)
            failing = node.disk_behaviour.sync_failures_left == 0 and "fail_sync" in self.done
            node.disk_behaviour.sync_failures_left = 0
            node.disk_behaviour.operations_to_crash = None
            node.resume()
            if seat.is_lost:
                continue
            has_failed = node.failure is not None or seat.has_failed()
            if node.is_up and (failing or has_failed):
                node.crash(power=True, reason="started again to heal")
            if not node.is_up:
                seat.start()
