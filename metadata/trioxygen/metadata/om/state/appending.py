"""What an object becomes by bytes at its end. Pure.

Source: S3 user guide, "Appending data to objects in directory buckets".
"""

from trioxygen.metadata.om.state.multipart import OBJECT_BYTES_MAX
from trioxygen.metadata.om.state.sources import kept_as
from trioxygen.metadata.replication.batch import Refusal
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import CommitKeyRequest, KeyRow


def extended_row(command: CommitKeyRequest, before: KeyRow | None) -> KeyRow | Refusal:
    """Args: before: the current version; None: there is none."""
    if before is None or before.object_id != command.appends_to:
        return Refusal(types_pb2.CONDITION_CONFLICT, "the object is not the one that was read")
    added = command.row
    refusal = _kept_in_another_way(before, added)
    if refusal is not None:
        return refusal
    row = KeyRow()
    row.CopyFrom(before)
    # A new version has the lock that its bucket gives it.
    row.ClearField("lock")
    row.size_bytes += added.size_bytes
    if row.size_bytes > OBJECT_BYTES_MAX:
        return Refusal(types_pb2.OBJECT_TOO_LARGE, facts={"size": str(row.size_bytes)})
    if sum(part.size_bytes for part in added.parts) != row.size_bytes:
        return Refusal(types_pb2.INVALID_REQUEST, "the parts are not of the object's size")
    if not before.blocks:
        row.replication.CopyFrom(added.replication)
    row.blocks.extend(added.blocks)
    row.pieces.extend(added.pieces)
    row.etag, row.checksum = added.etag, added.checksum
    row.checksum_algorithm, row.checksum_type = added.checksum_algorithm, added.checksum_type
    row.ClearField("parts")
    row.parts.extend(added.parts)
    return row


def _kept_in_another_way(before: KeyRow, added: KeyRow) -> Refusal | None:
    """A row says once for all its blocks how they are replicated, and whether they are sealed."""
    if not before.blocks or not added.blocks:
        return None
    if bool(before.pieces) != bool(added.pieces):
        return Refusal(types_pb2.INVALID_REQUEST, "one of both is sealed", {"differs": "sealing"})
    if kept_as(before) != kept_as(added):
        # The object has been moved to another class since it was read.
        return Refusal(
            types_pb2.CONDITION_CONFLICT,
            "both are kept in different ways",
            {"differs": "replication"},
        )
    return None
