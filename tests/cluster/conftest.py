"""Clusters of processes, and loads on them."""

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.load import Load
from tests.integration.endpoint import Endpoint

NewCluster = Callable[..., Cluster]
NewLoad = Callable[..., Load]

# A test machine's disk may be nearly full.
_CONFIG: Final[dict[str, object]] = {"storage.reserved_bytes": 16 << 20}


@pytest.fixture
def rng() -> random.Random:
    """`O3_CLUSTER_SEED` repeats a run's choices, as far as processes repeat anything."""
    seed = int(os.environ.get("O3_CLUSTER_SEED") or random.SystemRandom().getrandbits(32))
    print(f"O3_CLUSTER_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def new_cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewCluster]:
    """Makes clusters (see `Cluster`), not started; whatever still runs is killed at the end. The
    ends of their logs are told when the test has failed."""
    made: list[Cluster] = []

    def make(
        config: Mapping[str, object] | None = None,
        variables: Mapping[str, str] | None = None,
        **counts: int,
    ) -> Cluster:
        made.append(Cluster(tmp_path, {**_CONFIG, **(config or {})}, counts, variables))
        return made[-1]

    failed_before = request.session.testsfailed
    yield make
    for cluster in made:
        cluster.discard()
        if request.session.testsfailed != failed_before:
            print(cluster.logs())


@pytest.fixture
def cluster(new_cluster: NewCluster) -> Cluster:
    """Running, with as many nodes of each role as usual."""
    return new_cluster().start()


@pytest.fixture
def new_load(rng: random.Random) -> Iterator[NewLoad]:
    """Makes loads (see `Load`), started; they end with the test."""
    made: list[Load] = []

    def make(endpoints: Sequence[Endpoint], **options: Any) -> Load:
        made.append(Load(endpoints, rng.getrandbits(32), **options))
        return made[-1].start()

    yield make
    for load in made:
        load.discard()
