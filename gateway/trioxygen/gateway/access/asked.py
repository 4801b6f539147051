"""A question that was decided, with all that it was decided by."""

from typing import NamedTuple

from trioxygen.gateway.access.decision import Decision
from trioxygen.gateway.access.documents import BucketDocuments, Target
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.access.question import Question


class Asked(NamedTuple):
    """Attributes:
    of_role: it is about a role, whose trust policy stands where a bucket's policy does."""

    question: Question
    permissions: Permissions
    documents: BucketDocuments
    target: Target
    decision: Decision
    of_role: bool = False
