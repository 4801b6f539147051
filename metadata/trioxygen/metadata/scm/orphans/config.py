"""How long what nobody knows is kept. Values."""

from dataclasses import dataclass

from trioxygen.common.units import DAY_MS, SECOND_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanConfig:
    """Attributes:
    keep_ms: from when one was noticed until it is removed; 0: an operator has to want it.
    resend_after_ms: a command whose end is not reported is given again.
    """

    keep_ms: int = 7 * DAY_MS
    resend_after_ms: float = 30 * SECOND_MS
