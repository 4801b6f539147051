"""A gateway of the simulation: it writes and reads as a client does, and is killed as any machine.
What its calls have come to is remembered beside it; what it left unfinished must be collected."""

import random
from typing import Final

from trioxygen.common.replication import Replication
from trioxygen.common.rpc.call import Role
from trioxygen.common.runtime import Runtime
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.node import Node
from trioxygen.sim.storage.client import Memory, ObjectClient
from trioxygen.sim.trace import Trace

_THINK_MS: Final = 250.0


class GatewayMachine:
    """Attributes:
    client: of the present life, or the last one.
    is_lost: it will not come back.
    """

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        trace: Trace,
        rng: random.Random,
        *,
        memory: Memory,
        replication: Replication,
        tokens: bool,
    ) -> None:
        self.name, self.memory = name, memory
        self._cluster, self._trace, self._rng = cluster, trace, rng
        self._replication, self._tokens = replication, tokens
        own_rng = random.Random(rng.getrandbits(64))
        self.node = Node(name, cluster.loop, cluster.fabric, trace, own_rng, self._boot)
        self.client: ObjectClient | None = None
        self.is_lost = False
        cluster.client_hosts.append(name)

    @property
    def is_writing(self) -> bool:
        return self.node.is_up and self.client is not None and self.client.is_writing

    def start(self) -> None:
        self.node.start()

    def leads(self) -> bool:
        return False

    def has_failed(self) -> bool:
        return False

    def end(self) -> None:
        """For good."""
        self.is_lost = True
        self.node.resume()
        self.node.crash(power=False, reason="it is not needed any more")

    async def _boot(self, node: Node, runtime: Runtime) -> None:
        loop: VirtualLoop = self._cluster.loop
        self.client = ObjectClient(
            self.name,
            loop,
            runtime.as_role(Role.GATEWAY, self.name),
            self._cluster,
            self._trace,
            random.Random(self._rng.getrandbits(64)),
            memory=self.memory,
            replication=self._replication,
            tokens=self._tokens,
        )
        runtime.tasks.start(self._use(self.client), name="gateway")

    async def _use(self, client: ObjectClient) -> None:
        """Until it is killed."""
        try:
            await client.begin()
            while True:
                await client.call_once(_THINK_MS)
        except Violation as violation:
            self._cluster.loop.fail(violation)
