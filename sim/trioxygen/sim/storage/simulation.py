"""One run with DataNodes: objects are written and read under faults, then all is healed: every
acknowledged object is there, as often as its class promises, and nothing else is."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.call import Role
from trioxygen.metadata.scm.balancer.config import BalancerConfig
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.token_keys import TokenKeyConfig
from trioxygen.proto.v1.types_pb2 import BlockSlice
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.faults import Faults
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.result import Result, carried_out
from trioxygen.sim.storage.client import Memory, ObjectClient
from trioxygen.sim.storage.gateway import GatewayMachine
from trioxygen.sim.storage.holdings import left_over, missing_replicas
from trioxygen.sim.storage.losses import Losses
from trioxygen.sim.storage.machine import DataNodeMachine
from trioxygen.sim.storage.operators import Operators
from trioxygen.sim.storage.options import StorageOptions
from trioxygen.sim.storage.sizes import sizes_of
from trioxygen.sim.stories import Stories
from trioxygen.sim.trace import Trace

_START_S_MAX: Final = 60.0
_ANSWERS_S_MAX: Final = 60.0
_REPAIR_S_MAX: Final = 180.0
_EMPTY_S_MAX: Final = 180.0
_LOOKED_EVERY_S: Final = 0.5
_LOSSES_EVERY_MS: Final = 4_000.0
_OPERATORS_EVERY_MS: Final = 2_000.0


def _scm_config(options: StorageOptions) -> ScmConfig:
    """Times of seconds rather than minutes. A container takes no more blocks for longer than a
    lease of the OM lasts before it is closed."""
    return ScmConfig(
        cluster_id="sim",
        replication=options.replication,
        container_bytes_max=sizes_of(options.replication).container_bytes_max,
        open_containers_max=2,
        heartbeat_interval_ms=200,
        report_interval_ms=3_000,
        stale_after_ms=1_500,
        dead_after_ms=4_000,
        pipeline_open_ms_max=8_000,
        pipeline_drain_ms_max=4_000,
        pipeline_interval_ms=300,
        close_delay_ms=11_000,
        resend_after_ms=2_000,
        worker_interval_ms=1_000,
        token_keys=TokenKeyConfig(key_ms=4_000) if options.tokens else None,
        balancer=BalancerConfig(move_ms_max=20_000, settle_ms=1_000, idle_looks_max=1_000),
    )


class StorageSimulation:
    def __init__(
        self, seed: int, options: StorageOptions, write_trace: Callable[[str], object] | None
    ) -> None:
        self.options = options
        self.loop = VirtualLoop()
        rng = self.rng = random.Random(f"storage {seed}")
        self.trace = Trace(lambda: self.loop.time() * 1_000, write_trace)
        self.cluster = Cluster(self.loop, rng, options.cluster, self.trace, _scm_config(options))
        sizes = sizes_of(options.replication)
        self.machines = [
            DataNodeMachine(
                f"dn{number + 1}",
                self.cluster,
                random.Random(rng.getrandbits(64)),
                sizes,
                volumes=options.volumes,
                tokens=options.tokens,
            )
            for number in range(options.datanodes)
        ]
        self.cluster.others += self.machines
        self._newcomers = self.machines[len(self.machines) - options.newcomers :]
        for newcomer in self._newcomers:
            newcomer.is_lost = True
        stories = Stories(self.cluster, random.Random(rng.getrandbits(64)), self.trace)
        fault_rng = random.Random(rng.getrandbits(64))
        self.faults = Faults(self.cluster, stories, options.cluster, fault_rng, self.trace)
        self.losses = Losses(
            self.loop,
            self.machines,
            self._granted_losses,
            random.Random(rng.getrandbits(64)),
            self.trace,
        )
        self.operators = Operators(
            self.cluster,
            self.machines,
            lambda: self._slices,
            random.Random(rng.getrandbits(64)),
            self.trace,
        )
        self.gateways = [self._gateway(f"gw{number + 1}") for number in range(options.gateways)]
        self.cluster.others += self.gateways
        self.clients: list[ObjectClient] = []
        self.observers: list[ObjectClient] = []
        # Known lately: what is referred to.
        self._slices: list[BlockSlice] = []
        self._is_known = False
        # Of an erasure code: all was complete since something was lost last.
        self._bears_loss = False

    async def main(self) -> None:
        """Raises Violation."""
        self.cluster.start()
        for machine in self.cluster.others:
            if not machine.is_lost:
                machine.start()
        self.clients = [self._client(f"c{number + 1}") for number in range(self.options.clients)]
        for client in self.clients:
            await self._within(_START_S_MAX, client.begin(), "no first leader")
            await self._within(_START_S_MAX, self._put_all(client), "no first objects")
        # Who looks on, and goes on with what gateways have left.
        self.observers = [self._client(each.name, each.memory) for each in self.gateways]
        await self._under_faults()
        self._join()
        for gateway in self.gateways:
            gateway.end()
        self.faults.heal()
        await self._within(_ANSWERS_S_MAX, self.losses.heal(), "a broken disk is not left")
        if self.options.operators:
            await self._within(_ANSWERS_S_MAX, self.operators.heal(), "operators are not answered")
        for observer in self.observers:
            await self._within(_ANSWERS_S_MAX, observer.begin(), "no bucket")
        self.clients += self.observers
        for client in self.clients:
            await self._within(_ANSWERS_S_MAX, self._read_all(client), "no answers")
        await self._until(_REPAIR_S_MAX, self._incomplete)
        for client in self.clients:
            await self._within(_ANSWERS_S_MAX, self._use_all(client), "no answers")
        for client in self.clients:
            await client.stop()
        await self._until(_EMPTY_S_MAX, self._left)

    async def _under_faults(self) -> None:
        end = self.loop.time() + self.options.seconds
        tasks = [self.loop.create_task(self.faults.run(), name="faults")]
        tasks.append(self.loop.create_task(self._watch(), name="watch"))
        tasks.append(self.loop.create_task(self._join_in_the_middle(), name="join"))
        if self.options.losses and self.options.losses_max and self.options.faults:
            losses = self.losses.run(_LOSSES_EVERY_MS)
            tasks.append(self.loop.create_task(losses, name="losses"))
        if self.options.operators and self.options.faults:
            operators = self.operators.run(_OPERATORS_EVERY_MS)
            tasks.append(self.loop.create_task(operators, name="operators"))
        await asyncio.gather(*(self._load(client, end) for client in self.clients))
        for task in tasks:
            task.cancel()

    async def _join_in_the_middle(self) -> None:
        await asyncio.sleep(self.options.seconds / 2)
        self._join()

    def _join(self) -> None:
        for newcomer in self._newcomers:
            newcomer.is_lost = False
            newcomer.start()
        self._newcomers = []

    def _gateway(self, name: str) -> GatewayMachine:
        return GatewayMachine(
            name,
            self.cluster,
            self.trace,
            random.Random(self.rng.getrandbits(64)),
            memory=Memory.of(name, self.options.keys),
            replication=self.options.replication,
            tokens=self.options.tokens,
        )

    def _client(self, name: str, memory: Memory | None = None) -> ObjectClient:
        """Args: memory: it goes on with that of another process."""
        host = name if memory is None else f"{name}-observer"
        return ObjectClient(
            name,
            self.loop,
            self.cluster.outsider(host).as_role(Role.GATEWAY, host),
            self.cluster,
            self.trace,
            random.Random(self.rng.getrandbits(64)),
            memory=memory or Memory.of(name, self.options.keys),
            replication=self.options.replication,
            tokens=self.options.tokens,
        )

    async def _load(self, client: ObjectClient, end: float) -> None:
        for _ in range(self.options.operations):
            if self.loop.time() >= end:
                return
            await client.call_once(self.options.think_ms)

    async def _within(self, seconds: float, what: Awaitable[None], failure: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await what
        except TimeoutError as error:
            raise Violation("progress", f"{failure} within {seconds:g} s") from error

    async def _until(self, seconds: float, missing: Callable[[], Awaitable[str]]) -> None:
        deadline = self.loop.time() + seconds
        while reason := await missing():
            if self.loop.time() > deadline:
                raise Violation("repair", f"{seconds:g} s after healing: {reason}")
            await asyncio.sleep(_LOOKED_EVERY_S)

    # ---- what is asked of all ----

    async def _put_all(self, client: ObjectClient) -> None:
        for key in client.keys:
            while not await client.put(key):
                continue

    async def _read_all(self, client: ObjectClient) -> None:
        for key in client.keys:
            while not await client.get(key):
                continue

    async def _use_all(self, client: ObjectClient) -> None:
        for key in client.keys:
            for deed in (client.get, client.put, client.get):
                while not await deed(key):
                    continue

    async def _watch(self) -> None:
        """Learns what is referred to, for who asks whether all of it is complete."""
        while True:
            await asyncio.sleep(_LOOKED_EVERY_S)
            await self._learn()
            if self.options.replication.is_ec and self._is_complete() and self._is_at_rest():
                self._bears_loss = True

    async def _learn(self) -> None:
        try:
            lookers = [*dict.fromkeys((*self.clients, *self.observers))]
            self._slices = [piece for client in lookers for piece in await client.slices()]
            self._is_known = True
        except TrioxygenError as error:
            self._is_known = False
            self.trace.note("not-known", str(error))

    def _granted_losses(self) -> int:
        """DataNodes that may lose something now: where all is complete, as many as the class bears.
        What is acknowledged of an erasure code bears one at any moment, however few have it: the
        next one when all was complete in between."""
        count = int(self._bears_loss)
        if self._is_complete() and self._is_at_rest():
            count = self.options.losses_max
        self._bears_loss = False
        return count

    def _is_at_rest(self) -> bool:
        """Nothing that is not known is on as few DataNodes as it takes. Of whole replicas those are
        one more than is needed."""
        is_writing = any(client.is_writing for client in self.clients)
        is_writing = is_writing or any(gateway.is_writing for gateway in self.gateways)
        return not (self.options.replication.is_ec and is_writing)

    def _is_complete(self) -> bool:
        lookers = (*self.clients, *self.observers)
        fresh = [piece for client in lookers for piece in client.fresh_slices()]
        return self._is_known and not missing_replicas(
            self.machines, [*self._slices, *fresh], self.options.replication
        )

    async def _incomplete(self) -> str:
        await self._learn()
        if not self._is_known:
            return "objects cannot be looked up"
        return missing_replicas(self.machines, self._slices, self.options.replication)

    async def _left(self) -> str:
        await self._learn()
        if not self._is_known:
            return "objects cannot be looked up"
        return left_over(self.machines, self._slices) or self.cluster.uncollected()

    def counts(self) -> dict[str, int]:
        counts = {**self.faults.done, **self.losses.done, **self.operators.done}
        for client in dict.fromkeys((*self.clients, *self.observers)):
            for name, count in client.counts.items():
                counts[name] = counts.get(name, 0) + count
        counts["messages"] = self.cluster.fabric.messages
        if self.options.tokens:
            tokens = [machine.tokens() for machine in self.machines]
            counts["tokens"] = sum(passed for passed, _ in tokens)
            counts["tokens-of-retired-keys"] = sum(retired for _, retired in tokens)
        return counts


def run(
    seed: int, options: StorageOptions, *, write_trace: Callable[[str], object] | None = None
) -> Result[StorageOptions]:
    """One run; deterministic for a seed and options."""
    return carried_out(seed, options, lambda: StorageSimulation(seed, options, write_trace))
