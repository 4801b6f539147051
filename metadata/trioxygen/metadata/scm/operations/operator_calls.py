"""What operators ask of the SCM that leads, about DataNodes and safe mode."""

from collections.abc import Callable

from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.scm.operations.node_operations import NodeOperations
from trioxygen.metadata.scm.safe_mode.repair_gate import RepairGate
from trioxygen.proto.v1 import scm_pb2 as scm


class OperatorCalls:
    """Args: lead: raises NotLeader."""

    def __init__(
        self,
        lead: Callable[[], None],
        operations: NodeOperations,
        gate: RepairGate,
        *,
        node_id: str,
    ) -> None:
        self._lead, self._operations, self._gate = lead, operations, gate
        self._node_id = node_id

    def handlers(self) -> dict[str, Handler]:
        return {
            "SetNodeOperation": self._set_operation,
            "RemoveDataNode": self._remove,
            "DescribeSafeMode": self._describe_safe_mode,
            "ExitSafeMode": self._exit_safe_mode,
        }

    async def _set_operation(
        self, request: scm.SetNodeOperationRequest, call: Call
    ) -> scm.SetNodeOperationReply:
        self._lead()
        return await self._operations.set(request)

    async def _remove(
        self, request: scm.RemoveDataNodeRequest, call: Call
    ) -> scm.RemoveDataNodeReply:
        self._lead()
        await self._operations.remove(request.node_id, force=request.force)
        return scm.RemoveDataNodeReply()

    async def _describe_safe_mode(
        self, request: scm.DescribeSafeModeRequest, call: Call
    ) -> scm.DescribeSafeModeReply:
        self._lead()
        return self._described()

    async def _exit_safe_mode(
        self, request: scm.ExitSafeModeRequest, call: Call
    ) -> scm.DescribeSafeModeReply:
        """At once, whatever has not been reported."""
        self._lead()
        self._gate.force()
        return self._described()

    def _described(self) -> scm.DescribeSafeModeReply:
        rules = self._gate.rules()
        return scm.DescribeSafeModeReply(
            on=not (self._gate.may_replicate() and rules[0].passed),
            gives_blocks=rules[0].passed,
            forced=self._gate.is_forced,
            node_id=self._node_id,
            rules=[
                scm.SafeModeRule(name=rule.name, passed=rule.passed, waits_for=rule.waits_for)
                for rule in rules
            ],
        )
