"""Multipart uploads in a few lines, for tests."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_MIN = 5 << 20


@dataclass
class Upload:
    """An upload under way. Attributes: parts, what Complete is told of each number."""

    s3: "S3Client"
    bucket: str
    key: str
    upload_id: str
    parts: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def begin(cls, s3: "S3Client", bucket: str, key: str, **arguments: Any) -> "Upload":
        made = s3.create_multipart_upload(Bucket=bucket, Key=key, **arguments)
        return cls(s3, bucket, key, made["UploadId"])

    @property
    def names(self) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.upload_id}

    def put(self, number: int, body: bytes, **arguments: Any) -> Any:
        """UploadPart; remembers the ETag and the checksums that the answer shows."""
        answer = self.s3.upload_part(PartNumber=number, Body=body, **self.names, **arguments)
        self._note(number, answer)
        return answer

    def copy(self, number: int, source: str, **arguments: Any) -> Any:
        """UploadPartCopy of a key of the same bucket."""
        answer = self.s3.upload_part_copy(
            PartNumber=number,
            CopySource={"Bucket": self.bucket, "Key": source},
            **self.names,
            **arguments,
        )
        self._note(number, answer["CopyPartResult"])
        return answer["CopyPartResult"]

    def _note(self, number: int, answer: Any) -> None:
        checksums = {
            name: value
            for name, value in answer.items()
            if name.startswith("Checksum") and name != "ChecksumType"
        }
        self.parts[number] = {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    def complete(self, numbers: list[int] | None = None, **arguments: Any) -> Any:
        chosen = sorted(self.parts) if numbers is None else numbers
        parts: Any = {"Parts": [self.parts[number] for number in chosen]}
        return self.s3.complete_multipart_upload(MultipartUpload=parts, **self.names, **arguments)

    def abort(self) -> None:
        self.s3.abort_multipart_upload(**self.names)
