"""What the sections of the configuration have in common: frozen, strict, numbers with units."""

import re
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from trioxygen.cli.config.units import in_unit_of
from trioxygen.common.replication import Replication

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _units_are_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name is not None
        return in_unit_of(info.field_name, value)


def checked_replication(text: str) -> str:
    """As it is written everywhere."""
    return Replication.parse(text).text


def checked_name(name: str, what: str) -> str:
    if name and not _NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' is not {what}: use letters, digits and '.', '_', '-', 64 at most"
        )
    return name
