"""What a finished multipart upload looks like: ETag, checksum, size, blocks. Pure.

Source: S3 API, CompleteMultipartUpload; S3 user guide, "Checking object integrity", multipart
uploads.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from trioxygen.common.checksum import Algorithm, combine, composite
from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.common.units import TIB
from trioxygen.metadata.replication.batch import Refusal
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import (
    CompletePart,
    CompleteUploadRequest,
    KeyRow,
    ObjectPart,
    PartRow,
    UploadRow,
)
from trioxygen.proto.v1.types_pb2 import ChecksumAlgorithm

OBJECT_BYTES_MAX: Final = 5 * TIB

ALGORITHMS: Final[dict[ChecksumAlgorithm, Algorithm]] = {
    types_pb2.CRC32: Algorithm.CRC32,
    types_pb2.CRC32C: Algorithm.CRC32C,
    types_pb2.CRC64NVME: Algorithm.CRC64NVME,
    types_pb2.SHA1: Algorithm.SHA1,
    types_pb2.SHA256: Algorithm.SHA256,
    types_pb2.SHA512: Algorithm.SHA512,
    types_pb2.MD5: Algorithm.MD5,
    types_pb2.XXHASH64: Algorithm.XXHASH64,
    types_pb2.XXHASH3: Algorithm.XXHASH3,
    types_pb2.XXHASH128: Algorithm.XXHASH128,
}


@dataclass(frozen=True, slots=True)
class ChosenPart:
    number: int
    row: PartRow


def parts_digest(command: CompleteUploadRequest) -> bytes:
    """Tells a repeated completion from a different one."""
    listed = "\n".join(f"{part.number}:{part.etag}" for part in command.parts)
    return hashlib.sha256(listed.encode()).digest()


def check_checksum(upload: UploadRow) -> Refusal | None:
    algorithm = ALGORITHMS.get(upload.checksum_algorithm)
    if algorithm is None or upload.checksum_type == types_pb2.COMPOSITE or algorithm.composable:
        return None
    return Refusal(
        types_pb2.INVALID_REQUEST,
        "a checksum of the full object cannot be made from those of its parts",
        {"algorithm": algorithm.value},
    )


def check_new_part(number: int, upload: UploadRow, row: PartRow) -> Refusal | None:
    if not 1 <= number <= PART_NUMBER_MAX:
        return Refusal(
            types_pb2.INVALID_REQUEST,
            "a part's number is out of range",
            {"part": str(number), "most": str(PART_NUMBER_MAX)},
        )
    algorithm = ALGORITHMS.get(upload.checksum_algorithm)
    size_bytes = 0 if algorithm is None else algorithm.digest_size_bytes
    if row.checksum_algorithm != upload.checksum_algorithm or len(row.checksum) != size_bytes:
        return Refusal(
            types_pb2.INVALID_REQUEST,
            "the part's checksum is not of the upload's algorithm",
            {"part": str(number)},
        )
    return None


def check_order(command: CompleteUploadRequest) -> Refusal | None:
    """Numbers rise: a part is named once, whatever ETags stand beside its number."""
    for before, wanted in pairwise(command.parts):
        if wanted.number <= before.number:
            return Refusal(types_pb2.INVALID_PART_ORDER, facts={"part": str(wanted.number)})
    return None


def check_part(wanted: CompletePart, row: PartRow | None) -> Refusal | None:
    if row is None or wanted.etag != row.etag:
        return Refusal(
            types_pb2.INVALID_PART, facts={"part": str(wanted.number), "etag": wanted.etag}
        )
    known = (
        (row.checksum_algorithm, row.checksum),
        (row.client_checksum_algorithm, row.client_checksum),
    )
    if wanted.checksum and (wanted.checksum_algorithm, wanted.checksum) not in known:
        return Refusal(
            types_pb2.INVALID_PART,
            facts={"part": str(wanted.number), "etag": wanted.etag, "reason": "checksum"},
        )
    return None


def check_checksums(upload: UploadRow, command: CompleteUploadRequest) -> Refusal | None:
    """Who asked for a checksum of the parts' checksums says all of these once more."""
    if not upload.checksum_chosen or upload.checksum_type != types_pb2.COMPOSITE:
        return None
    missing = next((part.number for part in command.parts if not part.checksum), None)
    if missing is None:
        return None
    return Refusal(
        types_pb2.INVALID_REQUEST,
        "the checksum of a part is missing",
        {"part": str(missing), "algorithm": ALGORITHMS[upload.checksum_algorithm].value},
    )


