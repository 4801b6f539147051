"""Versions, locks, tags, rules and encryption in a cluster with two gateways: what is set through
one is in force on the very next request through the other, and lasts when leaders die."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import Endpoint, read, refused
from tests.integration.store_process import ADMIN, OTHER, environment, wait_until
from trioxygen.common.system_disk import SystemDisk
from trioxygen.gateway.kms.keyring_content import EMPTY
from trioxygen.gateway.kms.keyring_store import KeyringStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

BUCKET = "years"
LOCKED = "kept"
DENIED = (403, "AccessDenied")
BODY = b"what was written first" * 10_000


def put_and_ask(s3: "S3Client", other: "S3Client", number: int) -> None:
    """What each gateway has just said must not be what it still believes."""
    key = f"object-{number}"
    plain = other.put_object(Bucket=BUCKET, Key=key, Body=b"before")
    assert "VersionId" not in plain or plain["VersionId"] == "null"
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    versioned = other.put_object(Bucket=BUCKET, Key=key, Body=b"versioned")["VersionId"]
    assert versioned != "null"
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert other.put_object(Bucket=BUCKET, Key=key, Body=b"null")["VersionId"] == "null"
    assert other.get_object(Bucket=BUCKET, Key=key, VersionId=versioned)["Body"].read() == (
        b"versioned"
    )
    assert len(other.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]) == 2

    tags: Any = {"TagSet": [{"Key": "n", "Value": str(number)}]}
    s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging=tags)
    assert other.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] == tags["TagSet"]
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tags)
    assert other.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags["TagSet"]

    rule: Any = {"ID": f"r{number}", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert f'rule-id="r{number}"' in other.put_object(Bucket=BUCKET, Key=key)["Expiration"]
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    assert "Expiration" not in other.head_object(Bucket=BUCKET, Key=key)

    default: Any = {"SSEAlgorithm": "aws:kms"}
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )
    put = other.put_object(Bucket=BUCKET, Key=key, Body=b"secret")
    assert put["ServerSideEncryption"] == "aws:kms"
    s3.delete_bucket_encryption(Bucket=BUCKET)
    put = other.put_object(Bucket=BUCKET, Key=key, Body=b"secret")
    assert put["ServerSideEncryption"] == "AES256"


def check_lock(s3: "S3Client", other: "S3Client") -> None:
    """The default retention that one gateway sets binds what the other writes next."""
    s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    unlocked = other.put_object(Bucket=LOCKED, Key="free", Body=b"x")["VersionId"]
    default: Any = {"Mode": "GOVERNANCE", "Days": 1}
    s3.put_object_lock_configuration(
        Bucket=LOCKED,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": default},
        },
    )
    bound = other.put_object(Bucket=LOCKED, Key="bound", Body=b"x")["VersionId"]
    named: Any = {"Bucket": LOCKED, "Key": "bound", "VersionId": bound}
    assert refused(s3.delete_object, **named) == DENIED
    s3.put_object_legal_hold(**named, LegalHold={"Status": "ON"})
    assert refused(other.delete_object, **named, BypassGovernanceRetention=True) == DENIED
    s3.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})
    other.delete_object(**named, BypassGovernanceRetention=True)
    other.delete_object(Bucket=LOCKED, Key="free", VersionId=unlocked)


def check_kept(s3: "S3Client", version: str, until: datetime) -> None:
    named: Any = {"Bucket": LOCKED, "Key": "a", "VersionId": version}
    bypass: Any = {**named, "BypassGovernanceRetention": True}
    assert refused(s3.delete_object, **bypass) == DENIED
    sooner: Any = {"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(seconds=2)}
    assert refused(s3.put_object_retention, **bypass, Retention=sooner) == DENIED
    many: Any = {"Objects": [{"Key": "a", "VersionId": version}]}
    errors = s3.delete_objects(Bucket=LOCKED, Delete=many)["Errors"]
    assert [each["Code"] for each in errors] == ["AccessDenied"]
    assert s3.get_object(**named)["Body"].read() == BODY
    kept = s3.get_object_retention(**named)["Retention"]
    assert kept == {"Mode": "COMPLIANCE", "RetainUntilDate": until}


def test_settings_are_in_force_at_once_and_locks_outlast_leaders(new_cluster: NewCluster) -> None:
    cluster = new_cluster(oms=3, scms=1, datanodes=1, gateways=2).start()
    first, second = cluster.endpoints()
    with first.client(read_timeout=60) as s3, second.client(read_timeout=60) as other:
        s3.create_bucket(Bucket=BUCKET)
        for number in range(2):
            put_and_ask(s3, other, number)
            s3, other = other, s3
        check_lock(s3, other)
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
        version = s3.put_object(
            Bucket=LOCKED,
            Key="a",
            Body=BODY,
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=until,
        )["VersionId"]
        other.delete_object(Bucket=LOCKED, Key="a")
        leader = cluster.leader("om")
        cluster.kill(leader)
        cluster.leader("om", other_than=leader)
        check_kept(other, version, until)
        cluster.restart(leader)
        check_kept(s3, version, until)
        # Only the disks know then.
        cluster.kill_everything()
        cluster.start()
        check_kept(s3, version, until)
        check_kept(other, version, until)
    cluster.check_logs()


class Gateway:
    """One more, on another machine as it were: its keyring is its own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.data, self.keyring = folder, folder / "keyring"
        self._config_file = cluster.config_file
        self._environment = environment({"O3_ENCRYPTION__KEYRING_FILE": str(self.keyring)})

    def use_foreign_keyring(self) -> None:
        self.data.mkdir(exist_ok=True)
        made = EMPTY.with_key("s3", random.Random(1).randbytes(64), now_ms=0)
        assert KeyringStore(SystemDisk(), random.Random(1), self.keyring).make(made)

    def command(self, *arguments: str) -> list[str]:
        return [
            *(sys.executable, "-m", "trioxygen.cli.main", *arguments),
            *("--config", str(self._config_file)),
        ]

    def o3(self, *arguments: str) -> str:
        """What `o3 ARGUMENTS` printed there."""
        done = subprocess.run(
            self.command(*arguments),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def launch(self) -> "subprocess.Popen[str]":
        ports = ("--port", "0", "--admin-port", "0", "--host", "127.0.0.1")
        return subprocess.Popen(
            self.command("gateway", "--id", "gw9", "--data", str(self.data), *ports),
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def refusal(self) -> str:
        """What it says when it does not start."""
        process = self.launch()
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1, output
        return output.splitlines()[-1]

    @contextmanager
    def running(self) -> Iterator[Endpoint]:
        process = self.launch()
        try:
            assert process.stdout is not None
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line)
                if line == "ready\n":
                    break
            else:
                raise AssertionError("".join(lines))
            url = json.loads((self.data / "endpoint.json").read_text())["s3"]
            yield Endpoint(url, ADMIN, OTHER)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_what_one_gateway_encrypted_any_other_with_its_keys_reads(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    cluster = new_cluster(oms=1, scms=1, datanodes=1, gateways=2).start()
    first, second = cluster.endpoints()
    third = Gateway(cluster, tmp_path / "third")
    with first.client() as s3, second.client() as other:
        s3.create_bucket(Bucket=BUCKET)
        kms: Any = {"ServerSideEncryption": "aws:kms"}
        for key, options in (("small", {}), ("by kms", kms)):
            other.put_object(Bucket=BUCKET, Key=key, Body=BODY[:100], **options)
            assert read(s3, BUCKET, key) == BODY[:100]
        s3.put_object(Bucket=BUCKET, Key="large", Body=BODY)
        assert read(other, BUCKET, "large") == BODY
        # What the other has not written itself, it shares: in part, too.
        other.copy_object(Bucket=BUCKET, Key="copied", CopySource=f"{BUCKET}/large", **kms)
        assert read(s3, BUCKET, "copied", Range="bytes=70000-70099") == BODY[70_000:70_100]

        assert "the keyring is missing" in third.refusal()
        third.use_foreign_keyring()
        assert "is not what the other gateways have" in third.refusal()
        third.keyring.unlink()
        passphrase, exported = tmp_path / "passphrase", tmp_path / "exported"
        passphrase.write_text("between machines\n")
        passphrase.chmod(0o600)
        carried = (str(exported), "--passphrase-file", str(passphrase))
        cluster.o3("keyring", "export", *carried)
        third.o3("keyring", "import", *carried)
        with third.running() as endpoint, endpoint.client() as late:
            for key in ("small", "by kms"):
                assert read(late, BUCKET, key) == BODY[:100]
            assert read(late, BUCKET, "large") == read(late, BUCKET, "copied") == BODY
            late.put_object(Bucket=BUCKET, Key="late", Body=BODY)
            assert read(s3, BUCKET, "late") == read(other, BUCKET, "late") == BODY
        # A rotation that did not come there.
        cluster.o3("keyring", "rotate", "s3")
        wait_until(lambda: "keyring_read_again" in cluster.log_text("gw1"))
        s3.put_object(Bucket=BUCKET, Key="rotated", Body=BODY)
        assert "the keyring lacks version 2 of master key 's3'" in third.refusal()
        assert read(other, BUCKET, "rotated") == BODY
    cluster.check_logs()
