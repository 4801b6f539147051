"""A store's state is replaced whole or not at all, whenever the process is killed."""

import shutil
from pathlib import Path

from trioxygen.common.system_disk import SystemDisk, SystemFile
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table

A = Table(2, "a")
TABLES = (A,)

Rows = dict[bytes, bytes]


class KilledAnywhere(SystemDisk):
    """Keeps an image of the folder from before every step that changes it."""

    def __init__(self, folder: Path, images: Path) -> None:
        self._folder, self._images = folder, images
        self.images: list[Path] = []

    def keep_image(self) -> None:
        image = self._images / f"{len(self.images):03d}"
        shutil.copytree(self._folder, image)
        self.images.append(image)

    def open(self, path: Path, *, create: bool = False) -> SystemFile:
        self.keep_image()
        return super().open(path, create=create)

    def make_directory(self, path: Path) -> None:
        self.keep_image()
        super().make_directory(path)

    def rename(self, source: Path, target: Path) -> None:
        self.keep_image()
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        self.keep_image()
        super().remove(path)

    def remove_directory(self, path: Path) -> None:
        self.keep_image()
        super().remove_directory(path)


def rows(tag: bytes) -> Rows:
    return {b"%06d" % number: tag + b"v" * 200 for number in range(2_000)}


def put(store: Store, values: Rows) -> None:
    txn = store.begin()
    for key, value in values.items():
        txn.put(A, key, value)
    txn.commit()


def state(store: Store) -> Rows:
    with store.read() as txn:
        return dict(txn.scan(A, prefix=b""))


def stream(folder: Path, values: Rows) -> list[bytes]:
    store = LmdbStore(folder, TABLES)
    put(store, values)
    copy = store.copy()
    pieces = list(iter(copy.read, b""))
    copy.close()
    store.close()
    return pieces


def open_maps() -> int:
    """Environments that this process has mapped."""
    return Path("/proc/self/maps").read_text().count("data.mdb")


def test_kill_at_any_step_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    old, new = rows(b"old"), rows(b"new")
    pieces = stream(tmp_path / "source", new)
    folder = tmp_path / "life"
    folder.mkdir()
    store = LmdbStore(folder / "om", TABLES)
    put(store, old)
    store.close()
    disk = KilledAnywhere(folder, tmp_path / "images")
    store = LmdbStore(folder / "om", TABLES, disk=disk)
    incoming = store.receive()
    for piece in pieces:
        incoming.write(piece)
    disk.keep_image()
    incoming.complete()
    disk.keep_image()
    incoming.install()
    disk.keep_image()
    store.close()
    seen = []
    for image in disk.images:
        again = LmdbStore(image / "om", TABLES)
        actual = state(again)
        assert actual in (old, new), image
        seen.append(actual == new)
        put(again, {b"writable": b""})
        again.close()
        assert [path.name for path in image.iterdir()] == ["om"]
    # Old before one certain step, new after it.
    assert seen == sorted(seen)
    assert set(seen) == {False, True}


def test_kill_while_a_kill_is_recovered_from_leaves_the_new_state(tmp_path: Path) -> None:
    old, new = rows(b"old"), rows(b"new")
    folder = tmp_path / "life"
    folder.mkdir()
    stream(folder / "om", old)
    stream(folder / "om.installed", new)
    stream(folder / "om.incoming", rows(b"never checked"))
    disk = KilledAnywhere(folder, tmp_path / "images")
    LmdbStore(folder / "om", TABLES, disk=disk).close()
    disk.keep_image()
    assert len(disk.images) > 5
    for image in disk.images:
        again = LmdbStore(image / "om", TABLES)
        assert state(again) == new
        again.close()
        assert [path.name for path in image.iterdir()] == ["om"]


def test_replaced_state_is_closed_when_its_last_reader_ends(tmp_path: Path) -> None:
    pieces = stream(tmp_path / "source", rows(b"new"))
    store = LmdbStore(tmp_path / "om", TABLES)
    put(store, rows(b"old"))
    before = open_maps()
    for _ in range(3):
        state(store)
        with store.read() as txn:
            scan = txn.scan(A, prefix=b"")
            next(scan)
            incoming = store.receive()
            for piece in pieces:
                incoming.write(piece)
            incoming.complete()
            incoming.install()
            assert open_maps() == before + 1
        assert open_maps() == before
    store.close()
    assert open_maps() == before - 1
