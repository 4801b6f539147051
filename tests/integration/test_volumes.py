"""Volumes, as operators see them; S3 sees the buckets of one."""

import json
from typing import Any

from tests.integration.conftest import NewStore
from tests.integration.store_process import StoreProcess
from trioxygen.cli.wiring.first_keys import ADMIN_ACCOUNT


def o3_json(store: StoreProcess, *words: str) -> Any:
    done = store.o3(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def names(rows: list[dict[str, str]]) -> list[str]:
    return [row["name"] for row in rows]


def test_volume_is_created_shown_and_deleted_by_the_command(new_store: NewStore) -> None:
    store = new_store().start()
    assert names(o3_json(store, "volume", "list")) == ["s3v"]
    made = o3_json(store, "volume", "create", "films", "--account", ADMIN_ACCOUNT)
    assert o3_json(store, "volume", "info", "films") == made
    assert names(o3_json(store, "volume", "list", "--account", ADMIN_ACCOUNT)) == ["films"]
    twice = store.o3("volume", "create", "films")
    assert twice.returncode == 1 and "already exists" in twice.stderr
    wrong = store.o3("volume", "create", "Films")
    assert wrong.returncode == 1 and "volume" in wrong.stderr
    assert store.o3("volume", "delete", "films").returncode == 0
    missing = store.o3("volume", "info", "films")
    assert missing.returncode == 1 and "o3 volume list" in missing.stderr
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
    kept = store.o3("volume", "delete", "s3v")
    assert kept.returncode == 1 and "it stays" in kept.stderr
    store.stop()


def test_s3_has_the_buckets_of_the_volume_that_its_configuration_names(
    new_store: NewStore,
) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="same")
        s3.put_object(Bucket="same", Key="key", Body=b"first")
    store.stop()
    other = new_store({"s3.volume": "films"}).start()
    with other.endpoint.client() as s3:
        assert s3.list_buckets()["Buckets"] == []
        s3.create_bucket(Bucket="same")
        s3.put_object(Bucket="same", Key="key", Body=b"second")
        assert s3.get_object(Bucket="same", Key="key")["Body"].read() == b"second"
    assert names(o3_json(other, "volume", "list")) == ["films", "s3v"]
    [first] = o3_json(other, "bucket", "list", "--volume", "s3v")
    [second] = o3_json(other, "bucket", "list")
    assert first["name"] == second["name"] and first["bucket_id"] != second["bucket_id"]
    assert o3_json(other, "bucket", "info", "same", "--volume", "s3v") == first
    kept = other.o3("volume", "delete", "s3v")
    assert kept.returncode == 1 and "not empty" in kept.stderr
    other.stop()
    store.start()
    with store.endpoint.client() as s3:
        assert s3.get_object(Bucket="same", Key="key")["Body"].read() == b"first"
    store.stop()
