"""Signers, as the OM knows them."""

from trioxygen.gateway.store.ozone.iam_rows import identity_of
from trioxygen.gateway.store.ozone.rows import account_of
from trioxygen.gateway.store.values.accounts import Signer, SigningKey
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2


class OzoneAccounts:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def derive_signing_key(
        self,
        *,
        access_key: str,
        date: str,
        region: str,
        service: str,
        session_token: str | None = None,
    ) -> SigningKey:
        reply = await self._om.derive_signing_key(
            om_pb2.DeriveSigningKeyRequest(
                access_key=access_key,
                date=date,
                region=region,
                service=service,
                session_token=session_token,
            )
        )
        identity = identity_of(reply.identity)
        return SigningKey(reply.signing_key, account_of(reply.account), identity)

    async def verify_signature_v2(
        self,
        *,
        access_key: str,
        string_to_sign: bytes,
        signature: str,
        session_token: str | None = None,
    ) -> Signer | None:
        reply = await self._om.verify_signature_v2(
            om_pb2.VerifySignatureV2Request(
                access_key=access_key,
                string_to_sign=string_to_sign,
                signature=signature,
                session_token=session_token,
            )
        )
        if not reply.valid:
            return None
        return Signer(account_of(reply.account), identity_of(reply.identity))
