"""The admin port: health, metrics, token, the API over the OM and SCM messages, errors."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry, Counter

from tests.unit.gateway.can.one_user import no_questions
from tests.unit.gateway.explain.signed import explainer_of
from trioxygen.common import errors
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.replication import RATIS_THREE, Replication
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Reply
from trioxygen.gateway.admin.access_routes import AccessAnswers
from trioxygen.gateway.admin.app import create_admin_app, status_of
from trioxygen.gateway.admin.backend.orphans import Orphans
from trioxygen.gateway.admin.backend.ozone import OzoneAdminBackend
from trioxygen.gateway.readiness import Readiness
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import iam_pb2, om_pb2, scm_pb2, types_pb2

EC_3_2 = Replication.parse("EC/3-2")
TOKEN = "a-token-of-the-test"

Answer = Message | TrioxygenError | Callable[[Any], Message]


class Service:
    """An OM or SCM client that answers from a table by request type, and remembers requests. Its
    methods are all alike."""

    def __init__(self) -> None:
        self.answers: dict[type[Message], Answer] = {}
        self.requests: list[Message] = []

    async def call(self, request: Message, reply_type: type[Reply]) -> Reply:
        self.requests.append(request)
        answer = self.answers[type(request)]
        if isinstance(answer, TrioxygenError):
            raise answer
        reply = answer if isinstance(answer, Message) else answer(request)
        assert isinstance(reply, reply_type)
        return reply

    def __getattr__(self, name: str) -> Callable[[Message], Awaitable[Message]]:
        return lambda request: self.call(request, Message)


class Port:
    """The admin application, called as a server calls it."""

    def __init__(self, access: AccessAnswers | None = None) -> None:
        self.om, self.scm = Service(), Service()
        self.readiness, self.registry = Readiness(), CollectorRegistry()
        # DataNodes are asked in tests/integration/test_orphans.py.
        om, scm = cast(OmClient, self.om), cast(ScmClient, self.scm)
        orphans = Orphans(om, scm, LocalNetwork().channel, SystemClock())
        backend = OzoneAdminBackend(om, scm, self.readiness, "s3v", orphans.page, SystemClock())
        self._sent: list[Any] = []
        self.access = access or AccessAnswers(explainer_of({}), no_questions())
        self._app = create_admin_app(
            backend, self.readiness, self.registry, self.access, token=TOKEN
        )

    def call(
        self, method: str, target: str, body: object = None, token: str | None = TOKEN
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text."""
        path, _, query = target.partition("?")
        headers = [(b"content-type", b"application/json")]
        if token is not None:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        scope = {
            **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}},
            **{"http_version": "1.1", "scheme": "http", "method": method, "root_path": ""},
            **{"path": path, "raw_path": path.encode(), "query_string": query.encode()},
            **{"headers": headers, "server": ("test", 80), "client": ("test", 1)},
        }
        sent = self._sent = []

        async def receive() -> Any:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            content = b"" if body is None else content
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self._app(scope, receive, send))
        return self.answered()

    def answered(self) -> tuple[int, dict[str, str], str]:
        """What the last call was answered with, also where it raised."""
        start, sent = self._sent[0], self._sent
        actual = {name.decode(): value.decode() for name, value in start["headers"]}
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return start["status"], actual, text

    def json(self, method: str, target: str, body: object = None) -> tuple[int, Any]:
        status, _, text = self.call(method, target, body)
        return status, json.loads(text) if text else None


def test_health_needs_no_token_and_tells_readiness() -> None:
    port = Port()
    assert port.call("GET", "/_health/live", token=None)[0] == 200
    assert port.call("GET", "/_health/ready", token=None)[0] == 503
    port.readiness.set(True)
    assert port.call("GET", "/_health/ready", token=None)[::2] == (200, "ready\n")


def test_metrics_are_those_of_the_registry() -> None:
    port = Port()
    Counter("trioxygen_test", "Test", registry=port.registry).inc(3)
    status, headers, text = port.call("GET", "/metrics", token=None)
    assert status == 200 and headers["content-type"].startswith("text/plain")
    assert "trioxygen_test_total 3.0" in text


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN.upper()])
def test_api_refuses_a_missing_or_wrong_token(token: str | None) -> None:
    port = Port()
    for method, path in (("GET", "status"), ("POST", "keys"), ("GET", "keys?count_max=x")):
        status, headers, text = port.call(method, f"/admin/v1/{path}", {}, token)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert TOKEN not in text
    assert port.om.requests == []


