"""Encryption as clients see it: what is claimed, what is asked for, ranges, copies, parts."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.integration.s3.uploads import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB: Final = 1 << 20
FRAME: Final = 65_520
SIZES: Final = (0, 1, FRAME - 1, FRAME, FRAME + 1, 65_536, 65_537, 3 * FRAME, 2 * MIB + 17)


def customer(key: bytes | None = None) -> dict[str, Any]:
    key = key or secrets.token_bytes(32)
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


def source_of(key: dict[str, Any]) -> dict[str, Any]:
    return {f"CopySource{name}": value for name, value in key.items()}


def code_of(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return error.get("Code", ""), error.get("Message", "")


@pytest.mark.parametrize("size", SIZES)
def test_object_is_sealed_by_default_and_says_so(
    s3: "S3Client", shared_bucket: str, size: int
) -> None:
    body = secrets.token_bytes(size)
    put = s3.put_object(Bucket=shared_bucket, Key=f"plain-{size}", Body=body)
    assert put["ServerSideEncryption"] == "AES256"
    assert put["ETag"].strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest()
    got = s3.get_object(Bucket=shared_bucket, Key=f"plain-{size}")
    assert got["ServerSideEncryption"] == "AES256"
    assert got["ContentLength"] == size
    assert got["Body"].read() == body
    head = s3.head_object(Bucket=shared_bucket, Key=f"plain-{size}")
    assert head["ServerSideEncryption"] == "AES256"


def test_ranges_of_a_sealed_object(s3: "S3Client", shared_bucket: str) -> None:
    body = secrets.token_bytes(5 * FRAME + 1_000)
    s3.put_object(Bucket=shared_bucket, Key="ranges", Body=body)
    for first, last in (
        (0, 0),
        (FRAME - 1, FRAME),
        (FRAME, 2 * FRAME - 1),
        (1, len(body) - 1),
        (3 * FRAME - 10, 3 * FRAME + 70_000),
        (len(body) - 1, len(body) - 1),
    ):
        got = s3.get_object(Bucket=shared_bucket, Key="ranges", Range=f"bytes={first}-{last}")
        assert got["Body"].read() == body[first : last + 1], (first, last)


def test_customers_key_is_needed_to_read(s3: "S3Client", shared_bucket: str) -> None:
    key, other = customer(), customer()
    body = secrets.token_bytes(100_000)
    put = s3.put_object(Bucket=shared_bucket, Key="own", Body=body, **key)
    assert put["SSECustomerAlgorithm"] == "AES256"
    digest = hashlib.md5(key["SSECustomerKey"], usedforsecurity=False).digest()
    assert put["SSECustomerKeyMD5"] == base64.b64encode(digest).decode()
    assert "ServerSideEncryption" not in put
    assert put["ETag"].strip('"') != hashlib.md5(body, usedforsecurity=False).hexdigest()
    got = s3.get_object(Bucket=shared_bucket, Key="own", **key)
    assert got["Body"].read() == body
    assert got["SSECustomerKeyMD5"] == put["SSECustomerKeyMD5"]
    assert s3.head_object(Bucket=shared_bucket, Key="own", **key)["ContentLength"] == len(body)
    for call in (s3.get_object, s3.head_object):
        code, _ = code_of(call, Bucket=shared_bucket, Key="own")
        assert code in ("InvalidRequest", "400")
        code, _ = code_of(call, Bucket=shared_bucket, Key="own", **other)
        assert code in ("AccessDenied", "403")
    s3.put_object(Bucket=shared_bucket, Key="open", Body=b"x")
    assert code_of(s3.get_object, Bucket=shared_bucket, Key="open", **key) == (
        "InvalidRequest",
        "The encryption parameters are not applicable to this object.",
    )


def test_customers_key_is_needed_where_there_is_nothing_to_open(
    s3: "S3Client", shared_bucket: str
) -> None:
    key, other = customer(), customer()
    s3.put_object(Bucket=shared_bucket, Key="nothing", Body=b"", **key)
    assert s3.get_object(Bucket=shared_bucket, Key="nothing", **key)["ContentLength"] == 0
    for call in (s3.get_object, s3.head_object):
        code, _ = code_of(call, Bucket=shared_bucket, Key="nothing", **other)
        assert code in ("AccessDenied", "403")
    code, _ = code_of(
        s3.copy_object,
        Bucket=shared_bucket,
        Key="nothing-else",
        CopySource={"Bucket": shared_bucket, "Key": "nothing"},
        **source_of(other),
    )
    assert code == "AccessDenied"


def test_parts_are_sealed_each_with_a_key_of_its_own(s3: "S3Client", shared_bucket: str) -> None:
    parts = [secrets.token_bytes(5 * MIB), secrets.token_bytes(5 * MIB + 1), b"end"]
    for key in ({}, customer()):
        begun = s3.create_multipart_upload(Bucket=shared_bucket, Key="parts", **key)
        upload: dict[str, Any] = {
            "Bucket": shared_bucket,
            "Key": "parts",
            "UploadId": begun["UploadId"],
        }
        if key:
            code, message = code_of(s3.upload_part, PartNumber=1, Body=b"x", **upload)
            assert code == "InvalidRequest"
            assert message.startswith("The multipart upload initiate requested encryption.")
        listed: list[Any] = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(PartNumber=number, Body=part, **upload, **key)["ETag"],
            }
            for number, part in enumerate(parts, 1)
        ]
        done = s3.complete_multipart_upload(MultipartUpload={"Parts": listed}, **upload)
        if not key:
            assert done["ServerSideEncryption"] == "AES256"
        body = b"".join(parts)
        got = s3.get_object(Bucket=shared_bucket, Key="parts", **key)
        assert got["Body"].read() == body
        at = 5 * MIB - 7
        got = s3.get_object(
            Bucket=shared_bucket, Key="parts", Range=f"bytes={at}-{at + 100_000}", **key
        )
        assert got["Body"].read() == body[at : at + 100_001]
        got = s3.get_object(Bucket=shared_bucket, Key="parts", PartNumber=2, **key)
        assert got["Body"].read() == parts[1]


def test_upload_with_a_checksum_is_completed_with_the_customers_key(
    s3: "S3Client", shared_bucket: str
) -> None:
    key = customer()
    begun = s3.create_multipart_upload(
        Bucket=shared_bucket, Key="summed", ChecksumAlgorithm="CRC32", **key
    )
    upload: dict[str, Any] = {
        "Bucket": shared_bucket,
        "Key": "summed",
        "UploadId": begun["UploadId"],
    }
    part = s3.upload_part(PartNumber=1, Body=b"one", ChecksumAlgorithm="CRC32", **upload, **key)
    listed = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]
    upload["MultipartUpload"] = {"Parts": listed}
    code, message = code_of(s3.complete_multipart_upload, **upload)
    assert code == "InvalidRequest"
    assert message.startswith("The multipart upload initiate requested encryption.")
    assert code_of(s3.complete_multipart_upload, **upload, **customer()) == (
        "InvalidRequest",
        "The provided encryption parameters did not match the ones used originally.",
    )
    first = s3.complete_multipart_upload(**upload, **key)
    assert s3.complete_multipart_upload(**upload, **key)["ETag"] == first["ETag"]


def test_copies_take_the_targets_encryption(s3: "S3Client", shared_bucket: str) -> None:
    first, second = customer(), customer()
    body = secrets.token_bytes(300_000)
    s3.put_object(Bucket=shared_bucket, Key="from", Body=body, **first)
    source: Any = {"Bucket": shared_bucket, "Key": "from"}
    code, _ = code_of(s3.copy_object, Bucket=shared_bucket, Key="to", CopySource=source)
    assert code == "InvalidRequest"
    copied = s3.copy_object(Bucket=shared_bucket, Key="to", CopySource=source, **source_of(first))
    assert copied["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=shared_bucket, Key="to")["Body"].read() == body
    again = s3.copy_object(
        Bucket=shared_bucket,
        Key="to-own",
        CopySource={"Bucket": shared_bucket, "Key": "to"},
        **second,
    )
    assert again["SSECustomerAlgorithm"] == "AES256"
    got = s3.get_object(Bucket=shared_bucket, Key="to-own", **second)
    assert got["Body"].read() == body
    # The source's is the source's alone.
    code, _ = code_of(s3.get_object, Bucket=shared_bucket, Key="to-own", **first)
    assert code == "AccessDenied"
    assert s3.get_object(Bucket=shared_bucket, Key="from", **first)["Body"].read() == body


def md5_of(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def test_copies_have_etags_of_their_own_kind(s3: "S3Client", shared_bucket: str) -> None:
    key, body = customer(), secrets.token_bytes(5 * MIB)

    def copied(source: str, target: str, **arguments: Any) -> str:
        made = s3.copy_object(
            Bucket=shared_bucket,
            Key=target,
            CopySource={"Bucket": shared_bucket, "Key": source},
            **arguments,
        )
        got = s3.head_object(
            Bucket=shared_bucket, Key=target, **(key if "SSECustomerKey" in arguments else {})
        )
        assert got["ETag"] == made["CopyObjectResult"]["ETag"]
        return got["ETag"]

    s3.put_object(Bucket=shared_bucket, Key="md5", Body=body)
    assert copied("md5", "hidden", **key) != md5_of(body)
    assert copied("hidden", "shown", **source_of(key)) == md5_of(body)
    upload = Upload.begin(s3, shared_bucket, "kms-parts", ServerSideEncryption="aws:kms")
    for number in (1, 2):
        upload.put(number, body)
    upload.complete()
    assert copied("kms-parts", "two") == md5_of(2 * body)
    # What is known of a part is its own MD5, not what the KMS's part was called.
    upload = Upload.begin(s3, shared_bucket, "third")
    part = upload.copy(1, "two", CopySourceRange=f"bytes=0-{len(body) - 1}")
    assert part["ETag"] == md5_of(body)
    upload.complete()
    assert s3.get_object(Bucket=shared_bucket, Key="third")["Body"].read() == body


def test_key_is_changed_by_a_copy_onto_itself(s3: "S3Client", shared_bucket: str) -> None:
    first, second = customer(), customer()
    s3.put_object(Bucket=shared_bucket, Key="self", Body=b"bytes", **first)
    source: Any = {"Bucket": shared_bucket, "Key": "self"}
    s3.copy_object(
        Bucket=shared_bucket, Key="self", CopySource=source, **source_of(first), **second
    )
    assert s3.get_object(Bucket=shared_bucket, Key="self", **second)["Body"].read() == b"bytes"


def test_part_copy_of_a_sealed_object(s3: "S3Client", shared_bucket: str) -> None:
    first, second = customer(), customer()
    body = secrets.token_bytes(6 * MIB)
    s3.put_object(Bucket=shared_bucket, Key="whole", Body=body, **first)
    begun = s3.create_multipart_upload(Bucket=shared_bucket, Key="of-parts", **second)
    upload: dict[str, Any] = {
        "Bucket": shared_bucket,
        "Key": "of-parts",
        "UploadId": begun["UploadId"],
    }
    copied = s3.upload_part_copy(
        PartNumber=1,
        CopySource={"Bucket": shared_bucket, "Key": "whole"},
        CopySourceRange=f"bytes=100-{5 * MIB + 199}",
        **upload,
        **source_of(first),
        **second,
    )
    etag = copied["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **upload
    )
    got = s3.get_object(Bucket=shared_bucket, Key="of-parts", **second)
    assert got["Body"].read() == body[100 : 5 * MIB + 200]


def test_kms_key_and_context(s3: "S3Client", shared_bucket: str) -> None:
    context = base64.b64encode(b'{"for": "tests"}').decode()
    put = s3.put_object(
        Bucket=shared_bucket,
        Key="kms",
        Body=b"secret",
        ServerSideEncryption="aws:kms",
        SSEKMSEncryptionContext=context,
        BucketKeyEnabled=True,
    )
    assert put["ServerSideEncryption"] == "aws:kms"
    assert put["SSEKMSKeyId"].startswith("arn:aws:kms:")
    assert put["BucketKeyEnabled"] is True
    head = s3.head_object(Bucket=shared_bucket, Key="kms")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", put["SSEKMSKeyId"])
    assert s3.get_object(Bucket=shared_bucket, Key="kms")["Body"].read() == b"secret"
    code, _ = code_of(
        s3.put_object,
        Bucket=shared_bucket,
        Key="kms",
        Body=b"",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId="nobody-has-it",
    )
    assert code == "KMS.NotFoundException"


def test_buckets_default(s3: "S3Client", bucket: str) -> None:
    shown = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    [rule] = shown["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert put["ServerSideEncryption"] == "aws:kms"
    assert put["BucketKeyEnabled"] is True
    asked = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")
    assert asked["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_bucket_may_refuse_customers_keys(s3: "S3Client", bucket: str) -> None:
    key = customer()
    s3.put_object(Bucket=bucket, Key="before", Body=b"x", **key)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="parts", **key)["UploadId"]
    blocking: Any = {"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=blocking)
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **key)[0] == "AccessDenied"
    # Nor what goes on with something that was begun before.
    more: dict[str, Any] = {"Bucket": bucket, "Body": b"y", **key}
    part: dict[str, Any] = {"Key": "parts", "UploadId": upload_id, "PartNumber": 1}
    assert code_of(s3.upload_part, **part, **more)[0] == "AccessDenied"
    appended = code_of(s3.put_object, Key="before", WriteOffsetBytes=1, **more)
    assert appended[0] == "AccessDenied"
    assert s3.get_object(Bucket=bucket, Key="before", **key)["Body"].read() == b"x"


def test_unclear_wishes_are_refused(s3: "S3Client", shared_bucket: str) -> None:
    def put(**arguments: Any) -> tuple[str, str]:
        return code_of(s3.put_object, Bucket=shared_bucket, Key="no", Body=b"", **arguments)

    assert put(ServerSideEncryption="aes")[0] == "InvalidArgument"
    assert put(ServerSideEncryption="aws:kms:dsse")[0] == "NotImplemented"
    assert put(SSEKMSKeyId="a")[0] == "InvalidArgument"
    assert put(ServerSideEncryption="AES256", **customer())[0] == "InvalidArgument"
    assert put(SSECustomerAlgorithm="AES128", SSECustomerKey=secrets.token_bytes(32))[0] == (
        "InvalidEncryptionAlgorithmError"
    )
    assert put(**customer(b"short"))[0] == "InvalidArgument"
    encoded = base64.b64encode(secrets.token_bytes(32)).decode()
    assert put(
        SSECustomerAlgorithm="AES256",
        SSECustomerKey=encoded,
        SSECustomerKeyMD5="1B2M2Y8AsgTpgAmY7PhCfg==",
    ) == (
        "InvalidArgument",
        "The calculated MD5 hash of the key did not match the hash that was provided.",
    )
