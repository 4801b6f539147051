"""Questions of the gate: what of a request a decision is made of, and how a denial is answered."""

from collections.abc import Callable
from typing import Final, NamedTuple

from trioxygen.common.errors import Corrupt
from trioxygen.gateway.access.acl import load_acl
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.decision import Decision, Reason
from trioxygen.gateway.access.denial import ALL_BUCKETS, denial_text
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, BucketDocuments, Target
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.protocol.control import account_of
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.request_payment import says_it_pays
from trioxygen.gateway.s3.context import RequestContext
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import KeyRecord

Decide = Callable[[Question, Permissions, BucketDocuments, Target], Decision]

# How S3 answers a denial, where it is not AccessDenied.
_CODES: Final = {Reason.EXPECTED_OWNER_MALFORMED: "InvalidBucketOwnerAWSAccountID"}
_CASES: Final = {Reason.EXPECTED_OWNER_MALFORMED: Case.EXPECTED_OWNER_IS_NO_ID}
_EXPECTED_OWNER: Final = "x-amz-expected-bucket-owner"
_EXPECTED_SOURCE_OWNER: Final = "x-amz-source-expected-bucket-owner"
_OF_KEYS: Final = (Resource.OBJECT, Resource.SOURCE)
_EACH_KEY: Final = Decision(True, Reason.EACH_KEY)
# What is refused for, whichever the key is.
_OF_ALL_KEYS: Final = (
    Reason.EXPECTED_OWNER_DIFFERS,
    Reason.EXPECTED_OWNER_MALFORMED,
    Reason.REQUESTER_PAYS,
    Reason.RESTRICTED,
)
# Of a request: what more keys than that were asked is not kept.
_ASKED_MAX: Final = 32


class About(NamedTuple):
    """What accesses are about. Attributes:
    bucket: None: none that is there.
    key, version_id: that are addressed, or copied from; None: none.
    record: of the key, where it was fetched and is there.
    is_missing: it was fetched, and is not there.
    target: see `access.documents`."""

    bucket: Bucket | None
    documents: BucketDocuments
    target: Target
    key: str | None = None
    version_id: str | None = None
    record: KeyRecord | None = None
    is_missing: bool = False


