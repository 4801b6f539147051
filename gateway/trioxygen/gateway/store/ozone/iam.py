"""Identities, as the OM keeps them: keys, sessions and accounts here; what has a file of its own is
in `iam_principals` and `iam_policies`."""

from collections.abc import Sequence

from trioxygen.common.iam_limits import KEY_USES_MAX
from trioxygen.gateway.store.iam_port import (
    AccessKeys,
    AccountDirectory,
    OidcProviders,
    Policies,
    Principals,
    Sessions,
)
from trioxygen.gateway.store.ozone.iam_policies import OzoneOidcProviders, OzonePolicies
from trioxygen.gateway.store.ozone.iam_principals import OzonePrincipals
from trioxygen.gateway.store.ozone.iam_rows import (
    access_key_of,
    details_of,
    summary_of,
    tag_rows,
)
from trioxygen.gateway.store.values.iam import (
    AccessKey,
    AccountDetails,
    AccountSummary,
    IamPage,
    NewSession,
    SessionCredentials,
)
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import iam_pb2, om_pb2
from trioxygen.proto.v1.iam_pb2 import ChangeIamRequest, ReadIamRequest


class OzoneAccessKeys:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def create(
        self, account_id: str, user: str, *, access_key: str = "", secret_key: str = ""
    ) -> AccessKey:
        reply = await self._om.create_access_key(
            om_pb2.CreateAccessKeyRequest(
                account_id=account_id, user=user, access_key=access_key, secret_key=secret_key
            )
        )
        return access_key_of(reply.key)

    async def list(
        self, account_id: str, user: str, *, after: str, count_max: int
    ) -> IamPage[AccessKey]:
        reply = await self._om.read_iam(
            ReadIamRequest(
                account_id=account_id,
                keys=iam_pb2.ListUserKeys(
                    user=user, page=iam_pb2.Page(after=after, count_max=count_max)
                ),
            )
        )
        return IamPage([access_key_of(row) for row in reply.keys], reply.truncated)

    async def lookup(self, access_key: str) -> AccessKey:
        reply = await self._om.read_iam(ReadIamRequest(key=access_key))
        return access_key_of(reply.keys[0])

    async def set_active(
        self, account_id: str, user: str, access_key: str, *, is_active: bool
    ) -> None:
        change = iam_pb2.ChangeAccessKey(user=user, access_key=access_key, is_active=is_active)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, change_key=change))

    async def delete(self, account_id: str, user: str, access_key: str) -> None:
        change = iam_pb2.DeleteAccessKey(user=user, access_key=access_key)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, delete_key=change))

    async def note_uses(self, uses: Sequence[tuple[str, int, str, str]]) -> None:
        rows = [
            iam_pb2.AccessKeyUse(
                access_key=access_key, used_ms=used_ms, service=service, region=region
            )
            for access_key, used_ms, service, region in uses
        ]
        for start in range(0, len(rows), KEY_USES_MAX):
            note = iam_pb2.NoteAccessKeyUses(uses=rows[start : start + KEY_USES_MAX])
            await self._om.change_iam(ChangeIamRequest(note_uses=note))


class OzoneSessions:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def mint(self, session: NewSession) -> SessionCredentials:
        reply = await self._om.mint_session(
            iam_pb2.MintSessionRequest(
                account_id=session.account_id,
                user=session.user,
                role=session.role,
                session_name=session.session_name,
                lasts_seconds=session.lasts_seconds,
                policies=session.policies,
                policy_arns=session.policy_arns,
                tags=tag_rows(session.tags),
                context=tag_rows(session.context),
            )
        )
        return SessionCredentials(
            access_key=reply.access_key,
            secret_key=reply.secret_key,
            session_token=reply.session_token,
            expires_ms=reply.expires_ms,
        )


class OzoneAccountDirectory:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def find(
        self, *, account_id: str = "", canonical_id: str = "", email: str = ""
    ) -> AccountDetails | None:
        asked = iam_pb2.FindAccount(canonical_id=canonical_id, email=email)
        reply = await self._om.read_iam(ReadIamRequest(account_id=account_id, account=asked))
        return details_of(reply.account) if reply.HasField("account") else None

    async def set_alias(self, account_id: str, alias: str) -> None:
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, set_alias=alias))

    async def summary(self, account_id: str) -> AccountSummary:
        reply = await self._om.read_iam(
            ReadIamRequest(account_id=account_id, summary=iam_pb2.Nothing())
        )
        return summary_of(reply.summary)

    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        reply = await self._om.read_iam(ReadIamRequest(account_id=account_id, setting=kind))
        return reply.setting if reply.HasField("setting") else None

    async def put_setting(self, account_id: str, kind: str, document: bytes | None) -> None:
        change = iam_pb2.PutAccountSetting(kind=kind, document=document)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, put_setting=change))


class OzoneIam:
    """Implements `iam_port.Iam`."""

    def __init__(self, om: OmClient) -> None:
        self.principals: Principals = OzonePrincipals(om)
        self.policies: Policies = OzonePolicies(om)
        self.providers: OidcProviders = OzoneOidcProviders(om)
        self.access_keys: AccessKeys = OzoneAccessKeys(om)
        self.sessions: Sessions = OzoneSessions(om)
        self.directory: AccountDirectory = OzoneAccountDirectory(om)
