"""A store of the format before goes on where it stood.

`store-format-2.tar.gz` is a data folder that version 0.1.0 of format 2 wrote, before pipelines had
numbers and requests named volumes, and that was killed under it. In it: three buckets; objects in
the ring's log, packed, in files, copied, in parts; an upload that is not complete."""

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.integration.conftest import NewStore
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import StoreProcess
from trioxygen.cli.folder.data_folder import FORMAT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER: Final = Path(__file__).with_name("store-format-2.tar.gz")
PART_BYTES: Final = 5 << 20


def body(key: str, size_bytes: int) -> bytes:
    return (f"{key} ".encode() * size_bytes)[:size_bytes]


def unpacked(new_store: NewStore) -> StoreProcess:
    store = new_store({"storage.reserved_bytes": "64MiB"})
    store.data.mkdir(mode=0o700)
    subprocess.run(["tar", "-xzf", str(FOLDER), "-C", str(store.data)], check=True)
    return store


def written_format(store: StoreProcess) -> int:
    actual: int = json.loads((store.data / "VERSION").read_text())["format"]
    return actual


def check_objects(s3: "S3Client") -> None:
    assert keys_of(s3, "first") == ["large", "packed", "replaced", "small"]
    for key, size_bytes in (("small", 1_000), ("packed", 300_000), ("large", 1_200_000)):
        assert read(s3, "first", key) == body(key, size_bytes)
        assert s3.head_object(Bucket="first", Key=key)["Metadata"] == {"of": key}
    assert read(s3, "first", "replaced") == b"new"
    assert read(s3, "second", "copy") == body("large", 1_200_000)
    assert read(s3, "second", "done") == body("done", PART_BYTES) + b"tail"


def finish_upload(s3: "S3Client") -> None:
    where: Any = {"Bucket": "second", "Key": "open"}
    [upload] = s3.list_multipart_uploads(Bucket="second")["Uploads"]
    where["UploadId"] = upload["UploadId"]
    last = s3.upload_part(**where, PartNumber=2, Body=b"tail")
    [first, _] = s3.list_parts(**where)["Parts"]
    parts: Any = [
        {"PartNumber": 1, "ETag": first["ETag"]},
        {"PartNumber": 2, "ETag": last["ETag"]},
    ]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


def bucket_names(s3: "S3Client") -> list[str]:
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_store_of_the_format_before_goes_on_where_it_stood(new_store: NewStore) -> None:
    store = unpacked(new_store)
    assert written_format(store) == 2
    with store.start().endpoint.client() as s3:
        assert written_format(store) == FORMAT
        assert bucket_names(s3) == ["first", "second", "third"]
        check_objects(s3)
        finish_upload(s3)
        s3.put_object(Bucket="first", Key="written-now", Body=body("now", 70_000))
        s3.delete_object(Bucket="second", Key="copy")
        s3.delete_bucket(Bucket="third")
        s3.create_bucket(Bucket="fourth")
    store.stop()
    with store.start().endpoint.client() as s3:
        assert bucket_names(s3) == ["first", "fourth", "second"]
        assert read(s3, "second", "open") == body("open", PART_BYTES) + b"tail"
        assert read(s3, "first", "written-now") == body("now", 70_000)
        assert read(s3, "first", "large") == body("large", 1_200_000)
    store.stop()


def test_dumps_of_the_format_before_are_loaded(new_store: NewStore, tmp_path: Path) -> None:
    store = unpacked(new_store)
    dumps = {service: str(tmp_path / service) for service in ("om", "scm")}
    for service, dump in dumps.items():
        dumped = store.o3("admin", "dump", service, dump)
        assert dumped.returncode == 0, dumped.stderr
    # Looking into it has not made it one of this version's.
    assert written_format(store) == 2
    for part in ("om", "scm", "log"):
        (store.data / part).rename(tmp_path / f"{part}.aside")
    for service, dump in dumps.items():
        loaded = store.o3("admin", "load", service, dump)
        assert loaded.returncode == 0, loaded.stderr
    with store.start().endpoint.client() as s3:
        check_objects(s3)
        finish_upload(s3)
    store.stop()
