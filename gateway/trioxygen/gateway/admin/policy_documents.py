"""Documents that operators give, as the decision reads them: none is stored that it could not."""

from trioxygen.common.errors import InvalidRequest
from trioxygen.gateway.access.policy.faults import PolicyFault
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.trust_policy import read_trust_policy


def check_identity_policy(document: str) -> None:
    """Raises: InvalidRequest: what is wrong with it."""
    try:
        read_identity_policy(document)
    except PolicyFault as fault:
        raise InvalidRequest(str(fault)) from fault


def check_trust_policy(document: str) -> None:
    """Raises: InvalidRequest: what is wrong with it."""
    try:
        read_trust_policy(document)
    except PolicyFault as fault:
        raise InvalidRequest(str(fault)) from fault
