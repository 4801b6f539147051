"""What holds a secret does not show it: not in its repr, which ends up in logs and traces."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Final

import pytest

import trioxygen.common
import trioxygen.gateway.auth
import trioxygen.gateway.kms
import trioxygen.gateway.sealing
import trioxygen.gateway.store
from trioxygen.gateway.protocol.encryption import CustomerKeyHeaders
from trioxygen.gateway.store.values.encryption import SSE_S3, CustomerKey, Sealing

_SECRET: Final = re.compile(
    r"(secret|passphrase|password|(signing|private|secret)_key|session_token)$"
)
_WHOLE: Final = (
    trioxygen.common,
    trioxygen.gateway.auth,
    trioxygen.gateway.kms,
    trioxygen.gateway.sealing,
    trioxygen.gateway.store,
)


def classes() -> Iterator[type]:
    for package in _WHOLE:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if kind.__module__ == module.__name__:
                    yield kind


def test_no_class_shows_a_field_that_is_named_as_a_secret() -> None:
    shown = [
        f"{kind.__module__}.{kind.__qualname__}.{field.name}"
        for kind in classes()
        if dataclasses.is_dataclass(kind)
        for field in dataclasses.fields(kind)
        if field.repr and _SECRET.search(field.name)
    ]
    # A named tuple shows all that it has.
    shown += [
        f"{kind.__module__}.{kind.__qualname__}.{name}"
        for kind in classes()
        for name in getattr(kind, "_fields", ())
        if issubclass(kind, tuple) and _SECRET.search(name)
    ]
    assert shown == []


@pytest.mark.parametrize("make", [lambda key: key, lambda key: Sealing(SSE_S3, key)])
def test_customers_key_is_not_shown_by_what_holds_it(make: object) -> None:
    key = CustomerKey(b"\xa5" * 32)
    holder = make(key)  # type: ignore[operator]
    for text in (repr(holder), str(holder), f"{holder}", repr(CustomerKeyHeaders(key, "md5"))):
        assert "CustomerKey(...)" in text and "xa5" not in text
