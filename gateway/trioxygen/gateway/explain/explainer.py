"""Remembers what was refused, and says why: at once to who asks for it, later to operators."""

from collections.abc import Sequence
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.errors import Refused, TrioxygenError
from trioxygen.gateway.auth.claim import SignatureClaim, iso_extended
from trioxygen.gateway.auth.presigned_v2 import is_presigned_v2
from trioxygen.gateway.explain.accesses import AccessView, seen
from trioxygen.gateway.explain.explanation import (
    CallerView,
    ClockView,
    Explanation,
    SignatureView,
)
from trioxygen.gateway.explain.hosts import ClientEndpoint, Surroundings
from trioxygen.gateway.explain.masking import masked
from trioxygen.gateway.explain.refused import RefusedRequest
from trioxygen.gateway.explain.ring import RefusedRequests
from trioxygen.gateway.explain.signatures import claim_again, signature_view
from trioxygen.gateway.explain.signing_clock import clock_finding, clock_view
from trioxygen.gateway.explain.visibility import Section, Viewer, viewer_of, visible_to
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.store.port import Accounts
from trioxygen.gateway.store.values.accounts import Account

# Of a request; its value: 1, or the endpoint that the client uses, which a proxy may hide; 0: not
# asked.
ASKS: Final = b"x-o3-explain"
# What proxies say of the request that came to them. Not what they say of themselves and of other
# addresses (Via, X-Forwarded-For): strangers may read it.
_FORWARDED: Final = (
    *("forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"),
    *("x-forwarded-prefix", "x-original-host", "x-original-uri", "x-original-url"),
)
_UNSIGNED: Final = (
    "Nobody signed the request as it arrived: there is neither an Authorization header nor a"
    " signature in the query. If its client has signed it, a proxy has taken that away."
)


class Explainer:
    """Args:
    accounts: whose keys the signatures may be of.
    domains: that buckets may stand before in a host.
    skew_seconds_max: how far a client's clock may be off."""

    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        *,
        domains: Sequence[str],
        skew_seconds_max: int,
    ) -> None:
        self._accounts = accounts
        self._domains, self._skew_seconds_max = tuple(domains), skew_seconds_max
        self.refused = RefusedRequests(clock)

    async def explain_to_caller(
        self, refused: RefusedRequest, endpoint: ClientEndpoint | None
    ) -> Explanation:
        """To who sent it. Args: endpoint: that its client uses, if it says so."""
        account = refused.account
        if account is not None and not _is_asked_by_signer(refused):
            account = None
        account_id = None if account is None else account.account_id
        # Each is about its own bucket: a copy reads one of somebody else.
        accesses = [
            seen(access, viewer_of(account_id=account_id, owner=access.whole.owner))
            for access in refused.accesses
        ]
        viewer = viewer_of(account_id=account_id, owner="")
        return await self._explain(refused, accesses, endpoint, account, viewer)

    async def explain(self, request_id: str, endpoint: ClientEndpoint | None) -> Explanation | None:
        """To an operator. None: no such request was refused here within the hour, or it is
        forgotten for others."""
        refused = self.refused.get(request_id)
        if refused is None:
            return None
        accesses = [seen(access, Viewer.OPERATOR) for access in refused.accesses]
        return await self._explain(refused, accesses, endpoint, refused.account, Viewer.OPERATOR)

    async def _explain(
        self,
        refused: RefusedRequest,
        seen_accesses: Sequence[AccessView | None],
        endpoint: ClientEndpoint | None,
        account: Account | None,
        viewer: Viewer,
    ) -> Explanation:
        """Args:
        seen_accesses: None: of which nothing may be seen.
        account: whose the key is; None: it has not signed, or that may not be seen."""
        accesses = [access for access in seen_accesses if access is not None]
        head = refused.head
        now_s = refused.wall_ms // 1_000
        clock, off = self._clock(head, now_s)
        if refused.unread:
            signature, findings = None, [refused.unread]
        else:
            signature, findings = await self._signature(refused, endpoint, viewer)
        return Explanation(
            request_id=refused.request_id,
            host_id=refused.host_id,
            time=iso_extended(now_s),
            status=refused.status,
            code=refused.code,
            message=refused.message,
            operation=refused.operation,
            method=head.method,
            path=head.raw_path.decode(errors="backslashreplace"),
            query=masked(head.raw_query),
            host=head.header("host") or "",
            findings=[
                *([off] if off is not None else []),
                *findings,
                *[access.sentence for access in accesses if not access.allowed],
            ],
            forwarded=_forwarded(head),
            caller=(
                None
                if account is None
                else CallerView(account_id=account.account_id, arn=refused.arn)
            ),
            clock=clock,
            signature=signature,
            accesses=accesses,
        )

    def _clock(self, head: RequestHead, now_s: int) -> tuple[ClockView | None, str | None]:
        """With what is wrong with it."""
        try:
            clock = clock_view(head, now_s=now_s, seconds_max=self._skew_seconds_max)
            return clock, None if clock is None else clock_finding(clock, head)
        except S3Error:
            # The query cannot be read: the finding about the signature says so.
            return None, None

    async def _signature(
        self, refused: RefusedRequest, endpoint: ClientEndpoint | None, viewer: Viewer
    ) -> tuple[SignatureView | None, list[str]]:
        head, is_right = refused.head, refused.account is not None
        if _is_form(head) or (refused.claim is None and _is_signed_query(head)):
            return None, []
        try:
            if is_presigned_v2(head):
                return _version_2(head, is_right=is_right)
            claim = refused.claim or claim_again(head)
            if claim is None:
                return None, [_UNSIGNED]
            key, findings = (None, []) if is_right else await self._key_of(claim, viewer)
            surroundings = Surroundings(refused.own_port, self._domains, endpoint)
            view, more = signature_view(claim, head, key, surroundings, is_right=is_right)
        except S3Error as error:
            return None, [_unreadable(error)]
        findings += more
        if is_right and refused.code == "SignatureDoesNotMatch":
            findings.append(
                "The signature of the head is right, that of a chunk of the body is not: the body"
                " was changed, or its chunks are signed with another key."
            )
        return view, findings

    async def _key_of(
        self, claim: SignatureClaim, viewer: Viewer
    ) -> tuple[bytes | None, list[str]]:
        """Which is not remembered, and not noted as a use of the access key."""
        try:
            derived = await self._accounts.derive_signing_key(
                access_key=claim.access_key,
                date=claim.date,
                region=claim.region,
                service=claim.service,
                session_token=claim.session_token,
            )
            return derived.key, []
        except Refused as refusal:
            is_disabled = refusal.facts.get("state") == "inactive"
            if is_disabled and Section.KEY_STATE in visible_to(viewer):
                return None, [f"The access key {claim.access_key} is there, and disabled."]
            return None, ["There is no such access key, or its session is over or another one."]
        except TrioxygenError:
            return None, [
                "Whether a proxy has rewritten it cannot be said now: the store does not answer."
            ]


