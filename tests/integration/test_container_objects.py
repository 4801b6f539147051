"""What lies in a container is named, by the command that operators use."""

import json
from typing import Any

from tests.integration.conftest import NewStore
from tests.integration.store_process import StoreProcess

SIZES = {"small": 10, "large": 2 << 20}


def admin(store: StoreProcess, *arguments: str) -> Any:
    done = store.o3("admin", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_objects_and_parts_of_uploads_in_containers_are_named(new_store: NewStore) -> None:
    store = new_store({"metadata.gc_delay_seconds": 0, "encryption.default": "none"}).start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        for name, size in SIZES.items():
            s3.put_object(Bucket="books", Key=name, Body=bytes(size))
        s3.put_object(Bucket="books", Key="gone", Body=b"12345")
        s3.delete_object(Bucket="books", Key="gone")
        upload = s3.create_multipart_upload(Bucket="books", Key="parts")["UploadId"]
        s3.upload_part(Bucket="books", Key="parts", UploadId=upload, PartNumber=2, Body=b"123")
    ids = [str(row["container_id"]) for row in admin(store, "container", "list")]
    view = admin(store, "container", "objects", *ids)
    named = {(each["kind"], each["key"]): each["held_bytes"] for each in view["objects"]}
    assert named == {("OBJECT", "small"): 10, ("OBJECT", "large"): 2 << 20, ("PART", "parts"): 3}
    assert view["is_whole"]
    report = admin(store, "container", "report", "--objects")
    assert report["objects"] == []
    # One that nothing is in is no error, nor one that is not known.
    assert admin(store, "container", "objects", "4711")["objects"] == []
    done = store.o3("admin", "container", "forget", ids[0])
    assert done.returncode == 1 and "is not forgotten" in done.stderr
