"""Sources of copies: the versions whose blocks a key, or a part of an upload, refers to as well."""

from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.slices import slices_of_range
from trioxygen.metadata.om.state.versions import object_of_id
from trioxygen.metadata.replication.batch import Refusal
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import CopySource, KeyRow, PartRow, UploadRow


def source_row(txn: ReadTxn, source: CopySource) -> KeyRow | Refusal:
    """The version that a copy was read from, if S3 still shows it."""
    version = object_of_id(txn, source.bucket_id, source.key, source.object_id)
    if version is None:
        return Refusal(types_pb2.CONDITION_CONFLICT, "the copy's source has changed")
    return version.row


def has_moved(shared: KeyRow, row: KeyRow) -> bool:
    """A copy that shares its source's blocks says how it means to be kept: a transition may have
    come between."""
    if not shared.blocks or not row.HasField("replication"):
        return False
    return Replication.of_proto(row.replication) != kept_as(shared)


def take_range(
    txn: ReadTxn, source: CopySource, upload: UploadRow, part: PartRow
) -> Refusal | None:
    """The part gets the range's blocks, whatever its client says they are."""
    shared = source_row(txn, source)
    if isinstance(shared, Refusal):
        return shared
    held_bytes = sum(piece.length_bytes for piece in shared.blocks)
    if source.offset_bytes + source.length_bytes > held_bytes:
        return Refusal(
            types_pb2.INVALID_REQUEST,
            "the range ends behind the source's bytes",
            {"size": str(held_bytes)},
        )
    if source.length_bytes and kept_as(shared) != kept_as(upload):
        # The finished object's row says it once for all its blocks. Whoever asks has seen the
        # source otherwise: it has been moved to another class.
        return Refusal(
            types_pb2.CONDITION_CONFLICT,
            "the source is kept in another way than the upload's parts",
            {"source": kept_as(shared).text, "upload": kept_as(upload).text},
        )
    part.ClearField("blocks")
    part.blocks.extend(slices_of_range(shared.blocks, source.offset_bytes, source.length_bytes))
    return None


def kept_as(row: KeyRow | UploadRow) -> Replication:
    """How its blocks are replicated."""
    return Replication.of_proto(row.replication) if row.HasField("replication") else RATIS_ONE
