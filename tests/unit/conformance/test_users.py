"""The suite's users are what store.env says of them, and every section has one."""

import re

from conformance.run import HERE, PARTS, suite_configuration
from conformance.users import IAM_ALT, IAM_ALT_ROOT, IAM_ROOT, OF_IAM, OF_S3, UNNUMBERED, Key
from trioxygen.cli.config.schema import Config


def store_environment() -> dict[str, str]:
    lines = (HERE / "store.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_store_is_told_of_the_account_without_a_number() -> None:
    assert store_environment()["O3_IAM__UNNUMBERED_ACCOUNT"] == UNNUMBERED.user_id


def test_environment_of_the_store_names_settings_that_there_are() -> None:
    for name in store_environment():
        section, key = name.removeprefix("O3_").lower().split("__")
        assert key in type(getattr(Config(), section)).model_fields, name


def test_parts_have_the_same_sections_and_no_file_in_common() -> None:
    assert OF_S3.keys() == OF_IAM.keys()
    files = [name for part in PARTS.values() for name in part.files]
    assert len(files) == len(set(files))


def test_accounts_of_iam_have_numbers_and_one_of_their_users_is_the_other_one() -> None:
    for account in (UNNUMBERED, IAM_ROOT, IAM_ALT_ROOT):
        assert re.fullmatch("[0-9]{12}", account.user_id) and not account.user_of
    assert IAM_ALT.user_of == UNNUMBERED.user_id


def test_configuration_has_each_section_with_its_key() -> None:
    keys = {section: Key(user, f"AK {section}", "secret") for section, user in OF_IAM.items()}
    written = suite_configuration("https://h:443", keys, {"token": "t"}, "10")
    assert {section: written[section]["access_key"] for section in keys} == {
        section: f"AK {section}" for section in keys
    }
    assert written["s3 alt"]["user_id"] == IAM_ALT.user_id
    assert written["DEFAULT"]["is_secure"] == "True"
    assert written["webidentity"]["token"] == "t"
