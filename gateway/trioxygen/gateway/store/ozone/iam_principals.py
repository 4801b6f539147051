"""Users, groups and roles, as the OM keeps them."""

from collections.abc import Sequence

from trioxygen.gateway.store.ozone.iam_rows import (
    KINDS,
    new_principal_row,
    principal_of,
    tag_rows,
)
from trioxygen.gateway.store.values.iam import (
    IamPage,
    Principal,
    PrincipalChange,
    PrincipalKind,
    Tags,
)
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import iam_pb2
from trioxygen.proto.v1.iam_pb2 import ChangeIamRequest, PrincipalName, ReadIamRequest


def _named(kind: PrincipalKind, name: str) -> PrincipalName:
    return PrincipalName(kind=KINDS[kind], name=name)


class OzonePrincipals:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def create(self, principal: Principal) -> Principal:
        reply = await self._om.change_iam(
            ChangeIamRequest(
                account_id=principal.account_id,
                create_principal=iam_pb2.CreatePrincipal(principal=new_principal_row(principal)),
            )
        )
        return principal_of(reply.principal)

    async def lookup(self, account_id: str, kind: PrincipalKind, name: str) -> Principal:
        reply = await self._om.read_iam(
            ReadIamRequest(account_id=account_id, principal=_named(kind, name))
        )
        return principal_of(reply.principals[0])

    async def list(
        self, account_id: str, kind: PrincipalKind, *, path_prefix: str, after: str, count_max: int
    ) -> IamPage[Principal]:
        reply = await self._om.read_iam(
            ReadIamRequest(
                account_id=account_id,
                principals=iam_pb2.ListPrincipals(
                    kind=KINDS[kind],
                    path_prefix=path_prefix,
                    page=iam_pb2.Page(after=after, count_max=count_max),
                ),
            )
        )
        return IamPage([principal_of(row) for row in reply.principals], reply.truncated)

    async def change(
        self, account_id: str, kind: PrincipalKind, name: str, change: PrincipalChange
    ) -> Principal:
        reply = await self._om.change_iam(
            ChangeIamRequest(
                account_id=account_id,
                change_principal=iam_pb2.ChangePrincipal(
                    of=_named(kind, name),
                    name=change.name,
                    path=change.path,
                    boundary=change.boundary,
                    trust_policy=change.trust_policy,
                    session_seconds_max=change.session_seconds_max,
                    description=change.description,
                ),
            )
        )
        return principal_of(reply.principal)

    async def delete(self, account_id: str, kind: PrincipalKind, name: str) -> None:
        await self._om.change_iam(
            ChangeIamRequest(account_id=account_id, delete_principal=_named(kind, name))
        )

    async def put_inline(
        self, account_id: str, kind: PrincipalKind, name: str, policy: str, document: str
    ) -> None:
        change = iam_pb2.PutInlinePolicy(
            of=_named(kind, name), policy=iam_pb2.InlinePolicy(name=policy, document=document)
        )
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, put_inline=change))

    async def delete_inline(
        self, account_id: str, kind: PrincipalKind, name: str, policy: str
    ) -> None:
        change = iam_pb2.DeleteInlinePolicy(of=_named(kind, name), policy=policy)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, delete_inline=change))

    async def attach(
        self, account_id: str, kind: PrincipalKind, name: str, policy_arn: str
    ) -> None:
        change = iam_pb2.PolicyAttachment(of=_named(kind, name), policy_arn=policy_arn)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, attach=change))

    async def detach(
        self, account_id: str, kind: PrincipalKind, name: str, policy_arn: str
    ) -> None:
        change = iam_pb2.PolicyAttachment(of=_named(kind, name), policy_arn=policy_arn)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, detach=change))

    async def tag(self, account_id: str, kind: PrincipalKind, name: str, tags: Tags) -> None:
        change = iam_pb2.TagPrincipal(of=_named(kind, name), tags=tag_rows(tags))
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, tag_principal=change))

    async def untag(
        self, account_id: str, kind: PrincipalKind, name: str, keys: Sequence[str]
    ) -> None:
        change = iam_pb2.TagPrincipal(of=_named(kind, name), removed=keys)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, tag_principal=change))

    async def add_member(self, account_id: str, group: str, user: str) -> None:
        change = iam_pb2.Membership(group=group, user=user)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, add_member=change))

    async def remove_member(self, account_id: str, group: str, user: str) -> None:
        change = iam_pb2.Membership(group=group, user=user)
        await self._om.change_iam(ChangeIamRequest(account_id=account_id, remove_member=change))

    async def members(
        self, account_id: str, group: str, *, after: str, count_max: int
    ) -> IamPage[Principal]:
        reply = await self._om.read_iam(
            ReadIamRequest(
                account_id=account_id,
                members=iam_pb2.ListMembers(
                    group=group, page=iam_pb2.Page(after=after, count_max=count_max)
                ),
            )
        )
        return IamPage([principal_of(row) for row in reply.principals], reply.truncated)
