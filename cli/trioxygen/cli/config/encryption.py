"""How objects are encrypted at rest, and who keeps the master keys."""

import re
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from trioxygen.cli.config.section import Section

# In a data folder, unless it is kept elsewhere; never replicated, never in dumps.
KEYRING_FILE: Final = "keyring"
_KEY_ID_MAX: Final = 128
# No user, path or query: they would be told in logs.
_URL: Final = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?")
_MOUNT: Final = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?")


class EncryptionConfig(Section):
    """The same on every gateway. Nobody else has anything to do with it.

    Attributes:
        default: of new objects whose request and bucket do not say it.
        key: the master key where none is named.
        keyring_file: empty: in the data folder of the gateway or of `o3 serve`.
        passphrase_file: its first line is what the keyring is encrypted with; empty: it is not.
        vault_*: of a server with the transit engine; for `kms = "vault"`, and to read what it has
            wrapped once. `vault_seconds_max`: a call with all its repetitions.
            `vault_key_seconds`: how long what it unwrapped is kept.
        keyring_lost: a keyring that is gone is made anew, and what was encrypted with it given up.
    """

    default: Literal["aes256", "none"] = "aes256"
    kms: Literal["keyring", "vault"] = "keyring"
    key: str = Field(default="s3", min_length=1, max_length=_KEY_ID_MAX)
    keyring_file: str = ""
    passphrase_file: str = ""
    keyring_lost: bool = False
    vault_url: str = ""
    vault_token_file: str = ""
    vault_namespace: str = ""
    vault_mount: str = "transit"
    vault_ca_file: str = ""
    vault_seconds_max: int = Field(default=10, ge=1, le=60)
    vault_key_seconds: int = Field(default=300, ge=1, le=86_400)

    @field_validator("key")
    @classmethod
    def _key_is_a_name(cls, name: str) -> str:
        from trioxygen.gateway.kms.port import KEY_ID

        if KEY_ID.fullmatch(name) is None:
            raise ValueError(f"'{name}' is not a key's name: use letters, digits and '.', '_', '-'")
        return name

    @field_validator("vault_url")
    @classmethod
    def _url_is_of_a_server(cls, url: str) -> str:
        if url and not _URL.fullmatch(url):
            # Somebody may have put a password in it.
            raise ValueError("not the URL of a server alone: write https://HOST:PORT")
        return url.rstrip("/")

    @field_validator("vault_mount")
    @classmethod
    def _mount_is_a_path(cls, mount: str) -> str:
        if not _MOUNT.fullmatch(mount):
            raise ValueError(f"'{mount}' is not the path of a secrets engine, as 'transit'")
        return mount.rstrip("/")

    @field_validator("vault_namespace")
    @classmethod
    def _namespace_is_a_path(cls, namespace: str) -> str:
        if namespace and not _MOUNT.fullmatch(namespace):
            raise ValueError(f"'{namespace}' is not the path of a namespace")
        return namespace.rstrip("/")

    @model_validator(mode="after")
    def _vault_is_whole(self) -> Self:
        if bool(self.vault_url) != bool(self.vault_token_file):
            raise ValueError("vault_url and vault_token_file go together: set both or neither")
        if self.kms == "vault" and not self.vault_url:
            raise ValueError('kms is "vault": set vault_url and vault_token_file')
        return self

    def keyring_path(self, data: Path) -> Path:
        """Args: data: the data folder."""
        return Path(self.keyring_file) if self.keyring_file else data / KEYRING_FILE

    @property
    def passphrase_path(self) -> Path | None:
        return Path(self.passphrase_file) if self.passphrase_file else None
