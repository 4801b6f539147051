"""GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus.

A policy is stored and answered as it was sent. `x-amz-confirm-remove-self-bucket-access` is taken
and changes nothing: root of the bucket's account cannot be locked out of it.
Source: S3 API, PutBucketPolicy; S3 user guide, "Bucket policies for Amazon S3"."""

from typing import Final

from trioxygen.common.errors import NoSuchEntity
from trioxygen.common.units import KIB
from trioxygen.gateway.access.denial import not_authorized
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.access.policy.bucket_policy import invalid_principal, read_bucket_policy
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.principals import Principal
from trioxygen.gateway.access.policy.principals import PrincipalKind as NamedKind
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.policy_status import policy_status_document
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.needs import BUCKET, Need
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, no_content, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket, SettingKind
from trioxygen.gateway.store.values.iam import PrincipalKind

# 20 KiB count, white space does not.
_BODY_BYTES_MAX: Final = 320 * KIB
_KINDS: Final = {NamedKind.USER: PrincipalKind.USER, NamedKind.ROLE: PrincipalKind.ROLE}


async def get_bucket_policy(services: Services, request: S3Request) -> Response:
    _check_account(request)
    document = services.config.unnumbered.shown(_stored(request))
    return Response(200, [(b"content-type", b"application/json")], document)


async def put_bucket_policy(services: Services, request: S3Request) -> Response:
    _check_account(request)
    bucket = request.bucket_record

    def read(body: bytes) -> tuple[bytes, CompiledPolicy]:
        if not body:
            raise S3Error("MissingRequestBodyError")
        document = services.config.unnumbered.numbered_document(bytes(body))
        return document, read_bucket_policy(document, bucket.name)

    document, policy = await read_document(services, request, read, bytes_max=_BODY_BYTES_MAX)
    for principal in policy.named_principals:
        if not await _exists(services, principal):
            raise invalid_principal()
    if policy.is_public:
        _refuse_public(request)
    await services.store.settings.put(bucket, SettingKind.POLICY, document)
    return no_content()


def _refuse_public(request: S3Request) -> None:
    """Raises: AccessDenied: no public policy is taken."""
    documents = request.documents
    if not documents.public_access.block_public_policy:
        return
    by_account = " of the account" if documents.account_block.block_public_policy else ""
    raise S3Error(
        "AccessDenied",
        f"{not_authorized(request.asked[0].question)} because public policies are blocked by"
        f" the BlockPublicPolicy block public access setting{by_account}.",
    )


async def delete_bucket_policy(services: Services, request: S3Request) -> Response:
    _check_account(request)
    await services.store.settings.delete(request.bucket_record, SettingKind.POLICY)
    return no_content()


async def get_bucket_policy_status(services: Services, request: S3Request) -> Response:
    documents = request.documents
    judges_acl = services.config.dialect.judges_policy_status_by_acl
    if documents.policy is None and not judges_acl:
        raise _no_policy(request)
    is_public = documents.policy is not None and documents.policy.is_public
    if judges_acl and documents.acl is not None and uses_acls(documents.ownership):
        ignored = documents.public_access.ignore_public_acls
        is_public = is_public or (documents.acl.is_public and not ignored)
    return xml_response(policy_status_document(is_public=is_public))


def _stored(request: S3Request) -> bytes:
    for row in request.settings:
        return row.document
    raise _no_policy(request)


def _no_policy(request: S3Request) -> S3Error:
    return S3Error("NoSuchBucketPolicy", details={"BucketName": request.bucket_name})


def _check_account(request: S3Request) -> None:
    """Raises: MethodNotAllowed: whatever a policy allows, it is the business of the bucket's
    account alone. Source: S3 API, GetBucketPolicy."""
    if request.caller.account_id != request.bucket_record.account_id:
        # No method is another account's.
        details = {"ResourceType": "BUCKETPOLICY"}
        raise S3Error("MethodNotAllowed", details=details, headers={"Allow": ""})


async def _exists(services: Services, principal: Principal) -> bool:
    """Whether there is whom a policy names."""
    kind, value = principal.kind, principal.value
    if kind is NamedKind.CANONICAL_USER:
        return await services.accounts.of_canonical_id(value) is not None
    if kind is NamedKind.ACCOUNT:
        return await services.accounts.of(value) is not None
    if kind is NamedKind.SESSION:
        # Sessions come and go; the role that they are of has to be there.
        return await _is_there(services, principal.account_id, PrincipalKind.ROLE, value, -2)
    if kind in _KINDS:
        return await _is_there(services, principal.account_id, _KINDS[kind], value, -1)
    return True


async def _is_there(
    services: Services, account_id: str, kind: PrincipalKind, arn: str, part: int
) -> bool:
    """Args: part: of the ARN, which is the name."""
    name = arn.split("/")[part]
    try:
        principal = await services.store.iam.principals.lookup(account_id, kind, name)
    except NoSuchEntity:
        return False
    return part != -1 or principal.arn == arn


async def _fetch_policy(services: Services, request: S3Request) -> Bucket:
    bucket, request.settings = await services.store.settings.lookup(
        services.volume, request.bucket_name, (SettingKind.POLICY,)
    )
    request.bucket_record = bucket
    return bucket


_WITH_POLICY: Final = Need("bucket and policy", _fetch_policy)

ROWS: Final = (
    Operation(
        name="GetBucketPolicy",
        route=Route("GET", Level.BUCKET, "policy"),
        accesses=(Access("s3:GetBucketPolicy", Resource.BUCKET, _WITH_POLICY),),
        handler=get_bucket_policy,
    ),
    Operation(
        name="PutBucketPolicy",
        route=Route("PUT", Level.BUCKET, "policy"),
        accesses=(Access("s3:PutBucketPolicy", Resource.BUCKET, BUCKET),),
        reads_body=True,
        handler=put_bucket_policy,
    ),
    Operation(
        name="DeleteBucketPolicy",
        route=Route("DELETE", Level.BUCKET, "policy"),
        accesses=(Access("s3:DeleteBucketPolicy", Resource.BUCKET, BUCKET),),
        handler=delete_bucket_policy,
    ),
    Operation(
        name="GetBucketPolicyStatus",
        route=Route("GET", Level.BUCKET, "policyStatus"),
        accesses=(Access("s3:GetBucketPolicyStatus", Resource.BUCKET, BUCKET),),
        handler=get_bucket_policy_status,
    ),
)
