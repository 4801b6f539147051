"""Master keys of `o3 serve`: its keyring is made, rotated, missed and put back."""

import json
import shutil
import stat
from base64 import b64decode
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read
from tests.integration.store_process import StoreProcess, wait_until


def rotated(store: StoreProcess, key: str = "s3") -> None:
    """Also seen by the server."""
    seen = store.log_text().count("keyring_read_again")
    done = store.o3("keyring", "rotate", key)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: store.log_text().count("keyring_read_again") > seen)


def refusal(store: StoreProcess) -> str:
    """Of a start."""
    process = store.launch()
    process.communicate(timeout=60)
    assert process.returncode == 1
    return store.log_text().splitlines()[-1]


def secrets_of(store: StoreProcess) -> list[str]:
    keys = json.loads((store.data / "keyring").read_text())["keys"]
    return [each["secret"] for key in keys.values() for each in key["versions"].values()]


def test_rotation_writes_nothing_anew(new_store: NewStore) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        bodies = {f"book-{size}": b"%d" % size * size for size in (1, 4_000, 900_000)}
        for key, body in bodies.items():
            s3.put_object(Bucket="books", Key=key, Body=body, ServerSideEncryption="AES256")
        # What was acknowledged may be in the log alone.
        store.wait_flushed()
        written = {path: status.st_mtime_ns for path, status in store.container_files().items()}
        rotated(store)
        for key, body in bodies.items():
            assert read(s3, "books", key) == body
        unchanged = store.container_files()
        assert {path: unchanged[path].st_mtime_ns for path in written} == written
        s3.put_object(Bucket="books", Key="new", Body=b"new", ServerSideEncryption="AES256")
        assert read(s3, "books", "new") == b"new"
    store.stop()
    store.start()
    with store.endpoint.client() as s3:
        assert read(s3, "books", "new") == b"new"
        assert read(s3, "books", "book-900000") == bodies["book-900000"]
    store.stop()


def test_keys_that_requests_name_are_made_and_disabled(new_store: NewStore) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")

        def put(key: str) -> str:
            put = s3.put_object(
                Bucket="books",
                Key=key,
                Body=b"body",
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId="novels",
            )
            return put["SSEKMSKeyId"]

        with pytest.raises(ClientError) as refused:
            put("one")
        assert refused.value.response["Error"]["Code"] == "KMS.NotFoundException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        store.o3("keyring", "create-key", "novels")
        assert put("one").endswith(":key/novels")
        store.o3("keyring", "disable", "novels")
        wait_until(lambda: store.log_text().count("keyring_read_again") >= 2)
        with pytest.raises(ClientError) as refused:
            put("two")
        assert refused.value.response["Error"]["Code"] == "KMS.DisabledException"
        with pytest.raises(ClientError) as refused:
            s3.get_object(Bucket="books", Key="one")
        assert refused.value.response["Error"]["Code"] == "KMS.DisabledException"
    store.stop()


def test_store_does_not_start_without_its_keyring(new_store: NewStore, tmp_path: Path) -> None:
    store = new_store().start()
    keyring = store.data / "keyring"
    assert stat.S_IMODE(keyring.stat().st_mode) == 0o600
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        s3.put_object(Bucket="books", Key="a", Body=b"a", ServerSideEncryption="AES256")
    store.stop()
    # In nothing else that the store has written is a key.
    dumps = {service: tmp_path / service for service in ("om", "scm")}
    for service, file in dumps.items():
        assert store.o3("admin", "dump", service, str(file)).returncode == 0
    places = [path for path in store.data.rglob("*") if path.is_file() and path != keyring]
    for secret in secrets_of(store):
        for path in (*places, *dumps.values(), store.log):
            data = path.read_bytes()
            assert secret.encode() not in data and b64decode(secret) not in data
    kept = tmp_path / "kept"
    shutil.move(keyring, kept)
    assert "the keyring is missing" in refusal(store)
    shutil.copy2(kept, keyring)
    keyring.chmod(0o644)
    assert "may be read by others (mode 0644)" in refusal(store)
    keyring.chmod(0o600)
    store.start()
    with store.endpoint.client() as s3:
        assert read(s3, "books", "a") == b"a"
    store.stop()
