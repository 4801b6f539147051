"""Objects that are deleted."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_KEY: Final = "Key=none"
_DIGEST: Final = {"Content-MD5": "md5"}
_NO_DIGEST: Final = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
_LOCKED: Final = "Access Denied because object protected by object lock."
_VERSION_FORM: Final = "Invalid version id specified"

ROWS: Final = (
    gives("DeleteObject", "not there", "DELETE /{plain}/none", 204),
    gives(
        "DeleteObject",
        "makes a marker",
        "DELETE /{versioned}/never",
        204,
        {"x-amz-delete-marker": "true", "x-amz-version-id": "@version"},
    ),
    gives(
        "DeleteObject",
        "a version",
        "DELETE /{versioned}/doomed?versionId={doomed-version}",
        204,
        {"x-amz-version-id": "{doomed-version}"},
    ),
    refuses("DeleteObject", "no bucket", "DELETE /o3-none/k", "404 NoSuchBucket", _NO_BUCKET),
    refuses(
        "DeleteObject",
        "a locked version",
        "DELETE /{locked}/held?versionId={held}",
        "403 AccessDenied",
        message=_LOCKED,
    ),
    refuses(
        "DeleteObject",
        "past a lock, where there are none",
        "DELETE /{plain}/none",
        "400 InvalidArgument",
        "ArgumentName=x-amz-bypass-governance-retention ArgumentValue=true",
        message="x-amz-bypass-governance-retention is only applicable to Object Lock enabled"
        " buckets.",
        sent={"x-amz-bypass-governance-retention": "true"},
    ),
    gives(
        "DeleteObjects",
        "past locks, where there are none",
        "POST /{plain}?delete",
        200,
        {},
        "DeleteResult(Deleted(Key=none))",
        body="<Delete><Object><Key>none</Key></Object></Delete>",
        sent={**_DIGEST, "x-amz-bypass-governance-retention": "true"},
    ),
    refuses(
        "DeleteObject",
        "no version id",
        "DELETE /{versioned}/k?versionId=x",
        "400 InvalidArgument",
        "ArgumentName=versionId ArgumentValue=x",
        message=_VERSION_FORM,
    ),
    refuses(
        "DeleteObject",
        "other than expected",
        "DELETE /{plain}/k",
        "412 PreconditionFailed",
        "Condition=If-Match",
        sent={"If-Match": '"x"'},
    ),
    refuses(
        "DeleteObject",
        "size other than expected",
        "DELETE /{plain}/k",
        "412 PreconditionFailed",
        "Condition=x-amz-if-match-size",
        sent={"x-amz-if-match-size": "9"},
    ),
    refuses(
        "DeleteObject",
        "expected, and not there",
        "DELETE /{plain}/none",
        "404 NoSuchKey",
        _KEY,
        sent={"If-Match": "*"},
    ),
    gives(
        "DeleteObjects",
        "not there",
        "POST /{plain}?delete",
        200,
        {},
        "DeleteResult(Deleted(Key=none))",
        body="<Delete><Object><Key>none</Key></Object></Delete>",
        sent=_DIGEST,
    ),
    gives(
        "DeleteObjects",
        "quietly",
        "POST /{plain}?delete",
        200,
        {},
        "DeleteResult=",
        body="<Delete><Quiet>true</Quiet><Object><Key>none</Key></Object></Delete>",
        sent=_DIGEST,
    ),
    gives(
        "DeleteObjects",
        "a marker, a version, one that is locked",
        "POST /{locked}?delete",
        200,
        {},
        "DeleteResult(Deleted(Key=never DeleteMarker=true DeleteMarkerVersionId=@version)"
        f" Error(Key=held VersionId={{held}} Code=AccessDenied Message='{_LOCKED}'))",
        body="<Delete><Object><Key>never</Key></Object><Object><Key>held</Key>"
        "<VersionId>{held}</VersionId></Object></Delete>",
        sent=_DIGEST,
    ),
    gives(
        "DeleteObjects",
        "a version",
        "POST /{versioned}?delete",
        200,
        {},
        "DeleteResult(Deleted(Key=doomed-too VersionId={doomed-too-version}))",
        body="<Delete><Object><Key>doomed-too</Key><VersionId>{doomed-too-version}</VersionId>"
        "</Object></Delete>",
        sent=_DIGEST,
    ),
    gives(
        "DeleteObjects",
        "versions that cannot be",
        "POST /{versioned}?delete",
        200,
        {},
        "DeleteResult("
        + " ".join(
            f"Error(Key=k VersionId={version} Code=NoSuchVersion"
            " Message='The specified version does not exist.')"
            for version in ("x", "")
        )
        + ")",
        body="<Delete><Object><Key>k</Key><VersionId>x</VersionId></Object>"
        "<Object><Key>k</Key><VersionId/></Object></Delete>",
        sent=_DIGEST,
    ),
    refuses(
        "DeleteObjects",
        "no digest",
        "POST /{plain}?delete",
        "400 InvalidRequest",
        message=_NO_DIGEST,
        body="<Delete><Object><Key>none</Key></Object></Delete>",
    ),
    refuses(
        "DeleteObjects",
        "no keys",
        "POST /{plain}?delete",
        "400 MalformedXML",
        body="<Delete/>",
        sent=_DIGEST,
    ),
)
