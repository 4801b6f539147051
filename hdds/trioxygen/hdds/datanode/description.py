"""What a DataNode tells operators: its volumes, and pages of containers and corrupt blocks."""

import os
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

from trioxygen.common import logs
from trioxygen.common.paging import Room
from trioxygen.hdds.container.blocks import block_key, container_key
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.proto.v1.datanode_pb2 import DescribeDataNodeReply
from trioxygen.proto.v1.scm_pb2 import ContainerReport, CorruptBlock, VolumeReport

log = logs.get(__name__)

_PATH_MAX: Final = 4_096


def volume_report(work: VolumeWork) -> VolumeReport:
    volume = work.volume
    room = volume.room
    writable_bytes = room.look()
    return VolumeReport(
        volume_id=volume.volume_id,
        capacity_bytes=room.capacity_bytes,
        used_bytes=sum(
            container.used_bytes + container.garbage_bytes
            for container in volume.containers.values()
        ),
        free_bytes=room.free_bytes,
        reserved_bytes=room.free_bytes - writable_bytes,
        full=room.is_full(),
        refused_entries=work.blocks.refusals.entries,
        path=path_text(volume.layout.root),
    )


def path_text(path: Path) -> str:
    """As people read it, whatever bytes are in it."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return (text if text.isprintable() else ascii(text))[:_PATH_MAX]


def described(node_id: str, works: Sequence[VolumeWork], after: bytes) -> DescribeDataNodeReply:
    """A page of containers, then of corrupt blocks; `after` is a section and a key in it."""
    reply = DescribeDataNodeReply(
        node_id=node_id,
        volumes=[volume_report(work) for work in works],
        pending_blocks=sum(work.blocks.pending_blocks for work in works),
    )
    room, last = Room(), after
    for position, row in _rows(node_id, works):
        if position <= after:
            continue
        if not room.takes(row.ByteSize()):
            reply.next = last
            break
        last = position
        if isinstance(row, ContainerReport):
            reply.containers.append(row)
        else:
            reply.corrupt_blocks.append(row)
    return reply


def _rows(
    node_id: str, works: Sequence[VolumeWork]
) -> Iterator[tuple[bytes, ContainerReport | CorruptBlock]]:
    containers = {
        container_key(container.container_id): container
        for work in works
        for container in work.volume.containers.values()
    }
    for key in sorted(containers):
        yield b"1" + key, containers[key].report(node_id)
    corrupt = [block for work in works for block in work.volume.corrupt_blocks()]
    keys = [block_key(block.block.container, block.block.local) for block in corrupt]
    for key, block in sorted(zip(keys, corrupt, strict=True), key=itemgetter(0)):
        yield b"2" + key, block


def tell_room(volume: Volume) -> None:
    """Once at each start: what may still be written, and whether that is nothing."""
    room = volume.room
    left_bytes = room.look()
    fields = {
        "volume": volume.volume_id,
        "room_bytes": left_bytes,
        "free_bytes": room.free_bytes,
        "reserved_bytes": room.reserve_bytes,
        "capacity_bytes": room.capacity_bytes,
    }
    if left_bytes:
        log.info("volume_has_room", **fields)
    else:
        log.warning(
            "volume_has_no_room",
            **fields,
            note="no data can be written: free some space, or lower storage.reserved_bytes",
        )
