"""The row of a copy: of its source, and of what is said anew."""

from trioxygen.gateway.store.ozone.attribute_rows import encryption_row, lock_row, tag_rows
from trioxygen.gateway.store.ozone.rows import (
    PartRows,
    algorithm_row,
    headers_row,
    storage_class_row,
    type_row,
)
from trioxygen.gateway.store.values.encryption import has_md5_etags
from trioxygen.gateway.store.values.keys import KeyRecord, NewCopy
from trioxygen.proto.v1 import om_pb2


def copied_row(source: KeyRecord, new: NewCopy) -> om_pb2.KeyRow:
    """Without blocks: the OM takes the source's."""
    checksum = new.checksum or source.checksum
    row = om_pb2.KeyRow(
        size_bytes=source.size_bytes,
        etag=new.etag or source.etag,
        storage_class=storage_class_row(new.headers),
        account_id=new.account_id,
        headers=headers_row(new.headers),
        tags=tag_rows(new.tags),
        lock=lock_row(new.lock),
        encryption=encryption_row(new.encryption),
        acl=new.acl,
    )
    if checksum is not None:
        row.checksum_algorithm = algorithm_row(checksum.algorithm)
        row.checksum_type = type_row(checksum.type)
        row.checksum = checksum.digest
    keeps_md5 = has_md5_etags(source.encryption)
    if new.checksum is None and keeps_md5 and isinstance(source.parts, PartRows):
        row.parts.extend(source.parts.rows)
    else:
        # A checksum that is new is of the whole: its parts have none of that algorithm.
        for part in source.parts:
            row.parts.add(
                number=part.number,
                size_bytes=part.size_bytes,
                checksum=part.digest if new.checksum is None else b"",
                # Elsewhere than in the source it would be taken for one.
                md5=part.md5 if keeps_md5 else b"",
                crc64nvme=part.crc64nvme,
            )
    return row
