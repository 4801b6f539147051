"""A store in one process whose DataNode has several disks."""

from pathlib import Path

from tests.integration.conftest import NewStore
from tests.integration.store_process import wait_until

BODY = b"on one of the disks" * 100_000


def test_disk_that_is_gone_takes_out_itself_alone_and_comes_back(
    new_store: NewStore, tmp_path: Path
) -> None:
    disks = [tmp_path / name for name in ("disk1", "disk2")]
    for disk in disks:
        disk.mkdir()
    volumes = ",".join(str(disk) for disk in disks)
    store = new_store({"datanode.volumes": volumes, "storage.disk_probe_seconds": 1}).start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="before", Body=BODY)
        used = next(disk for disk in disks if any((disk / "containers").iterdir()))
        away = tmp_path / "away"
        used.rename(away)
        wait_until(lambda: "disk_out" in store.log_text(), output=store.log_text)
        s3.put_object(Bucket="bucket", Key="meanwhile", Body=BODY)
        away.rename(used)
        wait_until(lambda: "disk_in" in store.log_text(), output=store.log_text)
        for key in ("before", "meanwhile"):
            assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == BODY
    store.stop()
