"""What is written down of the balancer: whether it runs, with which numbers, and what came of it.
Run by the executor."""

from trioxygen.common import logs
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.scm.schema import BALANCER, BALANCER_KEY
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import BalancerRow, BeginBalancing, NoteBalancing, ScmReply

log = logs.get(__name__)


def handlers() -> dict[type, Handler]:
    return {BeginBalancing: begin_balancing, NoteBalancing: note_balancing}


def balancer_row(txn: ReadTxn) -> BalancerRow | None:
    """None: it has never been started."""
    return BALANCER.get(txn, BALANCER_KEY)


def begin_balancing(txn: CapturingTxn, command: BeginBalancing, now: Now) -> ScmReply:
    """Where it runs already, what it has done counts on."""
    row = balancer_row(txn)
    if row is None or not row.running:
        row = BalancerRow(run=now.next_id(), running=True, started_ms=now.group_ms)
    numbers = command.numbers
    row.threshold_percent = numbers.threshold_percent
    row.containers_moving_max = numbers.containers_moving_max
    row.moving_bytes_max = numbers.moving_bytes_max
    row.node_moving_bytes_max = numbers.node_moving_bytes_max
    BALANCER.put(txn, BALANCER_KEY, row)
    log.info("balancer_started", threshold_percent=row.threshold_percent)
    return ScmReply()


def note_balancing(txn: CapturingTxn, command: NoteBalancing, now: Now) -> ScmReply:
    row = balancer_row(txn)
    if row is None or row.run != command.run:
        return ScmReply()
    row.iterations += command.iterations
    row.moved += command.moved
    row.moved_bytes += command.moved_bytes
    row.failed += command.failed
    if command.ended_why and row.running:
        row.running, row.ended_ms, row.ended_why = False, now.group_ms, command.ended_why
        log.info("balancer_ended", reason=row.ended_why, moved=row.moved, bytes=row.moved_bytes)
    BALANCER.put(txn, BALANCER_KEY, row)
    return ScmReply()
