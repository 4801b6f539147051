"""What a start of each daemon says of a data folder that is not whole: one line, with the file and
what to do. `test_damaged_folders` does the same for a store in one process."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.cluster import Cluster
from tests.integration.folder_damage import (
    Damage,
    a_file,
    a_folder,
    cut,
    every,
    flipped,
    gone,
    holding,
    no_segments,
    noise,
    of_segment,
)
from tests.integration.forked_command import run_command, start_command
from tests.integration.store_process import environment

_NODES: Final = {"om": "om1", "scm": "scm1", "datanode": "dn1", "gateway": "gw1"}
_END_SECONDS_MAX: Final = 120
_COUNTS: Final = {"oms": 1, "scms": 1, "datanodes": 1, "gateways": 1}


@dataclass(frozen=True, slots=True)
class Whole:
    """A cluster that was stopped. Attributes: data: its folder, with one for each node."""

    data: Path
    config: Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    cluster = Cluster(
        tmp_path_factory.mktemp("whole"),
        {
            "storage.reserved_bytes": 16 << 20,
            "metadata.reserved_bytes": 1 << 20,
            "metadata.log_segment_bytes": 1 << 20,
            "storage.log_segment_bytes": 1 << 20,
        },
        _COUNTS,
    )
    try:
        cluster.start()
        [endpoint] = cluster.endpoints()
        with endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
            for number in range(30):
                s3.put_object(Bucket="bucket", Key=f"key-{number}", Body=b"body" * 30_000)
        cluster.stop()
        yield Whole(cluster.data, cluster.config_file)
    finally:
        cluster.discard()


def log_of_another(log: str, other: str, of: str) -> tuple[Damage, str]:
    def damage(data: Path) -> None:
        shutil.rmtree(data / log)
        shutil.copytree(data.parent / "whole" / _NODES[other] / of, data / log)

    return damage, log


def _in_every_folder() -> dict[str, tuple[Damage, str]]:
    return {
        "VERSION is empty": (holding("VERSION", b""), "VERSION"),
        "VERSION is no text": (holding("VERSION", b"\xff\xfe"), "VERSION"),
        "VERSION is a folder": (a_folder("VERSION"), "VERSION"),
        "VERSION is gone": (gone("VERSION"), ""),
        "VERSION has another format": (
            holding("VERSION", b'{"format": 99, "cluster_id": "x"}'),
            "",
        ),
        "lock is a folder": (a_folder("lock"), "lock"),
    }


def _of_a_group(role: str, other: str) -> dict[str, tuple[Damage, str]]:
    store = f"{role}/data.mdb"
    return {
        "the state is a file": (a_file(role), role),
        "the state's file is a folder": (a_folder(store), store),
        "the state's file is empty": (holding(store, b""), store),
        "the state's file is cut": (cut(store), store),
        "the state's file has a damaged head": (noise(store, 0, 8192), store),
        "the state's file has damaged pages": (noise(store, 4 * 4096, 8 * 4096), store),
        "the state's file has a damaged row that says how far it is": (
            every(store, b"applied"),
            role,
        ),
        "the identity is gone": (gone("identity.json"), "identity.json"),
        "the identity is empty": (holding("identity.json", b""), "identity.json"),
        "the identity is no object": (holding("identity.json", b"[]"), "identity.json"),
        "the identity is a folder": (a_folder("identity.json"), "identity.json"),
        "the identity has a flipped bit": (flipped("identity.json", 4), "identity.json"),
        "the identity has another format": (
            holding("identity.json", b'{"format": 99}'),
            "identity.json",
        ),
        "the log is gone": (gone("log"), "log"),
        "the log is a file": (a_file("log"), "log"),
        "the log has no segment": (no_segments("log"), "log"),
        "the log has an empty segment": (of_segment("log", lambda each: holding(each, b"")), "log"),
        "the log has a damaged head": (of_segment("log", lambda each: noise(each, 9, 40)), "log"),
        "the log is of another group": log_of_another("log", other, "log"),
    }


CASES: Final[dict[str, dict[str, tuple[Damage, str]]]] = {
    "om": {**_in_every_folder(), **_of_a_group("om", "scm")},
    # The same code: what differs is where it looks.
    "scm": dict(list(_of_a_group("scm", "om").items())[::3]),
    "datanode": {
        **_in_every_folder(),
        **{
            f"{part} is gone": (gone(f"datanode{part}"), f"datanode{part}")
            for part in ("", "/VERSION", "/index", "/log", "/containers", "/index/data.mdb")
        },
        **{
            f"{part} is a file": (a_file(f"datanode{part}"), f"datanode{part}")
            for part in ("", "/index", "/log", "/containers")
        },
        "the volume's VERSION is damaged": (
            holding("datanode/VERSION", b"{"),
            "datanode/VERSION",
        ),
        "the index is empty": (holding("datanode/index/data.mdb", b""), "datanode/index"),
        "the index is cut": (cut("datanode/index/data.mdb"), "datanode/index"),
        "the index has damaged pages": (
            noise("datanode/index/data.mdb", 4 * 4096, 8 * 4096),
            "datanode/index",
        ),
        "the log has a damaged head": (
            of_segment("datanode/log", lambda each: noise(each, 9, 40)),
            "datanode/log",
        ),
        "the log is of another group": log_of_another("datanode/log", "om", "log"),
    },
    "gateway": {
        **_in_every_folder(),
        "the folder of logs is a file": (a_file("logs"), "logs"),
        "the access log is a folder": (a_folder("logs/access.log"), "logs/access.log"),
    },
}


# Each takes seconds: `make test` tries a quarter of them, `make test-long` the others.
_CASES: Final = [
    pytest.param(role, name, marks=[pytest.mark.slow] if number % 4 else [])
    for number, (role, name) in enumerate((role, name) for role in CASES for name in CASES[role])
]


@pytest.mark.parametrize(("role", "name"), _CASES)
def test_start_of_a_node_says_in_one_line_what_is_wrong(
    whole: Whole, tmp_path: Path, role: str, name: str
) -> None:
    damage, part = CASES[role][name]
    data = tmp_path / _NODES[role]
    (tmp_path / "whole").symlink_to(whole.data)
    shutil.copytree(whole.data / _NODES[role], data)
    damage(data)
    before = {path.relative_to(data) for path in data.rglob("*")}
    command = [role, "--id", _NODES[role], "--config", str(whole.config), "--data", str(data)]
    command += ["--admin-port", "0", *(("--port", "0") if role == "gateway" else ())]
    ended = run_command(
        command,
        environment({"O3_DATANODE__ADDRESS": _address_of(whole, "dn1")}),
        seconds_max=_END_SECONDS_MAX,
    )
    output = [line for line in ended.stderr.splitlines() if not line.startswith("20")]
    assert len(output) == 1 and output[0].startswith("o3: "), ended.stderr[-3_000:]
    assert (ended.returncode, "Traceback" in ended.stderr) == (4, False), output
    assert str(data / part) in output[0], output
    assert any(hint in output[0] for hint in ("damage.md", "choose", "use the version")), output
    after = {path.relative_to(data) for path in data.rglob("*")}
    kept = {path for path in before if path.suffix in (".block", ".data", ".mdb", ".wal")}
    assert not kept - after, "what is left must not be removed"


# A member's log holds all that it ever said, until what is in the state is dropped from it.
_REBUILT: Final[dict[str, Callable[[str], Damage]]] = {
    "is gone": gone,
    "is an empty folder": a_folder,
    "has no file": lambda role: gone(f"{role}/data.mdb"),
}


@pytest.mark.parametrize("name", _REBUILT)
@pytest.mark.parametrize("role", ["om", "scm"])
def test_state_that_the_log_holds_whole_is_made_again(
    whole: Whole, tmp_path: Path, role: str, name: str
) -> None:
    data = tmp_path / _NODES[role]
    shutil.copytree(whole.data / _NODES[role], data)
    rows = _rows(role, data)
    _REBUILT[name](role)(data)
    command = [role, "--id", _NODES[role], "--config", str(whole.config), "--data", str(data)]
    with start_command(
        [*command, "--admin-port", "0"],
        environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
    assert process.returncode == 0
    assert _rows(role, data) == rows


def _rows(role: str, data: Path) -> str:
    checked = run_command(
        ["admin", "check", role, "--data", str(data)],
        environment({}),
        seconds_max=_END_SECONDS_MAX,
    )
    assert checked.returncode == 0, checked.stderr
    return checked.stderr


def _address_of(whole: Whole, node: str) -> str:
    layout = json.loads((whole.data / "cluster.json").read_text())
    [actual] = [each for each in layout["nodes"] if each["id"] == node]
    return f"{layout['host']}:{actual['port']}"
