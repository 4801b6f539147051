"""The suite's users, as it wants each section of its configuration to be, made with `o3`.

Its tests of S3 want three accounts, each with the key of its root. Those of IAM and STS want:

    [iam]           root of an account whose ARNs have no number (`[iam] unnumbered_account`)
    [s3 alt]        a user of that account: `user_id` is its name, and it may do all of S3
    [iam root]      root of another account: `user_id` is its number and its canonical id
    [iam alt root]  root of a third one, alike

`s3tenant1` is in policies only.
"""

import json
import secrets
import subprocess
import sys
from dataclasses import dataclass
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose key a section has.

    Attributes:
        name: of the account, or of the user.
        user_of: the account that it is a user of; "": it is an account, and the key is its root's.
        tenant: what the section calls so.
    """

    user_id: str
    name: str
    email: str = ""
    user_of: str = ""
    tenant: str = ""


class Key(NamedTuple):
    identity: Identity
    access: str
    secret: str


MAIN: Final = Identity("testid", "M. Tester", "tester@example.com")
ALT: Final = Identity("altid", "john.doe", "john.doe@example.com")
TENANT: Final = Identity(
    "testx-tenantid", "testx$tenanteduser", "tenanteduser@example.com", tenant="testx"
)
# As conformance/store.env has it.
UNNUMBERED: Final = Identity("100000000001", "iam", "iam@example.com")
IAM_ROOT: Final = Identity("100000000002", "iam root", "account1@example.com")
IAM_ALT_ROOT: Final = Identity("100000000003", "iam alt root", "account2@example.com")
IAM_ALT: Final = Identity("altuser", "altuser", user_of=UNNUMBERED.user_id)
NAMED_IN_POLICIES: Final = Identity("s3tenant1", "s3tenant1", "s3tenant1@example.com")

OF_S3: Final = {
    "s3 main": MAIN,
    "s3 alt": ALT,
    "s3 tenant": TENANT,
    "iam": MAIN,
    "iam root": MAIN,
    "iam alt root": ALT,
}
OF_IAM: Final = {
    "s3 main": MAIN,
    "s3 alt": IAM_ALT,
    "s3 tenant": TENANT,
    "iam": UNNUMBERED,
    "iam root": IAM_ROOT,
    "iam alt root": IAM_ALT_ROOT,
}
_ALL_OF_S3: Final = "arn:aws:iam::aws:policy/AmazonS3FullAccess"


class Operator:
    """Who makes them. Args: place: options of `o3` that say which store it is."""

    def __init__(self, place: tuple[str, ...]) -> None:
        self._place = place

    def sections(self, wanted: dict[str, Identity]) -> dict[str, Key]:
        """A new key for each section; the same for sections of one identity."""
        made: dict[Identity, Key] = {}
        self._make(NAMED_IN_POLICIES)
        for identity in wanted.values():
            if identity not in made:
                self._make(identity)
                made[identity] = self._key(identity)
        return {section: made[identity] for section, identity in wanted.items()}

    def _make(self, identity: Identity) -> None:
        """What is there after the first run is left as it is; its key tells if it is not."""
        if not identity.user_of:
            self._try(
                *("account", "create", identity.name, "--id", identity.user_id),
                *("--canonical-id", identity.user_id, "--email", identity.email),
            )
            return
        account = ("--account", identity.user_of)
        self._make(UNNUMBERED)
        self._try("user", "create", identity.user_id, *account)
        self._run("policy", "attach", _ALL_OF_S3, "--user", identity.user_id, *account)
        # A user has two keys at most.
        listed = self._run("key", "list", "--user", identity.user_id, *account, "--json")
        for key in json.loads(listed):
            self._run("key", "revoke", key["access_key"])

    def _key(self, identity: Identity) -> Key:
        secret = secrets.token_hex(20)
        owner = ("--account", identity.user_of or identity.user_id)
        user = ("--user", identity.user_id) if identity.user_of else ()
        made = self._run(
            "key", "create", *owner, *user, "--secret-stdin", "--json", sent=secret + "\n"
        )
        return Key(identity, json.loads(made)["access_key"], secret)

    def _run(self, *words: str, sent: str | None = None) -> str:
        done = subprocess.run(
            self._command(words), input=sent, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def _try(self, *words: str) -> None:
        subprocess.run(self._command(words), capture_output=True, check=False)

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "trioxygen.cli.main", *words, *self._place]

    def make_master_keys(self, names: tuple[str, ...]) -> None:
        """Those that the tests of SSE-KMS name; a running gateway knows them within seconds."""
        for name in names:
            self._try("keyring", "create-key", name)
