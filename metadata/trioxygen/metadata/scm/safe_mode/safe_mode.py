"""Whether a leader may give ids: not before it knows which ones DataNodes have had."""

from collections.abc import Iterable, Mapping

from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.allocator import Allocator
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.safe_mode.rules import RuleState, blocks_rule
from trioxygen.metadata.scm.schema import NODES


def silence_left_ms(nodes: Nodes, node_ids: Iterable[str], silent_after_ms: float) -> float:
    """0: each of them has been silent for long enough."""
    silent_ms = min((nodes.silent_ms(node_id) for node_id in node_ids), default=silent_after_ms)
    return max(0.0, silent_after_ms - silent_ms)


class SafeModeWatch:
    """Safe mode is on until every node that the state knows has reported its containers once, or
    those that have not have been silent for so long that nothing is written to them anyway. It is
    not entered again in a term."""

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        allocator: Allocator,
        *,
        silent_after_ms: float,
    ) -> None:
        self._executor, self._nodes, self._allocator = executor, nodes, allocator
        self._silent_after_ms = silent_after_ms
        # `_is_blind`: it was left while nodes were silent that may have had ids of later states.
        self._is_left = self._is_blind = self._is_forced = False
        # One that was waited for at the last look: as long as it is, nobody looks at all of them.
        self._waited_for = ""

    def begin(self) -> None:
        """A leader's term does."""
        self._is_left = self._is_blind = self._is_forced = False
        self._waited_for = ""

    def force(self) -> None:
        """Those that are silent are waited for no more. One has to have reported all the same: it
        shows how far ids have gone."""
        self._is_forced = True

    def is_on(self) -> bool:
        if self._is_left:
            return False
        if self._is_still_waited_for():
            return True
        reported = self._reported()
        is_over = any(reported.values()) and not self._silence_left_ms(reported)
        self._is_left = bool(reported) and (is_over or all(reported.values()))
        self._is_blind = self._is_left and not all(reported.values())
        missing = [node_id for node_id, has_reported in reported.items() if not has_reported]
        self._waited_for = min(missing, key=self._nodes.silent_ms, default="")
        return not self._is_left

    def _is_still_waited_for(self) -> bool:
        node_id = self._waited_for
        if not node_id or self._is_forced or self._nodes.fully_reported(node_id):
            return False
        with self._executor.store.read() as txn:
            is_known = NODES.exists(txn, node_id.encode())
        return is_known and silence_left_ms(self._nodes, [node_id], self._silent_after_ms) > 0

    def _reported(self) -> dict[str, bool]:
        """Of each node that the state knows."""
        with self._executor.store.read() as txn:
            known = [row.node_id for _, row in NODES.scan(txn, prefix=b"")]
        return {node_id: self._nodes.fully_reported(node_id) for node_id in known}

    def _silence_left_ms(self, reported: Mapping[str, bool]) -> float:
        """Until each that has not reported has been silent for long."""
        if self._is_forced:
            return 0.0
        waited_for = [node_id for node_id, has_reported in reported.items() if not has_reported]
        return silence_left_ms(self._nodes, waited_for, self._silent_after_ms)

    def rule(self) -> RuleState:
        """In a sentence."""
        is_on, reported = self.is_on(), self._reported()
        return blocks_rule(
            gives=not is_on,
            known=len(reported),
            reported=sum(reported.values()),
            silence_left_ms=self._silence_left_ms(reported),
        )

    async def may_give_ids(self) -> bool:
        """Behind all that silent nodes may have had. Raises: what the executor raises."""
        if self.is_on():
            return False
        if self._is_blind:
            # Only what has been done is not done again: twice at once does no harm.
            await self._allocator.skip_unseen()
            self._is_blind = False
        return True
