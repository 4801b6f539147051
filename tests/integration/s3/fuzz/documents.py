"""Right documents of every operation that reads one: what the fuzz starts from."""

from dataclasses import dataclass
from typing import Final

_NAMESPACE: Final = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass(frozen=True, slots=True)
class Document:
    """Attributes:
    asked: method and target, with names of the place in braces.
    text: as it is right; of what may be accepted some more than once.
    """

    asked: str
    text: str


def _document(asked: str, root: str, content: str) -> Document:
    return Document(asked, f"<{root} {_NAMESPACE}>{content}</{root}>")


def _of(asked: str, root: str, *contents: str) -> list[Document]:
    return [_document(asked, root, content) for content in contents]


_TAGS: Final = (
    "<TagSet><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>c</Key><Value/></Tag></TagSet>"
)
_DEFAULT: Final = "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>s3</KMSMasterKeyID>"
_RULE: Final = "<Rule><ID>{id}</ID>{filter}<Status>Enabled</Status>{action}</Rule>"
_AND: Final = (
    "<Filter><And><Prefix>p</Prefix><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>c</Key>"
    "<Value>d</Value></Tag><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan>"
    "<ObjectSizeLessThan>1000</ObjectSizeLessThan></And></Filter>"
)
_TAG: Final = "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>"
_SIZE: Final = "<Filter><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></Filter>"
_PREFIX: Final = "<Filter><Prefix>p/</Prefix></Filter>"
_EXPIRATIONS: Final = (
    "<Expiration><Days>30</Days></Expiration>",
    "<Expiration><Date>2099-01-01T00:00:00Z</Date></Expiration>",
)
_MARKERS: Final = (
    "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
)
_NONCURRENT: Final = (
    "<NoncurrentVersionExpiration><NewerNoncurrentVersions>3</NewerNoncurrentVersions>"
    "<NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration>"
)
_ABORT: Final = (
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>"
    "</AbortIncompleteMultipartUpload>"
)
_TRANSITIONS: Final = (
    "<Transition><Days>40</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
    "<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>"
    "<NoncurrentVersionTransition><NoncurrentDays>40</NoncurrentDays>"
    "<NewerNoncurrentVersions>2</NewerNoncurrentVersions>"
    "<StorageClass>STANDARD_IA</StorageClass></NoncurrentVersionTransition>"
)


_GRANT: Final = (
    '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="{kind}">'
    "{grantee}</Grantee><Permission>{permission}</Permission></Grant>"
)
_OWNER: Final = "<ID>{owner}</ID><DisplayName>o</DisplayName>"


def _acl(*grants: tuple[str, str, str]) -> str:
    rows = "".join(
        _GRANT.format(kind=kind, grantee=grantee, permission=permission)
        for kind, grantee, permission in grants
    )
    return f"<Owner>{_OWNER}</Owner><AccessControlList>{rows}</AccessControlList>"


_ACLS: Final = (
    _acl(),
    _acl(
        ("CanonicalUser", _OWNER, "FULL_CONTROL"),
        ("Group", "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>", "READ"),
    ),
    _acl(
        ("CanonicalUser", "<ID>{owner}</ID>", "WRITE_ACP"),
        ("Group", "<URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI>", "WRITE"),
    ),
    _acl(("AmazonCustomerByEmail", "<EmailAddress>a@example.com</EmailAddress>", "READ")),
)


def _rules() -> list[str]:
    filled = (
        (_PREFIX, _EXPIRATIONS[0] + _ABORT),
        (_AND, _EXPIRATIONS[1]),
        (_TAG, _EXPIRATIONS[0] + _NONCURRENT),
        (_SIZE, _TRANSITIONS),
        ("<Filter/>", _MARKERS + _NONCURRENT),
        ("<Filter><Prefix/></Filter>", _TRANSITIONS + "<Expiration><Days>400</Days></Expiration>"),
    )
    rules = [
        _RULE.format(id=f"rule-{number}", filter=wanted, action=action)
        for number, (wanted, action) in enumerate(filled)
    ]
    old = _RULE.format(id="", filter="<Prefix>p</Prefix>", action=_EXPIRATIONS[0])
    return [*rules, "".join(rules), old]


_SUMS: Final = {
    "CRC32": "AAAAAA==",
    "CRC32C": "AAAAAA==",
    "CRC64NVME": "AAAAAAAAAAA=",
    "SHA1": f"{'A' * 27}=",
    "SHA256": f"{'A' * 43}=",
    "SHA512": f"{'A' * 86}==",
    "MD5": f"{'A' * 22}==",
    "XXHASH64": "AAAAAAAAAAA=",
    "XXHASH3": "AAAAAAAAAAA=",
    "XXHASH128": f"{'A' * 22}==",
}
_PART: Final = '<Part><PartNumber>{number}</PartNumber><ETag>"{etag}"</ETag>{more}</Part>'


def _parts() -> list[str]:
    right = "{etag}"
    sums = [
        _PART.format(number=1, etag=right, more=f"<Checksum{name}>{value}</Checksum{name}>")
        for name, value in _SUMS.items()
    ]
    plain = [_PART.format(number=number, etag=right, more="") for number in (1, 2, 3)]
    return [*sums, plain[0], "".join(plain)]


