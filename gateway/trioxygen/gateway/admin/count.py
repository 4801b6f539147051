"""How many entries of a list are asked for."""

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from trioxygen.gateway.admin.backend.port import PAGE_COUNT_MAX
from trioxygen.gateway.protocol.numbers import read_natural


def _read_count(text: object) -> object:
    """As S3's numbers are read: pydantic would take `1_000`, `5.0` and blanks."""
    number = read_natural(text) if isinstance(text, str) else text
    if number is None:
        raise PydanticCustomError("not_a_number", "input should be a whole number, in digits")
    return number


Count = Annotated[int, BeforeValidator(_read_count), Query(ge=1, le=PAGE_COUNT_MAX)]
