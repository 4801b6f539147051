"""How long what is known of all nodes together counts, though one of them has changed since. Pure.

Of few it is found out anew with each. Of very many it is not: a thousand that come one after the
other would be looked at a million times."""

from typing import Final

_FOUND_ANEW_MAX: Final = 100
_KEPT_MS_A_NODE: Final = 0.1


def kept_ms(nodes: int) -> float:
    """Args: nodes: that there are."""
    return max(0, nodes - _FOUND_ANEW_MAX) * _KEPT_MS_A_NODE
