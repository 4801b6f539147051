"""What a run with DataNodes is made of: chosen from the seed, but for what is given."""

import random
from dataclasses import dataclass
from typing import Any, Final

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.sim import options as cluster_options
from trioxygen.sim.options import Options

CODED: Final = Replication.parse("EC/rs-3-2-64k")
# Last digits of seeds: those that found something before there were tokens go on finding it.
_WITH_TOKENS: Final = (4, 5, 7)
_WITH_SEVERAL_DISKS: Final = (2, 8, 9)
_WITH_SLOWNESS: Final = (0, 2, 5, 9)
_WITH_A_NEWCOMER: Final = (1, 6)
_WITH_ONE_REPLICA: Final = (6,)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOptions:
    """Attributes:
    volumes: disks of each DataNode.
    newcomers: of the DataNodes, those that join, empty, in the middle of the safety phase.
    datanodes: of which a class needs some; more, so that lost ones can be replaced.
    operations: of each client in the safety phase, at most.
    keys: of each client alone.
    seconds: of the safety phase.
    faults: how often something is done to a machine, on average every so many milliseconds; 0:
        never.
    network, crashes, disks, clocks, pauses, slowness: which kinds of faults.
    operators: take DataNodes out of service and back, close containers and pipelines, start the
        balancer.
    gateways: that write as clients do, and are killed as any machine is.
    losses: of all that a DataNode has or of one of its disks, and bits that flip in files: of one
        DataNode at a time, of as many as the class bears, and the next only when replicas are
        complete again. Of an erasure code one more at any moment in between.
    tokens: DataNodes want block tokens, whose keys last for seconds.
    """

    oms: int = 1
    scms: int = 1
    volumes: int = 1
    newcomers: int = 0
    datanodes: int = 5
    clients: int = 3
    operations: int = 30
    think_ms: float = 250.0
    keys: int = 3
    seconds: float = 12.0
    faults: float = 600.0
    network: bool = True
    crashes: bool = True
    disks: bool = True
    clocks: bool = False
    pauses: bool = True
    slowness: bool = False
    losses: bool = True
    operators: bool = False
    gateways: int = 0
    replication: Replication = RATIS_THREE
    tokens: bool = False

    @property
    def losses_max(self) -> int:
        """DataNodes at once. Of three replicas one: a majority has what is acknowledged."""
        if self.replication.is_ec:
            return self.replication.parity
        return int(self.replication.members > 1)

    @property
    def cluster(self) -> Options:
        """Of OMs and SCMs, and of faults that befall any machine."""
        return Options(
            oms=self.oms,
            scms=self.scms,
            seconds=self.seconds,
            faults=self.faults,
            network=self.network,
            crashes=self.crashes,
            disks=self.disks,
            pauses=self.pauses,
            clocks=self.clocks,
            slowness=self.slowness,
            members=False,
        )


def from_seed(seed: int, overrides: dict[str, Any] | None = None) -> StorageOptions:
    """Each kind of fault is left out in some runs, so that it hides no other."""
    rng = random.Random(f"storage options {seed}")
    chosen: dict[str, Any] = {
        "oms": rng.choice((1, 1, 3)),
        "scms": rng.choice((1, 1, 3)),
        "datanodes": rng.choice((4, 5, 5, 6)),
        "clients": rng.choice((1, 2, 3)),
        "faults": rng.choice((300.0, 600.0, 1_200.0)),
        "network": rng.random() < 0.6,
        "crashes": rng.random() < 0.7,
        "disks": rng.random() < 0.5,
        "pauses": rng.random() < 0.5,
        "losses": rng.random() < 0.5,
        "tokens": seed % 10 in _WITH_TOKENS,
        "newcomers": 0,
        "volumes": 2 if seed % 10 in _WITH_SEVERAL_DISKS else 1,
        "slowness": seed % 10 in _WITH_SLOWNESS,
    }
    if rng.random() < 0.4:
        chosen["replication"] = CODED
    elif seed % 10 in _WITH_ONE_REPLICA:
        chosen["replication"] = RATIS_ONE
    chosen["clocks"] = rng.random() < 0.4
    chosen["operators"] = rng.random() < 0.4
    chosen["gateways"] = rng.choice((0, 0, 1))
    chosen.update(overrides or {})
    is_given = {"datanodes", "newcomers"} & (overrides or {}).keys()
    if chosen["operators"] and seed % 10 in _WITH_A_NEWCOMER and not is_given:
        # As many as before are there from the beginning.
        chosen["datanodes"], chosen["newcomers"] = chosen["datanodes"] + 1, 1
    if chosen.get("replication") == CODED and "datanodes" not in (overrides or {}):
        # One more than a pipeline takes: what a member has missed is made anew on another one.
        least = CODED.members + 1 + chosen["newcomers"]
        chosen["datanodes"] = max(chosen["datanodes"] + 1, least)
    return StorageOptions(**chosen)


def parse(text: str) -> tuple[str, Any]:
    """`name=value` as a field of StorageOptions. Raises ValueError."""
    name, _, value = text.partition("=")
    if name == "replication":
        return name, Replication.parse(value)
    return cluster_options.parse(text, StorageOptions)
