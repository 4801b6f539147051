"""Names of files below a volume, and the volume's VERSION file.

<volume>/VERSION                               format, volume id, cluster id (JSON)
<volume>/index                                 key-value store: containers, segments, blocks
<volume>/log                                   write-ahead log
<volume>/probe                                 written and read now and then: whether the disk works
<volume>/refused                               what could not be applied (ring/refusals.py)
<volume>/containers/<id>/<local>.block         a large block
<volume>/containers/<id>/<local>.block.<n>     one that is being received; removed at start
<volume>/containers/<id>/packed-<segment>.data small blocks, one after the other
"""

import errno
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.common.disk import Disk
from trioxygen.common.errors import StoreDamaged, UnknownFormat
from trioxygen.common.sealed_json import check_seal, sealed

# 2: rows of the index are sealed.
FORMAT_VERSION: Final = 2
_VERSION_FIELDS: Final = frozenset(("format", "volume_id", "cluster_id"))

_CONTAINER_NAME: Final = re.compile(r"0|[1-9][0-9]{0,19}")
# What keys of the index can hold; `NUMBER_MAX` bounds what a cluster hands out.
_KEY_ID_MAX: Final = 2**64 - 1
_BLOCK_NAME: Final = re.compile(r"([0-9]+)\.block")
_RECEIVING_NAME: Final = re.compile(r"[0-9]+\.block\.[0-9]+")
_SEGMENT_NAME: Final = re.compile(r"packed-([0-9]+)\.data")


@dataclass(frozen=True, slots=True)
class VolumeVersion:
    """What VERSION says. `cluster_id` is empty until the volume first met its cluster."""

    volume_id: str
    cluster_id: str


@dataclass(frozen=True, slots=True)
class VolumeLayout:
    root: Path

    @property
    def version(self) -> Path:
        return self.root / "VERSION"

    @property
    def index(self) -> Path:
        return self.root / "index"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def refused(self) -> Path:
        return self.root / "refused"

    @property
    def probe(self) -> Path:
        return self.root / "probe"

    @property
    def containers(self) -> Path:
        return self.root / "containers"

    def container(self, container_id: int) -> Path:
        return self.root / "containers" / str(container_id)

    def block(self, container_id: int, local: int) -> Path:
        return self.container(container_id) / f"{local}.block"

    def receiving(self, container_id: int, local: int, number: int) -> Path:
        return self.container(container_id) / f"{local}.block.{number}"

    def segment(self, container_id: int, segment: int) -> Path:
        return self.container(container_id) / f"packed-{segment}.data"


def make_folder(disk: Disk, path: Path) -> None:
    """Of a container, or another in a volume. Not the volume's own: where the disk has gone, what
    is below its mount point is another one.

    Raises: FileNotFoundError: the disk has gone."""
    if not disk.exists(path):
        if not disk.exists(path.parent):
            raise FileNotFoundError(errno.ENOENT, "the disk has gone", str(path.parent))
        disk.make_directory(path)


def container_of(name: str) -> int | None:
    """The container that a name in `containers` stands for."""
    match = _CONTAINER_NAME.fullmatch(name)
    return int(name) if match is not None and int(name) <= _KEY_ID_MAX else None


def block_of(name: str) -> int | None:
    """The local id of a large block's file."""
    match = _BLOCK_NAME.fullmatch(name)
    return int(match[1]) if match else None


def segment_of(name: str) -> int | None:
    match = _SEGMENT_NAME.fullmatch(name)
    return int(match[1]) if match else None


def is_receiving(name: str) -> bool:
    return _RECEIVING_NAME.fullmatch(name) is not None


def read_version(disk: Disk, layout: VolumeLayout) -> VolumeVersion | None:
    """None when the volume has none: it is new.

    Raises:
        UnknownFormat: written by a version that this one does not know, or damaged.
    """
    if not disk.exists(layout.version):
        return None
    try:
        stored = json.loads(disk.read(layout.version))
        format_version = stored["format"]
        version = VolumeVersion(volume_id=stored["volume_id"], cluster_id=stored["cluster_id"])
        if not isinstance(version.volume_id, str) or not isinstance(version.cluster_id, str):
            raise ValueError("ids are texts")
        # Another format may be sealed otherwise.
        if format_version == FORMAT_VERSION:
            check_seal(stored, _VERSION_FIELDS)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnknownFormat("the VERSION file is damaged", path=str(layout.version)) from error
    if format_version != FORMAT_VERSION:
        raise UnknownFormat(
            "a volume of another version of Trioxygen",
            path=str(layout.version),
            stored=str(format_version),
            known=FORMAT_VERSION,
        )
    return version


def check_whole(disk: Disk, layout: VolumeLayout) -> None:
    """Before anything is made: what a volume that has met its cluster must have.

    Raises: StoreDamaged, UnknownFormat.
    """
    version = read_version(disk, layout)
    if version is None or not version.cluster_id:
        return
    log_names = disk.list(layout.log) if disk.exists(layout.log) else []
    for part, is_there in (
        (layout.index / "data.mdb", disk.exists(layout.index / "data.mdb")),
        (layout.containers, disk.exists(layout.containers)),
        (layout.log, any(name.endswith(".wal") for name in log_names)),
    ):
        if not is_there:
            raise StoreDamaged("a part of the volume is missing: put it back", path=str(part))


def write_version(disk: Disk, layout: VolumeLayout, version: VolumeVersion) -> None:
    fields = {
        "format": FORMAT_VERSION,
        "volume_id": version.volume_id,
        "cluster_id": version.cluster_id,
    }
    disk.replace(layout.version, sealed(fields))
