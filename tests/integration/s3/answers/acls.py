"""ACLs, ownership controls, public access blocks; and what those are answered whom ACLs let in."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_ALL_USERS: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
_OWN: Final = "Grant(Grantee(type=CanonicalUser ID={main}) Permission=FULL_CONTROL)"
_TO_ALL: Final = f"Grant(Grantee(type=Group URI={_ALL_USERS}) Permission=READ)"
_ACL: Final = (
    "<AccessControlPolicy><Owner><ID>{main}</ID></Owner><AccessControlList><Grant>"
    f'<Grantee {_XSI} xsi:type="CanonicalUser"><ID>{{main}}</ID></Grantee>'
    "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
)
_OWNERSHIP: Final = (
    "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
    "</OwnershipControls>"
)
_BLOCK: Final = (
    "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
    "</PublicAccessBlockConfiguration>"
)
_READ: Final = {
    "last-modified": "@http-date",
    "etag": '"{tag}"',
    "accept-ranges": "bytes",
    "content-type": "binary/octet-stream",
}


def _acl(*grants: str) -> str:
    return f"AccessControlPolicy(Owner(ID={{main}}) AccessControlList({' '.join(grants)}))"


_OF_BUCKETS: Final = (
    gives("GetBucketAcl", "without ACLs", "GET /{plain}?acl", 200, {}, _acl(_OWN)),
    gives("GetBucketAcl", "open to all", "GET /{shared}?acl", 200, {}, _acl(_TO_ALL, _OWN)),
    refuses("GetBucketAcl", "none", "GET /o3-none?acl", "404 NoSuchBucket", _NO_BUCKET),
    refuses("GetBucketAcl", "another's", "GET /{shared}?acl", "403 AccessDenied", signer="other"),
    refuses("GetBucketAcl", "nobody", "GET /{shared}?acl", "403 AccessDenied", signer="nobody"),
    refuses(
        "GetBucketAcl",
        "expected owner is no account",
        "GET /{plain}?acl",
        "400 InvalidBucketOwnerAWSAccountID",
        sent={"x-amz-expected-bucket-owner": "me"},
    ),
    gives("PutBucketAcl", "canned", "PUT /{granting}?acl", 200, sent={"x-amz-acl": "public-read"}),
    gives(
        "PutBucketAcl",
        "grants",
        "PUT /{granting}?acl",
        200,
        sent={"x-amz-grant-read": f'id="{{other}}", uri="{_ALL_USERS}"'},
    ),
    gives("PutBucketAcl", "a document", "PUT /{granting}?acl", 200, body=_ACL),
    refuses(
        "PutBucketAcl",
        "there are none",
        "PUT /{plain}?acl",
        "400 AccessControlListNotSupported",
        sent={"x-amz-acl": "private"},
    ),
    refuses(
        "PutBucketAcl",
        "neither headers nor a document",
        "PUT /{granting}?acl",
        "400 MissingSecurityHeader",
        "MissingHeaderName=x-amz-acl",
    ),
    refuses(
        "PutBucketAcl",
        "a header and a document",
        "PUT /{granting}?acl",
        "400 UnexpectedContent",
        sent={"x-amz-acl": "private"},
        body=_ACL,
    ),
    refuses(
        "PutBucketAcl",
        "canned and grants",
        "PUT /{granting}?acl",
        "400 InvalidRequest",
        message="Specifying both Canned ACLs and Header Grants is not allowed",
        sent={"x-amz-acl": "private", "x-amz-grant-read": "id={main}"},
    ),
    refuses(
        "PutBucketAcl",
        "one that nobody has",
        "PUT /{granting}?acl",
        "400 InvalidArgument",
        "ArgumentName=x-amz-acl ArgumentValue=public",
        message="",
        sent={"x-amz-acl": "public"},
    ),
    refuses(
        "PutBucketAcl",
        "a grantee of no form",
        "PUT /{granting}?acl",
        "400 InvalidArgument",
        "ArgumentName=x-amz-grant-write ArgumentValue={main}",
        message="Argument format not recognized",
        sent={"x-amz-grant-write": "{main}"},
    ),
    refuses(
        "PutBucketAcl",
        "a grantee that is nobody",
        "PUT /{granting}?acl",
        "400 InvalidArgument",
        "ArgumentName=id ArgumentValue=nobody",
        message="Invalid id",
        sent={"x-amz-grant-write": "id=nobody"},
    ),
    refuses(
        "PutBucketAcl",
        "no owner",
        "PUT /{granting}?acl",
        "400 MalformedACLError",
        body="<AccessControlPolicy><AccessControlList/></AccessControlPolicy>",
    ),
    refuses(
        "CreateBucket",
        "an ACL, where there are none",
        "PUT /o3-none",
        "400 InvalidBucketAclWithObjectOwnership",
        sent={"x-amz-acl": "public-read"},
    ),
    refuses(
        "CreateBucket",
        "a public ACL",
        "PUT /o3-none",
        "400 InvalidBucketAclWithBlockPublicAccessError",
        sent={"x-amz-acl": "public-read", "x-amz-object-ownership": "ObjectWriter"},
    ),
    refuses(
        "CreateBucket",
        "owned by nobody",
        "PUT /o3-none",
        "400 InvalidArgument",
        "ArgumentName=x-amz-object-ownership",
        message="Invalid x-amz-object-ownership header: Nobody",
        sent={"x-amz-object-ownership": "Nobody"},
    ),
    gives(
        "ListObjects",
        "to nobody",
        "GET /{shared}?prefix=none",
        200,
        {"x-amz-bucket-region": "us-east-1"},
        "ListBucketResult(Name={shared} Prefix=none Marker= MaxKeys=1000 IsTruncated=false)",
        signer="nobody",
    ),
)

_OF_OBJECTS: Final = (
    gives("GetObjectAcl", "without ACLs", "GET /{plain}/k?acl", 200, {}, _acl(_OWN)),
    gives("GetObjectAcl", "open to all", "GET /{shared}/k?acl", 200, {}, _acl(_TO_ALL, _OWN)),
    gives(
        "GetObjectAcl",
        "of a version",
        "GET /{versioned}/k?acl&versionId={v1}",
        200,
        {"x-amz-version-id": "{v1}"},
        _acl(_OWN),
    ),
    refuses("GetObjectAcl", "no key", "GET /{plain}/none?acl", "404 NoSuchKey", "Key=none"),
    refuses("GetObjectAcl", "nobody", "GET /{shared}/k?acl", "403 AccessDenied", signer="nobody"),
    refuses(
        "GetObjectAcl",
        "no version id",
        "GET /{plain}/k?acl&versionId=x",
        "400 InvalidArgument",
        "ArgumentName=versionId ArgumentValue=x",
        message="Invalid version id specified",
    ),
    gives(
        "PutObjectAcl", "canned", "PUT /{granting}/k?acl", 200, sent={"x-amz-acl": "public-read"}
    ),
    gives("PutObjectAcl", "a document", "PUT /{granting}/k?acl", 200, body=_ACL),
    refuses(
        "PutObjectAcl",
        "there are none",
        "PUT /{plain}/k?acl",
        "400 AccessControlListNotSupported",
        body=_ACL,
    ),
    refuses(
        "PutObjectAcl",
        "another owner",
        "PUT /{granting}/k?acl",
        "400 InvalidArgument",
        "ArgumentName=id ArgumentValue={other}",
        message="Invalid id",
        body=_ACL.replace("<Owner><ID>{main}", "<Owner><ID>{other}"),
    ),
    refuses(
        "PutObjectAcl",
        "no key",
        "PUT /{granting}/none?acl",
        "404 NoSuchKey",
        "Key=none",
        sent={"x-amz-acl": "private"},
    ),
    gives(
        "GetObject", "to nobody", "GET /{shared}/k", 200, _READ, content=b"body", signer="nobody"
    ),
    refuses(
        "GetObject", "private, to nobody", "GET /{plain}/k", "403 AccessDenied", signer="nobody"
    ),
    refuses(
        "GetObject",
        "nobody chooses headers of the answer",
        "GET /{shared}/k?response-content-type=text/plain",
        "400 InvalidRequest",
        message="Request specific response headers cannot be used for anonymous GET requests.",
        signer="nobody",
    ),
)

_OWNERSHIP_AND_BLOCKS: Final = (
    gives(
        "GetBucketOwnershipControls",
        "a new bucket",
        "GET /{plain}?ownershipControls",
        200,
        {},
        "OwnershipControls(Rule(ObjectOwnership=BucketOwnerEnforced))",
    ),
    refuses(
        "GetBucketOwnershipControls",
        "deleted",
        "GET /{shared}?ownershipControls",
        "404 OwnershipControlsNotFoundError",
        "BucketName={shared}",
    ),
    gives(
        "PutBucketOwnershipControls",
        "a rule",
        "PUT /{busy}?ownershipControls",
        200,
        body=_OWNERSHIP,
        sent={"Content-MD5": "md5"},
    ),
    refuses(
        "PutBucketOwnershipControls",
        "grants to others",
        "PUT /{shared}?ownershipControls",
        "400 InvalidBucketAclWithObjectOwnership",
        body=_OWNERSHIP.replace("ObjectWriter", "BucketOwnerEnforced"),
    ),
    refuses(
        "PutBucketOwnershipControls",
        "owned by nobody",
        "PUT /{busy}?ownershipControls",
        "400 MalformedXML",
        body=_OWNERSHIP.replace("ObjectWriter", "Nobody"),
    ),
    gives("DeleteBucketOwnershipControls", "a bucket", "DELETE /{busy}?ownershipControls", 204),
    refuses(
        "DeleteBucketOwnershipControls",
        "none",
        "DELETE /o3-none?ownershipControls",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    gives(
        "GetPublicAccessBlock",
        "a new bucket",
        "GET /{plain}?publicAccessBlock",
        200,
        {},
        "PublicAccessBlockConfiguration(BlockPublicAcls=true IgnorePublicAcls=true"
        " BlockPublicPolicy=true RestrictPublicBuckets=true)",
    ),
    refuses(
        "GetPublicAccessBlock",
        "deleted",
        "GET /{shared}?publicAccessBlock",
        "404 NoSuchPublicAccessBlockConfiguration",
        "BucketName={shared}",
    ),
    gives("PutPublicAccessBlock", "a part", "PUT /{granting}?publicAccessBlock", 200, body=_BLOCK),
    refuses(
        "PutPublicAccessBlock",
        "nothing",
        "PUT /{granting}?publicAccessBlock",
        "400 InvalidRequest",
        message="Must specify at least one configuration.",
        body="<PublicAccessBlockConfiguration/>",
    ),
    refuses(
        "PutPublicAccessBlock",
        "neither true nor false",
        "PUT /{granting}?publicAccessBlock",
        "400 MalformedXML",
        body=_BLOCK.replace("true", "maybe"),
    ),
    refuses(
        "PutBucketAcl",
        "public, which is blocked",
        "PUT /{granting}?acl",
        "403 AccessDenied",
        message="Access Denied because public ACLs are blocked by the BlockPublicAcls block public"
        " access setting.",
        sent={"x-amz-acl": "public-read"},
    ),
    gives("DeletePublicAccessBlock", "a bucket", "DELETE /{granting}?publicAccessBlock", 204),
    refuses(
        "DeletePublicAccessBlock",
        "none",
        "DELETE /o3-none?publicAccessBlock",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
)

ROWS: Final = (*_OF_BUCKETS, *_OF_OBJECTS, *_OWNERSHIP_AND_BLOCKS)
