import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.errors import ChecksumMismatch, InvalidRequest, TrioxygenError, UnknownFormat
from trioxygen.common.system_disk import SystemDisk
from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.membership.identity import (
    Identity,
    IdentityFile,
    Member,
    digest_of,
    first_members,
    member_of,
)

NODES = [("om-1", "a:1", 2**64 - 1), ("om-2", "b:1", 7), ("om-3", "c:1", 9)]


def file_at(folder: Path, seed: int = 1) -> IdentityFile:
    return IdentityFile(SystemDisk(), folder / "om" / "identity.json", random.Random(seed))


def belonging(file: IdentityFile, identity: Identity) -> Identity:
    members = first_members([*NODES[1:], ("om-1", "a:1", identity.incarnation)])
    return file.belong(
        identity, group_digest=digest_of(members), replica=ReplicaId(1), first_members=members
    )


def test_first_start_draws_an_incarnation_and_later_ones_keep_it(tmp_path: Path) -> None:
    first = file_at(tmp_path).open("om-1")
    assert first.incarnation
    assert not first.belongs
    assert file_at(tmp_path, seed=2).open("om-1") == first
    assert file_at(tmp_path / "elsewhere", seed=2).open("om-1").incarnation != first.incarnation


def test_group_is_kept(tmp_path: Path) -> None:
    file = file_at(tmp_path)
    identity = belonging(file, file.open("om-1"))
    assert identity.belongs
    assert identity.first_configuration().voters == (1, 2, 3)
    assert file_at(tmp_path).open("om-1") == identity
    begun = file.log_was_begun(identity)
    assert begun.has_log
    assert file_at(tmp_path).open("om-1") == begun
    assert file.log_was_begun(begun) is begun


def test_folder_of_another_node_is_refused(tmp_path: Path) -> None:
    file_at(tmp_path).open("om-1")
    with pytest.raises(InvalidRequest, match="stored=om-1, configured=om-2"):
        file_at(tmp_path).open("om-2")


def test_newer_format_is_refused(tmp_path: Path) -> None:
    file_at(tmp_path).open("om-1")
    path = tmp_path / "om" / "identity.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(UnknownFormat, match="format=2"):
        file_at(tmp_path).open("om-1")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("incarnation", "incarnatiom"),
        lambda text: text.replace('"replica_id": 0', '"replica_id": 5'),
        # Another one as good as any.
        lambda text: text.replace('"incarnation": "', '"incarnation": "1', 1),
        lambda text: "[]",
    ],
)
def test_damaged_identity_is_refused(tmp_path: Path, damage: Callable[[str], str]) -> None:
    file_at(tmp_path).open("om-1")
    path = tmp_path / "om" / "identity.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(ChecksumMismatch):
        file_at(tmp_path).open("om-1")


def test_replica_whose_log_is_lost_becomes_another(tmp_path: Path) -> None:
    file = file_at(tmp_path)
    identity = file.log_was_begun(belonging(file, file.open("om-1")))
    assert file.check_log(identity, has_log=True) is identity
    renewed = file.check_log(identity, has_log=False)
    assert not renewed.belongs
    assert renewed.incarnation not in (0, identity.incarnation)
    assert file.open("om-1") == renewed


def test_replica_whose_log_was_never_begun_stays_who_it_is(tmp_path: Path) -> None:
    file = file_at(tmp_path)
    identity = file.open("om-1")
    assert file.check_log(identity, has_log=False) is identity
    identity = belonging(file, identity)
    assert file.check_log(identity, has_log=False) is identity


def test_log_without_its_identity_is_refused(tmp_path: Path) -> None:
    file = file_at(tmp_path)
    with pytest.raises(TrioxygenError, match="without its replica's identity"):
        file.check_log(file.open("om-1"), has_log=True)


@given(st.permutations(NODES))
def test_first_members_are_numbered_alike_by_everybody(
    nodes: list[tuple[str, str, int]],
) -> None:
    assert [first_member.node_id for first_member in first_members(nodes)] == [
        "om-1",
        "om-2",
        "om-3",
    ]
    assert digest_of(first_members(nodes)) == digest_of(first_members(NODES)) != 0


def test_digest_tells_groups_apart() -> None:
    others = [NODES[:2], [*NODES[:2], ("om-3", "c:1", 10)], [*NODES[:2], ("om-4", "c:1", 9)]]
    digests = {digest_of(first_members(nodes)) for nodes in [NODES, *others]}
    assert len(digests) == 4


def test_member_survives_its_row() -> None:
    member = Member(ReplicaId(3), "om-3", "c:1", 2**64 - 1)
    assert member_of(member.row()) == member
