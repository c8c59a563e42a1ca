"""Decisions of the matcher, found again without keeping what anybody wrote."""

import hashlib
import secrets
from weakref import ref

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision

_MOST = 2_000
_DIGEST_BYTES = 16


class DecisionCache:
    """Decisions by question, the oldest forgotten first; questions are kept as salted digests only.

    The same question has the same decision as long as the knowledge is the same: with the first
    question to another knowledge, all are forgotten. The cache keeps no knowledge alive.
    For one thread.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._salt = secrets.token_bytes(_DIGEST_BYTES)
        self._decisions: dict[bytes, Decision] = {}
        self._knowledge: ref[Knowledge] | None = None

    def get(self, knowledge: Knowledge, question: str) -> Decision | None:
        """Return what this knowledge decided for this very question."""
        if not self._is_of(knowledge):
            return None
        return self._decisions.get(self._key(question))

    def keep(self, knowledge: Knowledge, question: str, decision: Decision) -> None:
        """Keep a decision; where there is no room, the oldest goes."""
        if not self._is_of(knowledge):
            self._knowledge = ref(knowledge)
            self._decisions.clear()
        if len(self._decisions) >= self._most:
            self._decisions.pop(next(iter(self._decisions), b""), None)
        self._decisions[self._key(question)] = decision

    def _is_of(self, knowledge: Knowledge) -> bool:
        return self._knowledge is not None and self._knowledge() is knowledge

    def _key(self, question: str) -> bytes:
        written = question.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(written, digest_size=_DIGEST_BYTES, key=self._salt).digest()
