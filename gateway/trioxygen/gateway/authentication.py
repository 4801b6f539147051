"""Who signed a request, by whichever signature it carries. Anonymous is an answer."""

from collections.abc import Mapping, Sequence

from trioxygen.common.clock import Clock
from trioxygen.gateway.auth.form import read_form_claim, verify_form
from trioxygen.gateway.auth.header_v2 import is_signed_v2, read_signed_v2
from trioxygen.gateway.auth.presigned_v2 import (
    SignatureClaimV2,
    is_presigned_v2,
    read_presigned_v2,
)
from trioxygen.gateway.auth.query_headers import read_as_headers
from trioxygen.gateway.auth.sigv4 import read_claim, verify
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.protocol.names import Target
from trioxygen.gateway.protocol.post_form import POLICY
from trioxygen.gateway.s3.request import S3Request


class Authentication:
    """Args:
    regions: what may be signed for; empty: any.
    skew_seconds_max: how far a client's clock may be off.
    takes_v2_headers: Signature Version 2 in the Authorization header, which S3 does not take."""

    def __init__(
        self,
        credentials: Credentials,
        clock: Clock,
        *,
        regions: Sequence[str],
        skew_seconds_max: int,
        takes_v2_headers: bool = False,
    ) -> None:
        self._credentials, self._clock = credentials, clock
        self._takes_v2_headers = takes_v2_headers
        self._regions, self._skew_seconds_max = regions or None, skew_seconds_max

    async def identify(self, request: S3Request, target: Target) -> None:
        """Puts who it is on the request, and what the body's signature needs; reads a presigned
        query as headers.

        Raises: S3Errors of signatures; Unavailable errors."""
        head = request.head
        if self._takes_v2_headers and is_signed_v2(head):
            await self._identify_v2(request, target)
            return
        claim = read_claim(
            head,
            now_s=self._clock.wall_ms() // 1_000,
            regions=self._regions,
            skew_seconds_max=self._skew_seconds_max,
        )
        if claim is not None:
            credential = await self._credentials.find(claim)
            verify(claim, head, credential.signing_key)
            request.identify(credential)
            request.claim, request.credential = claim, credential
            request.signing_key = credential.signing_key
            if claim.presigned:
                request.head = read_as_headers(head, version_2=False)
        elif head.raw_query and is_presigned_v2(head):
            request.identify(
                await self._credentials.verify_v2(
                    read_presigned_v2(
                        head,
                        now_s=self._clock.wall_ms() // 1_000,
                        bucket_in_host=target.bucket if target.is_bucket_in_host else None,
                    )
                )
            )
            request.head = read_as_headers(head, version_2=True)

    async def identify_form(self, request: S3Request, fields: Mapping[str, str]) -> None:
        """The same of a form, whose signature is in its fields; these by name in lower case.

        Raises: the same."""
        claim = read_form_claim(fields, regions=self._regions)
        if isinstance(claim, SignatureClaimV2):
            request.identify(await self._credentials.verify_v2(claim))
        elif claim is not None:
            credential = await self._credentials.find(claim)
            verify_form(claim, fields[POLICY], credential.signing_key)
            request.identify(credential)
            request.claim, request.credential = claim, credential

    async def _identify_v2(self, request: S3Request, target: Target) -> None:
        claim = read_signed_v2(
            request.head,
            now_s=self._clock.wall_ms() // 1_000,
            skew_seconds_max=self._skew_seconds_max,
            bucket_in_host=target.bucket if target.is_bucket_in_host else None,
        )
        request.identify(await self._credentials.verify_v2(claim))
