"""Which replication an object has, by its storage class, its bucket and the configuration."""

import pytest

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.gateway.protocol.storage_classes import CHOOSABLE, OFFERED, StorageClasses

EC_3_2 = Replication.parse("EC/3-2")
EC_6_3 = Replication.parse("EC/6-3")


def test_standard_is_as_the_bucket_says_and_then_as_the_configuration_does() -> None:
    classes = StorageClasses.configured(EC_3_2, {})
    assert classes.replication_of("STANDARD", None) == EC_3_2
    assert classes.replication_of("STANDARD", RATIS_ONE) == RATIS_ONE


@pytest.mark.parametrize("name", ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"])
def test_label_is_kept_as_standard_unless_it_is_configured(name: str) -> None:
    classes = StorageClasses()
    assert classes.replication_of(name, None) == RATIS_THREE
    assert classes.replication_of(name, EC_3_2) == EC_3_2
    classes = StorageClasses.configured(RATIS_THREE, {name: EC_6_3})
    assert classes.replication_of(name, EC_3_2) == EC_6_3


def test_reduced_redundancy_is_one_replica_unless_it_is_configured() -> None:
    for classes in (
        StorageClasses(),
        StorageClasses.configured(RATIS_THREE, {"GLACIER_IR": EC_3_2}),
    ):
        assert classes.replication_of("REDUCED_REDUNDANCY", RATIS_THREE) == RATIS_ONE
    classes = StorageClasses.configured(RATIS_THREE, {"REDUCED_REDUNDANCY": EC_3_2})
    assert classes.replication_of("REDUCED_REDUNDANCY", RATIS_THREE) == EC_3_2


def test_erasure_codes_are_classes_by_name() -> None:
    for name, text in (("EC_3_2", "EC/3-2"), ("EC_6_3", "EC/6-3"), ("EC_10_4", "EC/10-4")):
        assert name in OFFERED
        assert StorageClasses().replication_of(name, RATIS_ONE) == Replication.parse(text)


def test_class_that_is_not_known_any_more_is_kept_as_standard() -> None:
    assert StorageClasses().replication_of("GLACIER", None) == RATIS_THREE


def test_what_can_be_configured_is_offered() -> None:
    assert set(CHOOSABLE) < OFFERED and "STANDARD" not in CHOOSABLE
