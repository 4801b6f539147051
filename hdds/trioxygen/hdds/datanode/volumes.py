"""Opening a DataNode's volumes, and what a volume needs from outside."""

import asyncio
import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from trioxygen.common.blocking import run_or_undo
from trioxygen.common.disk import Disk
from trioxygen.common.errors import InvalidRequest, NoSpace, StoreDamaged
from trioxygen.common.finishing import to_the_end
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token
from trioxygen.hdds.container.blocks import BLOCK_KEY_BYTES, BLOCKS, TABLES
from trioxygen.hdds.container.layout import (
    VolumeLayout,
    VolumeVersion,
    check_whole,
    read_version,
    write_version,
)
from trioxygen.hdds.container.volume import Volume, VolumeLimits
from trioxygen.hdds.ring.ports import ReplicaFactory, SharedLog
from trioxygen.metadata.store.ports import StoreFactory, Table

INDEX_NAME: Final = "index"

_PROBE: Final = b"written and read again: the disk works\n"


@dataclass(frozen=True, slots=True)
class VolumeParts:
    """A disk folder, and what is wired from outside for it.

    Attributes:
    stores: opens the store of the name `index` in the folder `index` (see `VolumeLayout`). Called
        only when the folder's format is known.
    log: of all rings that live here; its files are in the folder `log`.
    replicas: makes the member of a ring, over that log.
    """

    path: Path
    stores: StoreFactory
    log: SharedLog
    replicas: ReplicaFactory


class VolumeFolder(Protocol):
    """Where a volume is, or is to be: it is opened again once its disk was away."""

    @property
    def path(self) -> Path: ...

    async def open(self) -> VolumeParts:
        """Raises: Corrupt errors, OSError: what is there cannot be used."""
        ...

    async def in_use(self) -> None:
        """Its log and its index are known to belong together."""
        ...

    async def close(self) -> None:
        """After its volume. Idempotent; also where `open` failed."""
        ...


class OwnedFolder:
    """A `VolumeFolder` of parts that somebody else opened, and closes."""

    def __init__(self, parts: VolumeParts) -> None:
        self._parts = parts

    @property
    def path(self) -> Path:
        return self._parts.path

    async def open(self) -> VolumeParts:
        return self._parts

    async def in_use(self) -> None:
        """Its owner notes that."""

    async def close(self) -> None:
        """Its owner does."""


def _format(disk: Disk, rng: random.Random, layout: VolumeLayout) -> VolumeVersion:
    version = read_version(disk, layout)
    if version is None:
        disk.make_directory(layout.root)
        disk.make_directory(layout.containers)
        version = VolumeVersion(volume_id=random_token(rng, 16), cluster_id="")
        write_version(disk, layout, version)
    return version


async def open_volume(runtime: Runtime, parts: VolumeParts, limits: VolumeLimits) -> Volume:
    """Raises: UnknownFormat, before anything is touched. When it is cancelled nothing is open."""
    layout, blocking = VolumeLayout(parts.path), runtime.blocking
    version = await to_the_end(blocking.run(_format, runtime.disk, runtime.rng, layout))
    store = await run_or_undo(
        blocking, partial(parts.stores, INDEX_NAME, TABLES), lambda store: store.close()
    )
    volume = Volume(
        volume_id=version.volume_id,
        layout=layout,
        store=store,
        disk=runtime.disk,
        blocking=blocking,
        tasks=runtime.tasks,
        limits=limits,
    )
    loop = asyncio.get_running_loop()

    def record_damage(table: Table, key: bytes) -> None:
        if table == BLOCKS.table and len(key) == BLOCK_KEY_BYTES:
            loop.call_soon_threadsafe(volume.record_corrupt, key, "its index row is damaged")

    store.watch_damage(record_damage)
    return volume


def belong_to(disk: Disk, layout: VolumeLayout, cluster_id: str) -> None:
    """Marks a new volume with its cluster. Blocks.

    Raises: InvalidRequest: it belongs to another one.
    """
    version = read_version(disk, layout)
    assert version is not None, layout.root
    if version.cluster_id == cluster_id:
        return
    if version.cluster_id:
        raise InvalidRequest(
            "the volume belongs to another cluster",
            path=str(layout.root),
            stored=version.cluster_id,
            expected=cluster_id,
        )
    write_version(disk, layout, VolumeVersion(version.volume_id, cluster_id))


def try_out(disk: Disk, layout: VolumeLayout, volume_id: str) -> None:
    """Whether the volume is still there, whole, and can be written and read. Blocks.

    Raises: StoreDamaged, UnknownFormat, OSError: it cannot. A full disk can."""
    version = read_version(disk, layout)
    if version is None or version.volume_id != volume_id:
        raise StoreDamaged("the volume is not there any more", path=str(layout.root))
    check_whole(disk, layout)
    try:
        disk.replace(layout.probe, _PROBE)
    except NoSpace:
        return
    if disk.read(layout.probe) != _PROBE:
        raise StoreDamaged("what was written is not what is read", path=str(layout.probe))


_EMPTY: Final = frozenset({"lost+found"})


def check_place(disk: Disk, layout: VolumeLayout) -> None:
    """Whether a volume may be taken in there while the node runs. Blocks.

    Raises: StoreDamaged: what is there is no volume."""
    root = layout.root
    if read_version(disk, layout) is None and not _EMPTY.issuperset(disk.list(root)):
        raise StoreDamaged("there is no volume, and the folder is not empty", path=str(root))