class Asking:
    def __init__(self, services: Services, decide: Decide) -> None:
        self._services, self._decide = services, decide
        self._now_ms = services.clock.wall_ms
        self._about_own_account = About(None, UNSET, OWN_ACCOUNT)

    def about_account(self, operation: Operation, request: S3Request) -> About:
        """What is known of whoever asks about an account, before any bucket is."""
        if operation.route.level is not Level.ACCOUNT:
            return self._about_own_account
        return About(None, UNSET, Target(None, expected_owner=account_of(request.head)))

    async def about(self, access: Access, request: S3Request, bucket: Bucket) -> About:
        """What is now known of what the access needed. Raises Corrupt."""
        documents = UNSET
        if bucket.access_revision:
            documents = await self._services.documents.of(bucket)
        is_source = access.resource is Resource.SOURCE
        head = request.head
        if is_source:
            key: str | None = request.source.key
            version_id, expected = request.source.version_id, _EXPECTED_SOURCE_OWNER
        else:
            request.documents = documents
            key, expected = request.key, _EXPECTED_OWNER
            version_id = head.query_value("versionId") if head.raw_query and key else None
        looked_up = access.needs.looked_up
        record = None if looked_up is None else looked_up(request)
        target = Target(bucket.account_id, expected_owner=head.header(expected))
        if documents is not UNSET:
            if documents.requester_pays and request.caller.account_id != bucket.account_id:
                request.is_charged = True
            target = _target(request, documents, target, record)
            if looked_up is None and access.resource is Resource.OBJECT:
                target = target._replace(is_new=True)
        return About(
            bucket,
            documents,
            target,
            key,
            version_id,
            record,
            looked_up is not None and (record is None or record.is_marker),
        )

    def may_ask_of_body(self, request: S3Request, about: About) -> bool:
        """Whether there is a policy that it could matter to."""
        return about.documents.policy is not None or request.permissions is not NO_PERMISSIONS

    def decided(self, access: Access, request: S3Request, about: About) -> Asked:
        """What was asked of the access, and how it was decided."""
        if access.resource is Resource.OBJECTS:
            asked = self._of_keys(access, request, about)
        else:
            is_plain = about.version_id is None or not access.version_action
            action = access.action if is_plain else access.version_action
            key = about.key if access.resource in _OF_KEYS else None
            asked = self._ask(action, key, about.version_id, request, about, access.resource)
            if about.is_missing and key is not None:
                asked = self._of_missing(asked, request, about)
        request.decision = asked.decision
        return asked

    def _of_keys(self, access: Access, request: S3Request, about: About) -> Asked:
        """Each is asked for when its name is known; before, only whom nothing can let in is
        refused."""
        asked = self._ask(access.action, "*", None, request, about, access.resource)
        decision, documents = asked.decision, about.documents
        if decision.is_allowed or decision.reason in _OF_ALL_KEYS:
            return asked
        is_own = request.caller.account_id == about.target.account_id
        may_let_in = documents.policy is not None or uses_acls(documents.ownership)
        if may_let_in or (is_own and request.permissions is not NO_PERMISSIONS):
            return asked._replace(decision=_EACH_KEY)
        return asked

    def _of_missing(self, asked: Asked, request: S3Request, about: About) -> Asked:
        """That a key is not there is told to who may list. Where ACLs decide, there is none of it
        to ask. Source: S3 API, GetObject."""
        is_allowed, reason = asked.decision.is_allowed, asked.decision.reason
        if not is_allowed and (reason.is_explicit or not uses_acls(about.documents.ownership)):
            return asked
        lists = self._ask("s3:ListBucket", None, None, request, about, Resource.BUCKET)
        return lists if lists.decision.is_allowed != is_allowed else asked

    def refusal_of_key(
        self,
        access: Access,
        request: S3Request,
        about: About,
        key: str,
        version_id: str | None,
        action: str | None = None,
    ) -> S3Error | None:
        """See `request.Refusal`."""
        if action is None:
            is_plain = version_id is None or not access.version_action
            action = access.action if is_plain else access.version_action
        asked = self._ask(action, key, version_id, request, about, access.resource)
        return None if asked.decision.is_allowed else self.refusal(asked)

    def _ask(
        self,
        action: str,
        key: str | None,
        version_id: str | None,
        request: S3Request,
        about: About,
        resource: Resource,
    ) -> Asked:
        bucket, documents, target = about.bucket, about.documents, about.target
        context = RequestContext(
            request,
            self._now_ms,
            action,
            bucket,
            about.record,
            version_id,
            is_source=resource is Resource.SOURCE,
        )
        question = Question(action, _arn(request, bucket, key), request.caller, context)
        permissions = request.permissions
        decision = self._decide(question, permissions, documents, target)
        asked = Asked(question, permissions, documents, target, decision)
        if len(request.asked) < _ASKED_MAX:
            request.asked.append(asked)
        return asked

    def refusal(self, asked: Asked) -> S3Error:
        """How a denial is answered."""
        decision, question = asked.decision, asked.question
        code = _CODES.get(decision.reason, "AccessDenied")
        case = _CASES.get(decision.reason)
        owner = asked.target.account_id
        # What decides in another account is nobody's business.
        if owner is None or question.caller.account_id == owner:
            return S3Error(code, denial_text(question, decision), case=case)
        return S3Error(code, case=case)


def _arn(request: S3Request, bucket: Bucket | None, key: str | None) -> str:
    name = request.bucket if bucket is None else bucket.name
    if name is None:
        return ALL_BUCKETS
    return f"arn:aws:s3:::{name}" if key is None else f"arn:aws:s3:::{name}/{key}"


def _target(
    request: S3Request, documents: BucketDocuments, target: Target, record: KeyRecord | None
) -> Target:
    """With what matters where not everything is as in a new bucket. Raises Corrupt."""
    if documents.requester_pays:
        target = target._replace(is_paid=says_it_pays(request.head))
    if not uses_acls(documents.ownership):
        return target
    upload = request.upload_record
    if upload is not None:
        target = target._replace(initiator=upload.initiator or upload.account_id)
    if record is None:
        return target
    try:
        acl = load_acl(record.acl) if record.acl else None
    except ValueError as error:
        raise Corrupt("an ACL", bucket=request.bucket or "") from error
    return target._replace(object_owner=record.account_id, object_acl=acl)