def _is_asked_by_signer(refused: RefusedRequest) -> bool:
    """Not only sent by whom its signer has given it: who has a URL that was presigned, or a form,
    can add what is not signed, and is a stranger."""
    claim, head = refused.claim, refused.head
    if claim is not None and claim.presigned:
        return ASKS.decode() in claim.signed_headers
    return not (_is_form(head) or is_presigned_v2(head))


def _version_2(head: RequestHead, *, is_right: bool) -> tuple[SignatureView, list[str]]:
    access_key = head.query_value("AWSAccessKeyId") or ""
    findings = []
    if not is_right:
        findings = [
            "It is presigned with Signature Version 2, of which only the store can work out"
            " signatures: sign with Version 4 to learn what a proxy has rewritten."
        ]
    return SignatureView(version="2", access_key=access_key, is_right=is_right), findings


def _is_form(head: RequestHead) -> bool:
    """It signs in its fields, which are of the body."""
    return (
        head.method == "POST"
        and (head.header("content-type") or "").startswith("multipart/form-data")
        and head.raw_header(b"authorization") is None
    )


def _is_signed_query(head: RequestHead) -> bool:
    """Of IAM or STS, whose body is signed without a header that says its digest."""
    form = "application/x-www-form-urlencoded"
    is_form = (head.header("content-type") or "").startswith(form)
    return is_form and head.raw_header(b"authorization") is not None


def _unreadable(error: S3Error) -> str:
    unsigned = error.details.get("HeadersNotSigned")
    if unsigned is not None:
        return (
            f"Not signed are: {unsigned}. If the client did not send them, a proxy has added them:"
            " it has to leave out what begins with x-amz-."
        )
    return f"What was signed cannot be worked out: {error.message}"


def _forwarded(head: RequestHead) -> list[tuple[str, str]]:
    values = ((name, head.header(name)) for name in _FORWARDED)
    return [(name, value) for name, value in values if value is not None]
