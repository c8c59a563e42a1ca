"""The decision on a text: made by the matcher before the transaction, looked up within it."""

from handlers.core.services import Services
from knowledge.matcher.matcher import Decision

# Reasons of the matcher for what is written word for word in the knowledge.
_EXACT = frozenset({"exact phrasing", "an act"})


class UnmatchedError(Exception):
    """A text was not matched before the transaction: match it outside, then handle it again."""

    def __init__(self, text: str, after: str = "") -> None:
        super().__init__("a text that was not matched")
        self.text, self.after = text, after


def decide(services: Services, text: str, after: str = "") -> Decision:
    """Return the decision made for this text; raise UnmatchedError if there is none yet.

    ``after`` is what was last shown to who wrote it, as the matcher takes it.
    """
    decision = services.decisions.get(services.knowledge, text, after)
    if decision is None:
        raise UnmatchedError(text, after)
    return decision


def is_exact(decision: Decision) -> bool:
    """Tell whether a text is, word for word, a phrasing of an entry or of an act."""
    return decision.reason in _EXACT
