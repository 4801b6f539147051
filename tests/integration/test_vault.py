"""`o3 serve` with its master keys in the transit engine of Vault."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read
from tests.integration.store_process import StoreProcess
from tests.unit.gateway.kms.transit_server import TransitServer


@pytest.fixture
def server() -> Iterator[TransitServer]:
    with TransitServer() as running:
        running.made("s3")
        yield running


def with_vault(
    store: StoreProcess, server: TransitServer, folder: Path, *, seconds_max: int = 30
) -> StoreProcess:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(server.token)
    store.configure(
        {
            "encryption.kms": "vault",
            "encryption.vault_url": server.url,
            "encryption.vault_token_file": token,
            "encryption.vault_seconds_max": seconds_max,
            # What is not in use any more after a second is asked for again.
            "encryption.vault_key_seconds": 1,
        }
    )
    return store


def test_objects_of_a_keyring_and_of_vault_are_read_side_by_side(
    new_store: NewStore, server: TransitServer, tmp_path: Path
) -> None:
    store = new_store(anew=True).start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        s3.put_object(Bucket="books", Key="old", Body=b"old", ServerSideEncryption="AES256")
    store.stop()
    with_vault(store, server, tmp_path).start()
    with store.endpoint.client() as s3:
        began, before = time.monotonic(), server.calls_of("encrypt")
        for number in range(20):
            s3.put_object(
                Bucket="books", Key=f"{number}", Body=b"new", ServerSideEncryption="AES256"
            )
        # One for each second, not one for each object.
        assert server.calls_of("encrypt") - before <= time.monotonic() - began + 3
        server.rotate("s3")
    store.stop()
    store.start()
    with store.endpoint.client() as s3:
        assert [read(s3, "books", key) for key in ("old", "7")] == [b"old", b"new"]
        s3.put_object(Bucket="books", Key="late", Body=b"late", ServerSideEncryption="AES256")
        assert read(s3, "books", "late") == b"late"
        # It stands in the process's arguments and in its log as little as anywhere.
        arguments = Path(f"/proc/{store.pid}/cmdline").read_bytes()
    store.stop()
    assert server.token.encode() not in arguments and server.token not in store.log_text()


def test_clients_may_try_again_while_vault_is_away(
    new_store: NewStore, server: TransitServer, tmp_path: Path
) -> None:
    server.is_sealed = True
    # It starts all the same: there may be objects that need no key.
    store = with_vault(new_store(), server, tmp_path, seconds_max=5).start()
    assert "vault_not_usable" in store.log_text()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket="books", Key="a", Body=b"a", ServerSideEncryption="AES256")
        answer = refused.value.response
        assert answer["Error"]["Code"] == "ServiceUnavailable"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert "Vault" not in answer["Error"]["Message"]
        server.is_sealed = False
        s3.put_object(Bucket="books", Key="a", Body=b"a", ServerSideEncryption="AES256")
        assert read(s3, "books", "a") == b"a"
    store.stop()
