"""`o3 admin dump` and `load`: a store whose metadata went through a file holds the same objects."""

import shutil
from pathlib import Path

from tests.integration.conftest import NewStore
from tests.integration.endpoint import keys_of, read


def test_store_goes_on_from_dumps_of_its_metadata(new_store: NewStore, tmp_path: Path) -> None:
    store = new_store().start()
    dumps = {service: tmp_path / f"{service}.dump" for service in ("om", "scm")}
    refused = store.o3("admin", "dump", "om", str(dumps["om"]))
    assert refused.returncode == 4 and "is in use" in refused.stderr
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        for number in range(20):
            s3.put_object(Bucket="books", Key=f"book-{number:02d}", Body=b"%d" % number)
    store.stop()
    for service, file in dumps.items():
        done = store.o3("admin", "dump", service, str(file))
        assert done.returncode == 0, done.stderr
        refused = store.o3("admin", "load", service, str(file))
        assert refused.returncode == 4 and "move it away before" in refused.stderr
    for name in (*dumps, "log"):
        shutil.move(store.data / name, tmp_path / f"{name}.old")
    damaged = tmp_path / "damaged.dump"
    damaged.write_bytes(dumps["om"].read_bytes()[:-1])
    refused = store.o3("admin", "load", "om", str(damaged))
    assert refused.returncode == 1 and "was not loaded" in refused.stderr
    assert not list(store.data.glob("om*")), "half a state would be begun with"
    for service, file in dumps.items():
        done = store.o3("admin", "load", service, str(file))
        assert done.returncode == 0, done.stderr
    store.start()
    with store.endpoint.client() as s3:
        assert keys_of(s3, "books") == [f"book-{number:02d}" for number in range(20)]
        assert read(s3, "books", "book-07") == b"7"
        s3.put_object(Bucket="books", Key="new", Body=b"new")
        assert read(s3, "books", "new") == b"new"
    store.stop()
