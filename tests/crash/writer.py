"""A client that writes without rest until the store dies, and notes what was acknowledged."""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tests.crash.client import RestlessClient
from tests.crash.model import Content, Model, State

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET: Final = "crash"
_KEYS: Final = 10
_PART_MIN: Final = 5 << 20


class Writer(RestlessClient):
    """Owns the keys `w<number>/...`."""

    def __init__(self, number: int, rng: random.Random) -> None:
        super().__init__(rng)
        self.number = number
        self.model = Model()
        self._seeds = iter(range(number * 10_000_000, (number + 1) * 10_000_000))

    @property
    def acknowledged(self) -> int:
        return self.model.acknowledged

    def steps(self) -> Sequence[tuple[int, Callable[["S3Client"], None]]]:
        return [
            (10, self._put_small),
            (4, self._put_large),
            (3, self._delete),
            (2, self._delete_many),
            (3, self._copy),
            (1, self._multipart),
        ]

    def _key(self) -> str:
        return f"w{self.number}/{self._rng.randrange(_KEYS)}"

    def _content(self, least: int, most: int) -> Content:
        return Content.new(next(self._seeds), self._rng.randint(least, most))

    def _put(self, s3: "S3Client", content: Content) -> None:
        key = self._key()
        changes: dict[str, State] = {key: content}
        self.model.begin(changes)
        s3.put_object(Bucket=BUCKET, Key=key, Body=content.body)
        self.model.acknowledge(changes)

    def _put_small(self, s3: "S3Client") -> None:
        self._put(s3, self._content(0, 90_000))

    def _put_large(self, s3: "S3Client") -> None:
        self._put(s3, self._content(90_000, 4 << 20))

    def _delete(self, s3: "S3Client") -> None:
        key = self._key()
        changes: dict[str, State] = {key: None}
        self.model.begin(changes)
        s3.delete_object(Bucket=BUCKET, Key=key)
        self.model.acknowledge(changes)

    def _delete_many(self, s3: "S3Client") -> None:
        changes: dict[str, State] = {self._key(): None for _ in range(4)}
        self.model.begin(changes)
        doomed: Any = [{"Key": key} for key in changes]
        answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": doomed})
        assert "Errors" not in answer, answer
        self.model.acknowledge(changes)

    def _copy(self, s3: "S3Client") -> None:
        source, target = self._key(), self._key()
        content = self.model.known.get(source)
        if content is None or source == target:
            return
        changes: dict[str, State] = {target: content}
        self.model.begin(changes)
        s3.copy_object(Bucket=BUCKET, Key=target, CopySource=f"{BUCKET}/{source}")
        self.model.acknowledge(changes)

    def _multipart(self, s3: "S3Client") -> None:
        key = self._key()
        content = self._content(_PART_MIN + 1, _PART_MIN + 100_000)
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        names: Any = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
        body = content.body
        pieces = [body[:_PART_MIN], body[_PART_MIN:]]
        parts: Any = []
        for number, piece in enumerate(pieces, start=1):
            part = s3.upload_part(PartNumber=number, Body=piece, **names)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        if self._rng.random() < 0.3:
            s3.abort_multipart_upload(**names)
            return
        changes: dict[str, State] = {key: content}
        self.model.begin(changes)
        s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **names)
        self.model.acknowledge(changes)
