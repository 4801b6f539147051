"""Listings of objects, versions and uploads."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_REGION: Final = {"x-amz-bucket-region": "us-east-1"}
_NO_BUCKET: Final = "BucketName=o3-none"
# Of the object `dir/a`.
_ENTRY: Final = (
    'Key=dir/a LastModified=@date ETag="{tag}" ChecksumAlgorithm=CRC64NVME'
    " ChecksumType=FULL_OBJECT Size=4"
)
_VERSION: Final = (
    'LastModified=@date ETag="{tag}" ChecksumAlgorithm=CRC64NVME ChecksumType=FULL_OBJECT'
    " Size=4 Owner(ID=@account) StorageClass=STANDARD"
)
_UPLOAD: Final = (
    "Upload(Key=listed UploadId={listed} Initiator(ID=@account) Owner(ID=@account)"
    " StorageClass=STANDARD Initiated=@date)"
)

ROWS: Final = (
    gives(
        "ListObjects",
        "by prefix",
        "GET /{plain}?prefix=dir",
        200,
        _REGION,
        "ListBucketResult(Name={plain} Prefix=dir Marker= MaxKeys=1000 IsTruncated=false"
        f" Contents({_ENTRY} Owner(ID=@account) StorageClass=STANDARD))",
    ),
    gives(
        "ListObjects",
        "truncated: NextMarker with a delimiter only",
        "GET /{plain}?max-keys=1",
        200,
        _REGION,
        "ListBucketResult(Name={plain} Prefix= Marker= MaxKeys=1 IsTruncated=true"
        f" Contents({_ENTRY} Owner(ID=@account) StorageClass=STANDARD))",
    ),
    gives(
        "ListObjects",
        "by delimiter",
        "GET /{plain}?max-keys=1&delimiter=%2F&encoding-type=url",
        200,
        _REGION,
        "ListBucketResult(Name={plain} Prefix= Marker= NextMarker=dir/ MaxKeys=1 Delimiter=/"
        " EncodingType=url IsTruncated=true CommonPrefixes(Prefix=dir/))",
    ),
    gives(
        "ListObjects",
        "no entries",
        "GET /{plain}?max-keys=0",
        200,
        _REGION,
        "ListBucketResult(Name={plain} Prefix= Marker= MaxKeys=0 IsTruncated=false)",
    ),
    refuses("ListObjects", "no bucket", "GET /o3-none", "404 NoSuchBucket", _NO_BUCKET),
    refuses(
        "ListObjects",
        "another's",
        "GET /{plain}",
        "403 AccessDenied",
        headers=_REGION,
        signer="other",
    ),
    refuses(
        "ListObjects",
        "no number",
        "GET /{plain}?max-keys=x",
        "400 InvalidArgument",
        "ArgumentName=max-keys ArgumentValue=x",
        message="Provided max-keys not an integer or within integer range",
    ),
    refuses(
        "ListObjects",
        "unknown encoding",
        "GET /{plain}?encoding-type=json",
        "400 InvalidArgument",
        "ArgumentName=encoding-type ArgumentValue=json",
        message="Invalid Encoding Method specified in Request",
        headers=_REGION,
    ),
    refuses(
        "ListObjects",
        "negative",
        "GET /{plain}?max-keys=-1",
        "400 InvalidArgument",
        "ArgumentName=maxKeys ArgumentValue=-1",
        message="Argument maxKeys must be an integer between 0 and 2147483647",
    ),
    refuses(
        "ListObjects",
        "goes on as the second version does",
        "GET /{plain}?start-after=a",
        "400 InvalidArgument",
        "ArgumentName=start-after ArgumentValue=a",
        message="startAfter only supported in REST.GET.BUCKET with list-type=2",
    ),
    gives(
        "ListObjectsV2",
        "by prefix: no owner unless it is wanted",
        "GET /{plain}?list-type=2&prefix=dir",
        200,
        _REGION,
        "ListBucketResult(Name={plain} Prefix=dir KeyCount=1 MaxKeys=1000 IsTruncated=false"
        f" Contents({_ENTRY} StorageClass=STANDARD))",
    ),
    gives(
        "ListObjectsV2",
        "a page, with owners",
        "GET /{plain}?list-type=2&max-keys=1&start-after=a&fetch-owner=true",
        200,
        _REGION,
        "ListBucketResult(Name={plain} Prefix= StartAfter=a NextContinuationToken=@token KeyCount=1"
        f" MaxKeys=1 IsTruncated=true Contents({_ENTRY} Owner(ID=@account) StorageClass=STANDARD))",
    ),
    gives(
        "GetBucketAcl",
        "asked for as a listing of the second version",
        "GET /{plain}?list-type=2&acl",
        200,
        {},
        "AccessControlPolicy(Owner(ID={main}) AccessControlList(Grant(Grantee(type=CanonicalUser"
        " ID={main}) Permission=FULL_CONTROL)))",
    ),
    refuses(
        "ListObjectsV2", "no bucket", "GET /o3-none?list-type=2", "404 NoSuchBucket", _NO_BUCKET
    ),
    refuses(
        "ListObjectsV2",
        "no token of ours",
        "GET /{plain}?list-type=2&continuation-token=x",
        "400 InvalidArgument",
        "ArgumentName=continuation-token ArgumentValue=x",
        message="The continuation token provided is incorrect",
    ),
    gives(
        "ListObjectVersions",
        "two of a key",
        "GET /{versioned}?versions&prefix=k",
        200,
        {},
        "ListVersionsResult(Name={versioned} Prefix=k KeyMarker= VersionIdMarker= MaxKeys=1000"
        " IsTruncated=false"
        f" Version(Key=k VersionId={{v2}} IsLatest=true {_VERSION})"
        f" Version(Key=k VersionId={{v1}} IsLatest=false {_VERSION}))",
    ),
    gives(
        "ListObjectVersions",
        "a marker, truncated",
        "GET /{versioned}?versions&prefix=gone&max-keys=1",
        200,
        {},
        "ListVersionsResult(Name={versioned} Prefix=gone KeyMarker= VersionIdMarker="
        " NextKeyMarker=gone NextVersionIdMarker={marker} MaxKeys=1 IsTruncated=true"
        " DeleteMarker(Key=gone VersionId={marker} IsLatest=true LastModified=@date"
        " Owner(ID=@account)))",
    ),
    refuses(
        "ListObjectVersions", "no bucket", "GET /o3-none?versions", "404 NoSuchBucket", _NO_BUCKET
    ),
    refuses(
        "ListObjectVersions",
        "a version without its key",
        "GET /{versioned}?versions&version-id-marker={v1}",
        "400 InvalidArgument",
        "ArgumentName=version-id-marker ArgumentValue={v1}",
        message="A version-id marker cannot be specified without a key marker.",
    ),
    gives(
        "ListMultipartUploads",
        "one: nothing of a checksum that nobody chose",
        "GET /{bare}?uploads",
        200,
        {},
        "ListMultipartUploadsResult(Bucket={bare} KeyMarker= UploadIdMarker= NextKeyMarker=listed"
        f" NextUploadIdMarker={{listed}} Prefix= MaxUploads=1000 IsTruncated=false {_UPLOAD})",
    ),
    gives(
        "ListMultipartUploads",
        "none",
        "GET /{bare}?uploads&prefix=none",
        200,
        {},
        "ListMultipartUploadsResult(Bucket={bare} KeyMarker= UploadIdMarker= NextKeyMarker="
        " NextUploadIdMarker= Prefix=none MaxUploads=1000 IsTruncated=false)",
    ),
    refuses(
        "ListMultipartUploads", "no bucket", "GET /o3-none?uploads", "404 NoSuchBucket", _NO_BUCKET
    ),
    refuses(
        "ListMultipartUploads",
        "negative",
        "GET /{bare}?uploads&max-uploads=-1",
        "400 InvalidArgument",
        "ArgumentName=maxUploads ArgumentValue=-1",
        message="Argument maxUploads must be an integer between 0 and 2147483647",
    ),
)
