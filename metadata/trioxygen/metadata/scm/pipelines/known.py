"""Pipelines in memory: each heartbeat and each allocation asks for some of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.pipelines.pipelines import (
    changed_since,
    changes_of,
    get_pipeline,
    replication_of,
)
from trioxygen.metadata.scm.pipelines.state import PipelineState, state_of
from trioxygen.metadata.scm.schema import PIPELINES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import PipelineRow

_Rows = dict[int, PipelineRow]


@dataclass(slots=True)
class _Known:
    """By their ids.

    Attributes:
    standing: those that are not closed.
    of_node: of these, those of a node.
    open: of these, those that are open.
    unused: closed ones that never had a container.
    """

    standing: _Rows = field(default_factory=dict)
    of_node: defaultdict[str, _Rows] = field(default_factory=lambda: defaultdict(dict))
    open: defaultdict[Replication, _Rows] = field(default_factory=lambda: defaultdict(dict))
    unused: _Rows = field(default_factory=dict)

    def put(self, row: PipelineRow) -> None:
        """In the place of what was known of it."""
        pipeline_id, state = row.pipeline_id, state_of(row)
        before = self.standing.get(pipeline_id)
        if state is PipelineState.CLOSED:
            self.drop(pipeline_id)
            if not row.containers_opened:
                self.unused[pipeline_id] = row
            return
        self.unused.pop(pipeline_id, None)
        self.standing[pipeline_id] = row
        for node_id in row.node_ids:
            self.of_node[node_id][pipeline_id] = row
        replication = replication_of(row)
        if state is PipelineState.OPEN:
            self.open[replication][pipeline_id] = row
        elif before is not None:
            self.open[replication].pop(pipeline_id, None)

    def drop(self, pipeline_id: int) -> None:
        self.unused.pop(pipeline_id, None)
        row = self.standing.pop(pipeline_id, None)
        if row is not None:
            for node_id in row.node_ids:
                self.of_node[node_id].pop(pipeline_id, None)
            self.open[replication_of(row)].pop(pipeline_id, None)


class KnownPipelines:
    """Read anew when some were changed: these alone, where it is known which.

    What it gives is not to be changed."""

    def __init__(self) -> None:
        self._known = _Known()
        self._formers: list[PipelineRow] = []
        self._changes = -1

    def forget(self) -> None:
        """The state may be another one: changes that are counted there are not these."""
        self._changes = -1

    def _read(self, txn: ReadTxn) -> _Known:
        changes = changes_of(txn)
        if changes != self._changes:
            changed = None if self._changes < 0 else changed_since(txn, self._changes)
            if changed is None:
                self._read_all(txn)
            else:
                self._read_some(txn, changed)
            self._changes = changes
        return self._known

    def _read_all(self, txn: ReadTxn) -> None:
        self._known, self._formers = _Known(), []
        for _, row in PIPELINES.scan(txn, prefix=b""):
            if row.pipeline_id:
                self._known.put(row)
            elif row.open:
                self._formers.append(row)

    def _read_some(self, txn: ReadTxn, pipeline_ids: Iterable[int]) -> None:
        for pipeline_id in sorted(pipeline_ids):
            row = get_pipeline(txn, pipeline_id)
            if row is None:
                self._known.drop(pipeline_id)
            else:
                self._known.put(row)

    def standing(self, txn: ReadTxn) -> Mapping[int, PipelineRow]:
        """By their ids, those that are not closed."""
        return self._read(txn).standing

    def unused(self, txn: ReadTxn) -> list[PipelineRow]:
        """Closed ones that never had a container."""
        return [*self._read(txn).unused.values()]

    def formers(self, txn: ReadTxn) -> list[PipelineRow]:
        """Under a name, and not closed yet."""
        self._read(txn)
        return self._formers

    def of_node(self, txn: ReadTxn, node_id: str) -> list[PipelineRow]:
        """Those that are not closed."""
        known = self._read(txn).of_node
        return [*known[node_id].values()] if node_id in known else []

    def open_of(self, txn: ReadTxn, replication: Replication) -> list[PipelineRow]:
        known = self._read(txn).open
        return [*known[replication].values()] if replication in known else []

    def all_open(self, txn: ReadTxn) -> list[PipelineRow]:
        return [row for rows in self._read(txn).open.values() for row in rows.values()]
