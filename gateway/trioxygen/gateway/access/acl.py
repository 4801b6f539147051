"""Access control lists, and how they are stored. Pure; the values themselves are the store's, for
whoever reads and writes S3's documents knows nothing of decisions.

Stored: a byte with the form's version, the owner, then each grant: a byte of what is granted, and
to whom. Names are a byte of how long they are and UTF-8; a group is a byte beyond names' lengths.
"""

from collections.abc import Iterator
from typing import Final

from trioxygen.gateway.access.canned_acls import canned_acl, private_acl
from trioxygen.gateway.store.values.acls import (
    GRANTS_MAX,
    Acl,
    Grant,
    Grantee,
    Group,
    Permission,
)

__all__ = (
    "Acl",
    "Grant",
    "Grantee",
    "Group",
    "Permission",
    "canned_acl",
    "dump_acl",
    "load_acl",
    "private_acl",
)

_FORM: Final = 1
# Never renumber.
_PERMISSIONS: Final = {
    Permission.READ: 1,
    Permission.WRITE: 2,
    Permission.READ_ACP: 3,
    Permission.WRITE_ACP: 4,
    Permission.FULL_CONTROL: 5,
}
_PERMISSION_OF: Final = {number: permission for permission, number in _PERMISSIONS.items()}
_GROUPS: Final = {Group.ALL_USERS: 255, Group.AUTHENTICATED_USERS: 254, Group.LOG_DELIVERY: 253}
_GROUP_OF: Final = {number: group for group, number in _GROUPS.items()}
_NAME_BYTES_MAX: Final = 250


def dump_acl(acl: Acl) -> bytes:
    """Raises ValueError: more grants, or longer names, than are kept."""
    if len(acl.grants) > GRANTS_MAX:
        raise ValueError(f"an ACL has {len(acl.grants)} grants, {GRANTS_MAX} at most are kept")
    stored = bytearray((_FORM,))
    stored += _dumped(acl.owner)
    for grant in acl.grants:
        stored.append(_PERMISSIONS[grant.permission])
        stored += _dumped(grant.grantee)
    return bytes(stored)


def _dumped(grantee: Grantee) -> bytes:
    if isinstance(grantee, Group):
        return bytes((_GROUPS[grantee],))
    name = grantee.encode()
    if not 0 < len(name) <= _NAME_BYTES_MAX:
        raise ValueError(f"a canonical id of {len(name)} bytes")
    return bytes((len(name),)) + name


def load_acl(stored: bytes) -> Acl:
    """Raises ValueError: `dump_acl` has not written it."""
    if not stored or stored[0] != _FORM:
        raise ValueError("an ACL of an unknown form")
    grantees = _Loading(stored, 1)
    owner = grantees.take()
    if isinstance(owner, Group):
        raise ValueError("a group owns nothing")
    return Acl(owner, tuple(grantees.grants()))


class _Loading:
    def __init__(self, stored: bytes, position: int) -> None:
        self._stored, self._position = stored, position

    def _byte(self) -> int:
        position = self._position
        if position >= len(self._stored):
            raise ValueError("an ACL that ends too early")
        self._position = position + 1
        return self._stored[position]

    def take(self) -> Grantee:
        length = self._byte()
        group = _GROUP_OF.get(length)
        if group is not None:
            return group
        name = self._stored[self._position : self._position + length]
        if len(name) != length or not 0 < length <= _NAME_BYTES_MAX:
            raise ValueError("an ACL that ends too early")
        self._position += length
        return name.decode()

    def grants(self) -> Iterator[Grant]:
        while self._position < len(self._stored):
            permission = _PERMISSION_OF.get(self._byte())
            if permission is None:
                raise ValueError("an unknown permission")
            yield Grant(self.take(), permission)
