"""Types of the ids that several services exchange."""

import random
from typing import NewType

NodeId = NewType("NodeId", str)
AccountId = NewType("AccountId", str)
BucketId = NewType("BucketId", int)
ContainerId = NewType("ContainerId", int)
LocalId = NewType("LocalId", int)
LeaseId = NewType("LeaseId", int)
ClientId = NewType("ClientId", int)

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def random_token(rng: random.Random, length: int) -> str:
    """`length` characters of A-Z and 2-7: 5 bits of the generator each."""
    return "".join(rng.choices(_ALPHABET, k=length))
