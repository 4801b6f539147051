"""Signers, as the OM knows them."""

from trioxygen.gateway.store.ozone.rows import account_of
from trioxygen.gateway.store.values.accounts import Account, SigningKey
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2


class OzoneAccounts:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def derive_signing_key(
        self, *, access_key: str, date: str, region: str, service: str
    ) -> SigningKey:
        reply = await self._om.derive_signing_key(
            om_pb2.DeriveSigningKeyRequest(
                access_key=access_key, date=date, region=region, service=service
            )
        )
        return SigningKey(reply.signing_key, account_of(reply.account))

    async def verify_signature_v2(
        self, *, access_key: str, string_to_sign: bytes, signature: str
    ) -> Account | None:
        reply = await self._om.verify_signature_v2(
            om_pb2.VerifySignatureV2Request(
                access_key=access_key, string_to_sign=string_to_sign, signature=signature
            )
        )
        return account_of(reply.account) if reply.valid else None
