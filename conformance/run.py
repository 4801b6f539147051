"""Runs the public ceph/s3-tests suite against a store; compares with `expected_failures.toml`.

    python conformance/run.py --suite PATH-OF-A-CLONE --data FOLDER-OF-A-RUNNING-STORE-OR-CLUSTER
    python conformance/run.py --suite PATH-OF-A-CLONE --endpoint URL --admin-url URL

The suite is not part of this project: bring a git clone of it. It runs from a temporary copy, in a
virtual environment of its own. Requests go to the gateways of a cluster in turn. Exit code 0:
nothing unexpected; 1: an unexpected failure, or a test that is expected to fail passed.
"""

import argparse
import configparser
import json
import os
import secrets
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

HERE = Path(__file__).parent
FILES = ("test_s3.py", "test_headers.py")
# With days of 24 hours, as AWS has them, what waits for one cannot pass: the suite marks it
# fails_on_aws too, so the tests of lifecycle have a run of their own.
SELECTIONS = {"whole": "not fails_on_aws", "short": "lifecycle"}
# Set for the running store too: how many seconds a day of lifecycle rules has.
SHORT_DAY = "O3_LIFECYCLE__DAY_SECONDS"
MASTER_KEYS = ("conformance-1", "conformance-2")
# Answers name a master key by its ARN; the account of the suite is no number.
KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/"
# Some tests of lifecycle wait for a dozen short days.
TEST_SECONDS_MAX = 300
# Read by the plugin `alternately`.
GATEWAYS = "CONFORMANCE_GATEWAYS"
# The suite's requirements that its S3 tests do not use.
_NOT_NEEDED = ("tox", "gevent")


@dataclass(frozen=True, slots=True)
class User:
    """One of the suite's users: an account of the store with an access key."""

    section: str
    account_id: str
    display_name: str
    email: str


USERS = (
    User("s3 main", "testid", "M. Tester", "tester@example.com"),
    User("s3 alt", "altid", "john.doe", "john.doe@example.com"),
    User("s3 tenant", "testx$tenantid", "testx$tenanteduser", "tenanteduser@example.com"),
)
_SAME_AS = {"iam": 0, "iam root": 0, "iam alt root": 1}


class Store(NamedTuple):
    """The store under test: its gateways' URLs, and where `o3` makes accounts."""

    gateways: tuple[str, ...]
    place: tuple[str, ...]


def store_of(data: Path) -> Store:
    """What runs in a folder: a store has its own endpoint, a cluster one in each gateway's."""
    folders = sorted(data.glob("gw*")) if (data / "cluster.json").exists() else [data]
    files = [folder / "endpoint.json" for folder in folders]
    running = [file for file in files if file.exists()]
    if not running:
        sys.exit(f"{data}: no store and no cluster with a gateway runs here")
    gateways = (json.loads(file.read_text())["s3"] for file in running)
    return Store(tuple(gateways), ("--data", str(running[0].parent)))


def make_user(store: Store, user: User) -> tuple[str, str]:
    """The user's account, if need be, and a new access key; (access key, secret)."""
    o3 = [sys.executable, "-m", "trioxygen.cli.main"]
    subprocess.run(
        [*o3, "account", "create", user.display_name, "--id", user.account_id]
        + ["--canonical-id", user.account_id, "--email", user.email, *store.place],
        capture_output=True,
        check=False,  # it exists after the first run; the next call tells if it does not
    )
    secret = secrets.token_hex(20)
    made = subprocess.run(
        [
            *o3,
            "key",
            "create",
            "--account",
            user.account_id,
            "--secret-stdin",
            "--json",
            *store.place,
        ],
        input=secret + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(made.stdout)["access_key"], secret


def make_master_keys(data: Path) -> None:
    """Those that the tests of SSE-KMS name; a running gateway knows them within seconds."""
    for name in MASTER_KEYS:
        subprocess.run(
            [sys.executable, "-m", "trioxygen.cli.main"]
            + ["keyring", "create-key", name, "--data", str(data)],
            capture_output=True,
            check=False,  # it exists after the first run; the tests tell if it does not
        )


def suite_configuration(
    endpoint: str, keys: list[tuple[str, str]], day_seconds: str
) -> configparser.RawConfigParser:
    parts = urlsplit(endpoint)
    written = configparser.RawConfigParser()
    written["DEFAULT"] = {
        "host": parts.hostname or "",
        "port": str(parts.port),
        "is_secure": str(parts.scheme == "https"),
        "ssl_verify": "False",
    }
    written["fixtures"] = {
        "bucket prefix": "conformance-{random}-",
        "iam name prefix": "s3-tests-",
        "iam path prefix": "/s3-tests/",
    }
    named = {user.section: position for position, user in enumerate(USERS)} | _SAME_AS
    for section, position in named.items():
        user, (access_key, secret_key) = USERS[position], keys[position]
        written[section] = {
            "access_key": access_key,
            "secret_key": secret_key,
            "user_id": user.account_id,
            "display_name": user.display_name,
            "email": user.email,
        }
    written["s3 main"].update({"api_name": "default", "lc_debug_interval": day_seconds})
    for option, name in zip(("kms_keyid", "kms_keyid2"), MASTER_KEYS, strict=True):
        written["s3 main"][option] = KEY_ARN + name
    written["s3 tenant"]["tenant"] = "testx"
    written["webidentity"] = dict.fromkeys(
        ("token", "aud", "sub", "azp", "user_token", "thumbprint", "KC_REALM"), "none"
    )
    return written


def make_environment(work: Path, suite: Path) -> Path:
    """The python of a virtual environment with the suite's requirements."""
    lines = (suite / "requirements.txt").read_text().splitlines()
    wanted = [
        line
        for line in map(str.strip, lines)
        if line and not line.startswith("#") and not line.startswith(_NOT_NEEDED)
    ]
    venv.create(work / "venv", with_pip=True)
    python = work / "venv" / "bin" / "python"
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        *wanted,
        "pytest-timeout",
        "pytest-xdist",
    ]
    subprocess.run(install, check=True)
    return python


