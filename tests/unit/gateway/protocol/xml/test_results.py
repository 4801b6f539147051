from datetime import UTC, datetime

from botocore.handlers import parse_get_bucket_location

from tests.unit.gateway.s3.as_client import Client
from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway.protocol.checksums import ObjectChecksum
from trioxygen.gateway.protocol.xml.document import Owner
from trioxygen.gateway.protocol.xml.multipart import (
    ListedPart,
    ListedUpload,
    PartsPage,
    UploadsPage,
    complete_multipart_upload,
    copy_part_result,
    initiate_multipart_upload,
    list_multipart_uploads,
    list_parts,
)
from trioxygen.gateway.protocol.xml.results import (
    AttributesPart,
    AttributesParts,
    DeletedObject,
    DeleteError,
    copy_object_result,
    delete_result,
    location_constraint,
    object_attributes,
)
from trioxygen.gateway.store.values.uploads import UploadChecksum

MODIFIED_MS = 784_111_777_250
MODIFIED = datetime.fromtimestamp(MODIFIED_MS // 1000, UTC)
OWNER = Owner("id", "name")
OWNER_SEEN = {"ID": "id", "DisplayName": "name"}
CRC = ObjectChecksum(algorithm=Algorithm.CRC32, digest=bytes(4))
WHOLE = ObjectChecksum(
    algorithm=Algorithm.CRC32, digest=bytes(4), type=ChecksumType.COMPOSITE, part_count=2
)
UPLOAD = UploadChecksum(algorithm=Algorithm.CRC32, type=ChecksumType.COMPOSITE)


class Answer:
    """The raw answer as the location handler of botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self.content = self.raw = content


def location_seen(body: bytes) -> str | None:
    parsed: dict[str, str | None] = {}
    parse_get_bucket_location(parsed, Answer(body))
    return parsed["LocationConstraint"]


def test_location_is_seen_by_an_aws_client() -> None:
    assert location_seen(location_constraint("eu-west-1")) == "eu-west-1"
    assert location_seen(location_constraint(None)) is None


def test_copy_results_are_seen_by_an_aws_client(client: Client) -> None:
    whole = copy_object_result(etag="e-2", last_modified_ms=MODIFIED_MS, checksum=WHOLE)
    assert client.parsed("CopyObject", whole)["CopyObjectResult"] == {
        "ETag": '"e-2"',
        "LastModified": MODIFIED,
        "ChecksumCRC32": "AAAAAA==-2",
        "ChecksumType": "COMPOSITE",
    }
    part = copy_part_result(etag="e", last_modified_ms=MODIFIED_MS, checksum=CRC)
    assert client.parsed("UploadPartCopy", part)["CopyPartResult"] == {
        "ETag": '"e"',
        "LastModified": MODIFIED,
        "ChecksumCRC32": "AAAAAA==",
    }


def test_upload_is_begun_and_completed_for_an_aws_client(client: Client) -> None:
    begun = initiate_multipart_upload(bucket="b", key="k&", upload_id="u")
    assert client.parsed("CreateMultipartUpload", begun) == {
        "Bucket": "b",
        "Key": "k&",
        "UploadId": "u",
    }
    done = complete_multipart_upload(
        location="http://h/b/k&", bucket="b", key="k&", etag="e-2", checksum=WHOLE
    )
    assert client.parsed("CompleteMultipartUpload", done) == {
        "Location": "http://h/b/k&",
        "Bucket": "b",
        "Key": "k&",
        "ETag": '"e-2"',
        "ChecksumCRC32": "AAAAAA==-2",
        "ChecksumType": "COMPOSITE",
    }


def test_parts_are_seen_by_an_aws_client(client: Client) -> None:
    body = list_parts(
        PartsPage(
            bucket="b",
            key="k&",
            upload_id="u",
            initiator=OWNER,
            owner=OWNER,
            part_number_marker=0,
            next_part_number_marker=2,
            max_parts=2,
            is_truncated=True,
            checksum=UPLOAD,
        ),
        [
            ListedPart(number=1, last_modified_ms=MODIFIED_MS, etag="e", size=5, checksum=CRC),
            ListedPart(number=2, last_modified_ms=MODIFIED_MS, etag="f", size=6),
        ],
    )
    assert client.parsed("ListParts", body) == {
        "Bucket": "b",
        "Key": "k&",
        "UploadId": "u",
        "Initiator": OWNER_SEEN,
        "Owner": OWNER_SEEN,
        "StorageClass": "STANDARD",
        "PartNumberMarker": 0,
        "NextPartNumberMarker": 2,
        "MaxParts": 2,
        "IsTruncated": True,
        "ChecksumAlgorithm": "CRC32",
        "ChecksumType": "COMPOSITE",
        "Parts": [
            {
                "PartNumber": 1,
                "LastModified": MODIFIED,
                "ETag": '"e"',
                "Size": 5,
                "ChecksumCRC32": "AAAAAA==",
            },
            {"PartNumber": 2, "LastModified": MODIFIED, "ETag": '"f"', "Size": 6},
        ],
    }


def test_uploads_are_seen_by_an_aws_client(client: Client) -> None:
    body = list_multipart_uploads(
        UploadsPage(
            bucket="b",
            prefix="p ",
            delimiter="/",
            key_marker="k m",
            upload_id_marker="um",
            next_key_marker="n k",
            next_upload_id_marker="nu",
            max_uploads=5,
            is_truncated=True,
            encoding_type="url",
        ),
        [
            ListedUpload(
                key="a b",
                upload_id="u",
                initiated_ms=MODIFIED_MS,
                initiator=OWNER,
                owner=OWNER,
                checksum=UPLOAD,
            )
        ],
        ["c d/"],
    )
    assert client.parsed("ListMultipartUploads", body) == {
        "Bucket": "b",
        "KeyMarker": "k+m",
        "UploadIdMarker": "um",
        "NextKeyMarker": "n+k",
        "NextUploadIdMarker": "nu",
        "Prefix": "p+",
        "Delimiter": "/",
        "EncodingType": "url",
        "MaxUploads": 5,
        "IsTruncated": True,
        "Uploads": [
            {
                "Key": "a+b",
                "UploadId": "u",
                "Initiated": MODIFIED,
                "StorageClass": "STANDARD",
                "Initiator": OWNER_SEEN,
                "Owner": OWNER_SEEN,
                "ChecksumAlgorithm": "CRC32",
                "ChecksumType": "COMPOSITE",
            }
        ],
        "CommonPrefixes": [{"Prefix": "c+d/"}],
    }


def test_deletions_are_seen_by_an_aws_client(client: Client) -> None:
    body = delete_result(
        deleted=[
            DeletedObject(key="a&"),
            DeletedObject(
                key="b", version_id="1", delete_marker=True, delete_marker_version_id="1"
            ),
        ],
        errors=[DeleteError(key="c", code="AccessDenied", message="No <way>.", version_id="2")],
    )
    assert client.parsed("DeleteObjects", body) == {
        "Deleted": [
            {"Key": "a&"},
            {"Key": "b", "VersionId": "1", "DeleteMarker": True, "DeleteMarkerVersionId": "1"},
        ],
        "Errors": [{"Key": "c", "VersionId": "2", "Code": "AccessDenied", "Message": "No <way>."}],
    }
    assert client.parsed("DeleteObjects", delete_result(deleted=[], errors=[])) == {}


def test_attributes_are_seen_by_an_aws_client(client: Client) -> None:
    body = object_attributes(
        etag="e-2",
        checksum=WHOLE,
        parts=AttributesParts(
            total=2,
            part_number_marker=0,
            next_part_number_marker=1,
            max_parts=1,
            is_truncated=True,
            parts=[AttributesPart(number=1, size=5, checksum=CRC)],
        ),
        storage_class="STANDARD",
        size=9,
    )
    assert client.parsed("GetObjectAttributes", body) == {
        "ETag": "e-2",
        "Checksum": {"ChecksumCRC32": "AAAAAA==-2", "ChecksumType": "COMPOSITE"},
        "ObjectParts": {
            "TotalPartsCount": 2,
            "PartNumberMarker": 0,
            "NextPartNumberMarker": 1,
            "MaxParts": 1,
            "IsTruncated": True,
            "Parts": [{"PartNumber": 1, "Size": 5, "ChecksumCRC32": "AAAAAA=="}],
        },
        "StorageClass": "STANDARD",
        "ObjectSize": 9,
    }
    assert client.parsed("GetObjectAttributes", object_attributes(size=0)) == {"ObjectSize": 0}
