"""Odd documents, headers and queries of versions, locks and tags: each has an answer."""

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.endpoint import Endpoint
from tests.integration.s3.versions import put, set_versioning
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_NAMES = st.sampled_from(
    [
        *["Tagging", "TagSet", "Tag", "Key", "Value", "Retention", "Mode", "RetainUntilDate"],
        *["LegalHold", "Status", "ObjectLockConfiguration", "ObjectLockEnabled", "Rule", "Days"],
        *["DefaultRetention", "Years", "VersioningConfiguration", "MfaDelete", "Delete", "Object"],
        *["VersionId", "ETag", "Size", "LastModifiedTime", "Quiet", "Other"],
    ]
)
_DATES = [
    *["2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"],
    *["9999-12-31T23:59:59.999Z", "Thu, 01 Jan 1970 00:00:00 GMT", "2099-01-01"],
]
_TEXTS = st.sampled_from(
    [
        *["", " ", "Enabled", "Suspended", "Disabled", "GOVERNANCE", "COMPLIANC", "ON", "OFF"],
        *["true", "null", "k", "k" * 1_025, "0123456789abcdef", "x", "0", "1", "-1", "9" * 5_000],
        *["aws:x", "&#233;", "&#x2028;", "&amp;", "*", "\xe4", "\U0001f600", *_DATES],
    ]
)
_TREES = st.recursive(
    _TEXTS,
    lambda inner: st.lists(st.tuples(_NAMES, inner), max_size=4).map(
        lambda nodes: "".join(f"<{name}>{text}</{name}>" for name, text in nodes)
    ),
    max_leaves=12,
)
_ROOTS = {
    "tagging": "Tagging",
    "retention": "Retention",
    "legal-hold": "LegalHold",
    "object-lock": "ObjectLockConfiguration",
    "versioning": "VersioningConfiguration",
    "delete": "Delete",
    "": "CreateBucketConfiguration",
}
_OF_BUCKETS = ("object-lock", "versioning", "delete", "")
_HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *["x-amz-tagging", "x-amz-tagging-directive", "x-amz-object-lock-mode", "x-amz-mfa"],
            *["x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"],
            *["x-amz-bypass-governance-retention", "x-amz-if-match-size", "If-Match"],
            *["x-amz-if-match-last-modified-time", "x-amz-bucket-object-lock-enabled"],
            "x-amz-copy-source",
        ]
    ),
    st.sampled_from(
        [
            *["", "a=b", "a=%ff", "=", "GOVERNANCE", "ON", "REPLACE", "true", "*", '"*"', "0"],
            *["9" * 40, "{bucket}/k", "{bucket}/k?versionId=null", "{bucket}/k?versionId=x"],
            *["\xe4", "a=\xe4", *_DATES],
        ]
    ),
    max_size=4,
)
_QUERIES = st.sampled_from(
    [
        *["", "versionId=null", "versionId=", "versionId=x", "versionId=0123456789abcdef"],
        *["versionId=%00", "tagging", "retention", "legal-hold", "attributes", "uploads"],
        *["tagging&versionId=null", "retention&versionId=x", "legal-hold&versionId=%ff"],
    ]
)
_PAGES = st.dictionaries(
    st.sampled_from(
        ["prefix", "delimiter", "key-marker", "version-id-marker", "max-keys", "encoding-type"]
    ),
    st.sampled_from(
        ["", "k", "/", "%00", "%ff", "null", "0123456789abcdef", "x", "0", "1", "-1", "url", "%C3"]
    ),
)


def prepared(s3: "S3Client", bucket: str) -> None:
    set_versioning(s3, bucket, "Enabled")
    if not s3.list_object_versions(Bucket=bucket, MaxKeys=1).get("Versions"):
        put(s3, bucket, "k", b"x")


def served(endpoint: Endpoint, request: Request) -> None:
    answer = send(endpoint, request)
    assert answer.status < 500 or answer.code == "NotImplemented", (request, answer.body)


@_SETTINGS
@given(st.sampled_from(sorted(_ROOTS)), st.one_of(_TREES, st.text(max_size=30)))
def test_any_document_has_an_answer(
    endpoint: Endpoint, s3: "S3Client", bucket: str, query: str, content: str
) -> None:
    prepared(s3, bucket)
    root = _ROOTS[query]
    body = f"<{root}>{content}</{root}>".encode("utf-8", "replace")
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    fields = {"Content-MD5": base64.b64encode(digest).decode()}
    path = f"/{bucket}" if query in _OF_BUCKETS else f"/{bucket}/k"
    method = "POST" if query == "delete" else "PUT"
    served(endpoint, Request(method, path, query, body, fields))


@_SETTINGS
@given(st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]), _QUERIES, _HEADERS)
def test_any_headers_and_versions_have_an_answer(
    endpoint: Endpoint,
    s3: "S3Client",
    bucket: str,
    method: str,
    query: str,
    fields: dict[str, Any],
) -> None:
    prepared(s3, bucket)
    sent = {name: value.replace("{bucket}", bucket) for name, value in fields.items()}
    served(endpoint, Request(method, f"/{bucket}/k", query, b"", sent))


@_SETTINGS
@given(_PAGES)
def test_any_page_of_versions_has_an_answer(
    endpoint: Endpoint, s3: "S3Client", bucket: str, page: dict[str, str]
) -> None:
    prepared(s3, bucket)
    query = "&".join(["versions", *(f"{name}={value}" for name, value in page.items())])
    served(endpoint, Request("GET", f"/{bucket}", query))
