"""How far a container's replica is, in one number: of two replicas the one with more is kept.

Members of a ring may hold entries that no majority has: a later leader writes others in their
place. So an index alone says nothing of two logs whose ring has gone; the term of its entry comes
first, as when a leader is elected (Raft dissertation, 3.6.1): what was committed is in the log that
is further by both."""

from typing import Final

_INDEX_BITS: Final = 40
# Of both together: what numbers of messages and rows can have (`NUMBER_MAX`).
_TERM_MAX: Final = 2**22 - 1
_INDEX_MAX: Final = 2**_INDEX_BITS - 1


def sequence_of(term: int, index: int) -> int:
    """Of an entry of a ring's log. Greater for a later entry of the same log."""
    return min(term, _TERM_MAX) << _INDEX_BITS | min(index, _INDEX_MAX)
