"""What a start says of a data folder that is not whole: one line, with the file and what to do."""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.integration.endpoint import read
from tests.integration.folder_damage import (
    Damage,
    a_file,
    a_folder,
    cut,
    gone,
    holding,
    no_segments,
    noise,
    of_segment,
)
from tests.integration.store_process import StoreProcess

SIZES: Final = {"small": 3_000, "large": 2_000_000}


def body_of(key: str) -> bytes:
    return random.Random(key).randbytes(SIZES[key.split("-")[0]])


def log_of_another(log: str, other: str) -> Damage:
    def damage(data: Path) -> None:
        shutil.rmtree(data / log)
        shutil.copytree(data / other, data / log)

    return damage


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a store that was stopped."""
    folder = tmp_path_factory.mktemp("whole")
    store = StoreProcess(folder)
    try:
        store.start()
        with store.endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
            for number in range(20):
                for size in SIZES:
                    key = f"{size}-{number}"
                    s3.put_object(Bucket="bucket", Key=key, Body=body_of(key))
        store.stop()
        yield store.data
    finally:
        store.discard()


def copied(whole: Path, folder: Path, damage: Damage) -> StoreProcess:
    store = StoreProcess(folder)
    shutil.copytree(whole, store.data)
    damage(store.data)
    return store


REFUSED: Final[dict[str, tuple[Damage, str]]] = {
    **{
        f"{part} is gone": (gone(part), part)
        for part in (
            "om",
            "scm",
            "log",
            "datanode",
            "om/data.mdb",
            "datanode/VERSION",
            "datanode/index",
            "datanode/log",
            "datanode/containers",
        )
    },
    **{
        f"{part} is a file": (a_file(part), part)
        for part in ("om", "scm", "log", "datanode", "datanode/index", "datanode/containers")
    },
    **{
        f"{part} is a folder": (a_folder(part), part)
        for part in ("VERSION", "datanode/VERSION", "om/data.mdb", "lock")
    },
    "om/lock.mdb is a folder": (a_folder("om/lock.mdb"), "om"),
    **{
        f"{part} holds {content!r}": (holding(part, content), part)
        for part in ("VERSION", "datanode/VERSION")
        for content in (b"", b"\xff\xfe", b"[]", b"null", b"{}", b'{"format": "2"}')
    },
    **{
        f"{store} is {how}": (damage(f"{store}/data.mdb"), f"{store}/data.mdb")
        for store in ("om", "scm", "datanode/index")
        for how, damage in (
            ("empty", lambda part: holding(part, b"")),
            ("cut", cut),
            ("noise at its start", lambda part: noise(part, 0, 8192)),
            ("noise inside", lambda part: noise(part, 4 * 4096, 10 * 4096)),
        )
    },
    **{
        f"{log} {how}": (damage(log), log)
        for log in ("log", "datanode/log")
        for how, damage in (
            ("has no segment", no_segments),
            ("has an empty segment", lambda log: of_segment(log, lambda each: holding(each, b""))),
            ("has a damaged head", lambda log: of_segment(log, lambda each: noise(each, 9, 40))),
            ("has lost its oldest", lambda log: of_segment(log, gone)),
        )
    },
    **{
        f"{log} is the one of another store": (log_of_another(log, other), log)
        for log, other in (("log", "datanode/log"), ("datanode/log", "log"))
    },
    "the folder of a container is a file": (
        lambda data: a_file(f"datanode/containers/{os.listdir(data / 'datanode/containers')[0]}")(
            data
        ),
        "datanode/containers/",
    ),
}


# A start takes a second of the fast tests' time: what others try too is left to the long ones.
LIKE_OTHERS: Final = ("scm is ", "datanode/VERSION holds ", "datanode/log has ")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name.startswith(LIKE_OTHERS) else [])
        for name in REFUSED
    ],
)
def test_start_says_in_one_line_what_is_wrong(whole: Path, tmp_path: Path, name: str) -> None:
    damage, part = REFUSED[name]
    store = copied(whole, tmp_path, damage)
    before = {path: path.stat().st_size for path in store.data.rglob("*") if path.is_file()}
    try:
        code = store.launch().wait(120)
    finally:
        store.discard()
    output = [line for line in store.log_text().splitlines() if not line.startswith("20")]
    assert len(output) == 1 and output[0].startswith("o3: "), store.log_text()[-3_000:]
    assert (code, "Traceback" in store.log_text()) == (4, False)
    assert f"{store.data}/{part}" in output[0], output
    after = {path: path.stat().st_size for path in store.data.rglob("*") if path.is_file()}
    kept = {path for path in before if path.suffix in (".block", ".data", ".mdb", ".wal")}
    assert not kept - {*after}, "what is left must not be removed"


@pytest.mark.parametrize("state", ["om", "scm", "datanode/index"])
def test_nobody_is_given_the_address_of_a_store_whose_metadata_is_damaged(
    whole: Path, tmp_path: Path, state: str
) -> None:
    store = copied(whole, tmp_path, cut(f"{state}/data.mdb"))
    try:
        code = store.launch().wait(120)
    finally:
        store.discard()
    # Said once `endpoint.json` is written.
    assert (code, "lifecycle starting" in store.log_text()) == (4, False), store.log_text()


MENDED: Final[dict[str, Damage]] = {
    "a record of the metadata's log": of_segment("log", lambda each: noise(each, 4096 + 300, 20)),
    "a record of the ring's log": of_segment(
        "datanode/log", lambda each: noise(each, 4096 + 9_000, 20)
    ),
    "all records of the metadata's log": of_segment(
        "log", lambda each: noise(each, 4096, 1_000_000)
    ),
    "LMDB's table of readers": holding("om/lock.mdb", b"noise" * 100),
}


@pytest.mark.parametrize("name", MENDED)
def test_store_starts_without_what_its_state_does_not_need(
    whole: Path, tmp_path: Path, name: str
) -> None:
    store = copied(whole, tmp_path, MENDED[name])
    try:
        for _ in range(2):
            store.start()
            with store.endpoint.client() as s3:
                for number in range(20):
                    for size in SIZES:
                        key = f"{size}-{number}"
                        assert read(s3, "bucket", key) == body_of(key)
                s3.put_object(Bucket="bucket", Key="small-new", Body=body_of("small-new"))
                assert read(s3, "bucket", "small-new") == body_of("small-new")
            store.stop()
        if name.startswith("a record"):
            assert "log_mended" in store.log_text()
            assert list(store.data.rglob("*.damaged"))
    finally:
        store.discard()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
@pytest.mark.parametrize("part", ["om", "log", "datanode/index/data.mdb"])
def test_folder_that_may_not_be_read_is_named(whole: Path, tmp_path: Path, part: str) -> None:
    store = copied(whole, tmp_path, lambda data: (data / part).chmod(0))
    try:
        assert store.launch().wait(120) == 4
        assert "permission denied" in store.log_text().lower()
        assert "Traceback" not in store.log_text()
    finally:
        (store.data / part).chmod(0o700)
        store.discard()
