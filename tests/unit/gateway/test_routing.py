"""Routes: every request that an SDK can make finds the row of its name."""

from typing import Any, Final

import botocore.session
import pytest
from botocore.serialize import create_serializer

from trioxygen.gateway.protocol.control import account_of, is_control
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.names import parse_target
from trioxygen.gateway.routing import Router, level_of
from trioxygen.gateway.s3.operation import Level, Operation
from trioxygen.gateway.s3.request import UNROUTED
from trioxygen.gateway.s3.table import BY_NAME, OPERATIONS

# Of the SDK's model: what no request to a bucket's endpoint can be told apart as.
ELSEWHERE: Final = {
    "ListDirectoryBuckets": "another host",
    "WriteGetObjectResponse": "another host",
    "GetBucketLifecycle": "an older name of GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "an older name of PutBucketLifecycleConfiguration",
    "GetBucketNotification": "an older name of GetBucketNotificationConfiguration",
    "PutBucketNotification": "an older name of PutBucketNotificationConfiguration",
}
MODEL: Final = botocore.session.get_session().get_service_model("s3")
CONTROL_MODEL: Final = botocore.session.get_session().get_service_model("s3control")
# By their names in the model of S3 Control, which S3's has as well.
OF_ACCOUNTS: Final = {
    f"{verb}PublicAccessBlock": f"{verb}AccountPublicAccessBlock"
    for verb in ("Get", "Put", "Delete")
}
ARGUMENTS: Final[dict[str, Any]] = {
    "Bucket": "bucket",
    "Key": "key/1",
    "CopySource": "bucket/source",
    "UploadId": "abc",
    "PartNumber": 1,
    "Id": "7",
    "AnnotationName": "note",
}
ROUTER: Final = Router(OPERATIONS)


def routed(
    method: str, target: str, headers: dict[str, str] | None = None, router: Router = ROUTER
) -> Operation:
    path, _, query = target.partition("?")
    fields = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    head = RequestHead(method, path.encode(), query.encode(), fields)
    return router.route(head, level_of(parse_target(head.raw_path, None, ())))


@pytest.mark.parametrize("name", sorted(set(MODEL.operation_names) - set(ELSEWHERE)))
def test_request_of_an_sdk_finds_the_row_of_its_operation(name: str) -> None:
    operation = MODEL.operation_model(name)
    members = operation.input_shape.members if operation.input_shape else {}
    asked = create_serializer("rest-xml", include_validation=False).serialize_to_request(
        {key: value for key, value in ARGUMENTS.items() if key in members}, operation
    )
    path, _, fixed = asked["url_path"].partition("?")
    query = "&".join([fixed, *(f"{key}={value}" for key, value in asked["query_string"].items())])
    headers = {key: value for key, value in asked["headers"].items() if isinstance(value, str)}
    assert routed(asked["method"], f"{path}?{query}", headers).name == name


def test_table_holds_what_the_sdks_model_holds_and_what_browsers_send() -> None:
    assert set(BY_NAME) == set(MODEL.operation_names) - set(ELSEWHERE) | {
        "PostObject",
        "PreflightRequest",
    } | set(OF_ACCOUNTS.values())


@pytest.mark.parametrize("name", OF_ACCOUNTS)
def test_request_of_s3_control_finds_its_row_whatever_the_host_is(name: str) -> None:
    operation = CONTROL_MODEL.operation_model(name)
    asked = create_serializer("rest-xml", include_validation=False).serialize_to_request(
        {"AccountId": "111122223333"}, operation
    )
    fields = [(key.lower().encode(), value.encode()) for key, value in asked["headers"].items()]
    path = asked["url_path"].encode()
    head = RequestHead(asked["method"], path, b"", [*fields, (b"host", b"111122223333.s3.test")])
    assert is_control(head) and account_of(head) == "111122223333"
    assert ROUTER.route(head, Level.ACCOUNT).name == OF_ACCOUNTS[name]
    # Without the header it is a bucket, which may be called so.
    assert not is_control(RequestHead(asked["method"], path, b"", []))


@pytest.mark.parametrize(
    ("method", "resource", "code"),
    [
        ("GET", "accesspoint", "NotImplemented"),
        ("GET", "configuration/publicAccessBlock/", "NotImplemented"),
        ("GET", "", "NotImplemented"),
        ("POST", "configuration/publicAccessBlock", "MethodNotAllowed"),
    ],
)
def test_nothing_else_of_s3_control_is_here(method: str, resource: str, code: str) -> None:
    fields = [(b"x-amz-account-id", b"111122223333")]
    head = RequestHead(method, f"/v20180820/{resource}".encode(), b"", fields)
    with pytest.raises(S3Error) as refused:
        ROUTER.route(head, Level.ACCOUNT)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/", "ListBuckets"),
        ("GET", "/?x-id=ListBuckets", "ListBuckets"),
        ("GET", "/b?list-type=1", "ListObjects"),
        ("GET", "/b?prefix=a&list-type=2", "ListObjectsV2"),
        ("GET", "/b/k?partNumber=2", "GetObject"),
        ("HEAD", "/b/k?versionId=null", "HeadObject"),
        ("GET", "/b/k?list-type=2", "GetObject"),
        ("GET", "/b?list-type=2&acl", "GetBucketAcl"),
        ("GET", "/b?versions&versions=1", "ListObjectVersions"),
        ("POST", "/b", "PostObject"),
    ],
)
def test_query_that_names_no_operation_changes_none(method: str, target: str, name: str) -> None:
    assert routed(method, target).name == name