DOCUMENTS: Final[tuple[Document, ...]] = (
    *_of(
        "PUT /{settings}?versioning",
        "VersioningConfiguration",
        "<Status>Enabled</Status>",
        "<Status>Suspended</Status><MfaDelete>Disabled</MfaDelete>",
        "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>",
    ),
    *_of(
        "PUT /{locked}?object-lock",
        "ObjectLockConfiguration",
        "<ObjectLockEnabled>Enabled</ObjectLockEnabled>",
        "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
        "<Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>",
        "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
        "<Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule>",
    ),
    *_of(
        "PUT /{locked}/k?retention",
        "Retention",
        "<Mode>GOVERNANCE</Mode><RetainUntilDate>2090-01-01T00:00:00Z</RetainUntilDate>",
        "<Mode>COMPLIANCE</Mode><RetainUntilDate>2090-01-01T00:00:00.123Z</RetainUntilDate>",
        "",
    ),
    *_of("PUT /{locked}/k?legal-hold", "LegalHold", "<Status>ON</Status>", "<Status>OFF</Status>"),
    *_of("PUT /{settings}?tagging", "Tagging", _TAGS, "<TagSet/>"),
    *_of("PUT /{versioned}/k?tagging", "Tagging", _TAGS, "<TagSet/>"),
    *_of(
        "PUT /{settings}?encryption",
        "ServerSideEncryptionConfiguration",
        "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
        "</ApplyServerSideEncryptionByDefault></Rule>",
        f"<Rule><ApplyServerSideEncryptionByDefault>{_DEFAULT}"
        "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>"
        "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>"
        "</Rule>",
    ),
    *_of("PUT /{shared}?acl", "AccessControlPolicy", *_ACLS),
    *_of("PUT /{shared}/k?acl", "AccessControlPolicy", *_ACLS),
    *_of(
        "PUT /{settings}?ownershipControls",
        "OwnershipControls",
        "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>",
        "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>",
    ),
    *_of(
        "PUT /{settings}?publicAccessBlock",
        "PublicAccessBlockConfiguration",
        "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>TRUE</IgnorePublicAcls>"
        "<BlockPublicPolicy>false</BlockPublicPolicy>"
        "<RestrictPublicBuckets>true</RestrictPublicBuckets>",
        "<RestrictPublicBuckets>false</RestrictPublicBuckets>",
    ),
    *_of(
        "PUT /{settings}?requestPayment",
        "RequestPaymentConfiguration",
        "<Payer>Requester</Payer>",
        "<Payer>BucketOwner</Payer>",
    ),
    *_of(
        "PUT /{settings}?cors",
        "CORSConfiguration",
        "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>",
        "<CORSRule><ID>a</ID><AllowedHeader>x-amz-*</AllowedHeader><AllowedMethod>PUT"
        "</AllowedMethod><AllowedOrigin>https://*.example</AllowedOrigin><ExposeHeader>ETag"
        "</ExposeHeader><MaxAgeSeconds>10</MaxAgeSeconds></CORSRule><CORSRule><AllowedMethod>"
        "DELETE</AllowedMethod><AllowedOrigin>http://a</AllowedOrigin></CORSRule>",
    ),
    *_of("PUT /{settings}?lifecycle", "LifecycleConfiguration", *_rules()),
    *_of(
        "POST /{versioned}?delete",
        "Delete",
        "<Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b</Key>"
        "<VersionId>null</VersionId></Object>",
        "<Object><Key>k</Key><VersionId>0123456789abcdef</VersionId><ETag>a</ETag>"
        "<LastModifiedTime>Thu, 01 Jan 1970 00:00:00 GMT</LastModifiedTime><Size>1</Size></Object>",
        "<Object><Key>none</Key><ETag>*</ETag></Object>",
    ),
    *_of("POST /{versioned}/upload?uploadId={upload}", "CompleteMultipartUpload", *_parts()),
    *_of(
        "POST /{versioned}/k?restore",
        "RestoreRequest",
        "<Days>1</Days><GlacierJobParameters><Tier>Standard</Tier></GlacierJobParameters>",
        "<Type>SELECT</Type><Tier>Bulk</Tier><Description>d</Description>",
    ),
    *_of(
        "PUT /{fresh}",
        "CreateBucketConfiguration",
        "<LocationConstraint>eu-west-1</LocationConstraint>",
        "<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>",
        "<Location><Name>use1-az4</Name><Type>AvailabilityZone</Type></Location>"
        "<Bucket><DataRedundancy>SingleAvailabilityZone</DataRedundancy><Type>Directory</Type>"
        "</Bucket>",
    ),
    # What reads no document, or is not here, does not stumble over one.
    *_of(
        "PUT /{versioned}/renamed?renameObject",
        "RenameObjectRequest",
        "<ClientToken>a</ClientToken>",
    ),
    *_of("PUT /{versioned}/k?encryption", "ObjectEncryption", "<SSES3/>"),
    *_of(
        "POST /{versioned}/k?select&select-type=2",
        "SelectObjectContentRequest",
        "<Expression>SELECT * FROM S3Object s WHERE s._1 > 1 LIMIT 5</Expression>"
        "<ExpressionType>SQL</ExpressionType>"
        "<RequestProgress><Enabled>true</Enabled></RequestProgress>"
        "<InputSerialization><CompressionType>NONE</CompressionType><CSV>"
        "<FileHeaderInfo>IGNORE</FileHeaderInfo><FieldDelimiter>,</FieldDelimiter></CSV>"
        "</InputSerialization>"
        "<OutputSerialization><JSON><RecordDelimiter>;</RecordDelimiter></JSON>"
        "</OutputSerialization><ScanRange><Start>0</Start><End>9</End></ScanRange>",
    ),
)
