"""Presigned URLs of all that a client without keys may do to an upload of parts and to an object,
in both versions of the signature."""

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, keys_of, read
from tests.integration.s3.test_presigned import ask, fetch
from tests.integration.s3.wire import Request, presign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERSIONS: Final = ("s3v4", "s3")
PART: Final = bytes(range(256)) * 20_480


class Presigner:
    """Asks as one who has nothing but URLs."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def ask(
        self, operation: str, method: str, body: bytes | None = None, **more: Any
    ) -> tuple[int, dict[str, str], bytes]:
        params = {"Bucket": self._bucket, "Key": "k", **more}
        url = self._client.generate_presigned_url(operation, Params=params, ExpiresIn=60)
        asked = urllib.request.Request(url, data=body, method=method)
        if body is not None:
            # What urllib would add, Version 2 signs.
            asked.add_header("Content-Type", "")
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, dict(refused.headers.items()), refused.read()


@pytest.mark.parametrize("version", VERSIONS)
def test_upload_of_parts(endpoint: Endpoint, s3: "S3Client", bucket: str, version: str) -> None:
    with endpoint.client(signature_version=version) as client:
        by = Presigner(client, bucket)
        status, _, body = by.ask("create_multipart_upload", "POST", b"")
        assert status == 200, body
        upload = body.decode().partition("<UploadId>")[2].partition("<")[0]
        tags = []
        for number, part in ((1, PART), (2, b"end")):
            status, fields, body = by.ask(
                "upload_part", "PUT", part, UploadId=upload, PartNumber=number
            )
            assert status == 200, body
            tags.append({name.lower(): value for name, value in fields.items()}["etag"])
        status, _, body = by.ask("list_parts", "GET", UploadId=upload)
        assert status == 200 and body.count(b"<Part>") == 2
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
            for number, tag in enumerate(tags, start=1)
        )
        document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        status, _, body = by.ask("complete_multipart_upload", "POST", document, UploadId=upload)
        assert status == 200 and b"<CompleteMultipartUploadResult" in body
    assert read(s3, bucket, "k") == PART + b"end"


@pytest.mark.parametrize("version", VERSIONS)
def test_upload_that_is_given_up_and_object_that_is_removed(
    endpoint: Endpoint, s3: "S3Client", bucket: str, version: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    with endpoint.client(signature_version=version) as client:
        by = Presigner(client, bucket)
        assert by.ask("abort_multipart_upload", "DELETE", UploadId=upload)[0] == 204
        assert by.ask("upload_part", "PUT", b"x", UploadId=upload, PartNumber=1)[0] == 404
        status, fields, body = by.ask("head_object", "HEAD")
        assert (status, fields["content-length"], body) == (200, "4", b"")
        assert by.ask("get_object", "HEAD")[0] == 403
        assert by.ask("head_object", "GET")[0] == 403
        status, fields, body = by.ask(
            "get_object",
            "GET",
            ResponseContentDisposition="attachment",
            ResponseCacheControl="never",
        )
        assert (status, body) == (200, b"body")
        assert (fields["content-disposition"], fields["cache-control"]) == ("attachment", "never")
        assert by.ask("delete_object", "DELETE")[0] == 204
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize(
    ("old", "new"), [("partNumber=1", "partNumber=2"), ("uploadId=", "uploadId=0")]
)
def test_url_of_a_part_is_for_that_part(
    endpoint: Endpoint, s3: "S3Client", bucket: str, old: str, new: str
) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    asked = Request("PUT", f"/{bucket}/k", f"partNumber=1&uploadId={upload}")
    target = presign(endpoint, asked, 60)
    answer = ask(endpoint, Request("PUT", target.replace(old, new), body=b"part"))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert ask(endpoint, Request("PUT", target, body=b"part")).status == 200
    # Nor is it one for the end of the upload.
    assert ask(endpoint, Request("POST", target, body=b"part")).code == "SignatureDoesNotMatch"
    assert fetch(endpoint, target).code == "SignatureDoesNotMatch"


def test_version_4a_in_the_query_is_refused_by_name(endpoint: Endpoint, bucket: str) -> None:
    target = presign(endpoint, Request("GET", f"/{bucket}/k"), 60)
    target = target.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    answer = fetch(endpoint, f"{target}&X-Amz-Region-Set=us-*")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert "Signature Version 4A" in answer.error["additionalMessage"]
