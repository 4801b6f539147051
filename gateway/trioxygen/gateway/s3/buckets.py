"""Service and bucket operations: ListBuckets, CreateBucket, HeadBucket, DeleteBucket,
GetBucketLocation, GetBucketVersioning (of buckets that never had it)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.body import Body
from trioxygen.gateway.operations import Operations
from trioxygen.gateway.request import Response, S3Request, no_content, owner_of, xml_response
from trioxygen.gateway.s3 import names, xml_listing, xml_requests, xml_results
from trioxygen.gateway.s3.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.s3.numbers import natural_up_to
from trioxygen.gateway.s3.unimplemented import refuse_unimplemented
from trioxygen.gateway.s3.xml import document
from trioxygen.gateway.s3.xml_listing import ListedBucket
from trioxygen.proto.v1 import om_pb2 as om

_CREATE_BODY_BYTES_MAX: Final = 64 * KIB
_LIST_MAX: Final = 10_000
# "EU" is the old name of eu-west-1, which AWS still takes.
_REGION: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|EU")
_CREATE_UNIMPLEMENTED: Final = ("x-amz-bucket-object-lock-enabled", "x-amz-bucket-namespace")


class BucketOperations(Operations):
    async def list_buckets(self, request: S3Request) -> Response:
        account = request.signer
        count_max = _LIST_MAX
        wanted = request.head.query_value("max-buckets")
        if wanted is not None:
            asked = natural_up_to(wanted, _LIST_MAX)
            if not asked:
                raise invalid_argument(
                    f"Argument max-buckets must be an integer between 1 and {_LIST_MAX}.",
                    "max-buckets",
                    wanted,
                )
            count_max = asked
        prefix = request.head.query_value("prefix") or ""
        region = request.head.query_value("bucket-region")
        if region and not _REGION.fullmatch(region):
            raise invalid_argument(
                f"Argument value {region} is not a valid AWS Region", "bucket-region", region
            )
        token = request.head.query_value("continuation-token")
        # S3 tells each bucket's region only to who uses a parameter of the newer, paged listing.
        is_region_told = bool(prefix) or any(one is not None for one in (wanted, region, token))
        reply = await self.backend.call(
            om.ListBucketsRequest(
                account_id=account.account_id,
                prefix=prefix,
                after=_after(token),
                count_max=count_max,
            ),
            om.ListBucketsReply,
        )
        rows = [
            row for row in reply.buckets if not region or (row.location or self.region) == region
        ]
        listed = [
            ListedBucket(
                name=row.name,
                created_ms=row.created_ms,
                region=(row.location or self.region) if is_region_told else None,
            )
            for row in rows
        ]
        next_token = _token(reply.buckets[-1].name) if reply.truncated else None
        return xml_response(
            xml_listing.list_buckets(
                owner=owner_of(account),
                buckets=listed,
                prefix=prefix or None,
                continuation_token=next_token,
            )
        )

    async def create_bucket(self, request: S3Request) -> Response:
        account = request.signer
        names.check_bucket_name(request.bucket_name)
        refuse_unimplemented(request.head)
        for header in _CREATE_UNIMPLEMENTED:
            if (request.head.header(header) or "false").lower() not in ("false", "global"):
                raise not_implemented(f"{header} is not implemented.", header=header)
        location = ""
        if request.head.header("content-length") not in (None, "0") or request.head.header(
            "transfer-encoding"
        ):
            body = Body(request, self.blocking, checksum=None)
            document_bytes = await body.read(_CREATE_BODY_BYTES_MAX)
            body.verify()
            wanted = await self.parse(xml_requests.read_create_bucket, document_bytes)
            location = wanted or ""
        if location and (
            not _REGION.fullmatch(location) or (self.regions and location not in self.regions)
        ):
            raise S3Error("InvalidLocationConstraint", details={"LocationConstraint": location})
        await self.backend.call(
            om.CreateBucketRequest(
                bucket=request.bucket, account_id=account.account_id, location=location
            ),
            om.CreateBucketReply,
        )
        arn = f"arn:aws:s3:::{request.bucket}".encode()
        return Response(
            200, [(b"location", f"/{request.bucket}".encode()), (b"x-amz-bucket-arn", arn)]
        )

    async def head_bucket(self, request: S3Request) -> Response:
        reply = await self.backend.call(
            om.LookupBucketRequest(bucket=request.bucket_name), om.LookupBucketReply
        )
        region = reply.bucket.location or self.region
        try:
            self.authorize(request, reply.bucket)
        except S3Error as error:
            # Where it is, S3 says to everybody.
            error.headers["x-amz-bucket-region"] = region
            raise
        return Response(
            200,
            [
                (b"x-amz-bucket-region", region.encode("ascii", "replace")),
                (b"x-amz-access-point-alias", b"false"),
                (b"content-type", b"application/xml"),
            ],
        )

    async def delete_bucket(self, request: S3Request) -> Response:
        bucket = await self.owned_bucket(request)
        await self.backend.call(
            om.DeleteBucketRequest(bucket=bucket.name, bucket_id=bucket.bucket_id),
            om.DeleteBucketReply,
        )
        return no_content()

    async def get_bucket_location(self, request: S3Request) -> Response:
        bucket = await self.owned_bucket(request)
        return xml_response(xml_results.location_constraint(bucket.location or None))

    async def get_bucket_versioning(self, request: S3Request) -> Response:
        """An empty configuration: that is what S3 answers of a bucket that never had versioning."""
        await self.owned_bucket(request)
        return xml_response(document("VersioningConfiguration", ""))


def _token(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode()


def _after(token: str | None) -> str:
    if not token:
        return ""
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except (Base64Error, UnicodeError) as error:
        raise invalid_argument(
            "The continuation token provided is incorrect", "continuation-token", token
        ) from error
