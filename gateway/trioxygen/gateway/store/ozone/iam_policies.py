"""Managed policies and OIDC providers, as the OM keeps them."""

from collections.abc import Sequence

from trioxygen.gateway.store.ozone.iam_rows import (
    attachment_of,
    new_policy_row,
    new_provider_row,
    policy_of,
    provider_of,
    tag_rows,
)
from trioxygen.gateway.store.values.iam import (
    Attachment,
    IamPage,
    ManagedPolicy,
    OidcProvider,
    Tags,
)
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import iam_pb2
from trioxygen.proto.v1.iam_pb2 import ChangeIamRequest, ReadIamRequest


class OzonePolicies:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def create(self, policy: ManagedPolicy) -> ManagedPolicy:
        reply = await self._om.change_iam(
            ChangeIamRequest(
                account_id=policy.account_id,
                create_policy=iam_pb2.CreatePolicy(policy=new_policy_row(policy)),
            )
        )
        return policy_of(reply.policy)

    async def lookup(self, account_id: str, arn: str) -> ManagedPolicy:
        reply = await self._om.read_iam(ReadIamRequest(account_id=account_id, policy=arn))
        return policy_of(reply.policies[0])

    async def list(
        self, account_id: str, *, path_prefix: str, after: str, count_max: int
    ) -> IamPage[ManagedPolicy]:
        reply = await self._om.read_iam(
            ReadIamRequest(
                account_id=account_id,
                policies=iam_pb2.ListPolicies(
                    path_prefix=path_prefix,
                    page=iam_pb2.Page(after=after, count_max=count_max),
                ),
            )
        )
        return IamPage([policy_of(row) for row in reply.policies], reply.truncated)

    async def delete(self, account_id: str, arn: str) -> None:
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, delete_policy=arn))

    async def add_version(
        self, account_id: str, arn: str, document: str, *, is_default: bool
    ) -> ManagedPolicy:
        change = iam_pb2.AddPolicyVersion(policy_arn=arn, document=document, is_default=is_default)
        reply = await self._om.change_iam(
            ChangeIamRequest(account_id=account_id, add_version=change)
        )
        return policy_of(reply.policy)

    async def delete_version(self, account_id: str, arn: str, number: int) -> None:
        change = iam_pb2.NamedVersion(policy_arn=arn, number=number)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, delete_version=change))

    async def set_default_version(self, account_id: str, arn: str, number: int) -> None:
        change = iam_pb2.NamedVersion(policy_arn=arn, number=number)
        await self._om.change_iam(
            ChangeIamRequest(account_id=account_id, set_default_version=change)
        )

    async def attachments(
        self, account_id: str, arn: str, *, after: str, count_max: int
    ) -> IamPage[Attachment]:
        reply = await self._om.read_iam(
            ReadIamRequest(
                account_id=account_id,
                attachments=iam_pb2.ListAttachments(
                    policy_arn=arn, page=iam_pb2.Page(after=after, count_max=count_max)
                ),
            )
        )
        return IamPage([attachment_of(row) for row in reply.attachments], reply.truncated)

    async def tag(self, account_id: str, arn: str, tags: Tags) -> None:
        change = iam_pb2.TagPolicy(policy_arn=arn, tags=tag_rows(tags))
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, tag_policy=change))

    async def untag(self, account_id: str, arn: str, keys: Sequence[str]) -> None:
        change = iam_pb2.TagPolicy(policy_arn=arn, removed=keys)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, tag_policy=change))


class OzoneOidcProviders:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def create(self, provider: OidcProvider) -> OidcProvider:
        reply = await self._om.change_iam(
            ChangeIamRequest(
                account_id=provider.account_id,
                create_provider=iam_pb2.CreateOidcProvider(provider=new_provider_row(provider)),
            )
        )
        return provider_of(reply.provider)

    async def lookup(self, account_id: str, arn: str) -> OidcProvider:
        reply = await self._om.read_iam(ReadIamRequest(account_id=account_id, provider=arn))
        return provider_of(reply.providers[0])

    async def list(self, account_id: str) -> Sequence[OidcProvider]:
        reply = await self._om.read_iam(
            ReadIamRequest(account_id=account_id, providers=iam_pb2.Nothing())
        )
        return [provider_of(row) for row in reply.providers]

    async def change(
        self,
        account_id: str,
        arn: str,
        *,
        client_ids: Sequence[str] | None = None,
        thumbprints: Sequence[str] | None = None,
        tags: Tags | None = None,
    ) -> OidcProvider:
        change = iam_pb2.ChangeOidcProvider(
            arn=arn,
            client_ids=None if client_ids is None else iam_pb2.StringList(values=client_ids),
            thumbprints=None if thumbprints is None else iam_pb2.StringList(values=thumbprints),
            tags=None if tags is None else iam_pb2.IdentityTags(tags=tag_rows(tags)),
        )
        reply = await self._om.change_iam(
            ChangeIamRequest(account_id=account_id, change_provider=change)
        )
        return provider_of(reply.provider)

    async def delete(self, account_id: str, arn: str) -> None:
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, delete_provider=arn))
