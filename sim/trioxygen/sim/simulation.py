"""One run: a cluster and clients under faults, then healed; everything checked."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from trioxygen.cli.wiring.names import OM_GROUP, SCM_GROUP
from trioxygen.common.rpc.call import Role
from trioxygen.metadata.client.om import OmClient
from trioxygen.sim.checkers import linearizability
from trioxygen.sim.checkers.blocks import BlockLedger
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.faults import Faults
from trioxygen.sim.history import History, Kind, Outcome
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.options import Options
from trioxygen.sim.result import Result, carried_out
from trioxygen.sim.stories import Stories
from trioxygen.sim.trace import Trace
from trioxygen.sim.workload import Client

_CALL_TIMEOUT_MS: Final = 4_000.0
_CONVERGENCE_S_MAX: Final = 30.0
_START_S_MAX: Final = 30.0


class Simulation:
    def __init__(
        self, seed: int, options: Options, write_trace: Callable[[str], object] | None
    ) -> None:
        self.seed, self.options = seed, options
        self.loop = VirtualLoop()
        self.rng = random.Random(f"simulation {seed}")
        self.trace = Trace(lambda: self.loop.time() * 1_000, write_trace)
        self.history = History()
        self.cluster = Cluster(self.loop, self.rng, options, self.trace)
        self.stories = Stories(self.cluster, random.Random(self.rng.getrandbits(64)), self.trace)
        self.faults = Faults(
            self.cluster,
            self.stories,
            options,
            random.Random(self.rng.getrandbits(64)),
            self.trace,
        )
        self.ledger = BlockLedger() if options.scms else None
        self.checked = linearizability.Checked()

    async def main(self) -> None:
        """Raises Violation."""
        options = self.options
        self.cluster.start()
        clients = [self._client(f"c{number + 1}") for number in range(options.clients)]
        keys = [f"key{number}" for number in range(options.keys)]
        buckets = [f"bucket{number}" for number in range(options.buckets)]
        await self._within(_START_S_MAX, clients[0].make_buckets(buckets), "no first leader")
        for client in clients[1:]:
            client.know_buckets(clients[0])
        stories = self._begin_stories()
        faults = self.loop.create_task(self.faults.run(), name="faults")
        end = self.loop.time() + options.seconds
        loads = [self._load(client, keys, end) for client in clients]
        await asyncio.gather(*loads)
        faults.cancel()
        self.faults.heal()
        for story in stories:
            await self._within(_CONVERGENCE_S_MAX, story, "a change of members was not done")
        await self._converge(clients[0], buckets, keys)
        self.cluster.check_defects()
        self.checked = linearizability.check(self.history)

    def _client(self, name: str) -> Client:
        runtime = self.cluster.outsider(name).as_role(Role.GATEWAY, name)
        om = OmClient(runtime, self.cluster.om_addresses, timeout_ms=_CALL_TIMEOUT_MS, try_ms=500.0)
        rng = random.Random(self.rng.getrandbits(64))
        return Client(
            name,
            self.loop,
            runtime,
            om,
            self.history,
            self.trace,
            rng,
            self.ledger,
            row_bytes=self.options.row_bytes,
        )

    async def _load(self, client: Client, keys: list[str], end: float) -> None:
        for _ in range(self.options.operations):
            if self.loop.time() >= end:
                return
            await client.call_once(keys, self.options.think_ms)

    def _begin_stories(self) -> "list[asyncio.Task[None]]":
        if not self.options.members:
            return []
        return [
            self.loop.create_task(self.stories.run(group, self.options.seconds), name="story")
            for group in (OM_GROUP, SCM_GROUP)
            if len(self.cluster.of_group(group)) > 1
        ]

    async def _within(self, seconds: float, what: Awaitable[None], failure: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await what
        except TimeoutError as error:
            raise Violation("progress", f"{failure} within {seconds:g} s") from error

    async def _converge(self, client: Client, buckets: list[str], keys: list[str]) -> None:
        """Every key can be read and written again, and all members come to the same state."""
        await self._within(_CONVERGENCE_S_MAX, self._use_all(client, buckets, keys), "no answers")
        deadline = self.loop.time() + _CONVERGENCE_S_MAX
        while True:
            lagging = self.cluster.lagging()
            if not lagging and self.ledger is not None:
                lagging = self.cluster.uncollected()
            if not lagging:
                return
            if self.loop.time() > deadline:
                raise Violation("progress", f"after healing: {lagging}")
            await asyncio.sleep(0.1)

    async def _use_all(self, client: Client, buckets: list[str], keys: list[str]) -> None:
        for bucket in buckets:
            for key in keys:
                for kind in (Kind.GET, Kind.PUT, Kind.GET):
                    await self._use(client, kind, bucket, key)
            await self._use(client, Kind.LIST, bucket, "")

    async def _use(self, client: Client, kind: Kind, bucket: str, key: str) -> None:
        """Until it is answered."""
        while (await client.call(kind, bucket, key)).outcome is Outcome.UNKNOWN:
            continue

    def counts(self) -> dict[str, int]:
        return {
            **self.history.counts(),
            **self.faults.done,
            **self.stories.counts,
            "messages": self.cluster.fabric.messages,
            "uploads": self.cluster.fabric.uploads,
            "callbacks": self.loop.callbacks,
            "undecided": self.checked.undecided,
        }


def run(
    seed: int, options: Options, *, write_trace: Callable[[str], object] | None = None
) -> Result[Options]:
    """One run; deterministic for a seed and options."""
    return carried_out(seed, options, lambda: Simulation(seed, options, write_trace))
