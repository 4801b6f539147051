"""Policies of identities, read once of each text: a managed one many identities have."""

from collections import OrderedDict
from hashlib import sha256
from typing import Final

from trioxygen.common.units import MIB
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.verdict import Policy

# Of their texts. Read, a policy takes about ten times that.
_KEPT_CHARACTERS_MAX: Final = 4 * MIB


class KeptPolicies:
    def __init__(self) -> None:
        # By hash of the text; the one that was asked for last is the last.
        self._kept: OrderedDict[bytes, tuple[Policy, int]] = OrderedDict()
        self._characters = 0

    def read(self, text: str) -> Policy:
        """Raises ValueError: it is no policy."""
        digest = sha256(text.encode()).digest()
        kept = self._kept.get(digest)
        if kept is not None:
            self._kept.move_to_end(digest)
            return kept[0]
        try:
            policy = read_identity_policy(text)
        except PolicyFault as fault:
            raise ValueError(str(fault)) from fault
        self._kept[digest] = policy, len(text)
        self._characters += len(text)
        while self._characters > _KEPT_CHARACTERS_MAX:
            _, (_, characters) = self._kept.popitem(last=False)
            self._characters -= characters
        return policy
