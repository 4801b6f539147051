"""Namespaces of blocks, in numbers."""

from collections.abc import Iterable
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from trioxygen.metadata.scm.schema import (
    NAMESPACE_BLOCKS,
    NAMESPACE_GARBAGE,
    NAMESPACE_LEASES,
    NAMESPACES,
)
from trioxygen.metadata.store.ports import Store, Table

_PREFIX: Final = "trioxygen_scm_namespace"
_COUNTED: Final[dict[str, tuple[str, Table]]] = {
    "s": ("Namespaces of blocks", NAMESPACES.table),
    "_blocks": ("Blocks that are committed in them", NAMESPACE_BLOCKS.table),
    "_leases": ("Leases of their clients", NAMESPACE_LEASES.table),
    "_garbage": ("Runs of blocks that wait until they are deleted", NAMESPACE_GARBAGE.table),
}


class NamespaceCollector(Collector):
    """Of every SCM, whether it leads or not."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        for name, (text, table) in _COUNTED.items():
            yield GaugeMetricFamily(_PREFIX + name, text, value=self._store.count(table))
