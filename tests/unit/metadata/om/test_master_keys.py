import pytest

from tests.unit.metadata.om.om_harness import OmHarness, om_test
from trioxygen.common.errors import InvalidRequest, MasterKeyDiffers
from trioxygen.proto.v1 import om_pb2 as om

CHECK, OTHER_CHECK = b"c" * 16, b"d" * 16


def key(
    key_id: str = "s3", version: int = 1, check: bytes = CHECK, *, was_primary: bool = False
) -> om.MasterKeyRow:
    return om.MasterKeyRow(key_id=key_id, version=version, check=check, was_primary=was_primary)


async def note(
    harness: OmHarness, *keys: om.MasterKeyRow, replaces_all: bool = False
) -> list[tuple[str, int, bool]]:
    request = om.NoteMasterKeysRequest(keys=keys, replaces_all=replaces_all)
    reply = await harness.client.note_master_keys(request)
    return [(row.key_id, row.version, row.was_primary) for row in reply.keys]


@om_test()
async def test_keys_of_all_gateways_are_told_to_each(harness: OmHarness) -> None:
    assert await note(harness) == []
    assert await note(harness, key(), key(version=2)) == [("s3", 1, False), ("s3", 2, False)]
    assert await note(harness, key("photos"), key()) == [
        ("photos", 1, False),
        ("s3", 1, False),
        ("s3", 2, False),
    ]


@om_test()
async def test_key_that_was_written_with_once_stays_needed(harness: OmHarness) -> None:
    await note(harness, key(was_primary=True))
    assert await note(harness, key(version=2, was_primary=True), key()) == [
        ("s3", 1, True),
        ("s3", 2, True),
    ]


@om_test()
async def test_other_key_of_a_known_version_is_refused_with_all_beside_it(
    harness: OmHarness,
) -> None:
    await note(harness, key())
    with pytest.raises(MasterKeyDiffers) as refused:
        await note(harness, key("new"), key(check=OTHER_CHECK))
    assert refused.value.facts == {"key_id": "s3", "version": "1"}
    assert await note(harness) == [("s3", 1, False)]


@om_test()
async def test_lost_keys_are_given_up(harness: OmHarness) -> None:
    await note(harness, key(was_primary=True), key(version=2), key("photos"))
    assert await note(harness, key(check=OTHER_CHECK), replaces_all=True) == [("s3", 1, False)]
    with pytest.raises(MasterKeyDiffers):
        await note(harness, key())


@om_test()
async def test_bad_key_is_refused(harness: OmHarness) -> None:
    for bad in (
        key(""),
        key("a b"),
        key("a:b"),
        key("a" * 129),
        key(check=b""),
        key(check=b"c" * 65),
    ):
        with pytest.raises(InvalidRequest):
            await note(harness, bad)
