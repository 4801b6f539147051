import json
import os
from pathlib import Path

import pytest

from tests.unit.gateway.kms.keyrings import store_in
from trioxygen.common.errors import MasterKeyDiffers
from trioxygen.common.sealed_json import sealed
from trioxygen.gateway.kms.keyring_content import (
    EMPTY,
    VERSIONS_MAX,
    KeyringContent,
    KeyringRefused,
    KeyVersion,
    MasterKey,
)
from trioxygen.gateway.kms.keyring_file import KeyringUnusable, keyring_bytes, keyring_of

SECRET = b"\xa5" * 64
CONTENT = EMPTY.with_key("s3", SECRET, 1).with_version("s3", b"\x5a" * 64, 2, is_primary=False)


def file_of(content: KeyringContent = CONTENT, passphrase: bytes | None = None) -> bytes:
    return keyring_bytes(content, passphrase, os.urandom)


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_content_comes_back(passphrase: bytes | None) -> None:
    assert keyring_of(file_of(passphrase=passphrase), passphrase, "keyring") == CONTENT


def test_encrypted_file_opens_with_its_passphrase_alone() -> None:
    data = file_of(passphrase=b"correct horse")
    assert json.loads(data).keys() == {"format", "scrypt", "sealed", "crc32c"}
    with pytest.raises(KeyringUnusable, match="not the keyring's"):
        keyring_of(data, b"battery staple", "keyring")
    with pytest.raises(KeyringUnusable, match="passphrase_file"):
        keyring_of(data, None, "keyring")


def test_flipped_bit_is_noticed() -> None:
    data = file_of()
    for position in range(len(data) - 1):
        bad = bytearray(data)
        bad[position] ^= 1
        # Only white space outside of texts says the same with a bit flipped: there is none such.
        with pytest.raises(KeyringUnusable):
            keyring_of(bytes(bad), None, "keyring")


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", sealed({"format": 1}), sealed({"format": 1, "keys": {"a": 1}})]
    + [sealed({"format": 1, "sealed": "", "scrypt": {"n": n, "salt": ""}}) for n in (3, 2**40)],
)
def test_what_is_no_keyring_is_refused(data: bytes) -> None:
    with pytest.raises(KeyringUnusable, match="damaged"):
        keyring_of(data, b"any", "keyring")


def test_other_format_is_told() -> None:
    with pytest.raises(KeyringUnusable, match="format 7"):
        keyring_of(sealed({"format": 7}), None, "keyring")


def test_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert store.make(CONTENT)
    assert not store.make(EMPTY)
    assert store.path.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o660):
        store.path.chmod(mode)
        with pytest.raises(KeyringUnusable, match="may be read by others"):
            store.read()


def test_passphrase_is_read_from_a_file_of_its_owner(tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_bytes(b"correct horse\n")
    passphrase.chmod(0o600)
    store = store_in(tmp_path, passphrase_path=passphrase)
    store.make(CONTENT)
    assert "keys" not in json.loads(store.path.read_bytes())
    assert store.read().content == CONTENT and store.read().is_encrypted
    passphrase.chmod(0o644)
    with pytest.raises(KeyringUnusable, match="passphrase file may be read by others"):
        store.read()
    passphrase.chmod(0o600)
    passphrase.write_bytes(b"\n")
    with pytest.raises(KeyringUnusable, match="passphrase file is empty"):
        store.read()


def test_two_changes_do_not_meet(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.make(CONTENT)
    with store.alone(), pytest.raises(KeyringUnusable, match="another process"):
        store.change(lambda ring: ring)
    assert store.change(lambda ring: ring.with_primary("s3", 2)).keys["s3"].primary == 2


def test_keyrings_merge_unless_a_version_differs() -> None:
    ours = CONTENT.with_key("mine", SECRET, 3)
    theirs = CONTENT.with_version("s3", b"\x11" * 64, 4, is_primary=True)
    merged = ours.merged(theirs)
    assert sorted(merged.keys) == ["mine", "s3"]
    assert sorted(merged.keys["s3"].versions) == [1, 2, 3] and merged.keys["s3"].primary == 3
    with pytest.raises(MasterKeyDiffers, match="version=1"):
        ours.merged(EMPTY.with_key("mine", b"\x22" * 64, 3))


def test_older_copy_undoes_neither_a_rotation_nor_that_a_key_is_disabled() -> None:
    older = CONTENT.with_key("mine", SECRET, 3)
    ours = older.with_version("s3", b"\x11" * 64, 4, is_primary=True)
    ours = ours.with_disabled("mine", is_disabled=True)
    assert ours.merged(older) == ours
    assert older.merged(ours) == ours


@pytest.mark.parametrize("name", ["", "a b", "a:1", "a/b", "-a", "x" * 129, "ä"])
def test_key_of_a_bad_name_is_not_made(name: str) -> None:
    with pytest.raises(KeyringRefused):
        EMPTY.with_key(name, SECRET, 0)


def test_key_is_made_once() -> None:
    with pytest.raises(KeyringRefused, match="already"):
        CONTENT.with_key("s3", SECRET, 0)


def test_keyring_has_so_many_versions_as_are_compared_at_once() -> None:
    versions = {number: KeyVersion(number, SECRET, 0) for number in range(1, VERSIONS_MAX + 1)}
    full = KeyringContent({"s3": MasterKey("s3", 1, versions)})
    with pytest.raises(KeyringRefused, match="10000 versions"):
        full.with_version("s3", SECRET, 0, is_primary=True)
    with pytest.raises(KeyringRefused, match="10000 versions"):
        full.merged(EMPTY.with_key("other", SECRET, 0))
