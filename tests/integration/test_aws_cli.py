"""The real aws CLI against the store."""

import filecmp
import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.store_process import StoreProcess

Aws = Callable[..., str]


def aws_command() -> str:
    """The one that `make install` brings, never one that the machine happens to have."""
    beside = Path(sys.executable).with_name("aws")
    if not beside.exists():
        pytest.fail("no aws command: `make install` brings one")
    return str(beside)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    store = StoreProcess(tmp_path_factory.mktemp("cli"))
    try:
        yield store.start().endpoint
        store.stop()
    finally:
        store.discard()


@pytest.fixture
def aws(endpoint: Endpoint, tmp_path: Path) -> Aws:
    """Runs `aws --endpoint-url ...`; gives what it printed. `fails=True`: it must."""

    def run(
        *arguments: str, fails: bool = False, stdin: bytes = b"", region: str = "us-east-1"
    ) -> str:
        done = subprocess.run(
            [aws_command(), "--endpoint-url", endpoint.url, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ACCESS_KEY_ID": endpoint.main.access,
                "AWS_SECRET_ACCESS_KEY": endpoint.main.secret,
                "AWS_DEFAULT_REGION": region,
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1",
            },
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        text = (done.stdout + done.stderr).decode()
        assert (done.returncode != 0) is fails, text
        return text

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of many sizes and names, two of them in parts (8 MiB each)."""
    root = tmp_path / "tree"
    sizes = {
        "empty": 0,
        "one": 1,
        "sub/with space": 10_000,
        "sub/plus+percent%20": 70_000,
        "sub/deep/ünïcödé 😀": 300_000,
        "large": 9 << 20,
        "sub/large": (17 << 20) + 5,
    }
    for number, (name, size) in enumerate(sizes.items()):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(random.Random(number).randbytes(size))
        # Older than any object: dates of objects are of whole seconds, and `aws s3 sync` would send
        # a file again that was written in the second in which it is sent.
        hour_ago = time.time() - 3_600
        os.utime(file, (hour_ago, hour_ago))
    return root


def same(left: Path, right: Path) -> bool:
    """Whether two folders hold the same files, byte for byte."""
    names = [
        {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}
        for root in (left, right)
    ]
    if names[0] != names[1]:
        return False
    match, *others = filecmp.cmpfiles(left, right, sorted(names[0]), shallow=False)
    return len(match) == len(names[0]) and others == [[], []]


def test_folder_goes_there_and_comes_back(aws: Aws, tree: Path, tmp_path: Path) -> None:
    assert "make_bucket: sync" in aws("s3", "mb", "s3://sync")
    aws("s3", "sync", "tree", "s3://sync/here")
    aws("s3", "sync", "s3://sync/here", "back")
    assert same(tree, tmp_path / "back")
    # Nothing has changed: nothing moves.
    assert aws("s3", "sync", "tree", "s3://sync/here").strip() == ""
    assert aws("s3", "sync", "s3://sync/here", "back").strip() == ""
    # Deletions and changes follow, both ways.
    (tree / "one").unlink()
    (tree / "sub" / "with space").write_bytes(b"changed")
    output = aws("s3", "sync", "tree", "s3://sync/here", "--delete")
    assert "delete: s3://sync/here/one" in output and "with space" in output
    aws("s3", "sync", "s3://sync/here", "back", "--delete")
    assert same(tree, tmp_path / "back")
    assert "remove_bucket: sync" in aws("s3", "rb", "s3://sync", "--force")
    assert "sync" not in aws("s3", "ls").split()


def test_exact_timestamps_download_nothing_the_second_time(
    aws: Aws, tree: Path, tmp_path: Path
) -> None:
    aws("s3", "mb", "s3://exact")
    aws("s3", "sync", "tree", "s3://exact/put")
    aws("s3", "cp", "s3://exact/put", "s3://exact/copied", "--recursive")
    exact = ("s3", "sync", "s3://exact", "back", "--exact-timestamps")
    assert aws(*exact).count("download:") == 14
    assert aws(*exact).strip() == ""
    assert same(tree, tmp_path / "back" / "put") and same(tree, tmp_path / "back" / "copied")
    # What is newer by a second is what changed.
    aws("s3", "cp", "tree/one", "s3://exact/put/new")
    assert aws(*exact).count("download:") == 1
    assert aws(*exact).strip() == ""


def test_every_storage_class_that_is_taken_is_read_back(
    aws: Aws, tree: Path, tmp_path: Path
) -> None:
    classes = ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA"]
    classes += ["INTELLIGENT_TIERING", "GLACIER_IR"]
    aws("s3", "mb", "s3://classes")
    # One file in one piece, one in parts.
    chosen = ("--recursive", "--exclude", "*", "--include", "one", "--include", "large")
    for name in classes:
        aws("s3", "cp", "tree", f"s3://classes/{name}", *chosen, "--storage-class", name)
    rows = json.loads(aws("s3api", "list-objects-v2", "--bucket", "classes"))["Contents"]
    listed = {(row["Key"].partition("/")[0], row["StorageClass"]) for row in rows}
    assert listed == {(name, name) for name in classes} and len(rows) == 12
    aws("s3", "sync", "s3://classes", "back")
    for name in classes:
        for file in ("one", "large"):
            assert filecmp.cmp(tree / file, tmp_path / "back" / name / file, shallow=False)


def test_archive_classes_are_refused_before_anything_is_stored(aws: Aws, tree: Path) -> None:
    aws("s3", "mb", "s3://archive")
    for file, name in (("one", "GLACIER"), ("large", "DEEP_ARCHIVE")):
        asked = ("s3", "cp", f"tree/{file}", "s3://archive", "--storage-class", name)
        assert "InvalidStorageClass" in aws(*asked, fails=True)
    assert aws("s3", "ls", "s3://archive").strip() == ""


def test_copies_moves_lists_and_removes(aws: Aws, tree: Path, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://files")
    aws("s3", "cp", "tree/one", "s3://files/a/one")
    aws("s3", "cp", "tree", "s3://files/all", "--recursive")
    aws("s3", "cp", "s3://files/all/large", "s3://files/copied")
    aws("s3", "mv", "s3://files/all/sub/large", "s3://files/moved/large")
    aws("s3", "mv", "tree/large", "s3://files/moved/")
    assert not (tree / "large").exists()
    listed = aws("s3", "ls", "s3://files")
    assert [line.split()[-1] for line in listed.splitlines()] == ["a/", "all/", "moved/", "copied"]
    listed = aws("s3", "ls", "s3://files/", "--recursive", "--summarize")
    assert "Total Objects: 9" in listed and "moved/large" in listed
    assert "ünïcödé 😀" in listed
    aws("s3", "cp", "s3://files/moved/large", "large")
    aws("s3", "cp", "s3://files/copied", "copied")
    assert (tmp_path / "large").stat().st_size == 9 << 20
    assert filecmp.cmp(tmp_path / "large", tmp_path / "copied", shallow=False)
    aws("s3", "rm", "s3://files/all", "--recursive")
    listed = aws("s3", "ls", "s3://files", "--recursive")
    assert [line.split()[-1] for line in listed.splitlines()] == [
        "a/one",
        "copied",
        "moved/large",
    ]
    assert "BucketNotEmpty" in aws("s3", "rb", "s3://files", fails=True)
    aws("s3", "rb", "s3://files", "--force")


def test_standard_input_and_output(aws: Aws) -> None:
    aws("s3", "mb", "s3://pipes")
    aws("s3", "cp", "-", "s3://pipes/k", stdin=b"from a pipe")
    assert aws("s3", "cp", "s3://pipes/k", "-") == "from a pipe"


def test_200_mib_go_in_parts_and_come_back(aws: Aws, tmp_path: Path) -> None:
    size = 200 << 20
    piece = random.Random(200).randbytes(1 << 20)
    with (tmp_path / "big").open("wb") as file:
        for number in range(size >> 20):
            file.write(number.to_bytes(4, "big") + piece[4:])
    aws("s3", "mb", "s3://big")
    aws("s3", "cp", "big", "s3://big/big", "--no-progress")
    head = json.loads(aws("s3api", "head-object", "--bucket", "big", "--key", "big"))
    assert head["ContentLength"] == size and head["ETag"].endswith('-25"')
    aws("s3", "cp", "s3://big/big", "back", "--no-progress")
    assert filecmp.cmp(tmp_path / "big", tmp_path / "back", shallow=False)
    aws("s3", "rb", "s3://big", "--force")


def test_presigned_url_is_fetched_without_keys(aws: Aws, tree: Path) -> None:
    aws("s3", "mb", "s3://presigned")
    key = "sub/deep/ünïcödé 😀"
    aws("s3", "cp", f"tree/{key}", f"s3://presigned/{key}")
    # For us-east-1 this CLI presigns with Signature Version 2, for other regions with Version 4.
    for region in ("us-east-1", "us-east-2"):
        asked = ("s3", "presign", f"s3://presigned/{key}", "--expires-in", "60")
        url = aws(*asked, region=region).strip()
        with urllib.request.urlopen(url, timeout=60) as answer:
            assert answer.read() == (tree / key).read_bytes()
        assert ("AWSAccessKeyId=" in url) is (region == "us-east-1")
        with pytest.raises(urllib.error.HTTPError) as actual:
            urllib.request.urlopen(url.replace("Expires=", "Expires=1"), timeout=60)
        with actual.value as refused:
            assert refused.code == 403


def test_single_operations(aws: Aws, tree: Path, tmp_path: Path) -> None:
    def api(*arguments: str) -> Any:
        output = aws("s3api", *arguments)
        return json.loads(output) if output.strip() else {}

    at = ("--bucket", "api", "--key", "k")
    api("create-bucket", "--bucket", "api")
    put = api("put-object", *at, "--body", "tree/one", "--checksum-algorithm", "SHA256")
    assert put["ChecksumSHA256"] and put["ChecksumType"] == "FULL_OBJECT"
    assert "PreconditionFailed" in aws(
        "s3api", "put-object", *at, "--body", "tree/one", "--if-none-match", "*", fails=True
    )
    head = api("head-object", *at, "--checksum-mode", "ENABLED")
    assert head["ChecksumSHA256"] == put["ChecksumSHA256"] and head["ETag"] == put["ETag"]
    attributes = api(
        "get-object-attributes", *at, "--object-attributes", "ETag", "ObjectSize", "Checksum"
    )
    assert attributes["ObjectSize"] == 1
    api("copy-object", "--bucket", "api", "--key", "c", "--copy-source", "api/k")
    listed = api("list-objects-v2", "--bucket", "api", "--max-items", "1")
    assert [entry["Key"] for entry in listed["Contents"]] == ["c"] and listed["NextToken"]
    versions = api("list-object-versions", "--bucket", "api")
    assert [entry["VersionId"] for entry in versions["Versions"]] == ["null", "null"]
    upload = api("create-multipart-upload", *at)["UploadId"]
    part = api(
        "upload-part", *at, "--upload-id", upload, "--part-number", "1", "--body", "tree/large"
    )
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    (tmp_path / "parts.json").write_text(json.dumps(parts))
    done = api(
        "complete-multipart-upload",
        *at,
        "--upload-id",
        upload,
        "--multipart-upload",
        "file://parts.json",
    )
    assert done["ETag"].endswith('-1"')
    doomed = json.dumps({"Objects": [{"Key": "k"}, {"Key": "c"}]})
    deleted = api("delete-objects", "--bucket", "api", "--delete", doomed)
    assert {entry["Key"] for entry in deleted["Deleted"]} == {"k", "c"}
    assert "NoSuchKey" in aws("s3api", "get-object", *at, "out", fails=True)
    api("delete-bucket", "--bucket", "api")
    assert "404" in aws("s3api", "head-bucket", "--bucket", "api", fails=True)
