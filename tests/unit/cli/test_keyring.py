import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from trioxygen.cli.exits import CommandFailed
from trioxygen.cli.main import app


def o3(*words: str | Path) -> str:
    """Its standard output. Raises CommandFailed."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def keyring(folder: Path, *words: str | Path) -> str:
    return o3("keyring", *words, "--data", folder)


def keys_of(folder: Path) -> list[tuple[str, int, bool]]:
    rows: list[dict[str, Any]] = json.loads(keyring(folder, "status", "--json"))["keys"]
    return [(row["key"], row["version"], row["primary"]) for row in rows]


@pytest.fixture
def first(tmp_path: Path, first_keyring: bytes) -> Path:
    return folder_with(tmp_path / "first", first_keyring)


@pytest.fixture
def first_keyring() -> bytes:
    from trioxygen.gateway.kms.keyring_content import EMPTY
    from trioxygen.gateway.kms.keyring_file import keyring_bytes

    return keyring_bytes(EMPTY.with_key("s3", b"\xa5" * 64, 1), None, bytes)


def folder_with(folder: Path, data: bytes) -> Path:
    folder.mkdir()
    (folder / "keyring").touch(mode=0o600)
    (folder / "keyring").write_bytes(data)
    return folder


def test_key_is_rotated_at_once_or_in_two_steps(first: Path) -> None:
    assert "version 2 to s3: a gateway writes" in keyring(first, "rotate", "s3")
    assert keys_of(first) == [("s3", 1, False), ("s3", 2, True)]
    assert "version 3 to s3: a gateway reads" in keyring(first, "rotate", "s3", "--staged")
    assert keys_of(first)[1:] == [("s3", 2, True), ("s3", 3, False)]
    assert keyring(first, "promote", "s3") == "s3 writes with version 3\n"
    assert keyring(first, "promote", "s3", "--version", "1") == "s3 writes with version 1\n"
    assert keys_of(first)[0] == ("s3", 1, True)


def test_keys_are_made_and_disabled_and_none_is_shown(first: Path) -> None:
    keyring(first, "create-key", "photos")
    keyring(first, "disable", "s3")
    lines = keyring(first, "status").splitlines()
    assert lines[0].endswith("keyring: not encrypted with a passphrase")
    assert [line.split()[:3] for line in lines[2:]] == [
        ["photos", "1", "writes"],
        ["s3", "1", "disabled"],
    ]
    keyring(first, "enable", "s3")
    assert keyring(first, "status").count("writes") == 2
    secrets = json.loads((first / "keyring").read_text())["keys"]["s3"]["versions"]["1"]
    for shown in (keyring(first, "status"), keyring(first, "status", "--json")):
        assert secrets["secret"] not in shown and "a5a5" not in shown


def test_keyring_goes_to_another_gateway_by_a_file(first: Path, tmp_path: Path) -> None:
    passphrase, file, second = (tmp_path / name for name in ("passphrase", "file", "second"))
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse\n")
    by = ("--passphrase-file", passphrase)
    assert keyring(first, "export", file, *by) == "exported 1 keys\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in file.read_text()
    keyring(second, "import", file, *by)
    assert keyring(second, "status", "--json").replace("second", "first") == keyring(
        first, "status", "--json"
    )
    # A version that the other lacks comes with the next one.
    keyring(first, "rotate", "s3", "--staged")
    keyring(second, "create-key", "own")
    keyring(first, "export", file, *by)
    keyring(second, "import", file, *by)
    assert keys_of(second) == [("own", 1, True), ("s3", 1, True), ("s3", 2, False)]


def test_keyring_of_another_cluster_is_not_imported(first: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    keyring(other, "import", first / "keyring")
    keyring(first, "rotate", "s3")
    keyring(other, "rotate", "s3")
    with pytest.raises(CommandFailed, match="version=2"):
        keyring(other, "import", first / "keyring")


def test_keyring_is_sealed_anew_with_the_passphrase_of_the_configuration(
    first: Path, tmp_path: Path
) -> None:
    passphrase, config = tmp_path / "passphrase", tmp_path / "o3.toml"
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse")
    config.write_text(
        f'[encryption]\nkeyring_file = "{first / "keyring"}"\npassphrase_file = "{passphrase}"\n'
    )
    o3("keyring", "reseal", "--config", config)
    assert "secret" not in (first / "keyring").read_text()
    assert json.loads(o3("keyring", "status", "--config", config, "--json"))["encrypted"]
    with pytest.raises(CommandFailed, match="encryption.passphrase_file"):
        keyring(first, "status")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rotate", "nix"), "no such kms key"),
        (("create-key", "s3"), "there is a key 's3' already"),
        (("create-key", "a b"), "is not a key's name"),
        (("promote", "s3", "--version", "7"), "has no version 7"),
        (("import", "/nix/file"), "no such file"),
    ],
)
def test_what_cannot_be_done_is_told(first: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandFailed, match=message):
        keyring(first, *words)


def test_keyring_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"no such file.*--data"):
        keyring(tmp_path, "status")