@pytest.mark.parametrize(
    ("method", "target", "headers", "code", "allow"),
    [
        ("DELETE", "/", {}, "MethodNotAllowed", "GET"),
        ("PATCH", "/b", {}, "MethodNotAllowed", "GET, HEAD, PUT, POST, DELETE"),
        ("POST", "/b/k", {}, "MethodNotAllowed", "GET, HEAD, PUT, DELETE"),
        ("DELETE", "/b?location", {}, "MethodNotAllowed", "GET"),
        ("DELETE", "/b?versioning", {}, "MethodNotAllowed", "GET, PUT"),
        ("PUT", "/b/k?uploadId=a", {}, "MethodNotAllowed", "GET, POST, DELETE"),
        ("PATCH", "/b/k?uploadId=a", {}, "MethodNotAllowed", "GET, PUT, POST, DELETE"),
        # Sub-resources of which nothing is here.
        ("DELETE", "/b?acl", {}, "MethodNotAllowed", "GET, PUT"),
        ("POST", "/b?policy", {}, "MethodNotAllowed", "GET, PUT, DELETE"),
        ("PATCH", "/b/k?tagging", {}, "MethodNotAllowed", "GET, PUT, DELETE"),
        ("GET", "/?acl", {}, "NotImplemented", None),
        ("FOO", "/b", {}, "BadRequest", None),
        ("get", "/b/k?acl", {}, "BadRequest", None),
        ("GET", "/b/k?uploads", {}, "InvalidRequest", None),
        ("GET", "/b/k?versions", {}, "InvalidRequest", None),
        ("PUT", "/b/k?partNumber=1", {}, "InvalidArgument", None),
        ("POST", "/b/k?uploads&uploadId=a", {}, "InvalidArgument", None),
        ("GET", "/b/k?uploadId=a&versions", {}, "InvalidArgument", None),
        ("HEAD", "/b?acl&versioning", {}, "InvalidArgument", None),
        ("DELETE", "/b/k?tagging&acl", {}, "InvalidArgument", None),
        ("PUT", "/b", {"x-amz-copy-source": "b/k"}, "InvalidArgument", None),
        ("GET", "/b/k", {"x-amz-copy-source": "b/k"}, "InvalidArgument", None),
        ("DELETE", "/b", {"x-amz-copy-source": "b/k"}, "InvalidArgument", None),
        ("PUT", "/b/k?acl", {"x-amz-copy-source": "b/k"}, "InvalidArgument", None),
    ],
)
def test_request_of_no_operation_is_refused(
    method: str, target: str, headers: dict[str, str], code: str, allow: str | None
) -> None:
    with pytest.raises(S3Error) as refused:
        routed(method, target, headers)
    assert (refused.value.code, refused.value.headers.get("Allow")) == (code, allow)


@pytest.mark.parametrize(
    ("method", "target", "resource"),
    [
        ("DELETE", "/", "SERVICE"),
        ("DELETE", "/b?location", "BUCKET"),
        ("POST", "/b?policy", "BUCKETPOLICY"),
        ("POST", "/b/k", "OBJECT"),
        ("PUT", "/b/k?uploadId=a", "UPLOAD"),
    ],
)
def test_what_has_no_such_method_is_named(method: str, target: str, resource: str) -> None:
    with pytest.raises(S3Error) as refused:
        routed(method, target)
    assert refused.value.details == {"ResourceType": resource}


@pytest.mark.parametrize("target", ["/b?uploadId=a", "/b?torrent", "/b/k?policy", "/b/k?location"])
def test_sub_resource_of_another_level_is_left_to_the_gate(target: str) -> None:
    row = routed("GET", target)
    assert row.name == UNROUTED and row.handler is None


def test_row_that_is_taken_out_of_the_table_is_not_routed_to() -> None:
    router = Router([row for row in OPERATIONS if row.name != "ListParts"])
    with pytest.raises(S3Error) as refused:
        routed("GET", "/b/k?uploadId=a", router=router)
    assert refused.value.headers["Allow"] == "PUT, POST, DELETE"