def test_status_joins_om_scm_and_nodes() -> None:
    port = Port()
    port.om.answers[om_pb2.DescribeOmRequest] = om_pb2.DescribeOmReply(
        node_id="om-1", leader=True, applied_index=7, term=2,
        tables=[om_pb2.TableSize(name="key", rows=5)],
    )  # fmt: skip
    volumes = [
        scm_pb2.VolumeReport(capacity_bytes=10, used_bytes=4, free_bytes=6, reserved_bytes=1),
        scm_pb2.VolumeReport(capacity_bytes=1, failed=True),
    ]
    node = scm_pb2.NodeDescription(
        node=scm_pb2.NodeRow(node_id="dn-1"),
        health=scm_pb2.HEALTHY,
        volumes=volumes,
        takes_new_data=True,
    )
    port.scm.answers[scm_pb2.DescribeScmRequest] = scm_pb2.DescribeScmReply(
        node_id="scm-1",
        replication=RATIS_THREE.proto,
        missing_replicas_max=2,
        refused_entries=3,
        nodes=[node, node],
        pipelines=[scm_pb2.PipelineRow(open=True), scm_pb2.PipelineRow()],
        containers=[
            scm_pb2.ContainerRow(state=scm_pb2.OPEN, used_bytes=3, block_count=1),
            scm_pb2.ContainerRow(state=scm_pb2.CLOSED, used_bytes=4, block_count=2),
            scm_pb2.ContainerRow(state=scm_pb2.OPEN),
        ],
    )
    status, actual = port.json("GET", "/admin/v1/status")
    assert status == 200
    assert actual["om"] == {
        **{"node_id": "om-1", "is_leader": True, "term": 2, "applied_index": 7},
        **{"rows": {"key": 5}, "is_full": False},
    }
    assert actual["containers"] == {
        "by_state": {"OPEN": 2, "CLOSED": 1},
        "used_bytes": 7,
        "block_count": 3,
    }
    assert (actual["capacity_bytes"], actual["used_bytes"], actual["free_bytes"]) == (22, 8, 12)
    assert (actual["writable_bytes"], actual["nodes"][0]["writable_bytes"]) == (10, 5)
    assert actual["nodes"][0]["volumes_failed"] == 1
    assert actual["nodes"][0]["takes_new_data"] is True
    assert actual["refused_entries"] == {"scm": 3}
    assert (actual["replication"], actual["missing_replicas_max"]) == ("RATIS/THREE", 2)
    assert actual["scm"]["pipelines_open"] == 1 and actual["is_ready"] is False


def test_account_is_created_and_listed() -> None:
    port = Port()
    account = types_pb2.Account(account_id="A1", canonical_id="C1", display_name="Änn")
    port.om.answers[om_pb2.CreateAccountRequest] = om_pb2.CreateAccountReply(account=account)
    port.om.answers[om_pb2.ListAccountsRequest] = om_pb2.ListAccountsReply(
        accounts=[account], truncated=True
    )
    status, made = port.json("POST", "/admin/v1/accounts", {"display_name": "Änn"})
    assert (status, made["account_id"], made["display_name"]) == (201, "A1", "Änn")
    [request] = port.om.requests
    assert isinstance(request, om_pb2.CreateAccountRequest)
    assert request.account.display_name == "Änn"
    status, page = port.json("GET", "/admin/v1/accounts?after=A0&count_max=1")
    assert (status, page) == (200, {"accounts": [made], "truncated": True})
    assert port.om.requests[1] == om_pb2.ListAccountsRequest(after="A0", count_max=1)


def test_keys_are_created_listed_without_secrets_and_revoked() -> None:
    port = Port()
    row = iam_pb2.AccessKeyRow(access_key="AK1", secret_key="S3cr3t!!", account_id="A1")
    port.om.answers[om_pb2.CreateAccessKeyRequest] = om_pb2.CreateAccessKeyReply(key=row)
    port.om.answers[om_pb2.ListAccessKeysRequest] = om_pb2.ListAccessKeysReply(keys=[row])
    port.om.answers[om_pb2.RevokeAccessKeyRequest] = om_pb2.RevokeAccessKeyReply()
    status, made = port.json("POST", "/admin/v1/keys", {"account_id": "A1"})
    assert (status, made["secret_key"]) == (201, "S3cr3t!!")
    status, _, text = port.call("GET", "/admin/v1/keys?account_id=A1")
    assert status == 200 and "AK1" in text and "S3cr3t" not in text
    assert port.call("DELETE", "/admin/v1/keys?access_key=A%2FK")[0] == 204
    assert port.om.requests[2] == om_pb2.RevokeAccessKeyRequest(access_key="A/K")


