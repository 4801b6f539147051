"""Starts and ends of a store: refused starts, restarts, requests under way at the end."""

import json
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.integration.endpoint import Keys, keys_of, read, refused
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import UNSIGNED, Request, connection, sign
from tests.integration.store_process import ADMIN, OTHER, StoreProcess
from trioxygen.cli.folder.data_folder import FORMAT

NewStore = Callable[..., StoreProcess]


def finish(process: "subprocess.Popen[str]") -> int:
    process.communicate(timeout=120)
    assert process.returncode is not None
    return process.returncode


def test_first_start_prints_its_secret_once(new_store: NewStore) -> None:
    store = new_store(chosen_keys=False)
    store.start()
    print(f"ready after {store.ready_seconds:.2f} s")
    lines = dict(line.split(": ", 1) for line in store.lines if ": " in line)
    keys = Keys(lines["access key"].strip(), lines["secret key"].strip())
    exported = [line for line in store.lines if line.startswith("export AWS_SECRET_ACCESS_KEY=")]
    assert exported == [f"export AWS_SECRET_ACCESS_KEY={keys.secret}"]
    endpoint = store.endpoint
    assert f"aws --endpoint-url {endpoint.url} s3 ls" in store.lines
    with endpoint.client(keys) as s3:
        s3.create_bucket(Bucket="bucket")
    store.stop()
    store.start()
    assert keys.secret not in "\n".join(store.lines)
    with store.endpoint.client(keys) as s3:
        s3.head_bucket(Bucket="bucket")
    store.stop()
    assert keys.secret not in store.log_text()


def test_second_start_on_one_folder_is_refused(new_store: NewStore) -> None:
    store = new_store().start()
    second = new_store()
    assert finish(second.launch()) == 4
    assert f"is in use by another o3 process (pid {store.pid})" in second.log_text()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="still-there")


def test_unknown_format_is_refused(new_store: NewStore) -> None:
    store = new_store().start()
    store.stop()
    version = store.data / "VERSION"
    version.write_text(json.dumps({**json.loads(version.read_text()), "format": 99}))
    assert finish(store.launch()) == 4
    assert f"has format 99, this o3 knows format {FORMAT}" in store.log_text()


def test_port_in_use_is_refused(new_store: NewStore) -> None:
    store = new_store().start()
    other = new_store(folder="other")
    assert finish(other.launch(port=store.endpoint.address[1])) == 5
    assert "address already in use" in other.log_text()


def test_restart_keeps_everything(new_store: NewStore) -> None:
    store = new_store().start()
    store.add_account("other", OTHER)
    bodies = {f"k{size}": b"x" * size for size in (0, 1, 70_000, 3 << 20)}
    with store.endpoint.client() as s3, store.endpoint.client(OTHER) as other:
        s3.create_bucket(Bucket="bucket")
        other.create_bucket(Bucket="others")
        for key, body in bodies.items():
            s3.put_object(Bucket="bucket", Key=key, Body=body, Metadata={"key": key})
        s3.put_object(Bucket="bucket", Key="deleted", Body=b"x")
        s3.delete_object(Bucket="bucket", Key="deleted")
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k70000")
        upload = Upload.begin(s3, "bucket", "upload")
        upload.put(1, b"1" * PART_MIN)
        done = Upload.begin(s3, "bucket", "done")
        done.put(1, b"done")
        etag = done.complete()["ETag"]
    for end in ("stop", "kill"):
        getattr(store, end)()
        store.start()
        print(f"ready after {store.ready_seconds:.2f} s")
        with store.endpoint.client() as s3, store.endpoint.client(OTHER) as other:
            for key, body in bodies.items():
                assert read(s3, "bucket", key) == body
                assert s3.head_object(Bucket="bucket", Key=key)["Metadata"] == {"key": key}
            assert read(s3, "bucket", "copy") == bodies["k70000"]
            assert keys_of(s3, "bucket") == sorted([*bodies, "copy", "done"])
            assert [each["Name"] for each in other.list_buckets()["Buckets"]] == ["others"]
            assert refused(other.list_objects_v2, Bucket="bucket") == (403, "AccessDenied")
            # An upload goes on, and a completion is remembered, over a restart.
            upload.s3, done.s3 = s3, s3
            assert done.complete()["ETag"] == etag
            upload.put(2 if end == "stop" else 3, b"2" * PART_MIN)
    with store.endpoint.client() as s3:
        upload.s3 = s3
        upload.complete()
        assert read(s3, "bucket", "upload") == b"1" * PART_MIN + b"2" * 2 * PART_MIN
    store.stop()


def test_chosen_secret_replaces_the_former(new_store: NewStore) -> None:
    store = new_store(chosen_keys=False).start()
    with store.endpoint.client() as s3:
        assert refused(s3.list_buckets) == (403, "InvalidAccessKeyId")
    store.stop()
    chosen = new_store().start()
    with chosen.endpoint.client() as s3:
        assert s3.list_buckets()["Buckets"] == []
    chosen.stop()


