"""Opening a DataNode's volumes, and what a volume needs from outside."""

import asyncio
import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from trioxygen.common.blocking import run_or_undo
from trioxygen.common.disk import Disk
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.finishing import to_the_end
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token
from trioxygen.hdds.container.blocks import BLOCK_KEY_BYTES, BLOCKS, TABLES
from trioxygen.hdds.container.layout import (
    VolumeLayout,
    VolumeVersion,
    read_version,
    write_version,
)
from trioxygen.hdds.container.volume import Volume, VolumeLimits
from trioxygen.hdds.ring.ports import ReplicaFactory, SharedLog
from trioxygen.metadata.store.ports import StoreFactory, Table

INDEX_NAME: Final = "index"


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