def test_buckets_are_listed_for_one_account_or_all() -> None:
    port = Port()
    row = om_pb2.BucketRow(name="photos", bucket_id=9, layout=om_pb2.BucketRow.FSO)
    port.om.answers[om_pb2.ListBucketsRequest] = om_pb2.ListBucketsReply(buckets=[row])
    port.om.answers[om_pb2.LookupBucketRequest] = om_pb2.LookupBucketReply(bucket=row)
    assert port.json("GET", "/admin/v1/buckets")[1]["buckets"][0]["name"] == "photos"
    port.json("GET", "/admin/v1/buckets?account_id=A1")
    every, first = port.om.requests
    assert isinstance(every, om_pb2.ListBucketsRequest) and every.every_account
    assert isinstance(first, om_pb2.ListBucketsRequest) and not first.every_account
    assert port.json("GET", "/admin/v1/buckets/photos")[1]["layout"] == "FSO"


def test_replication_of_a_bucket_is_set_and_shown() -> None:
    port = Port()
    lookup, change = om_pb2.LookupBucketRequest, om_pb2.SetBucketReplicationRequest
    plain = om_pb2.BucketRow(name="photos", bucket_id=9)
    coded = om_pb2.BucketRow(name="photos", bucket_id=9, replication=EC_3_2.proto)
    port.om.answers[lookup] = om_pb2.LookupBucketReply(bucket=plain)
    path = "/admin/v1/buckets/photos"
    assert port.json("GET", path)[1]["replication"] == ""
    port.om.answers[change] = om_pb2.SetBucketReplicationReply(bucket=coded)
    status, view = port.json("PUT", f"{path}/replication", {"replication": "ec/3-2"})
    assert (status, view["replication"]) == (200, "EC/rs-3-2-1024k")
    port.om.answers[change] = om_pb2.SetBucketReplicationReply(bucket=plain)
    assert port.json("PUT", f"{path}/replication", {"replication": ""})[1]["replication"] == ""
    first, second = [each for each in port.om.requests if isinstance(each, change)]
    assert first == change(volume="s3v", bucket="photos", bucket_id=9, replication=EC_3_2.proto)
    assert not second.HasField("replication")
    status, view = port.json("PUT", f"{path}/replication", {"replication": "RATIS/TWO"})
    assert (status, view["code"]) == (400, "INVALID_REQUEST")
    assert "none of RATIS/THREE, RATIS/ONE" in view["message"]


def test_buckets_are_those_of_the_gateways_volume_where_none_is_named() -> None:
    port = Port()
    port.om.answers[om_pb2.ListBucketsRequest] = om_pb2.ListBucketsReply()
    port.om.answers[om_pb2.LookupBucketRequest] = om_pb2.LookupBucketReply()
    for query, volume in (("", "s3v"), ("?volume=", "s3v"), ("?volume=other", "other")):
        for path in ("buckets", "buckets/b"):
            port.om.requests.clear()
            assert port.call("GET", f"/admin/v1/{path}{query}")[0] == 200
            [request] = cast(list[om_pb2.ListBucketsRequest], port.om.requests)
            assert request.volume == volume


def test_volumes_are_made_listed_shown_and_deleted() -> None:
    port = Port()
    row = om_pb2.VolumeRow(name="films", account_id="A1", created_ms=5)
    view = {"name": "films", "account_id": "A1", "created_ms": 5}
    port.om.answers[om_pb2.CreateVolumeRequest] = om_pb2.CreateVolumeReply(volume=row)
    port.om.answers[om_pb2.ListVolumesRequest] = om_pb2.ListVolumesReply(volumes=[row])
    port.om.answers[om_pb2.LookupVolumeRequest] = om_pb2.LookupVolumeReply(volume=row)
    port.om.answers[om_pb2.DeleteVolumeRequest] = om_pb2.DeleteVolumeReply()
    body = {"name": "films", "account_id": "A1"}
    assert port.json("POST", "/admin/v1/volumes", body) == (201, view)
    page = {"volumes": [view], "truncated": False}
    assert port.json("GET", "/admin/v1/volumes?account_id=A1&after=a") == (200, page)
    assert port.json("GET", "/admin/v1/volumes/films") == (200, view)
    assert port.call("DELETE", "/admin/v1/volumes/films")[0] == 204
    assert port.om.requests == [
        om_pb2.CreateVolumeRequest(volume="films", account_id="A1"),
        om_pb2.ListVolumesRequest(account_id="A1", after="a", count_max=1_000),
        om_pb2.LookupVolumeRequest(volume="films"),
        om_pb2.DeleteVolumeRequest(volume="films"),
    ]


