"""The gate: every row of the table goes through it, and no handler runs for whom it refuses."""

import ast
import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

import trioxygen.gateway
from tests.unit.gateway.s3.one_bucket import (
    OWNER,
    RECORD,
    STRANGER,
    UPLOAD,
    OneBucket,
    request_to,
)
from tests.unit.syntax import tree_of
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import ConditionConflict, NoSuchBucket
from trioxygen.gateway.access.decide import Decision, Reason, decide
from trioxygen.gateway.access.documents import BucketDocuments, Target
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.credentials import Credential
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.gate import Gate
from trioxygen.gateway.s3.needs import RENAME_SOURCE
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, of_another_level
from trioxygen.gateway.s3.request import UNROUTED, Response, S3Request, no_content
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.table import BY_NAME, OPERATIONS
from trioxygen.gateway.store.values.accounts import Account

# But what nobody signs, and so everybody may.
HERE: Final = [row for row in OPERATIONS if row.handler is not None and row.is_signed]
# Whoever signs may: they are about the caller's own account.
OWN_ACCOUNT: Final = {"ListBuckets", "CreateBucket"}
# Whoever is of the account that is named.
NAMED_ACCOUNT: Final = {row.name for row in HERE if row.route.level is Level.ACCOUNT}
NO_BUCKET: Final = (Level.SERVICE, Level.ACCOUNT)
# Those that no request of another origin's browser asks about.
ABSENT: Final = [row for row in OPERATIONS if row.handler is None and row.is_signed]
OTHER_LEVEL: Final = of_another_level("GET", Level.BUCKET, "torrent")
OWNED: Final = {"bucket": OWNER.account_id, "source": OWNER.account_id}
BOTH: Final = [OWNER.account_id, STRANGER.account_id]


class Handler:
    """Stands in for a row's own: notes whom it ran for."""

    def __init__(self, *, conflicts: int = 0) -> None:
        self.ran: list[S3Request] = []
        self._conflicts = conflicts

    async def __call__(self, services: Services, request: S3Request) -> Response:
        self.ran.append(request)
        if len(self.ran) <= self._conflicts:
            raise ConditionConflict()
        return no_content()


class Unchanged:
    """Identities that need not be read again."""

    async def renewed(self, claim: SignatureClaim, *, revision: int | None) -> Credential:
        raise AssertionError("an identity was read again")


def request_for(row: Operation, account: Account | None, **sent: Any) -> S3Request:
    level = row.route.level
    bucket = None if level in NO_BUCKET else "bucket"
    return request_to(
        bucket, "k" if level is Level.OBJECT or row.is_form else None, account, **sent
    )


def run(
    row: Operation,
    request: S3Request,
    store: OneBucket,
    handler: Handler,
    decide: Callable[..., Decision] = decide,
) -> Response:
    async def answer() -> Response:
        services = Services(
            store.port, ThreadBlocking(pool_threads=1), SystemClock(), S3Config(volume="s3v")
        )
        return await Gate(services, Unchanged(), decide).run(replace(row, handler=handler), request)

    return asyncio.run(answer())


def refusal(row: Operation, request: S3Request, store: OneBucket) -> S3Error:
    handler = Handler()
    with pytest.raises(S3Error) as refused:
        run(row, request, store, handler)
    assert not handler.ran
    return refused.value


@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
def test_nobody_who_does_not_sign_reaches_a_handler(row: Operation) -> None:
    request = request_for(row, None)
    assert refusal(row, request, OneBucket(OWNED)).code == "AccessDenied"
    assert request.decision == Decision(False, Reason.ANONYMOUS)


@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
def test_no_handler_runs_for_another_account_than_the_owner(row: Operation) -> None:
    request, store = request_for(row, STRANGER), OneBucket(OWNED)
    if row.name in OWN_ACCOUNT:
        handler = Handler()
        run(row, request, store, handler)
        assert handler.ran == [request] and not store.asked
        return
    assert refusal(row, request, store).code == "AccessDenied"
    is_named = row.name in NAMED_ACCOUNT
    reason = Reason.OTHER_ACCOUNT if is_named else Reason.NOT_OWNER
    assert request.decision == Decision(False, reason)
    assert len(store.asked) == (0 if is_named else 1)


