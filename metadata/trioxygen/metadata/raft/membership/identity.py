"""Who a replica is: the node, the incarnation of its disk, and the group that it belongs to.

A replica's votes and acknowledgements are worth what its disk remembers. So its id belongs to one
incarnation of one disk: a node that comes back without its log comes back as somebody else, and
joins anew. The file stands beside the state and the log, in a folder that they do not replace.
"""

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import (
    ChecksumMismatch,
    InvalidRequest,
    StoreDamaged,
    UnknownFormat,
)
from trioxygen.common.sealed_json import check_seal, sealed
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.proto.v1.replication_pb2 import MemberRow

log = logs.get(__name__)

# Of the file, of messages between replicas and of what they keep.
FORMAT: Final = 1
_FIELDS: Final = frozenset(
    (
        *("format", "node_id", "incarnation", "group_digest", "replica_id", "has_log"),
        *("former_digest", "first_members"),
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One replica of a group, and where it is.

    Attributes:
    incarnation: 0: an operator has asked for the node; it has not come yet.
    """

    replica: ReplicaId
    node_id: str
    address: str
    incarnation: int

    def row(self) -> MemberRow:
        return MemberRow(
            replica_id=self.replica,
            node_id=self.node_id,
            address=self.address,
            incarnation=self.incarnation,
        )


def member_of(row: MemberRow) -> Member:
    return Member(ReplicaId(row.replica_id), row.node_id, row.address, row.incarnation)


def first_members(nodes: Iterable[tuple[str, str, int]]) -> tuple[Member, ...]:
    """Of a new group, numbered alike by everybody, whatever the order of (node_id, address,
    incarnation)."""
    return tuple(
        Member(ReplicaId(number), node_id, address, incarnation)
        for number, (node_id, address, incarnation) in enumerate(sorted(nodes), 1)
    )


def digest_of(members: Iterable[Member]) -> int:
    """Names the group that these began, for ever. Never 0."""
    pairs = sorted((member.node_id, member.incarnation) for member in members)
    text = json.dumps(pairs, separators=(",", ":")).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Attributes:
    incarnation: of this disk; drawn at the first start, never 0.
    group_digest: 0 until the group is known; then `replica` is known too.
    first_members: those that the group began with; empty for a replica that joined later.
    has_log: the group's log was begun here: without it, what was promised is forgotten.
    former_digest: of the group that this node was in with the disk before, and whose state it may
        still hold.
    """

    node_id: str
    incarnation: int
    group_digest: int = 0
    replica: ReplicaId = ReplicaId(0)
    first_members: tuple[Member, ...] = ()
    has_log: bool = False
    former_digest: int = 0

    @property
    def belongs(self) -> bool:
        return self.group_digest != 0

    def first_configuration(self) -> Configuration:
        """In force before any entry. Without members for a replica that waits to be told."""
        return Configuration(voters=tuple(sorted(member.replica for member in self.first_members)))


def draw_incarnation(rng: random.Random) -> int:
    return rng.getrandbits(64) or 1


class IdentityFile:
    """All methods block."""

    def __init__(self, disk: Disk, path: Path, rng: random.Random) -> None:
        self._disk, self._path, self._rng = disk, path, rng

    def open(self, node_id: str) -> Identity:
        """What the file says; at the first start it is made, durable before anybody is told.

        Raises:
            InvalidRequest: the file is another node's.
            UnknownFormat: it is of another version.
            ChecksumMismatch: it cannot be read.
        """
        if not self._disk.exists(self._path):
            self._disk.make_directory(self._path.parent)
            return self.make(node_id)
        identity = self._read()
        if identity.node_id != node_id:
            raise InvalidRequest(
                "the data folder belongs to another node",
                file=str(self._path),
                stored=identity.node_id,
                configured=node_id,
            )
        return identity

    def make(self, node_id: str) -> Identity:
        """A new one, in the place of any before; it belongs to no group yet."""
        return self._save(Identity(node_id=node_id, incarnation=draw_incarnation(self._rng)))

    def belong(
        self,
        identity: Identity,
        *,
        group_digest: int,
        replica: ReplicaId,
        first_members: tuple[Member, ...],
    ) -> Identity:
        """Durable from here on."""
        assert not identity.belongs, identity
        assert group_digest and replica, (group_digest, replica)
        return self._save(
            replace(
                identity, group_digest=group_digest, replica=replica, first_members=first_members
            )
        )

    def log_was_begun(self, identity: Identity) -> Identity:
        """Call it when the group's log is on disk, and before the replica says anything."""
        assert identity.belongs, identity
        return identity if identity.has_log else self._save(replace(identity, has_log=True))

    def check_log(self, identity: Identity, *, has_log: bool) -> Identity:
        """Compares what `open` gave with whether the group's log is there. Without it the node is a
        new replica from here on.

        Raises: StoreDamaged: a log without the identity that it was written under.
        """
        if has_log and not identity.belongs:
            raise StoreDamaged(
                "a log without its replica's identity: restore the file, or empty the folder",
                file=str(self._path),
            )
        if has_log or not identity.has_log:
            return identity
        log.error("log_lost", node=identity.node_id, replica=identity.replica)
        return self._save(
            Identity(
                node_id=identity.node_id,
                incarnation=draw_incarnation(self._rng),
                former_digest=identity.group_digest,
            )
        )

    def _save(self, identity: Identity) -> Identity:
        self._disk.replace(self._path, _encode(identity))
        return identity

    def _read(self) -> Identity:
        data = self._disk.read(self._path)
        try:
            stored = json.loads(data)
            version = stored["format"]
            if version == FORMAT:
                return _decode(stored)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ChecksumMismatch(
                "the identity of a replica is damaged", file=str(self._path)
            ) from error
        raise UnknownFormat(
            "written by another version", file=str(self._path), format=str(version), known=FORMAT
        )


def check_state(identity: Identity, applied_index: int) -> None:
    """Whether a replica of that identity may begin a log after a state that it finds.

    Raises: InvalidRequest: the state is not one that this group has been through.
    """
    assert identity.belongs, identity
    if not applied_index or identity.former_digest == identity.group_digest:
        return
    # Loaded from a dump. Another member without it could be elected, and begin from nothing.
    if not identity.former_digest and len(identity.first_members) == 1:
        return
    raise InvalidRequest(
        "the state here is not of this group: empty the folder; or, to go on from a dump, begin a "
        "group of one node and add the others later",
        node=identity.node_id,
        index=applied_index,
    )


def _encode(identity: Identity) -> bytes:
    # Numbers of 64 bits as text: JSON readers elsewhere round them.
    return sealed(
        {
            "format": FORMAT,
            "node_id": identity.node_id,
            "incarnation": f"{identity.incarnation:016x}",
            "group_digest": f"{identity.group_digest:016x}",
            "replica_id": identity.replica,
            "has_log": identity.has_log,
            "former_digest": f"{identity.former_digest:016x}",
            "first_members": [
                {
                    "replica_id": member.replica,
                    "node_id": member.node_id,
                    "address": member.address,
                    "incarnation": f"{member.incarnation:016x}",
                }
                for member in identity.first_members
            ],
        }
    )


def _decode(stored: Mapping[str, Any]) -> Identity:
    check_seal(stored, _FIELDS)
    identity = Identity(
        node_id=str(stored["node_id"]),
        incarnation=int(stored["incarnation"], 16),
        group_digest=int(stored["group_digest"], 16),
        replica=ReplicaId(int(stored["replica_id"])),
        has_log=bool(stored["has_log"]),
        former_digest=int(stored["former_digest"], 16),
        first_members=tuple(
            Member(
                ReplicaId(int(member["replica_id"])),
                str(member["node_id"]),
                str(member["address"]),
                int(member["incarnation"], 16),
            )
            for member in stored["first_members"]
        ),
    )
    if not identity.incarnation or identity.belongs != (identity.replica > 0):
        raise ValueError("an identity without an incarnation, or a group without a replica")
    return identity
