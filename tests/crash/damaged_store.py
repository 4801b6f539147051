"""What a store whose files were damaged may answer: the right bytes, or an error that is clear.

Never: other bytes, a listing that lacks a key or has one twice, a missing object, an end by a
signal, a traceback, no end at all."""

import random
import subprocess
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from tests.integration.store_process import StoreProcess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Result = TypeVar("Result")

_START_SECONDS_MAX: Final = 90
_STOP_SECONDS_MAX: Final = 60
# Of those that only make the tables large.
_LONG_KEY: Final = 100
_LONG_KEYS_READ: Final = 20
_CLEAR: Final = {(500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable")}
SIZES: Final = {"empty": 0, "small": 3_000, "packed": 200_000, "large": 2_000_000}
PARTS: Final = (5 << 20, 100_000)
BUCKETS: Final = ("first", "second")
CONFIG: Final[dict[str, object]] = {
    "metadata.log_segment_bytes": 1 << 20,
    "metadata.reserved_bytes": 1 << 20,
    "storage.log_segment_bytes": 1 << 20,
    "storage.reserved_bytes": 16 << 20,
}


def body_of(key: str) -> bytes:
    """Of a key `SIZE-...`; the same at every call."""
    return random.Random(key).randbytes(SIZES[key.split("-")[0]])


@dataclass(slots=True)
class Contents:
    """What was acknowledged. Attributes: objects, by bucket and key; gone, keys that were deleted.

    `unsure`: writes that were refused may have happened."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    unsure: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> "Contents":
        return Contents(dict(self.objects), set(self.gone), set(self.unsure))

    def keys(self, bucket: str) -> list[str]:
        return sorted(key for name, key in self.objects if name == bucket)


def fill(s3: "S3Client", contents: Contents, more: Iterable[str] = ()) -> None:
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
        keys = [f"{size}-{number}" for size in SIZES for number in range(6)]
        for key in (*keys, *(more if bucket == BUCKETS[0] else ())):
            put(s3, contents, bucket, key, body_of(key))
        for key in keys[::5]:
            delete(s3, contents, bucket, key)
    bucket, key = BUCKETS[0], "multipart"
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    parts = [random.Random(size).randbytes(size) for size in PARTS]
    tags = [
        s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=part)
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=upload,
        MultipartUpload={
            "Parts": [
                {"PartNumber": number, "ETag": tag["ETag"]} for number, tag in enumerate(tags, 1)
            ]
        },
    )
    contents.objects[bucket, key] = b"".join(parts)
    s3.create_multipart_upload(Bucket=bucket, Key="open")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "large-1"})
    contents.objects[bucket, "copy"] = body_of("large-1")


def put(s3: "S3Client", contents: Contents, bucket: str, key: str, body: bytes) -> bool:
    """True, when it was acknowledged."""
    s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"of": key})
    contents.objects[bucket, key] = body
    contents.gone.discard((bucket, key))
    return True


def delete(s3: "S3Client", contents: Contents, bucket: str, key: str) -> bool:
    """True, when it was acknowledged."""
    s3.delete_object(Bucket=bucket, Key=key)
    contents.objects.pop((bucket, key), None)
    contents.gone.add((bucket, key))
    return True


class Damaged:
    """One start of a damaged store, and what it does.

    Args:
        what: was done to it, for failures.
    """

    def __init__(self, store: StoreProcess, contents: Contents, what: str) -> None:
        self._store, self._contents, self._what = store, contents, what
        self.refusals = 0

    def check(self, holds: object, output: object) -> None:
        assert holds, f"{self._what}: {output}\n{self._store.log_text()[-3_000:]}"

    def live(self) -> str:
        """Starts, is used, stops. How it went: refused, ended, whole, or errors."""
        if not self._starts():
            return "refused"
        with self._store.endpoint.client(
            read_timeout=40, response_checksum_validation="when_required"
        ) as s3:
            self._read_all(s3)
            self._list_all(s3)
            self._write(s3)
            self._read_all(s3)
        code = self._stops()
        if code:
            return "ended"
        return "errors" if self.refusals else "whole"

    def _starts(self) -> bool:
        store = self._store
        process = store.launch()
        assert process.stdout is not None
        # One that hangs ends by a signal, which is no outcome of a start.
        watchdog = threading.Timer(_START_SECONDS_MAX, process.kill)
        watchdog.start()
        try:
            # Until it says that it serves: what it finds before that may still end it.
            if "ready\n" in process.stdout:
                return True
        finally:
            watchdog.cancel()
        process.communicate()
        code = process.returncode
        output = [line for line in store.log_text().splitlines() if not line.startswith("20")]
        self.check(code in (1, 4), f"exit code {code}")
        self.check(len(output) == 1 and output[0].startswith("o3: "), output)
        self.check(
            "damage.md" in output[0] or "restore" in output[0] or "use the" in output[0], output[0]
        )
        self._check_log()
        return False

    def _stops(self) -> int:
        process = self._store.process
        assert process is not None
        process.terminate()
        try:
            process.communicate(timeout=_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.check(False, "it does not stop")
        output = [line for line in self._store.log_text().splitlines() if not line.startswith("20")]
        self.check(process.returncode in (0, 1), f"exit code {process.returncode}")
        self.check(len(output) == bool(process.returncode), output)
        self._check_log()
        return process.returncode

    def _check_log(self) -> None:
        text = self._store.log_text()
        self.check("Traceback" not in text and "request_failed" not in text, "a traceback")
        if self.refusals:
            named = ("damaged", "corrupt", "wrong_block", "unhealthy", "missing", "cannot")
            self.check(any(name in text for name in named), "no word of the damage")

    def _asked(self, call: Callable[[], Result]) -> Result | None:
        """The answer; None for a clear error, or a body that ended early."""
        try:
            return call()
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            output = error.response["Error"]
            self.refusals += 1
            self.check((status, output.get("Code")) in _CLEAR or status == 500, (status, output))
            self.check(
                "mdb" not in str(output) and str(self._store.data) not in str(output), output
            )
        except ReadTimeoutError as error:
            self.check(False, f"no answer: {error}")
        except BotoCoreError as error:
            self.refusals += 1
            process = self._store.process
            self.check(process is not None and process.poll() is None, f"it died: {error}")
        return None

    def _read(self, s3: "S3Client", bucket: str, key: str) -> bytes | None:
        def get() -> tuple[bytes, str]:
            answer = s3.get_object(Bucket=bucket, Key=key)
            with closing(answer["Body"]) as body:
                return body.read(), answer["Metadata"].get("of", key)

        reply = self._asked(get)
        if reply is None:
            return None
        body, of = reply
        self.check(of in (key, "large-1"), f"{key} has metadata of {of}")
        return body

    def _read_all(self, s3: "S3Client") -> None:
        contents = self._contents
        for number, ((bucket, key), body) in enumerate(contents.objects.items()):
            if len(key) > _LONG_KEY and number % _LONG_KEYS_READ:
                continue
            content = self._read(s3, bucket, key)
            is_right = content is None or content == body or (bucket, key) in contents.unsure
            self.check(is_right, f"{bucket}/{key} is other bytes")
        for bucket, key in contents.gone - contents.unsure:
            came_back = self._asked(partial(_is_there, s3, bucket, key))
            self.check(not came_back, f"{bucket}/{key} came back")

    def _list_all(self, s3: "S3Client") -> None:
        contents = self._contents
        for bucket in BUCKETS:
            listed = self._asked(partial(_listed, s3, bucket))
            if listed is None:
                continue
            expected = [(key, len(contents.objects[bucket, key])) for key in contents.keys(bucket)]
            unsure = {key for name, key in contents.unsure if name == bucket}
            listed = [each for each in listed if each[0] not in unsure]
            expected = [each for each in expected if each[0] not in unsure]
            wrong = sorted({*listed} ^ {*expected})
            self.check(listed == expected, f"{bucket} lists {len(listed)}: {wrong[:20]}")
        buckets = self._asked(lambda: [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]])
        self.check(buckets in (None, list(BUCKETS)), buckets)

    def _write(self, s3: "S3Client") -> None:
        contents = self._contents
        for bucket in BUCKETS:
            for size in SIZES:
                for key in (f"{size}-new", f"{size}-2"):
                    body = random.Random(f"again {key}").randbytes(SIZES[size])
                    if not self._asked(partial(put, s3, contents, bucket, key, body)):
                        contents.unsure.add((bucket, key))
                key = f"{size}-3"
                if not self._asked(partial(delete, s3, contents, bucket, key)):
                    contents.unsure.add((bucket, key))


def _is_there(s3: "S3Client", bucket: str, key: str) -> bool:
    try:
        s3.get_object(Bucket=bucket, Key=key)["Body"].close()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def _listed(s3: "S3Client", bucket: str) -> list[tuple[str, int]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [(entry["Key"], entry["Size"]) for page in pages for entry in page.get("Contents", [])]