@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
def test_all_actions_of_a_row_are_decided_each_with_one_call_for_what_it_needs(
    row: Operation,
) -> None:
    asked: list[tuple[Question, Target]] = []

    def allow(
        question: Question, permissions: Permissions, documents: BucketDocuments, target: Target
    ) -> Decision:
        asked.append((question, target))
        return decide(question, permissions, documents, target)

    handler, store, request = Handler(), OneBucket(OWNED), request_for(row, OWNER)
    run(row, request, store, handler, allow)
    assert handler.ran == [request]
    accesses = [access for access in row.accesses if access.when is None]
    assert [question.action for question, _ in asked] == [access.action for access in accesses]
    # The source of a rename is in the same bucket.
    needs = [access.needs for access in accesses if access.needs is not RENAME_SOURCE]
    needed = [need for need in needs if need.fetch is not None]
    assert len(store.asked) == len(needed)
    for access, (question, target) in zip(accesses, asked, strict=True):
        owner = None if row.name in OWN_ACCOUNT | NAMED_ACCOUNT else OWNER.account_id
        assert (question.caller, target.account_id) == (request.caller, owner)
        assert question.resource == resource_of(row, access, request)


def resource_of(row: Operation, access: Access, request: S3Request) -> str:
    if access.resource in (Resource.SERVICE, Resource.ACCOUNT):
        return "arn:aws:s3:::*"
    if access.resource is Resource.SOURCE:
        return f"arn:aws:s3:::{'bucket' if row.name == 'RenameObject' else 'source'}/s"
    keys = {Resource.OBJECT: f"/{request.key}", Resource.OBJECTS: "/*"}
    return f"arn:aws:s3:::bucket{keys.get(access.resource, '')}"


@pytest.mark.parametrize("name", ["CopyObject", "UploadPartCopy"])
@pytest.mark.parametrize("target, source", [BOTH, BOTH[::-1]])
def test_copy_needs_its_source_and_its_target(name: str, target: str, source: str) -> None:
    store = OneBucket({"bucket": target, "source": source})
    assert refusal(BY_NAME[name], request_for(BY_NAME[name], OWNER), store).code == "AccessDenied"


@pytest.mark.parametrize(
    ("name", "headers", "code"),
    [
        ("HeadObject", {"x-amz-expected-bucket-owner": BOTH[1]}, "AccessDenied"),
        (
            "PutObject",
            {"x-amz-expected-bucket-owner": "me"},
            "InvalidBucketOwnerAWSAccountID",
        ),
        ("CopyObject", {"x-amz-source-expected-bucket-owner": BOTH[1]}, "AccessDenied"),
    ],
)
def test_owner_that_the_caller_expects_is_compared(
    name: str, headers: dict[str, str], code: str
) -> None:
    request = request_for(BY_NAME[name], OWNER, headers=headers)
    assert refusal(BY_NAME[name], request, OneBucket(OWNED)).code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("GetObject", "NoSuchKey"),
        ("ListParts", "NoSuchUpload"),
        ("CopyObject", "NoSuchKey"),
        ("UploadPartCopy", "NoSuchUpload"),
    ],
)
def test_only_who_may_know_is_told_that_something_is_not_there(name: str, code: str) -> None:
    row, store = BY_NAME[name], OneBucket(OWNED, is_empty=True)
    assert refusal(row, request_for(row, OWNER), store).code == code
    assert refusal(row, request_for(row, STRANGER), store).code == "AccessDenied"


def test_bucket_that_is_not_there_comes_before_the_decision() -> None:
    row = BY_NAME["GetObject"]
    with pytest.raises(NoSuchBucket):
        run(row, request_for(row, None), OneBucket({}), Handler())


def test_refusals_tell_where_a_bucket_is_where_the_answers_do() -> None:
    headers = {}
    for name in ("HeadBucket", "ListObjectsV2", "ListObjectVersions"):
        row = BY_NAME[name]
        headers[name] = refusal(row, request_for(row, STRANGER), OneBucket(OWNED)).headers
    told = {"x-amz-bucket-region": "eu-west-1"}
    assert headers == {"HeadBucket": told, "ListObjectsV2": told, "ListObjectVersions": {}}


def test_handler_finds_on_the_request_what_its_row_needs() -> None:
    handler = Handler()
    for name in ("GetObject", "UploadPartCopy"):
        run(BY_NAME[name], request_for(BY_NAME[name], OWNER), OneBucket(OWNED), handler)
    read, copied = handler.ran
    assert (read.bucket_record.name, read.record) == ("bucket", RECORD)
    assert copied.upload is UPLOAD
    assert (copied.source.bucket.name, copied.source.key) == ("source", "s")
    assert copied.source.record is RECORD


