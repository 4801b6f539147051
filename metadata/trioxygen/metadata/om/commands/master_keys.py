"""Commands on what is known of master keys: that all gateways have the same. The keys themselves
are in the gateways' keyrings, and never here."""

import hmac

from trioxygen.metadata.om.state.schema import MASTER_KEYS, master_key_key
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import MasterKeyRow, NoteMasterKeysReply, NoteMasterKeysRequest


class MasterKeyCommands:
    def handlers(self) -> dict[type, Handler]:
        return {om_pb2.NoteMasterKeysRequest: self.note_master_keys}

    def note_master_keys(
        self, txn: CapturingTxn, command: NoteMasterKeysRequest, now: Now
    ) -> NoteMasterKeysReply | Refusal:
        """All of them, or none where one is known to be another."""
        for said in command.keys if not command.replaces_all else ():
            known = MASTER_KEYS.get(txn, master_key_key(said.key_id, said.version))
            if known is not None and not hmac.compare_digest(known.check, said.check):
                facts = {"key_id": said.key_id, "version": str(said.version)}
                return Refusal(types_pb2.MASTER_KEY_DIFFERS, facts=facts)
        if command.replaces_all:
            for key in [key for key, _ in MASTER_KEYS.scan(txn, prefix=b"")]:
                MASTER_KEYS.delete(txn, key)
        for said in command.keys:
            _note(txn, said, now)
        return NoteMasterKeysReply(keys=[row for _, row in MASTER_KEYS.scan(txn, prefix=b"")])


def _note(txn: CapturingTxn, said: MasterKeyRow, now: Now) -> None:
    key = master_key_key(said.key_id, said.version)
    known = MASTER_KEYS.get(txn, key)
    if known is not None and (known.was_primary or not said.was_primary):
        return
    row = MasterKeyRow(
        key_id=said.key_id,
        version=said.version,
        check=said.check,
        was_primary=said.was_primary,
        noted_ms=known.noted_ms if known is not None else now.wall_ms,
    )
    MASTER_KEYS.put(txn, key, row)
