"""The Ozone Manager, from outside: a method for each of its calls.

What is in a bucket is asked of the group that has it; all else is the first group's."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from trioxygen.common.rpc.network import Reply
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.leader import LeaderClient
from trioxygen.metadata.client.routes import FIRST_GROUP, Route, route
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockId

Answer = Coroutine[Any, Any, Reply]

_SERVICE: Final = om.DESCRIPTOR.services_by_name["OzoneManager"]


class _InBucket(Protocol):
    volume: str
    bucket: str


class OmClient:
    """Args:
    addresses: of the first group's replicas.
    others: of further groups, by their ids.
    route: says which group has a bucket.
    timeout_ms, try_ms, refused_ms: as of `LeaderClient`.
    """

    def __init__(
        self,
        runtime: Runtime,
        addresses: Sequence[str],
        *,
        others: Mapping[int, Sequence[str]] | None = None,
        route: Route = route,
        timeout_ms: float = 30_000,
        try_ms: float = 1_000,
        refused_ms: float = 5_000,
    ) -> None:
        self._route, self._clock = route, runtime.clock
        self._groups = {
            group: LeaderClient(
                runtime,
                _SERVICE,
                list(members),
                timeout_ms=timeout_ms,
                try_ms=try_ms,
                refused_ms=refused_ms,
            )
            for group, members in {FIRST_GROUP: addresses, **(others or {})}.items()
        }
        self._first = self._groups[FIRST_GROUP]
        self._tokens_heard: Callable[[Iterable[bytes]], None] | None = None

    @property
    def first_group(self) -> LeaderClient:
        return self._first

    def hear_tokens(self, learn: Callable[[Iterable[bytes]], None]) -> None:
        """`learn` is given the block tokens that come with answers."""
        self._tokens_heard = learn

    def _heard(
        self, call: Answer[Reply], tokens_in: Callable[[Reply], Iterable[bytes]]
    ) -> Answer[Reply]:
        learn = self._tokens_heard
        return call if learn is None else _hearing(call, tokens_in, learn)

    async def tokens_for(
        self, blocks: Sequence[BlockId], writes: bool, refused_key_id: int
    ) -> Sequence[bytes]:
        """One for each block; empty: nothing refers to it, or this client has not leased it."""
        request = om.GrantTokensRequest(
            client_id=self._first.client_id,
            blocks=blocks,
            writes=writes,
            refused_key_id=refused_key_id,
        )
        return (await self.grant_tokens(request)).tokens

    def _of(self, request: _InBucket) -> LeaderClient:
        return self._groups[self._route(request.volume, request.bucket)]

    def create_volume(self, request: om.CreateVolumeRequest) -> Answer[om.CreateVolumeReply]:
        return self._first.call(request, om.CreateVolumeReply)

    def delete_volume(self, request: om.DeleteVolumeRequest) -> Answer[om.DeleteVolumeReply]:
        return self._first.call(request, om.DeleteVolumeReply)

    def note_master_keys(self, request: om.NoteMasterKeysRequest) -> Answer[om.NoteMasterKeysReply]:
        return self._first.call(request, om.NoteMasterKeysReply)

    def create_bucket(self, request: om.CreateBucketRequest) -> Answer[om.CreateBucketReply]:
        return self._of(request).call(request, om.CreateBucketReply)

    def delete_bucket(self, request: om.DeleteBucketRequest) -> Answer[om.DeleteBucketReply]:
        return self._of(request).call(request, om.DeleteBucketReply)

    def set_bucket_replication(
        self, request: om.SetBucketReplicationRequest
    ) -> Answer[om.SetBucketReplicationReply]:
        return self._of(request).call(request, om.SetBucketReplicationReply)

    def set_bucket_versioning(
        self, request: om.SetBucketVersioningRequest
    ) -> Answer[om.SetBucketVersioningReply]:
        return self._of(request).call(request, om.SetBucketVersioningReply)

    def set_bucket_lock(self, request: om.SetBucketLockRequest) -> Answer[om.SetBucketLockReply]:
        return self._of(request).call(request, om.SetBucketLockReply)

    def set_bucket_encryption(
        self, request: om.SetBucketEncryptionRequest
    ) -> Answer[om.SetBucketEncryptionReply]:
        return self._of(request).call(request, om.SetBucketEncryptionReply)

    def put_bucket_setting(
        self, request: om.PutBucketSettingRequest
    ) -> Answer[om.PutBucketSettingReply]:
        return self._of(request).call(request, om.PutBucketSettingReply)

    def delete_bucket_setting(
        self, request: om.DeleteBucketSettingRequest
    ) -> Answer[om.DeleteBucketSettingReply]:
        return self._of(request).call(request, om.DeleteBucketSettingReply)

    def commit_key(self, request: om.CommitKeyRequest) -> Answer[om.CommitKeyReply]:
        if request.row.lock.mode:
            request.asked_ms = self._clock.wall_ms()
        return self._of(request).call(request, om.CommitKeyReply)

    def delete_keys(self, request: om.DeleteKeysRequest) -> Answer[om.DeleteKeysReply]:
        return self._of(request).call(request, om.DeleteKeysReply)

    def rename_key(self, request: om.RenameKeyRequest) -> Answer[om.RenameKeyReply]:
        return self._of(request).call(request, om.RenameKeyReply)

    def set_tags(self, request: om.SetTagsRequest) -> Answer[om.SetTagsReply]:
        return self._of(request).call(request, om.SetTagsReply)

    def set_object_acl(self, request: om.SetObjectAclRequest) -> Answer[om.SetObjectAclReply]:
        return self._of(request).call(request, om.SetObjectAclReply)

    def set_object_lock(self, request: om.SetObjectLockRequest) -> Answer[om.SetObjectLockReply]:
        if request.retention.mode:
            request.asked_ms = self._clock.wall_ms()
        return self._of(request).call(request, om.SetObjectLockReply)

    def commit_transition(
        self, request: om.CommitTransitionRequest
    ) -> Answer[om.CommitTransitionReply]:
        return self._of(request).call(request, om.CommitTransitionReply)

    def create_upload(self, request: om.CreateUploadRequest) -> Answer[om.CreateUploadReply]:
        if request.row.lock.mode:
            request.asked_ms = self._clock.wall_ms()
        return self._of(request).call(request, om.CreateUploadReply)

    def commit_part(self, request: om.CommitPartRequest) -> Answer[om.CommitPartReply]:
        return self._of(request).call(request, om.CommitPartReply)

    def complete_upload(self, request: om.CompleteUploadRequest) -> Answer[om.CompleteUploadReply]:
        return self._of(request).call(request, om.CompleteUploadReply)

    def abort_upload(self, request: om.AbortUploadRequest) -> Answer[om.AbortUploadReply]:
        return self._of(request).call(request, om.AbortUploadReply)

    def lease_blocks(self, request: om.LeaseBlocksRequest) -> Answer[om.LeaseBlocksReply]:
        call = self._first.call(request, om.LeaseBlocksReply)
        return self._heard(call, lambda reply: (reply.token,))

    def renew_leases(self, request: om.RenewLeasesRequest) -> Answer[om.RenewLeasesReply]:
        return self._first.call(request, om.RenewLeasesReply)

    def release_leases(self, request: om.ReleaseLeasesRequest) -> Answer[om.ReleaseLeasesReply]:
        return self._first.call(request, om.ReleaseLeasesReply)

    def create_account(self, request: om.CreateAccountRequest) -> Answer[om.CreateAccountReply]:
        return self._first.call(request, om.CreateAccountReply)

    def create_access_key(
        self, request: om.CreateAccessKeyRequest
    ) -> Answer[om.CreateAccessKeyReply]:
        return self._first.call(request, om.CreateAccessKeyReply)

    def revoke_access_key(
        self, request: om.RevokeAccessKeyRequest
    ) -> Answer[om.RevokeAccessKeyReply]:
        return self._first.call(request, om.RevokeAccessKeyReply)

    def change_iam(self, request: iam.ChangeIamRequest) -> Answer[iam.ChangeIamReply]:
        return self._first.call(request, iam.ChangeIamReply)

    def read_iam(self, request: iam.ReadIamRequest) -> Answer[iam.ReadIamReply]:
        return self._first.call(request, iam.ReadIamReply)

    def mint_session(self, request: iam.MintSessionRequest) -> Answer[iam.MintSessionReply]:
        return self._first.call(request, iam.MintSessionReply)

    def lookup_volume(self, request: om.LookupVolumeRequest) -> Answer[om.LookupVolumeReply]:
        return self._first.call(request, om.LookupVolumeReply)

    def list_volumes(self, request: om.ListVolumesRequest) -> Answer[om.ListVolumesReply]:
        return self._first.call(request, om.ListVolumesReply)

    def lookup_bucket(self, request: om.LookupBucketRequest) -> Answer[om.LookupBucketReply]:
        return self._of(request).call(request, om.LookupBucketReply)

    def list_buckets(self, request: om.ListBucketsRequest) -> Answer[om.ListBucketsReply]:
        return self._first.call(request, om.ListBucketsReply)

    def lookup_key(self, request: om.LookupKeyRequest) -> Answer[om.LookupKeyReply]:
        call = self._of(request).call(request, om.LookupKeyReply)
        return self._heard(call, lambda reply: reply.read_tokens)

    def grant_tokens(self, request: om.GrantTokensRequest) -> Answer[om.GrantTokensReply]:
        return self._first.call(request, om.GrantTokensReply)

    def list_keys(self, request: om.ListKeysRequest) -> Answer[om.ListKeysReply]:
        return self._of(request).call(request, om.ListKeysReply)

    def list_versions(self, request: om.ListVersionsRequest) -> Answer[om.ListVersionsReply]:
        return self._of(request).call(request, om.ListVersionsReply)

    def lookup_upload(self, request: om.LookupUploadRequest) -> Answer[om.LookupUploadReply]:
        return self._of(request).call(request, om.LookupUploadReply)

    def list_uploads(self, request: om.ListUploadsRequest) -> Answer[om.ListUploadsReply]:
        return self._of(request).call(request, om.ListUploadsReply)

    def list_parts(self, request: om.ListPartsRequest) -> Answer[om.ListPartsReply]:
        return self._of(request).call(request, om.ListPartsReply)

    def derive_signing_key(
        self, request: om.DeriveSigningKeyRequest
    ) -> Answer[om.DeriveSigningKeyReply]:
        return self._first.call(request, om.DeriveSigningKeyReply)

    def verify_signature_v2(
        self, request: om.VerifySignatureV2Request
    ) -> Answer[om.VerifySignatureV2Reply]:
        return self._first.call(request, om.VerifySignatureV2Reply)

    def list_accounts(self, request: om.ListAccountsRequest) -> Answer[om.ListAccountsReply]:
        return self._first.call(request, om.ListAccountsReply)

    def list_access_keys(self, request: om.ListAccessKeysRequest) -> Answer[om.ListAccessKeysReply]:
        return self._first.call(request, om.ListAccessKeysReply)

    def describe_om(self, request: om.DescribeOmRequest) -> Answer[om.DescribeOmReply]:
        return self._first.call(request, om.DescribeOmReply)

    def find_orphans(self, request: om.FindOrphansRequest) -> Answer[om.FindOrphansReply]:
        return self._first.call(request, om.FindOrphansReply)

    def list_lifecycles(self, request: om.ListLifecyclesRequest) -> Answer[om.ListLifecyclesReply]:
        return self._first.call(request, om.ListLifecyclesReply)

    def take_transitions(
        self, request: om.TakeTransitionsRequest
    ) -> Answer[om.TakeTransitionsReply]:
        return self._first.call(request, om.TakeTransitionsReply)

    def find_holders(self, request: om.FindHoldersRequest) -> Answer[om.FindHoldersReply]:
        return self._first.call(request, om.FindHoldersReply)


async def _hearing(
    call: Answer[Reply],
    tokens_in: Callable[[Reply], Iterable[bytes]],
    learn: Callable[[Iterable[bytes]], None],
) -> Reply:
    reply: Reply = await call
    learn(tokens_in(reply))
    return reply
