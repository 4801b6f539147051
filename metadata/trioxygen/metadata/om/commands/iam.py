"""Changes of identities: which function makes which."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from trioxygen.metadata.om.commands import (
    iam_keys,
    iam_permissions,
    iam_policies,
    iam_principals,
    iam_providers,
)
from trioxygen.metadata.om.commands.iam_refusals import invalid, no_such_account
from trioxygen.metadata.om.state.schema import ACCOUNTS
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.iam_pb2 import ChangeIamReply, ChangeIamRequest

Change = Callable[[CapturingTxn, str, Any, Now], ChangeIamReply | Refusal]

# By their fields in ChangeIamRequest.
CHANGES: Final[Mapping[str, Change]] = {
    "create_principal": iam_principals.create_principal,
    "change_principal": iam_principals.change_principal,
    "delete_principal": iam_principals.delete_principal,
    "tag_principal": iam_principals.tag_principal,
    "add_member": iam_principals.add_member,
    "remove_member": iam_principals.remove_member,
    "put_inline": iam_permissions.put_inline,
    "delete_inline": iam_permissions.delete_inline,
    "attach": iam_permissions.attach,
    "detach": iam_permissions.detach,
    "create_policy": iam_policies.create_policy,
    "delete_policy": iam_policies.delete_policy,
    "add_version": iam_policies.add_version,
    "delete_version": iam_policies.delete_version,
    "set_default_version": iam_policies.set_default_version,
    "tag_policy": iam_policies.tag_policy,
    "create_provider": iam_providers.create_provider,
    "change_provider": iam_providers.change_provider,
    "delete_provider": iam_providers.delete_provider,
    "change_key": iam_keys.change_key,
    "delete_key": iam_keys.delete_key,
    "note_uses": iam_keys.note_uses,
    "set_alias": iam_providers.set_alias,
    "put_setting": iam_providers.put_setting,
}
_OF_ALL_ACCOUNTS: Final = frozenset(("note_uses",))


class IamCommands:
    def handlers(self) -> dict[type, Handler]:
        return {
            ChangeIamRequest: self.change,
            om_pb2.PrepareSession: iam_keys.prepare_session,
        }

    def change(
        self, txn: CapturingTxn, command: ChangeIamRequest, now: Now
    ) -> ChangeIamReply | Refusal:
        name = command.WhichOneof("change")
        if name is None:
            return invalid("no change that is known here")
        account_id = command.account_id
        if name not in _OF_ALL_ACCOUNTS and not (
            account_id and ACCOUNTS.exists(txn, account_id.encode())
        ):
            return no_such_account(account_id)
        return CHANGES[name](txn, account_id, getattr(command, name), now)