def run_suite(
    python: Path, suite: Path, work: Path, store: Store, options: list[str]
) -> Mapping[str, str]:
    """Outcome of each test: passed, failed or skipped, by `file::name`."""
    results = work / "results.xml"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"S3TEST_CONF": str(work / "s3tests.conf"), "AWS_CONFIG_FILE": os.devnull}
    environment |= {GATEWAYS: " ".join(store.gateways), "PYTHONPATH": str(HERE)}
    files = [f"s3tests/functional/{name}" for name in FILES]
    command: list[str | Path] = [python, "-m", "pytest", "-q", "--tb=no", f"--junitxml={results}"]
    subprocess.run(
        [
            *command,
            "-p",
            "alternately",
            f"--timeout={TEST_SECONDS_MAX}",
            "-W",
            "ignore",
            *files,
            *options,
        ],
        cwd=suite,
        env=environment,
        check=False,  # tests that fail are what the comparison is for
    )
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(results).iter("testcase"):
        name = f"{case.get('classname', '').rsplit('.', 1)[-1]}.py::{case.get('name')}"
        outcome = "passed"
        for child in case:
            outcome = {"failure": "failed", "error": "failed"}.get(child.tag, outcome)
            if child.tag == "skipped":
                outcome = "skipped"
        outcomes[name] = outcome
    return outcomes


def expected_failures(days: str) -> dict[str, str]:
    """The group of each test that is to fail: some only with short days, or with whole ones."""
    groups = tomllib.loads((HERE / "expected_failures.toml").read_text())
    return {
        test: name
        for name, group in groups.items()
        if group.get("days", days) == days
        for test in group["tests"]
    }


def compare(outcomes: Mapping[str, str], expected: Mapping[str, str]) -> int:
    """Prints what is not as expected; the exit code."""
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    surprising = sorted(failed - set(expected))
    mended = sorted(name for name in expected if outcomes.get(name) == "passed")
    for name in surprising:
        print(f"unexpected failure: {name}")
    for name in mended:
        print(f"passes now, take it out of expected_failures.toml: {name}")
    counts = {
        word: sum(1 for each in outcomes.values() if each == word)
        for word in ("passed", "failed", "skipped")
    }
    print(
        f"{counts['passed']} passed, {counts['failed']} failed ({len(failed & set(expected))} of"
        f" them expected), {counts['skipped']} skipped"
    )
    return 1 if surprising or mended else 0


def arguments_given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", type=Path, required=True, help="a clone of ceph/s3-tests")
    parser.add_argument("--data", type=Path, help="folder of a running store or cluster")
    parser.add_argument("--endpoint", action="append", help="a gateway elsewhere; may be repeated")
    parser.add_argument("--admin-url", help="its admin port; the token is read from O3_ADMIN_TOKEN")
    parser.add_argument("extra", nargs="*", help="for pytest, after --")
    arguments = parser.parse_args()
    if bool(arguments.endpoint) != bool(arguments.admin_url):
        parser.error("--endpoint and --admin-url need each other")
    if bool(arguments.endpoint) == bool(arguments.data):
        parser.error("one of --data and --endpoint is needed")
    return arguments


def main() -> int:
    arguments = arguments_given()
    day_seconds = os.environ.get(SHORT_DAY)
    days = "whole" if day_seconds is None else "short"
    if arguments.endpoint:
        store = Store(tuple(arguments.endpoint), ("--admin-url", arguments.admin_url))
    else:
        store = store_of(arguments.data)
        make_master_keys(arguments.data)
    keys = [make_user(store, user) for user in USERS]
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        work = Path(folder)
        suite = work / "suite"
        suite.mkdir()
        git = ["git", "-c", "safe.directory=*", "-C", str(arguments.suite)]
        archive = subprocess.run([*git, "archive", "HEAD"], capture_output=True, check=True)
        subprocess.run(["tar", "x", "-C", str(suite)], input=archive.stdout, check=True)
        python = make_environment(work, suite)
        with (work / "s3tests.conf").open("w") as file:
            suite_configuration(store.gateways[0], keys, day_seconds or "86400").write(file)
        options = ["-m", SELECTIONS[days], *arguments.extra]
        outcomes = run_suite(python, suite, work, store, options)
    return compare(outcomes, expected_failures(days))


if __name__ == "__main__":
    sys.exit(main())