def test_volume_of_s3_is_not_deleted() -> None:
    port = Port()
    status, view = port.json("DELETE", "/admin/v1/volumes/s3v")
    assert (status, view["code"]) == (400, "INVALID_REQUEST")
    assert port.om.requests == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NoSuchBucket(bucket="x"), 404, "NO_SUCH_BUCKET"),
        (errors.NoSuchVolume(), 404, "NO_SUCH_VOLUME"),
        (errors.VolumeNotEmpty(), 409, "VOLUME_NOT_EMPTY"),
        (errors.AccessKeyAlreadyExists(), 409, "ACCESS_KEY_ALREADY_EXISTS"),
        (errors.InvalidRequest("bad\nthing"), 400, "INVALID_REQUEST"),
        (errors.NotLeader(), 503, "NOT_LEADER"),
        (errors.ChecksumMismatch(), 500, "CHECKSUM_MISMATCH"),
        (errors.Internal(), 500, "INTERNAL"),
    ],
)
def test_errors_of_the_store_have_a_status_and_one_line(
    error: TrioxygenError, status: int, code: str
) -> None:
    port = Port()
    port.om.answers[om_pb2.LookupBucketRequest] = error
    actual, view = port.json("GET", "/admin/v1/buckets/x")
    assert (actual, view["code"]) == (status, code)
    assert view["message"] and "\n" not in view["message"]


def test_every_error_class_has_a_status() -> None:
    for code in types_pb2.ErrorCode.values():
        assert 400 <= status_of(errors.error_of(cast(types_pb2.ErrorCode, code))) < 600


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"account_id": "A1", "secret_key": "short"},
        {"account_id": "A1", "secret_key": "with a space"},
        {"account_id": "A1", "access_key": "ab"},
        {"account_id": "A1", "unknown": 1},
        {"account_id": "\ud800"},
        {"account_id": "A\0"},
    ],
)
def test_wrong_input_is_told_without_repeating_it(body: dict[str, Any]) -> None:
    port = Port()
    status, view = port.json("POST", "/admin/v1/keys", body)
    assert (status, view["code"]) == (400, "INVALID_REQUEST")
    assert all(str(value) not in view["message"] for value in body.values() if value != 1)
    assert port.om.requests == []


@pytest.mark.parametrize(
    "count", ["1_0", "5.0", "%205", "5%20", "-5", "--5", "", "%D9%A5", "1e1", "0", "1001"]
)
@pytest.mark.parametrize("path", ["accounts", "keys", "volumes", "buckets"])
def test_count_that_is_no_plain_number_within_bounds_is_refused(path: str, count: str) -> None:
    port = Port()
    status, view = port.json("GET", f"/admin/v1/{path}?count_max={count}")
    assert (status, view["code"]) == (400, "INVALID_REQUEST")
    assert view["message"].startswith("count_max: ") and port.om.requests == []


def test_count_may_have_any_number_of_leading_zeros() -> None:
    port = Port()
    port.om.answers[om_pb2.ListAccountsRequest] = om_pb2.ListAccountsReply()
    assert port.call("GET", f"/admin/v1/accounts?count_max={'0' * 9_000}7")[0] == 200
    assert port.om.requests == [om_pb2.ListAccountsRequest(count_max=7)]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/admin/v1/nothing", None, 404, "NOT_FOUND"),
        ("GET", "/", None, 404, "NOT_FOUND"),
        ("PUT", "/admin/v1/accounts", None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/_health/live", None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/admin/v1/keys", b"{", 400, "INVALID_REQUEST"),
        ("POST", "/admin/v1/keys", b"[" * 60_000, 400, "INVALID_REQUEST"),
        ("POST", "/admin/v1/keys", b"1" * 60_000, 400, "INVALID_REQUEST"),
        ("POST", "/admin/v1/keys", b"\xff", 400, "INVALID_REQUEST"),
        ("POST", "/admin/v1/keys", None, 400, "INVALID_REQUEST"),
    ],
)
def test_every_refusal_has_the_same_form(
    method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    actual, view = Port().json(method, path, body)
    assert (actual, view["code"]) == (status, code)
    assert set(view) == {"code", "message"} and view["message"][0].isalnum()


def test_defect_is_answered_without_its_text() -> None:
    port = Port()

    def fail(_: Any) -> Message:
        raise RuntimeError("a path of this machine")

    port.om.answers[om_pb2.ListAccountsRequest] = fail
    with pytest.raises(RuntimeError):
        port.call("GET", "/admin/v1/accounts")
    status, _, text = port.answered()
    assert status == 500 and json.loads(text)["code"] == "INTERNAL" and "path" not in text
