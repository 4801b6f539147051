"""How objects are encrypted at rest, and who keeps the master keys."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, field_validator

from trioxygen.cli.config.section import Section

# In a data folder, unless it is kept elsewhere; never replicated, never in dumps.
KEYRING_FILE: Final = "keyring"
_KEY_ID_MAX: Final = 128


class EncryptionConfig(Section):
    """The same on every gateway. Nobody else has anything to do with it.

    Attributes:
        default: of new objects whose request and bucket do not say it.
        key: the master key where none is named.
        keyring_file: empty: in the data folder of the gateway or of `o3 serve`.
        passphrase_file: its first line is what the keyring is encrypted with; empty: it is not.
        keyring_lost: a keyring that is gone is made anew, and what was encrypted with it given up.
    """

    default: Literal["aes256", "none"] = "aes256"
    kms: Literal["keyring"] = "keyring"
    key: str = Field(default="s3", min_length=1, max_length=_KEY_ID_MAX)
    keyring_file: str = ""
    passphrase_file: str = ""
    keyring_lost: bool = False

    @field_validator("key")
    @classmethod
    def _key_is_a_name(cls, name: str) -> str:
        from trioxygen.gateway.kms.port import KEY_ID

        if KEY_ID.fullmatch(name) is None:
            raise ValueError(f"'{name}' is not a key's name: use letters, digits and '.', '_', '-'")
        return name

    def keyring_path(self, data: Path) -> Path:
        """Args: data: the data folder."""
        return Path(self.keyring_file) if self.keyring_file else data / KEYRING_FILE

    @property
    def passphrase_path(self) -> Path | None:
        return Path(self.passphrase_file) if self.passphrase_file else None
