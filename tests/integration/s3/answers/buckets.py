"""The service and its buckets."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses

_NO_BUCKET: Final = "BucketName=o3-none"
_VERSIONS_LEFT: Final = (
    "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
)
_REGION: Final = {"x-amz-bucket-region": "us-east-1"}
_IN_PARIS: Final = (
    "<CreateBucketConfiguration><LocationConstraint>eu-west-3</LocationConstraint>"
    "</CreateBucketConfiguration>"
)

ROWS: Final = (
    # ---- the service ----
    gives(
        "ListBuckets",
        "of one name: no region unless a parameter is sent",
        "GET /?prefix={plain}",
        200,
        {},
        "ListAllMyBucketsResult(Owner(ID=@account)"
        " Buckets(Bucket(Name={plain} CreationDate=@date BucketRegion=us-east-1)) Prefix={plain})",
    ),
    gives(
        "ListBuckets",
        "a page",
        "GET /?prefix={stem}&max-buckets=1",
        200,
        {},
        "ListAllMyBucketsResult(Owner(ID=@account)"
        " Buckets(Bucket(Name=@any CreationDate=@date BucketRegion=us-east-1)) Prefix={stem}"
        " ContinuationToken=@token)",
    ),
    gives(
        "ListBuckets",
        "none",
        "GET /?prefix=o3-none",
        200,
        {},
        "ListAllMyBucketsResult(Owner(ID=@account) Buckets= Prefix=o3-none)",
    ),
    refuses("ListBuckets", "nobody signs", "GET /", "403 AccessDenied", signer="nobody"),
    refuses(
        "ListBuckets",
        "page too large",
        "GET /?max-buckets=10001",
        "400 InvalidArgument",
        "ArgumentName=max-buckets ArgumentValue=10001",
        message="Argument max-buckets must be an integer between 1 and 10000.",
    ),
    refuses(
        "Unrouted",
        "no such method of the service",
        "DELETE /",
        "405 MethodNotAllowed",
        "Method=DELETE ResourceType=SERVICE",
        headers={"allow": "GET"},
    ),
    refuses("Unrouted", "no verb", "FOO /{plain}", "400 BadRequest"),
    # ---- buckets ----
    gives(
        "CreateBucket",
        "in us-east-1",
        "PUT /{fresh}",
        200,
        {"location": "/{fresh}", "x-amz-bucket-arn": "arn:aws:s3:::{fresh}"},
    ),
    gives(
        "CreateBucket",
        "made before, in us-east-1",
        "PUT /{plain}",
        200,
        {"location": "/{plain}", "x-amz-bucket-arn": "arn:aws:s3:::{plain}"},
    ),
    gives(
        "CreateBucket",
        "elsewhere",
        "PUT /{far}",
        200,
        {"location": "/{far}", "x-amz-bucket-arn": "arn:aws:s3:::{far}"},
        body=_IN_PARIS,
    ),
    refuses(
        "CreateBucket",
        "made before, for another region",
        "PUT /{plain}",
        "409 BucketAlreadyOwnedByYou",
        "BucketName={plain}",
        body=_IN_PARIS,
    ),
    refuses(
        "CreateBucket",
        "another's",
        "PUT /{plain}",
        "409 BucketAlreadyExists",
        "BucketName={plain}",
        signer="other",
    ),
    refuses(
        "CreateBucket", "bad name", "PUT /No_Name", "400 InvalidBucketName", "BucketName=No_Name"
    ),
    *(
        refuses(
            "CreateBucket",
            f"constraint '{region}'",
            "PUT /o3-none",
            "400 InvalidLocationConstraint",
            f"LocationConstraint='{region}'",
            body=_IN_PARIS.replace("eu-west-3", region),
        )
        for region in ("", "us-east-1", "on the moon")
    ),
    refuses(
        "CreateBucket",
        "not a name of its account and region",
        "PUT /o3-none",
        "400 InvalidNamespaceHeader",
        message="The bucket namespace that you specified does not go with the name of the bucket.",
        sent={"x-amz-bucket-namespace": "account-regional"},
    ),
    refuses(
        "CreateBucket", "not XML", "PUT /o3-none", "400 MalformedXML", body="<CreateBucketConf"
    ),
    gives(
        "HeadBucket",
        "a bucket",
        "HEAD /{plain}",
        200,
        {**_REGION, "x-amz-access-point-alias": "false", "content-type": "application/xml"},
    ),
    refuses("HeadBucket", "none", "HEAD /o3-none", "404 NoSuchBucket"),
    refuses(
        "HeadBucket",
        "another's",
        "HEAD /{plain}",
        "403 AccessDenied",
        headers=_REGION,
        signer="other",
    ),
    refuses(
        "HeadBucket",
        "expected owner is no account",
        "HEAD /{plain}",
        "400 InvalidBucketOwnerAWSAccountID",
        headers=_REGION,
        sent={"x-amz-expected-bucket-owner": "me"},
    ),
    gives("DeleteBucket", "an empty one", "DELETE /{doomed}", 204),
    refuses(
        "DeleteBucket",
        "objects in it",
        "DELETE /{plain}",
        "409 BucketNotEmpty",
        "BucketName={plain}",
    ),
    refuses(
        "DeleteBucket",
        "versions in it",
        "DELETE /{versioned}",
        "409 BucketNotEmpty",
        "BucketName={versioned}",
        message=_VERSIONS_LEFT,
    ),
    refuses("DeleteBucket", "none", "DELETE /o3-none", "404 NoSuchBucket", _NO_BUCKET),
    gives(
        "GetBucketLocation", "us-east-1", "GET /{plain}?location", 200, {}, "LocationConstraint="
    ),
    refuses("GetBucketLocation", "none", "GET /o3-none?location", "404 NoSuchBucket", _NO_BUCKET),
    *(
        refuses(
            "Unrouted",
            f"two sub-resources of {method}",
            f"{method} /{{plain}}?versioning&acl",
            "400 InvalidArgument",
            "ArgumentName=ResourceType ArgumentValue=acl",
            message="Conflicting query string parameters: acl, versioning",
        )
        for method in ("GET", "HEAD")
    ),
    refuses(
        "Unrouted",
        "a sub-resource of objects",
        "GET /{plain}?retention",
        "501 NotImplemented",
        "additionalMessage='GET with ?retention is not implemented.'",
    ),
    refuses(
        "Unrouted",
        "none with a sub-resource",
        "GET /o3-none?retention",
        "404 NoSuchBucket",
        _NO_BUCKET,
    ),
    refuses(
        "Unrouted",
        "no such method of a sub-resource",
        "DELETE /{plain}?location",
        "405 MethodNotAllowed",
        "Method=DELETE ResourceType=BUCKET",
        headers={"allow": "GET"},
    ),
    refuses(
        "Unrouted",
        "no such method of a policy",
        "POST /{plain}?policy",
        "405 MethodNotAllowed",
        "Method=POST ResourceType=BUCKETPOLICY",
        headers={"allow": "GET, PUT, DELETE"},
    ),
)