def check_sizes(command: CompleteUploadRequest, parts: Sequence[ChosenPart]) -> Refusal | None:
    """All but the last are at least the minimum; the whole is at most 5 TiB and what the client
    says.
    """
    if not parts:
        return Refusal(types_pb2.INVALID_REQUEST, "an object is made of at least one part")
    for part in parts[:-1]:
        if part.row.size_bytes < command.part_size_bytes_min:
            facts = {
                "part": str(part.number),
                "etag": part.row.etag,
                "size": str(part.row.size_bytes),
                "minimum": str(command.part_size_bytes_min),
            }
            return Refusal(types_pb2.PART_TOO_SMALL, facts=facts)
    total = sum(part.row.size_bytes for part in parts)
    if total > OBJECT_BYTES_MAX:
        facts = {"size": str(total), "maximum": str(OBJECT_BYTES_MAX)}
        return Refusal(types_pb2.OBJECT_TOO_LARGE, facts=facts)
    if command.size_bytes >= 0 and command.size_bytes != total:
        return Refusal(
            types_pb2.SIZE_MISMATCH,
            "the object's size is not the one that was claimed",
            {"claimed": str(command.size_bytes), "size": str(total)},
        )
    return None


def check_sealing(parts: Sequence[ChosenPart]) -> Refusal | None:
    """The object's row says once for all its blocks whether they are sealed."""
    if len({bool(part.row.pieces) for part in parts if part.row.blocks}) > 1:
        return Refusal(
            types_pb2.INVALID_REQUEST, "some of the parts are sealed", {"differs": "sealing"}
        )
    return None


def object_checksum(upload: UploadRow, parts: Sequence[ChosenPart]) -> bytes:
    """Of the whole object; empty when the upload has no checksum algorithm."""
    algorithm = ALGORITHMS.get(upload.checksum_algorithm)
    if algorithm is None:
        return b""
    if upload.checksum_type == types_pb2.COMPOSITE:
        return composite(algorithm, [part.row.checksum for part in parts])
    return combine(algorithm, [(part.row.checksum, part.row.size_bytes) for part in parts])


def object_etag(parts: Sequence[ChosenPart]) -> str:
    digests = b"".join(bytes.fromhex(part.row.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def object_row(upload: UploadRow, parts: Sequence[ChosenPart]) -> KeyRow:
    """The key's row; the object id and time are the leader's to choose."""
    row = KeyRow(
        size_bytes=sum(part.row.size_bytes for part in parts),
        etag=object_etag(parts),
        storage_class=upload.storage_class,
        account_id=upload.account_id,
        acl=upload.acl,
        checksum_algorithm=upload.checksum_algorithm,
        checksum_type=upload.checksum_type,
        checksum=object_checksum(upload, parts),
        headers=upload.headers,
        parts=[
            ObjectPart(
                number=part.number,
                size_bytes=part.row.size_bytes,
                checksum=part.row.checksum,
                md5=bytes.fromhex(part.row.etag),
                crc64nvme=part.row.crc64nvme,
            )
            for part in parts
        ],
    )
    row.tags.extend(upload.tags)
    if upload.HasField("lock"):
        row.lock.CopyFrom(upload.lock)
    if upload.HasField("encryption"):
        row.encryption.CopyFrom(upload.encryption)
    for part in parts:
        row.blocks.extend(part.row.blocks)
        row.pieces.extend(part.row.pieces)
    if upload.HasField("replication"):
        row.replication.CopyFrom(upload.replication)
    return row
