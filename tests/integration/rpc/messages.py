"""Messages that nobody should send, built from the descriptors of those that somebody may."""

import math
import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_NUMBERS = (0, 1, 2, 7, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_FRACTIONS = (0.0, -0.0, 0.5, 10.0, -1.0, 1e300, math.inf, -math.inf, math.nan)
_TEXTS = (
    "",
    "a",
    "fuzz",
    "\0",
    "../../x",
    "a\nb",
    "\x1b[2J",
    "unix:/x",
    "[::1",
    "a:1",
    "ä" * 300,
    "x" * 70_000,
    "127.0.0.1:1",
    "p-dn1",
)
_BYTES = (b"", b"a", b"\xff\xff", b"\0" * 24, bytes(range(256)), b"x" * 70_000)
_DEPTH_MAX = 5
_BITS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_SFIXED32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_UINT32: (0, 2**32),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_UINT64: (0, 2**64),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64),
}


def _fits(value: Any, field: Any) -> bool:
    if field.type == FieldDescriptor.TYPE_STRING:
        return isinstance(value, str)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return isinstance(value, bytes)
    return isinstance(value, int) and field.type in _BITS


class Messages:
    """Args:
    known: values that mean something to the store, by the name of a field: so that a message gets
        past the first check and meets the next. One of another type than the field is left out:
        a `key` is the bytes of a name in one message, text in another.
    """

    def __init__(self, rng: random.Random, known: dict[str, list[Any]]) -> None:
        self._rng, self._known = rng, known

    def message(self, descriptor: Any, depth: int = 0) -> Message:
        message: Any = GetMessageClass(descriptor)()
        for field in descriptor.fields:
            if self._rng.random() < 0.25:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                continue
            if field.message_type is not None and depth >= _DEPTH_MAX:
                continue
            if field.is_repeated:
                count = self._rng.choice((1, 1, 2, 3, 3, 1_100 if depth == 0 else 1))
                first = self._value(field, depth)
                values = [first if count > 3 else self._value(field, depth) for _ in range(count)]
                getattr(message, field.name).extend(values)
            elif field.message_type is not None:
                getattr(message, field.name).CopyFrom(self.message(field.message_type, depth + 1))
            else:
                setattr(message, field.name, self._value(field, depth))
        return message  # type: ignore[no-any-return]

    def _value(self, field: Any, depth: int) -> Any:
        rng = self._rng
        if field.message_type is not None:
            return self.message(field.message_type, depth + 1)
        known = [value for value in self._known.get(field.name, ()) if _fits(value, field)]
        if known and rng.random() < 0.7:
            return rng.choice(known)
        if field.type == FieldDescriptor.TYPE_BOOL:
            return rng.random() < 0.5
        if field.type == FieldDescriptor.TYPE_ENUM:
            return rng.choice((*field.enum_type.values_by_number, 0, 99, -1, 2**31 - 1))
        if field.type == FieldDescriptor.TYPE_STRING:
            return rng.choice(_TEXTS)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return rng.choice(_BYTES)
        if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
            return rng.choice(_FRACTIONS)
        low, end = _BITS[field.type]
        number = rng.choice((*_NUMBERS, -1, -(2**31), -(2**63), rng.randrange(low, end)))
        return number if low <= number < end else rng.randrange(4)

    def mangled(self, message: Message) -> bytes:
        """As it is, mostly; or cut, doubled, with a bit turned, with fields that nobody knows."""
        encoded, rng = message.SerializeToString(), self._rng
        kind = rng.randrange(10)
        if kind == 0:
            return encoded[: rng.randrange(len(encoded) + 1)]
        if kind == 1:
            return encoded + encoded
        if kind == 2 and encoded:
            turned = bytearray(encoded)
            turned[rng.randrange(len(turned))] ^= 1 << rng.randrange(8)
            return bytes(turned)
        if kind == 3:
            return encoded + b"\x9a\x06\x05fuzzy"
        if kind == 4:
            return rng.randbytes(rng.randrange(200))
        return encoded