def test_end_waits_for_requests_under_way(new_store: NewStore) -> None:
    store = new_store().start()
    endpoint = store.endpoint
    size = 4 << 20
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
    asked = Request("PUT", "/bucket/k", fields={"Content-Length": str(size)})
    with connection(endpoint) as wire:
        wire.send(sign(endpoint, asked, payload=UNSIGNED).bytes + b"x" * (size // 2))
        # The half that was sent is taken before the end begins: it has reached the application.
        with endpoint.client() as s3:
            s3.list_buckets()
        assert store.process is not None
        store.process.send_signal(signal.SIGTERM)
        while "stop_begun" not in store.log_text():
            time.sleep(0.02)
        assert store.process.poll() is None
        wire.send(b"x" * (size // 2))
        answer = wire.answer()
        assert answer.status == 200 and answer.fields["connection"] == "close"
    assert finish(store.process) == 0
    store.check_log()
    store.start()
    with store.endpoint.client() as s3:
        assert read(s3, "bucket", "k") == b"x" * size
    store.stop()


def test_end_under_load_loses_nothing_that_was_answered(new_store: NewStore) -> None:
    store = new_store().start()
    endpoint = store.endpoint
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
    answered: list[str] = []
    enough = threading.Event()

    def write(number: int) -> None:
        with endpoint.client() as s3:
            for turn in range(1_000_000):
                key = f"{number}-{turn}"
                try:
                    s3.put_object(Bucket="bucket", Key=key, Body=key.encode() * 1_000)
                except BotoCoreError:
                    return  # connections are closed, or refused: never an error document
                answered.append(key)
                if len(answered) > 100:
                    enough.set()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    assert enough.wait(120)
    store.stop()
    for writer in writers:
        writer.join()
    store.start()
    with store.endpoint.client() as s3:
        assert set(answered) <= set(keys_of(s3, "bucket"))
        for key in answered[::20]:
            assert read(s3, "bucket", key) == key.encode() * 1_000
    store.stop()


def test_status_buckets_and_keys_are_told_by_the_command(new_store: NewStore) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="k", Body=b"x" * 100_000)
    status = store.status()
    assert status["is_ready"] and status["om"]["is_leader"] and len(status["nodes"]) == 1
    assert status["om"]["rows"]["bucket"] == 1
    output = store.o3("status")
    assert output.returncode == 0 and "leader" in output.stdout and "healthy" in output.stdout
    assert "bucket" in store.o3("bucket", "list").stdout
    assert store.o3("bucket", "info", "bucket").returncode == 0
    missing = store.o3("bucket", "info", "not-there")
    assert missing.returncode == 1 and missing.stderr.count("\n") == 1
    assert ADMIN.access in store.o3("key", "list").stdout
    store.add_account("other", OTHER)
    with store.endpoint.client(OTHER) as s3:
        s3.list_buckets()
    assert store.o3("key", "revoke", OTHER.access).returncode == 0
    assert OTHER.access not in store.o3("key", "list").stdout
    store.stop()
    gone = store.o3("status")
    assert gone.returncode == 3 and "no server runs" in gone.stderr


def test_access_log_tells_of_each_request(new_store: NewStore, tmp_path: Path) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        put = s3.put_object(Bucket="bucket", Key="a b/ä", Body=b"12345")
        assert refused(s3.get_object, Bucket="bucket", Key="no") == (404, "NoSuchKey")
        assert refused(s3.get_bucket_website, Bucket="bucket") == (501, "NotImplemented")
    store.add_account("other", OTHER)
    with store.endpoint.client(OTHER) as other:
        assert refused(other.delete_bucket, Bucket="bucket") == (403, "AccessDenied")
    store.stop()
    text = (store.data / "logs" / "access.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    by_operation = {line["operation"]: line for line in lines}
    actual = by_operation["PutObject"]
    assert actual["request_id"] == put["ResponseMetadata"]["RequestId"]
    assert (actual["bucket"], actual["key"], actual["status"]) == ("bucket", "a b/ä", 200)
    assert actual["bytes_in"] == 5 and actual["duration_ms"] > 0
    assert by_operation["GetObject"]["error_code"] == "NoSuchKey"
    assert by_operation["GetBucketWebsite"]["error_code"] == "NotImplemented"
    decisions = {name: line["decision"] for name, line in by_operation.items()}
    assert decisions == {
        **{"CreateBucket": "own_account", "PutObject": "owner", "GetObject": "owner"},
        **{"GetBucketWebsite": "owner", "DeleteBucket": "not_owner"},
    }
    assert ADMIN.secret not in text


@pytest.mark.parametrize("path", ["/_health/live", "/_health/ready", "/metrics"])
def test_health_and_metrics_are_on_the_admin_port(new_store: NewStore, path: str) -> None:
    store = new_store().start()
    admin = json.loads((store.data / "endpoint.json").read_text())["admin"]
    with urllib.request.urlopen(admin + path, timeout=60) as answer:
        text = answer.read().decode()
        assert answer.status == 200
    assert ("trioxygen_gateway" in text) is (path == "/metrics")
    store.stop()
