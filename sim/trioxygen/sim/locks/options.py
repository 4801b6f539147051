"""What a run with locks is made of: chosen from the seed, but for what is given."""

import random
from dataclasses import dataclass
from typing import Any

from trioxygen.sim.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """Attributes:
    operations: of each client in the safety phase, at most.
    seconds: of the safety phase.
    faults: how often something is done to an OM, on average every so many milliseconds; 0: never.
    network, crashes, disks, clocks, pauses, transfers: which kinds of faults.
    leaps: with `clocks`, wall clocks jump by days and years, too.
    retained_s_max: of retentions that are to end in the run; others last for days.
    day_seconds: of the lifecycle.
    log_keep_bytes: small: OMs that lag need snapshots.
    """

    oms: int = 3
    clients: int = 3
    operations: int = 120
    think_ms: float = 80.0
    seconds: float = 8.0
    faults: float = 400.0
    network: bool = True
    crashes: bool = True
    disks: bool = False
    clocks: bool = True
    pauses: bool = True
    transfers: bool = True
    leaps: bool = True
    retained_s_max: float = 3.0
    day_seconds: int = 1
    log_keep_bytes: int = 64 * 1024
    tick_ms: float = 20.0

    @property
    def cluster(self) -> Options:
        return Options(
            oms=self.oms,
            scms=0,
            seconds=self.seconds,
            faults=self.faults,
            network=self.network,
            crashes=self.crashes,
            disks=self.disks,
            clocks=self.clocks,
            leaps=self.leaps,
            pauses=self.pauses,
            members=self.transfers,
            log_keep_bytes=self.log_keep_bytes,
            tick_ms=self.tick_ms,
            day_seconds=self.day_seconds,
        )


def from_seed(seed: int, overrides: dict[str, Any] | None = None) -> LockOptions:
    """Each kind of fault is left out in some runs, so that it hides no other."""
    rng = random.Random(f"lock options {seed}")
    chosen: dict[str, Any] = {
        "oms": rng.choice((1, 3, 3, 3, 3)),
        "clients": rng.choice((2, 3, 4)),
        "faults": rng.choice((150.0, 300.0, 600.0)),
        "network": rng.random() < 0.6,
        "crashes": rng.random() < 0.6,
        "disks": rng.random() < 0.3,
        "clocks": rng.random() < 0.7,
        "leaps": rng.random() < 0.8,
        "pauses": rng.random() < 0.4,
        "transfers": rng.random() < 0.7,
        "retained_s_max": rng.choice((1.0, 3.0, 6.0)),
        "log_keep_bytes": rng.choice((0, 4 * 1024, 64 * 1024)),
        "tick_ms": rng.choice((10.0, 20.0, 50.0)),
    }
    chosen.update(overrides or {})
    return LockOptions(**chosen)
