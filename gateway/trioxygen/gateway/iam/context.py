"""The condition keys of a request of IAM or STS. Pure.

Sources: IAM user guide, "AWS global condition context keys"; Service Authorization Reference,
"Condition keys for AWS Identity and Access Management", "… Security Token Service"."""

from collections.abc import Mapping, Sequence
from typing import Final

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.iam.arguments import Arguments
from trioxygen.gateway.store.values.iam import Tags

_PRINCIPAL_TAG: Final = "aws:principaltag/"


class Keys:
    """A `Context`: by names in lower case."""

    __slots__ = ("_keys",)

    def __init__(self, *keys: Mapping[str, Sequence[str]]) -> None:
        """Args: keys: of equal names the later one's counts."""
        self._keys: dict[str, Sequence[str]] = {}
        for each in keys:
            self._keys |= each

    def values(self, key: str) -> Sequence[str] | None:
        return self._keys.get(key)

    def from_outside(self) -> "Keys":
        """What is asked about is of no bucket."""
        return self


def of_caller(caller: Caller) -> dict[str, Sequence[str]]:
    keys: dict[str, Sequence[str]] = {
        "aws:principaltype": (caller.kind.value,),
        "aws:principalisawsservice": ("false",),
    }
    if caller.kind is CallerKind.ANONYMOUS:
        return keys
    keys |= {
        "aws:principalarn": (caller.role_arn or caller.arn,),
        "aws:principalaccount": (caller.account_id,),
        "aws:userid": (caller.user_id,),
    }
    if caller.name:
        keys["aws:username"] = (caller.name,)
    keys |= {key: (value,) for key, value in caller.context.items()}
    keys |= {_PRINCIPAL_TAG + key.lower(): (value,) for key, value in caller.tags.items()}
    return keys


def of_resource(account_id: str) -> dict[str, Sequence[str]]:
    """Args: account_id: whose it is what an action is about."""
    return {"aws:resourceaccount": (account_id,)}


def of_tags(prefix: str, tags: Tags) -> dict[str, Sequence[str]]:
    """`aws:requesttag/colour`"""
    return {prefix + key.lower(): (value,) for key, value in tags}


def of_request_tags(tags: Tags) -> dict[str, Sequence[str]]:
    """What a request wants to tag something with."""
    if not tags:
        return {}
    return {"aws:tagkeys": tuple(key for key, _ in tags), **of_tags("aws:requesttag/", tags)}


def of_arguments(arguments: Arguments) -> dict[str, Sequence[str]]:
    """Of those that conditions may ask for."""
    keys: dict[str, Sequence[str]] = {}
    if "Tags" in arguments:
        keys |= of_request_tags(arguments.tags())
    elif "TagKeys" in arguments:
        keys["aws:tagkeys"] = tuple(arguments.texts("TagKeys"))
    if "PolicyArn" in arguments:
        keys["iam:policyarn"] = (arguments.text("PolicyArn"),)
    if "PermissionsBoundary" in arguments:
        keys["iam:permissionsboundary"] = (arguments.text("PermissionsBoundary"),)
    return keys
