"""Clients that write until the store dies, and note what was acknowledged and when."""

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError

from tests.crash.model import Content
from tests.integration.endpoint import Endpoint
from tests.powerloss.history import History, Step, Upload, begin

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET: Final = "powerloss"
WRITERS: Final = 3
# What is larger has a file of its own.
PACKED_BYTES_MAX: Final = 1 << 20
_KEYS: Final = 8
_TINY_KEYS: Final = 60
_PART_MIN: Final = 5 << 20
_REST_SECONDS_MAX: Final = 0.02


class Load:
    """Some clients. They go on after every start with the history they have."""

    def __init__(self, rng: random.Random) -> None:
        self._writers = [_Writer(number, random.Random(rng.random())) for number in range(WRITERS)]

    @property
    def histories(self) -> list[History]:
        return [writer.history for writer in self._writers]

    def has_failed(self) -> bool:
        return any(writer.failure is not None for writer in self._writers)

    def acknowledged(self) -> int:
        """How many steps of keys, so far."""
        return len(self._acknowledged())

    def large_contents(self) -> int:
        """Different ones that were acknowledged and lie in files of their own."""
        states = {step.state for step in self._acknowledged()}
        return sum(each is not None and each.size_bytes > PACKED_BYTES_MAX for each in states)

    def _acknowledged(self) -> list[Step]:
        """Of copies: the writers go on meanwhile."""
        histories = [history.keys.copy() for history in self.histories]
        steps = [step for keys in histories for each in keys.values() for step in list(each)]
        return [step for step in steps if step.acknowledged_ns is not None]

    def run(self, endpoint: Endpoint, end: Callable[[], None]) -> None:
        """Writes into the bucket, which must be there, until `end` has killed the store."""
        threads = [
            threading.Thread(target=writer.run, args=(endpoint,)) for writer in self._writers
        ]
        for thread in threads:
            thread.start()
        end()
        for thread in threads:
            thread.join()
        for writer in self._writers:
            if writer.failure is not None:
                raise writer.failure


class _Writer:
    """Owns the keys `w<number>/...`."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self._number, self._rng = number, rng
        self._seeds = iter(range(number * 10_000_000, (number + 1) * 10_000_000))
        self.history = History()
        self.failure: BaseException | None = None

    def run(self, endpoint: Endpoint) -> None:
        steps: list[tuple[int, Callable[[S3Client], None]]] = [
            (40, self._put_small),
            (6, self._put_packed),
            (2, self._put_large),
            (12, self._delete),
            (4, self._delete_many),
            (6, self._copy),
            (1, self._multipart),
            (50, self._put_tiny),
            (2, self._delete_tiny),
        ]
        weights, calls = zip(*steps, strict=True)
        try:
            with endpoint.client(read_timeout=60) as s3:
                while True:
                    [call] = self._rng.choices(calls, weights)
                    call(s3)
                    # So that the trace stays small.
                    time.sleep(self._rng.uniform(0, _REST_SECONDS_MAX))
        except BotoCoreError:
            return  # the store is gone; a ClientError would be an answer, and is a failure
        except BaseException as error:
            self.failure = error

    def _key(self) -> str:
        return f"w{self._number}/{self._rng.randrange(_KEYS)}"

    def _content(self, least: int, most: int) -> Content:
        return Content(next(self._seeds), self._rng.randint(least, most))

    def _put(self, s3: "S3Client", content: Content) -> None:
        key = self._key()
        step = self.history.begin(key, content)
        s3.put_object(Bucket=BUCKET, Key=key, Body=content.body)
        step.acknowledge()

    def _put_tiny(self, s3: "S3Client") -> None:
        """Where many of them die, no whole pages can be given back: segments are compacted."""
        key = f"w{self._number}/tiny/{self._rng.randrange(_TINY_KEYS)}"
        content = self._content(0, 3_000)
        step = self.history.begin(key, content)
        s3.put_object(Bucket=BUCKET, Key=key, Body=content.body)
        step.acknowledge()

    def _delete_tiny(self, s3: "S3Client") -> None:
        prefix = f"w{self._number}/tiny/"
        there = [key for key in self.history.keys if key.startswith(prefix)]
        self._delete_all(s3, sorted(self._rng.sample(there, len(there) // 2)))

    def _put_small(self, s3: "S3Client") -> None:
        self._put(s3, self._content(0, 60_000))

    def _put_packed(self, s3: "S3Client") -> None:
        self._put(s3, self._content(70_000, 400_000))

    def _put_large(self, s3: "S3Client") -> None:
        """In files of its own, several blocks of them now and then."""
        self._put(s3, self._content(1 << 20, 3 << 20))

    def _delete(self, s3: "S3Client") -> None:
        key = self._key()
        step = self.history.begin(key, None)
        s3.delete_object(Bucket=BUCKET, Key=key)
        step.acknowledge()

    def _delete_many(self, s3: "S3Client") -> None:
        self._delete_all(s3, sorted({self._key() for _ in range(4)}))

    def _delete_all(self, s3: "S3Client", keys: list[str]) -> None:
        if not keys:
            return
        steps = [self.history.begin(key, None) for key in keys]
        doomed: Any = [{"Key": key} for key in keys]
        answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": doomed})
        assert "Errors" not in answer, answer
        for step in steps:
            step.acknowledge()

    def _copy(self, s3: "S3Client") -> None:
        source, target = self._key(), self._key()
        content = self.history.known(source)
        if content is None or source == target:
            return
        step = self.history.begin(target, content)
        s3.copy_object(Bucket=BUCKET, Key=target, CopySource=f"{BUCKET}/{source}")
        step.acknowledge()

    def _multipart(self, s3: "S3Client") -> None:
        key = self._key()
        content = self._content(_PART_MIN + 1, _PART_MIN + 100_000)
        body = content.body
        made = begin(None)
        upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        made.acknowledge()
        upload = Upload(key, upload_id, made)
        self.history.uploads.append(upload)
        names: Any = {"Bucket": BUCKET, "Key": key, "UploadId": upload_id}
        parts: Any = []
        for number, piece in enumerate((body[:_PART_MIN], body[_PART_MIN:]), start=1):
            # The part's content is told by its place in the whole body.
            step = upload.parts[number] = begin(content)
            part = s3.upload_part(PartNumber=number, Body=piece, **names)
            step.acknowledge()
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        chance = self._rng.random()
        if chance < 0.2:
            return  # left open
        if chance < 0.4:
            upload.ended = begin(None)
            s3.abort_multipart_upload(**names)
            upload.ended.acknowledge()
            return
        upload.ended = self.history.begin(key, content)
        s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **names)
        upload.ended.acknowledge()


def part_body(content: Content, number: int) -> bytes:
    """Of a part of the uploads made here."""
    return content.body[:_PART_MIN] if number == 1 else content.body[_PART_MIN:]