def test_keys_in_a_body_are_decided_one_by_one_by_the_action_of_the_row() -> None:
    def all_but_one(
        question: Question, permissions: Permissions, documents: BucketDocuments, target: Target
    ) -> Decision:
        versioned = question.resource.endswith("/versioned")
        assert question.action == ("s3:DeleteObjectVersion" if versioned else "s3:DeleteObject")
        decision = decide(question, permissions, documents, target)
        return decision._replace(is_allowed=not question.resource.endswith("/mine"))

    row, handler = BY_NAME["DeleteObjects"], Handler()
    run(row, request_for(row, OWNER), OneBucket(OWNED), handler, all_but_one)
    [request] = handler.ran
    refused = [request.refusal(key, None) is not None for key in ("a", "mine", "b")]
    assert refused == [False, True, False]
    assert request.refusal("versioned", "v") is None


def test_copy_whose_source_changed_is_decided_again_and_gives_up_in_the_end() -> None:
    row, store, handler = BY_NAME["CopyObject"], OneBucket(OWNED), Handler(conflicts=2)
    run(row, request_for(row, OWNER), store, handler)
    assert store.asked == ["bucket", "key source/s"] * 3
    handler = Handler(conflicts=3)
    with pytest.raises(ConditionConflict):
        run(row, request_for(row, OWNER), OneBucket(OWNED), handler)
    assert len(handler.ran) == 3
    once, row = Handler(conflicts=1), BY_NAME["PutObject"]
    with pytest.raises(ConditionConflict):
        run(row, request_for(row, OWNER), OneBucket(OWNED), once)
    assert len(once.ran) == 1


def refusal_of_absent(
    row: Operation, account: Account | None, owned: dict[str, str], **sent: Any
) -> str:
    """How it is refused, by the code."""

    async def answer() -> None:
        store = OneBucket(owned)
        services = Services(
            store.port, ThreadBlocking(pool_threads=1), SystemClock(), S3Config(volume="s3v")
        )
        await Gate(services, Unchanged()).run(row, request_for(row, account, **sent))

    with pytest.raises((S3Error, NoSuchBucket)) as refused:
        asyncio.run(answer())
    error = refused.value
    return error.code if isinstance(error, S3Error) else "NoSuchBucket"


@pytest.mark.parametrize("row", [*ABSENT, OTHER_LEVEL], ids=lambda row: row.name)
def test_bucket_and_access_come_before_what_is_not_implemented(row: Operation) -> None:
    assert refusal_of_absent(row, OWNER, {}) == "NoSuchBucket"
    assert refusal_of_absent(row, OWNER, OWNED) == "NotImplemented"
    says_who = row.name not in ("PostObject", UNROUTED)
    for account in (None, STRANGER):
        code = refusal_of_absent(row, account, OWNED)
        assert code == ("AccessDenied" if says_who else "NotImplemented")


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("ListObjectAnnotations", {"query": "versionId=x"}, "InvalidArgument"),
        ("PutObjectAnnotation", {"headers": {"content-md5": "x"}}, "InvalidDigest"),
        ("PutBucketWebsite", {"headers": {"x-amz-checksum-crc32": "AA=="}}, "InvalidRequest"),
        (
            "GetBucketWebsite",
            {"headers": {"x-amz-expected-bucket-owner": "me"}},
            "InvalidBucketOwnerAWSAccountID",
        ),
    ],
)
def test_bad_argument_comes_before_what_is_not_implemented(
    name: str, sent: dict[str, Any], code: str
) -> None:
    assert refusal_of_absent(BY_NAME[name], OWNER, OWNED, **sent) == code


@pytest.mark.parametrize(
    ("name", "wrong", "code"),
    [
        ("PutObject", {"x-amz-storage-class": "COLD"}, "InvalidStorageClass"),
        ("PutObject", {"content-md5": "x"}, "InvalidDigest"),
        ("CopyObject", {"x-amz-metadata-directive": "MOVE"}, "InvalidArgument"),
        ("CreateMultipartUpload", {"x-amz-checksum-type": "COMPOSITE"}, "InvalidRequest"),
        ("UploadPart", {"x-amz-checksum-crc32": "AA=="}, "InvalidRequest"),
        ("PutObject", {}, "NotImplemented"),
    ],
)
def test_other_headers_are_looked_over_before_one_is_not_implemented(
    name: str, wrong: dict[str, str], code: str
) -> None:
    row, headers = BY_NAME[name], {"x-amz-if-match-size": "1", **wrong}
    assert refusal(row, request_for(row, OWNER, headers=headers), OneBucket(OWNED)).code == code


def test_nothing_but_the_gate_calls_handlers() -> None:
    [root] = trioxygen.gateway.__path__
    callers = set()
    for path in Path(root).rglob("*.py"):
        for node in ast.walk(tree_of(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else None
                name = called.id if isinstance(called, ast.Name) else name
                if name == "handler":
                    callers.add(path.relative_to(root).as_posix())
    # IAM and STS have a table and an endpoint of their own.
    assert callers == {"s3/gate.py", "iam/endpoint.py"}
