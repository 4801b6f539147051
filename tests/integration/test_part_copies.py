"""UploadPartCopy moves no bytes: what DataNodes read and write of it is counted."""

import random
from typing import TYPE_CHECKING, Final

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.store_process import StoreProcess, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARTS: Final = tuple(random.Random(number).randbytes(PART_MIN) for number in range(2))
WHOLE: Final = b"".join(PARTS)
# Reads are of whole frames.
FRAMES_BYTES: Final = 2 * 64 << 10


def moved_bytes(store: StoreProcess) -> tuple[float, float]:
    """Read and written, since the start."""
    metrics = store.metrics()
    found = [
        sum(value for name, value in metrics.items() if name.startswith(counter))
        for counter in ("trioxygen_datanode_read_bytes", "trioxygen_datanode_written_bytes")
    ]
    return found[0], found[1]


def make_source(store: StoreProcess, s3: "S3Client") -> None:
    s3.create_bucket(Bucket="books")
    upload = Upload.begin(s3, "books", "source")
    for number, part in enumerate(PARTS, 1):
        upload.put(number, part)
    upload.complete()
    wait_until(lambda: moved_bytes(store)[1] >= len(WHOLE))


def test_part_that_is_a_source_part_reads_and_writes_nothing(new_store: NewStore) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        make_source(store, s3)
        before = moved_bytes(store)
        upload = Upload.begin(s3, "books", "made")
        upload.copy(1, "source", CopySourceRange=f"bytes={PART_MIN}-{2 * PART_MIN - 1}")
        upload.copy(2, "source", CopySourceRange=f"bytes=0-{PART_MIN - 1}")
        upload.complete()
        assert moved_bytes(store) == before
        assert read(s3, "books", "made") == PARTS[1] + PARTS[0]
        assert moved_bytes(store)[0] >= before[0] + len(WHOLE)
    store.stop()


def test_part_of_any_other_range_is_read_once_and_not_written(new_store: NewStore) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        make_source(store, s3)
        before = moved_bytes(store)
        upload = Upload.begin(s3, "books", "made")
        upload.copy(1, "source", CopySourceRange=f"bytes=10-{len(WHOLE) - 11}")
        upload.complete()
        after = moved_bytes(store)
        assert len(WHOLE) - 20 <= after[0] - before[0] <= len(WHOLE) + FRAMES_BYTES
        assert after[1] == before[1]
        assert read(s3, "books", "made") == WHOLE[10:-10]
    store.stop()
