"""What lifecycle rules say of objects and uploads, and what is refused of them."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_DUE: Final = {"x-amz-expiration": 'expiry-date="@http-date", rule-id="r"'}
_ABORTED: Final = {"x-amz-abort-date": "@http-date", "x-amz-abort-rule-id": "a%20b"}
_CHECKSUM: Final = {"x-amz-checksum-crc64nvme": "@crc64", "x-amz-checksum-type": "FULL_OBJECT"}
_READ: Final = {
    "last-modified": "@http-date",
    "etag": '"{tag}"',
    "accept-ranges": "bytes",
    "content-type": "binary/octet-stream",
}
_DIGEST: Final = {"Content-MD5": "md5"}
_COMPLETE: Final = (
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part-tag}</ETag></Part>"
    "</CompleteMultipartUpload>"
)


def _configuration(action: str, filter_: str = "<Filter/>") -> str:
    return (
        f"<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status>{filter_}{action}</Rule>"
        "</LifecycleConfiguration>"
    )


_DAYS: Final = "<Expiration><Days>3</Days></Expiration>"
_TAGGED: Final = "<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter>"
_MIXED: Final = _configuration(_DAYS).replace(
    "</LifecycleC",
    f"<Rule><ID>s</ID><Status>Enabled</Status><Prefix>a</Prefix>{_DAYS}</Rule></LifecycleC",
)
# (situation, document, code, further elements, message)
_REFUSED: Final = (
    (
        "two criteria without And",
        _configuration(
            _DAYS,
            "<Filter><Prefix>a</Prefix><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></Filter>",
        ),
        "MalformedXML",
        "",
        None,
    ),
    ("neither filter nor prefix", _configuration(_DAYS, ""), "MalformedXML", "", None),
    (
        "no days",
        _configuration(_DAYS.replace("3", "0")),
        "InvalidArgument",
        "ArgumentName=Days ArgumentValue=0",
        "'Days' for Expiration action must be a positive integer",
    ),
    (
        "a date that is no midnight",
        _configuration("<Expiration><Date>2090-01-01T01:00:00Z</Date></Expiration>"),
        "InvalidArgument",
        "ArgumentName=Date ArgumentValue=2090-01-01T01:00:00.000Z",
        "'Date' must be at midnight GMT",
    ),
    (
        "one id twice",
        _MIXED.replace("<ID>s<", "<ID>r<"),
        "InvalidArgument",
        "ArgumentName=ID ArgumentValue=r",
        "Rule ID must be unique. Found same ID for more than one rule",
    ),
    (
        "mixed forms",
        _MIXED,
        "InvalidRequest",
        "",
        "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the"
        " Filter.",
    ),
    (
        "uploads have no tags",
        _configuration(
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
            "</AbortIncompleteMultipartUpload>",
            _TAGGED,
        ),
        "InvalidRequest",
        "",
        "AbortIncompleteMultipartUpload cannot be specified with Tags.",
    ),
    (
        "markers have no tags",
        _configuration(
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            _TAGGED,
        ),
        "InvalidRequest",
        "",
        "ExpiredObjectDeleteMarker cannot be specified with Tags.",
    ),
)

ROWS: Final = (
    gives(
        "PutObject",
        "that will expire",
        "PUT /{aging}/new",
        200,
        {"etag": '"{tag}"', **_CHECKSUM, **_DUE},
        body="body",
    ),
    gives(
        "GetObject", "that will expire", "GET /{aging}/k", 200, {**_READ, **_DUE}, content=b"body"
    ),
    gives(
        "HeadObject",
        "that will expire",
        "HEAD /{aging}/k",
        200,
        {**_READ, **_DUE, "content-length": "4"},
    ),
    gives(
        "CopyObject",
        "that will expire",
        "PUT /{aging}/copy",
        200,
        _DUE,
        'CopyObjectResult(LastModified=@date ETag="{tag}" ChecksumCRC64NVME=@crc64'
        " ChecksumType=FULL_OBJECT)",
        sent={"x-amz-copy-source": "{plain}/k"},
    ),
    gives(
        "CreateMultipartUpload",
        "that will be aborted",
        "POST /{aging}/begun?uploads",
        200,
        _ABORTED,
        "InitiateMultipartUploadResult(Bucket={aging} Key=begun UploadId=@upload)",
    ),
    gives(
        "ListParts",
        "of what will be aborted",
        "GET /{aging}/aging-up?uploadId={aging-up}&max-parts=0",
        200,
        _ABORTED,
        "ListPartsResult(Bucket={aging} Key=aging-up UploadId={aging-up} Initiator(ID=@account)"
        " Owner(ID=@account) StorageClass=STANDARD PartNumberMarker=0 NextPartNumberMarker=0"
        " MaxParts=0 IsTruncated=false)",
    ),
    gives(
        "CompleteMultipartUpload",
        "that will expire",
        "POST /{aging}/aged?uploadId={aged}",
        200,
        _DUE,
        "CompleteMultipartUploadResult(Location=http://{host}/{aging}/aged Bucket={aging} Key=aged"
        ' ETag="@tag-1" ChecksumCRC64NVME=@crc64 ChecksumType=FULL_OBJECT)',
        body=_COMPLETE,
    ),
    *(
        refuses(
            "PutBucketLifecycleConfiguration",
            situation,
            "PUT /{busy}?lifecycle",
            f"400 {code}",
            elements,
            message=message,
            body=document,
            sent=_DIGEST,
        )
        for situation, document, code, elements, message in _REFUSED
    ),
    refuses(
        "PutBucketLifecycleConfiguration",
        "no digest",
        "PUT /{busy}?lifecycle",
        "400 InvalidRequest",
        message="Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        body=_configuration(_DAYS),
    ),
)
