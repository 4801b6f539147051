"""What is written down of orphans, run by the executor: since when they have been seen, and who
wants them to go."""

from trioxygen.common import logs
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.scm.orphans.foreign_ids import begin_foreign_ids
from trioxygen.metadata.scm.schema import ORPHANS, orphan_key
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1.scm_pb2 import BeginForeignIds, ForgetOrphans, NoteOrphans, ScmReply

log = logs.get(__name__)


def handlers() -> dict[type, Handler]:
    return {
        BeginForeignIds: begin,
        NoteOrphans: note_orphans,
        ForgetOrphans: forget_orphans,
    }


def begin(txn: CapturingTxn, command: BeginForeignIds, now: Now) -> ScmReply:
    begin_foreign_ids(txn, now.last_id)
    return ScmReply()


def note_orphans(txn: CapturingTxn, command: NoteOrphans, now: Now) -> ScmReply:
    """What is known already is as old as it was; that it is to go is added."""
    for orphan in command.orphans:
        key = orphan_key(orphan.container_id, orphan.node_id)
        row = ORPHANS.get(txn, key)
        if row is None:
            row = orphan
            row.since_ms = now.group_ms
        elif orphan.to_go and not row.to_go:
            row.to_go = True
        else:
            continue
        ORPHANS.put(txn, key, row)
    return ScmReply()


def forget_orphans(txn: CapturingTxn, command: ForgetOrphans, now: Now) -> ScmReply:
    for orphan in command.orphans:
        ORPHANS.delete(txn, orphan_key(orphan.container_id, orphan.node_id))
    return ScmReply()
