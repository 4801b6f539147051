"""What a run is made of: chosen from the seed, but for what is given."""

import random
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Attributes:
    oms, scms: voters of each group; scms 0: no SCM, and keys without blocks.
    clients: that put, get, delete and list at the same time.
    operations: of each client in the safety phase, at most.
    think_ms: of each client between its calls, at most.
    keys, buckets: that they share; few, so that calls meet.
    seconds: of the safety phase.
    faults: how often something is done to the cluster, on average every so many milliseconds; 0:
        never.
    network, crashes, disks, clocks, pauses, members: which kinds of faults.
    log_segment_bytes: small, so that segments are recycled.
    log_keep_bytes: of the log, for followers that lag; small: they need snapshots.
    row_bytes: of a key's headers; large: logs fill quickly, so that followers need snapshots.
    tick_ms: the unit of elections and heartbeats.
    tuning: seed of limits of the Raft core, small ones too; 0: those of production.
    lease_reads: reads without a round of heartbeats; clocks then drift no more than they may.
    rot: the change of members is a log that goes bad on one node of each group.
    rot_last: in one of so many last records, and it is read at once; 0: in any.
    storm: messages are doubled, and many are late, from the beginning.
    leaps: with `clocks`, wall clocks jump by days and years, too.
    day_seconds: of lifecycle rules.
    slowness: links of single machines are slow, as are single disks; others of these are full.
    """

    oms: int = 3
    scms: int = 3
    clients: int = 4
    operations: int = 60
    think_ms: float = 120.0
    keys: int = 4
    buckets: int = 2
    seconds: float = 6.0
    faults: float = 400.0
    network: bool = True
    crashes: bool = True
    disks: bool = True
    clocks: bool = True
    pauses: bool = True
    members: bool = True
    log_segment_bytes: int = 64 * 1024
    log_keep_bytes: int = 64 * 1024
    row_bytes: int = 0
    tick_ms: float = 50.0
    tuning: int = 0
    lease_reads: bool = False
    rot: bool = False
    rot_last: int = 0
    storm: bool = False
    slowness: bool = False
    leaps: bool = False
    day_seconds: int = 86_400


def from_seed(seed: int, overrides: dict[str, Any] | None = None) -> Options:
    """Swarm testing: each kind of fault is left out in some runs, so that it hides no other (Groce
    et al., ISSTA 2012)."""
    rng = random.Random(f"options {seed}")
    chosen: dict[str, Any] = {
        "oms": rng.choice((1, 3, 3, 3, 3, 3)),
        "scms": rng.choice((0, 0, 0, 1, 3)),
        "clients": rng.choice((2, 3, 4, 5)),
        "keys": rng.choice((1, 2, 4)),
        "buckets": rng.choice((1, 2)),
        "faults": rng.choice((150.0, 300.0, 600.0)),
        "network": rng.random() < 0.7,
        "crashes": rng.random() < 0.7,
        "disks": rng.random() < 0.5,
        "clocks": rng.random() < 0.5,
        "pauses": rng.random() < 0.5,
        "members": rng.random() < 0.5,
        "log_keep_bytes": rng.choice((0, 4 * 1024, 64 * 1024)),
        "row_bytes": rng.choice((0, 0, 3_000)),
        "tick_ms": rng.choice((10.0, 20.0, 50.0)),
        "tuning": rng.choice((0, rng.randrange(1, 1_000))),
        "lease_reads": rng.random() < 0.2,
        "log_segment_bytes": rng.choice((32 * 1024, 64 * 1024, 256 * 1024)),
        "rot": rng.random() < 0.2,
    }
    chosen.update(overrides or {})
    return Options(**chosen)


def parse(text: str, kind_of_options: type[Any] = Options) -> tuple[str, Any]:
    """`name=value` as a field of options. Raises ValueError."""
    name, _, value = text.partition("=")
    types = {field.name: field.type for field in fields(kind_of_options)}
    if name not in types:
        raise ValueError(f"no option '{name}': there are {', '.join(types)}")
    kind = types[name]
    if kind in (bool, "bool"):
        return name, {"true": True, "false": False, "1": True, "0": False}[value.lower()]
    if kind in (int, "int"):
        return name, int(value)
    return name, float(value)
