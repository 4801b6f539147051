"""The condition keys of a request: each is worked out when a policy asks for it, none before.

Sources: IAM user guide, "AWS global condition context keys"; Service Authorization Reference,
"Condition keys for Amazon S3"; S3 user guide, "Bucket policy examples using condition keys".
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from trioxygen.common.units import DAY_MS, SECOND_MS
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.auth.claim import ALGORITHM
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.dates import iso_date, parse_iso_date
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.tags import TAGGING_HEADER, read_tagging_header, replaces_tags
from trioxygen.gateway.s3.request import BodyKeys, S3Request
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import KeyRecord, Retention, Tags

Values = Sequence[str] | None

_MODE: Final = "s3:object-lock-mode"
_UNTIL: Final = "s3:object-lock-retain-until-date"
_COPY_SOURCE: Final = "x-amz-copy-source"
_COPY: Final = "CopyObject"
# Families of keys that the body of one operation says, and headers of another.
_OF_BODIES: Final = (
    "s3:requestobjecttag/",
    "s3:requestobjecttagkeys",
    _MODE,
    _UNTIL,
    "s3:object-lock-legal-hold",
)
# Of objects that are there, S3 says the tags to these alone.
_SAYS_TAGS: Final = (
    "s3:GetObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
)


class RequestContext:
    """Of one question. Args:
    now_ms: wall time.
    action: that is asked for.
    bucket: that it is about; None: none that is there.
    record: of the key that it is about, where it was fetched.
    version_id: that it names; None: none.
    is_source: it is about what a copy reads: the headers are of what it writes."""

    __slots__ = ("_action", "_bucket", "_is_source", "_now_ms", "_record", "_request", "_version")

    def __init__(
        self,
        request: S3Request,
        now_ms: Callable[[], int],
        action: str,
        bucket: Bucket | None,
        record: KeyRecord | None = None,
        version_id: str | None = None,
        *,
        is_source: bool = False,
    ) -> None:
        self._request, self._now_ms, self._action = request, now_ms, action
        self._bucket, self._record, self._version = bucket, record, version_id
        self._is_source = is_source

    def from_outside(self) -> "RequestContext":
        """See `access.question.Context`."""
        return RequestContext(
            self._request,
            self._now_ms,
            self._action,
            None,
            None,
            self._version,
            is_source=self._is_source,
        )

    def values(self, key: str) -> Values:
        """See `access.question.Context`."""
        of_body = self._request.body_keys.get(key)
        if of_body is not None:
            return of_body
        if self._request.ahead is not None and key.startswith(_OF_BODIES):
            # What the body does not say a header that nothing is made of does not say either.
            return None
        read = _KEYS.get(key)
        if read is not None:
            return read(self)
        family, slash, name = key.partition("/")
        if slash:
            tags = _TAGS.get(family)
            return None if tags is None else _of_tag(tags(self), name)
        header = _HEADERS.get(key)
        if header is not None:
            return None if self._is_source else _single(self._request.head.header(header))
        return _single(self._request.caller.context.get(key))

    # Who asks.

    def _principal_arn(self) -> Values:
        """Of a session its role's: that is what policies are written about."""
        caller = self._request.caller
        return _single(caller.role_arn or caller.arn or None)

    def _principal_account(self) -> Values:
        return _single(self._request.caller.account_id or None)

    def _principal_type(self) -> Values:
        return (self._request.caller.kind.value,)

    def _user_id(self) -> Values:
        caller = self._request.caller
        return ("anonymous",) if caller.kind is CallerKind.ANONYMOUS else (caller.user_id,)

    def _user_name(self) -> Values:
        return _single(self._request.caller.name or None)

    def _principal_tags(self) -> Sequence[tuple[str, str]]:
        return tuple(self._request.caller.tags.items())

    # How, from where and when.

    def _source_ip(self) -> Values:
        return _single(self._request.peer or None)

    def _is_secure(self) -> Values:
        return _boolean(self._request.scheme == "https")

    def _tls_version(self) -> Values:
        """1.2: SSL's major version was 3, and that of all of TLS is."""
        version = self._request.tls_version
        return (f"1.{(version & 0xFF) - 1}",) if version else None

    def _user_agent(self) -> Values:
        return _single(self._request.head.header("user-agent"))

    def _referer(self) -> Values:
        return _single(self._request.head.header("referer"))

    def _current_time(self) -> Values:
        return (iso_date(self._now_ms()),)

    def _epoch_time(self) -> Values:
        return (str(self._now_ms() // SECOND_MS),)

    def _requested_region(self) -> Values:
        claim = self._request.claim
        return None if claim is None else (claim.region,)

    def _resource_account(self) -> Values:
        return None if self._bucket is None else (self._bucket.account_id,)

    def _never(self) -> Values:
        return _boolean(False)

    def _auth_type(self) -> Values:
        request = self._request
        if request.account is None:
            return None
        if request.form is not None:
            return ("POST",)
        if request.claim is None or request.claim.presigned:
            return ("REST-QUERY-STRING",)
        return ("REST-HEADER",)

    def _signature_version(self) -> Values:
        if self._request.account is None:
            return None
        return ("AWS",) if self._request.claim is None else (ALGORITHM,)

    def _signature_age(self) -> Values:
        """In milliseconds."""
        claim = self._request.claim
        if claim is None:
            return None
        return (str(max(0, self._now_ms() - claim.timestamp_s * SECOND_MS)),)

    def _content_sha256(self) -> Values:
        claim = self._request.claim
        return None if claim is None else (claim.payload_hash,)

    # What is asked for.

    def _version_id(self) -> Values:
        return _single(self._version)

    def _of_listing(self, parameter: str) -> Values:
        request = self._request
        if not request.operation.startswith("List") or not request.head.raw_query:
            return None
        return _single(request.head.query_value(parameter))

    def _prefix(self) -> Values:
        """Who may list the names that begin so, may know that one of them is not there."""
        if self._action == "s3:ListBucket" and self._request.key is not None:
            return (self._request.key,)
        return self._of_listing("prefix")

    def _delimiter(self) -> Values:
        return self._of_listing("delimiter")

    def _max_keys(self) -> Values:
        return self._of_listing("max-keys")

    def _copy_source(self) -> Values:
        """Without its version, and without the slash that some clients begin it with."""
        header = None if self._is_source else self._request.head.header(_COPY_SOURCE)
        if header is None:
            return None
        try:
            source = names.parse_copy_source(header)
        except S3Error:
            # It is refused for that, when who may is known.
            return (header,)
        return (f"{source.bucket}/{source.key}",)

    def _remaining_days(self) -> Values:
        """Of the retention that a version is to have."""
        until = self.values(_UNTIL)
        until_ms = None if until is None else parse_iso_date(until[0])
        return None if until_ms is None else (str((until_ms - self._now_ms()) // DAY_MS),)

    def _sent_tags(self) -> Tags:
        head = self._request.head
        header = None if self._is_source else head.header(TAGGING_HEADER)
        try:
            if self._request.operation == _COPY and not replaces_tags(head):
                # The copy has its source's, whatever the header says.
                return ()
            return read_tagging_header(header)
        except S3Error:
            # It is refused for that, when who may is known.
            return ()

    def _sent_tag_keys(self) -> Values:
        return tuple(key for key, _ in self._sent_tags()) or None

    def _existing_tags(self) -> Tags:
        if self._record is None or not self._action.startswith(_SAYS_TAGS):
            return ()
        return self._record.tags


def _single(value: str | None) -> Values:
    return None if value is None else (value,)


def _boolean(value: bool) -> Values:
    return ("true",) if value else ("false",)


def retention_keys(retention: Retention | None) -> BodyKeys:
    """Of a body that is a retention; None: it takes one away."""
    if retention is None:
        return {}
    return {_MODE: (retention.mode.name,), _UNTIL: (iso_date(retention.until_ms),)}


def legal_hold_keys(is_held: bool) -> BodyKeys:
    """Of a body that is a legal hold."""
    return {"s3:object-lock-legal-hold": ("ON" if is_held else "OFF",)}


def sent_tag_keys(tags: Tags) -> BodyKeys:
    """Of a body that is an object's tags."""
    keys: dict[str, Sequence[str]] = {
        f"s3:requestobjecttag/{key.lower()}": (value,) for key, value in tags
    }
    return keys | {"s3:requestobjecttagkeys": tuple(key for key, _ in tags)}


def _of_tag(tags: Sequence[tuple[str, str]], name: str) -> Values:
    """Args: name: in lower case, as a condition key is."""
    return next(((value,) for key, value in tags if key.lower() == name), None)


_KEYS: Final[Mapping[str, Callable[[RequestContext], Values]]] = MappingProxyType(
    {
        "aws:currenttime": RequestContext._current_time,
        "aws:epochtime": RequestContext._epoch_time,
        "aws:principalaccount": RequestContext._principal_account,
        "aws:principalarn": RequestContext._principal_arn,
        "aws:principalisawsservice": RequestContext._never,
        "aws:principaltype": RequestContext._principal_type,
        "aws:referer": RequestContext._referer,
        "aws:requestedregion": RequestContext._requested_region,
        "aws:resourceaccount": RequestContext._resource_account,
        "aws:securetransport": RequestContext._is_secure,
        "aws:sourceip": RequestContext._source_ip,
        "aws:useragent": RequestContext._user_agent,
        "aws:userid": RequestContext._user_id,
        "aws:username": RequestContext._user_name,
        "aws:viaawsservice": RequestContext._never,
        "s3:authtype": RequestContext._auth_type,
        "s3:delimiter": RequestContext._delimiter,
        "s3:max-keys": RequestContext._max_keys,
        "s3:object-lock-remaining-retention-days": RequestContext._remaining_days,
        "s3:prefix": RequestContext._prefix,
        "s3:requestobjecttagkeys": RequestContext._sent_tag_keys,
        "s3:resourceaccount": RequestContext._resource_account,
        "s3:signatureage": RequestContext._signature_age,
        "s3:signatureversion": RequestContext._signature_version,
        "s3:tlsversion": RequestContext._tls_version,
        "s3:versionid": RequestContext._version_id,
        "s3:x-amz-content-sha256": RequestContext._content_sha256,
        "s3:x-amz-copy-source": RequestContext._copy_source,
    }
)
_TAGS: Final[Mapping[str, Callable[[RequestContext], Sequence[tuple[str, str]]]]] = (
    MappingProxyType(
        {
            "aws:principaltag": RequestContext._principal_tags,
            "s3:existingobjecttag": RequestContext._existing_tags,
            "s3:requestobjecttag": RequestContext._sent_tags,
        }
    )
)
# Those whose value is a header's.
_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{
            f"s3:{name}": name
            for name in (
                "if-match",
                "if-none-match",
                "x-amz-acl",
                "x-amz-grant-full-control",
                "x-amz-grant-read",
                "x-amz-grant-read-acp",
                "x-amz-grant-write",
                "x-amz-grant-write-acp",
                "x-amz-metadata-directive",
                "x-amz-object-ownership",
                "x-amz-server-side-encryption",
                "x-amz-server-side-encryption-aws-kms-key-id",
                "x-amz-server-side-encryption-customer-algorithm",
                "x-amz-storage-class",
                "x-amz-website-redirect-location",
            )
        },
        **{
            f"s3:{name}": f"x-amz-{name}"
            for name in (
                "object-lock-legal-hold",
                "object-lock-mode",
                "object-lock-retain-until-date",
            )
        },
    }
)
KNOWN: Final = frozenset((*_KEYS, *_HEADERS))
