"""Multipart uploads."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_NONE: Final = "0" * 32
_COMPLETE: Final = (
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part-tag}</ETag></Part>"
    "</CompleteMultipartUpload>"
)
_PART_NUMBER: Final = "Part number must be an integer between 1 and 10000, inclusive"
_RANGE: Final = (
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last"
    " are the zero-based offsets of the first and last bytes to copy"
)
_OWNERS: Final = "Initiator(ID=@account) Owner(ID=@account) StorageClass=STANDARD"

ROWS: Final = (
    gives(
        "CreateMultipartUpload",
        "nothing of a checksum that nobody chose",
        "POST /{plain}/begun?uploads",
        200,
        {},
        "InitiateMultipartUploadResult(Bucket={plain} Key=begun UploadId=@upload)",
    ),
    gives(
        "CreateMultipartUpload",
        "with a checksum",
        "POST /{plain}/begun?uploads",
        200,
        {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "COMPOSITE"},
        "InitiateMultipartUploadResult(Bucket={plain} Key=begun UploadId=@upload)",
        sent={"x-amz-checksum-algorithm": "sha256"},
    ),
    refuses(
        "CreateMultipartUpload",
        "no bucket",
        "POST /o3-none/k?uploads",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    refuses(
        "CreateMultipartUpload",
        "a type that the algorithm does not have",
        "POST /{plain}/begun?uploads",
        "400 InvalidRequest",
        message="The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
        sent={"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "FULL_OBJECT"},
    ),
    gives(
        "UploadPart",
        "a part",
        "PUT /{plain}/up?partNumber=2&uploadId={up}",
        200,
        {"etag": '"{tag}"', "x-amz-checksum-crc64nvme": "@crc64"},
        body="body",
    ),
    refuses(
        "UploadPart",
        "no upload",
        f"PUT /{{plain}}/up?partNumber=1&uploadId={_NONE}",
        "404 NoSuchUpload",
        f"UploadId={_NONE}",
        body="body",
    ),
    refuses(
        "UploadPart",
        "no part's number",
        "PUT /{plain}/up?partNumber=0&uploadId={up}",
        "400 InvalidArgument",
        "ArgumentName=partNumber ArgumentValue=0",
        message=_PART_NUMBER,
        body="body",
    ),
    refuses(
        "UploadPart",
        "another checksum than the upload's",
        "PUT /{plain}/chosen?partNumber=3&uploadId={chosen}",
        "400 InvalidRequest",
        message="Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum"
        " Type: crc32",
        body="body",
        sent={"x-amz-checksum-crc32": "26gLsg=="},
    ),
    refuses(
        "UploadPart",
        "no digest, and Object Lock",
        "PUT /{locked}/locking?partNumber=1&uploadId={locking}",
        "400 InvalidRequest",
        message="Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with"
        " Object Lock parameters",
        body="part",
    ),
    gives(
        "UploadPart",
        "Object Lock",
        "PUT /{locked}/locking?partNumber=1&uploadId={locking}",
        200,
        {"etag": '"{part-tag}"', "x-amz-checksum-crc64nvme": "@crc64"},
        body="part",
        sent={"Content-MD5": "md5"},
    ),
    refuses(
        "Unrouted",
        "a part without its number",
        "PUT /{plain}/up?uploadId={up}",
        "405 MethodNotAllowed",
        "Method=PUT ResourceType=UPLOAD",
        headers={"allow": "GET, POST, DELETE"},
        body="body",
    ),
    gives(
        "UploadPartCopy",
        "an object",
        "PUT /{plain}/up?partNumber=3&uploadId={up}",
        200,
        {},
        'CopyPartResult(LastModified=@date ETag="{tag}" ChecksumCRC64NVME=@crc64)',
        sent={"x-amz-copy-source": "{plain}/k"},
    ),
    refuses(
        "UploadPartCopy",
        "no range",
        "PUT /{plain}/up?partNumber=3&uploadId={up}",
        "400 InvalidArgument",
        "ArgumentName=x-amz-copy-source-range ArgumentValue='bytes=1-'",
        message=_RANGE,
        sent={"x-amz-copy-source": "{plain}/k", "x-amz-copy-source-range": "bytes=1-"},
    ),
    refuses(
        "UploadPartCopy",
        "a range behind the end",
        "PUT /{plain}/up?partNumber=3&uploadId={up}",
        "400 InvalidArgument",
        "ArgumentName=x-amz-copy-source-range ArgumentValue='bytes=1-9'",
        message="Range specified is not valid for source object of size: 4",
        sent={"x-amz-copy-source": "{plain}/k", "x-amz-copy-source-range": "bytes=1-9"},
    ),
    refuses(
        "UploadPartCopy",
        "no source",
        "PUT /{plain}/up?partNumber=3&uploadId={up}",
        "404 NoSuchKey",
        "Key=none",
        sent={"x-amz-copy-source": "{plain}/none"},
    ),
    gives(
        "ListParts",
        "nothing of a checksum that nobody chose",
        "GET /{bare}/listed?uploadId={listed}",
        200,
        {},
        f"ListPartsResult(Bucket={{bare}} Key=listed UploadId={{listed}} {_OWNERS}"
        " PartNumberMarker=0 NextPartNumberMarker=1 MaxParts=1000 IsTruncated=false"
        ' Part(PartNumber=1 LastModified=@date ETag="{part-tag}" Size=4))',
    ),
    gives(
        "ListParts",
        "with checksums, truncated",
        "GET /{plain}/chosen?uploadId={chosen}&max-parts=1",
        200,
        {},
        f"ListPartsResult(Bucket={{plain}} Key=chosen UploadId={{chosen}} {_OWNERS}"
        " PartNumberMarker=0 NextPartNumberMarker=1 MaxParts=1 IsTruncated=true"
        " ChecksumAlgorithm=SHA256 ChecksumType=COMPOSITE"
        ' Part(PartNumber=1 LastModified=@date ETag="@tag" Size=5242880 ChecksumSHA256=@sha256))',
    ),
    gives(
        "ListParts",
        "behind the last",
        "GET /{bare}/listed?uploadId={listed}&part-number-marker=9",
        200,
        {},
        f"ListPartsResult(Bucket={{bare}} Key=listed UploadId={{listed}} {_OWNERS}"
        " PartNumberMarker=9 NextPartNumberMarker=0 MaxParts=1000 IsTruncated=false)",
    ),
    refuses(
        "ListParts",
        "no upload",
        f"GET /{{plain}}/up?uploadId={_NONE}",
        "404 NoSuchUpload",
        f"UploadId={_NONE}",
    ),
    refuses(
        "ListParts",
        "no number",
        "GET /{plain}/up?uploadId={up}&max-parts=x",
        "400 InvalidArgument",
        "ArgumentName=max-parts ArgumentValue=x",
        message="Provided max-parts not an integer or within integer range",
    ),
    gives(
        "CompleteMultipartUpload",
        "a part",
        "POST /{plain}/finished?uploadId={finished}",
        200,
        {},
        "CompleteMultipartUploadResult(Location=http://{host}/{plain}/finished Bucket={plain}"
        ' Key=finished ETag="@tag-1" ChecksumCRC64NVME=@crc64 ChecksumType=FULL_OBJECT)',
        body=_COMPLETE,
    ),
    refuses(
        "CompleteMultipartUpload",
        "no upload",
        f"POST /{{plain}}/up?uploadId={_NONE}",
        "404 NoSuchUpload",
        f"UploadId={_NONE}",
        body=_COMPLETE,
    ),
    refuses(
        "CompleteMultipartUpload",
        "no such part",
        "POST /{plain}/up?uploadId={up}",
        "400 InvalidPart",
        "UploadId={up} PartNumber=7 ETag={part-tag}",
        body=_COMPLETE.replace(">1<", ">7<"),
    ),
    refuses(
        "CompleteMultipartUpload",
        "falling numbers",
        "POST /{plain}/small?uploadId={small}",
        "400 InvalidPartOrder",
        "UploadId={small}",
        body=_COMPLETE.replace(
            "</CompleteM",
            "<Part><PartNumber>1</PartNumber><ETag>{part-tag}</ETag></Part></CompleteM",
        ),
    ),
    refuses(
        "CompleteMultipartUpload",
        "a part too small",
        "POST /{plain}/small?uploadId={small}",
        "400 EntityTooSmall",
        "ProposedSize=4 MinSizeAllowed=5242880 PartNumber=1 ETag={part-tag}",
        body=_COMPLETE.replace(
            "</CompleteM",
            "<Part><PartNumber>2</PartNumber><ETag>{part-tag}</ETag></Part></CompleteM",
        ),
    ),
    refuses(
        "CompleteMultipartUpload",
        "number below 1",
        "POST /{plain}/up?uploadId={up}",
        "400 InvalidArgument",
        "ArgumentName=PartNumber ArgumentValue=0",
        message="PartNumber must be >= 1",
        body=_COMPLETE.replace(">1<", ">0<"),
    ),
    refuses(
        "CompleteMultipartUpload",
        "no parts",
        "POST /{plain}/up?uploadId={up}",
        "400 MalformedXML",
        body="<CompleteMultipartUpload/>",
    ),
    *(
        refuses(operation, "no bucket", asked, "404 NoSuchBucket", _NO_BUCKET, body=body)
        for operation, asked, body in (
            ("UploadPart", "PUT /o3-none/k?partNumber=1&uploadId=x", "body"),
            ("ListParts", "GET /o3-none/k?uploadId=x", ""),
            ("CompleteMultipartUpload", "POST /o3-none/k?uploadId=x", _COMPLETE),
            ("AbortMultipartUpload", "DELETE /o3-none/k?uploadId=x", ""),
        )
    ),
    *(
        refuses(
            operation,
            "no upload's id",
            f"{method} /{{plain}}/up?uploadId=x",
            "404 NoSuchUpload",
            "UploadId=x",
            body=body,
        )
        for operation, method, body in (
            ("ListParts", "GET", ""),
            ("CompleteMultipartUpload", "POST", _COMPLETE),
            ("AbortMultipartUpload", "DELETE", ""),
        )
    ),
    gives("AbortMultipartUpload", "an upload", "DELETE /{plain}/aborted?uploadId={aborted}", 204),
    refuses(
        "AbortMultipartUpload",
        "no upload",
        f"DELETE /{{plain}}/up?uploadId={_NONE}",
        "404 NoSuchUpload",
        f"UploadId={_NONE}",
    ),
)
