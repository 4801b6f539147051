"""Texts that nobody guesses and that people can read out."""

import random

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def random_token(rng: random.Random, length: int) -> str:
    """`length` characters of A-Z and 2-7: 5 bits of the generator each."""
    return "".join(rng.choices(_ALPHABET, k=length))
