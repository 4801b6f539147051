"""A policy that was read: what it says to a question."""

from collections.abc import Sequence
from typing import Final

from trioxygen.gateway.access.policy.principals import Principal
from trioxygen.gateway.access.policy.public import makes_public
from trioxygen.gateway.access.policy.statement import Statement
from trioxygen.gateway.access.policy.verdict import StatementTrace, Verdict
from trioxygen.gateway.access.question import Question

# Of one policy, for which it is known which statements are of them. There are fewer.
_ACTIONS_MAX: Final = 256


class CompiledPolicy:
    """Is a `verdict.Policy`. It does not change. Attributes:
    statements: in the policy's order.
    is_public: see `public`.
    named_principals: all that its statements name; whoever stores it asks whether they exist.
    """

    __slots__ = ("_of_action", "is_public", "named_principals", "statements")

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = tuple(statements)
        self.is_public: bool = any(map(makes_public, statements))
        self.named_principals: frozenset[Principal] = frozenset(
            principal
            for statement in statements
            if statement.principals is not None
            for principal in statement.principals.named
        )
        self._of_action: dict[str, tuple[Statement, ...]] = {}

    def verdict(self, question: Question) -> Verdict:
        """The strongest of its statements'."""
        statements = self._of_action.get(question.action)
        if statements is None:
            statements = self._remember(question.action)
        strongest = Verdict.NOTHING
        for statement in statements:
            said = statement.verdict(question)
            if said > strongest:
                if said >= Verdict.ALLOW:
                    # Of a denial nothing else counts; behind an allowance there is none.
                    return said
                strongest = said
        return strongest

    def trace(self, question: Question) -> Sequence[StatementTrace]:
        return [statement.trace(question) for statement in self.statements]

    def _remember(self, action: str) -> tuple[Statement, ...]:
        """Those of the action; first those that deny, after which nothing else counts."""
        name = action.lower()
        concerned = [statement for statement in self.statements if statement.is_of_action(name)]
        concerned.sort(key=lambda statement: not statement.is_deny)
        if len(self._of_action) >= _ACTIONS_MAX:
            self._of_action.clear()
        return self._of_action.setdefault(action, tuple(concerned))
