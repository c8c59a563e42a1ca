"""A cache of the matcher's decisions that does not keep what anybody wrote."""

import hashlib
import secrets
from weakref import ref

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision

_MOST = 2_000
_DIGEST_BYTES = 16


class DecisionCache:
    """Decisions by question and by what was shown before it, the oldest evicted first.

    The keys are salted digests only.

    Decisions hold for one knowledge only: the first one kept for another knowledge clears the
    cache. The knowledge is held by a weak reference, so the cache does not keep an old one in
    memory. Not thread-safe.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._salt = secrets.token_bytes(_DIGEST_BYTES)
        self._decisions: dict[bytes, Decision] = {}
        self._knowledge: ref[Knowledge] | None = None

    def get(self, knowledge: Knowledge, question: str, after: str = "") -> Decision | None:
        """Return this knowledge's decision for this exact question, if cached."""
        if not self._is_of(knowledge):
            return None
        return self._decisions.get(self._key(question, after))

    def keep(
        self, knowledge: Knowledge, question: str, decision: Decision, after: str = ""
    ) -> None:
        """Cache a decision; evict the oldest one if the cache is full.

        ``after`` is what was last shown to the person, as the matcher takes it.
        """
        if not self._is_of(knowledge):
            self._knowledge = ref(knowledge)
            self._decisions.clear()
        if len(self._decisions) >= self._most:
            self._decisions.pop(next(iter(self._decisions), b""), None)
        self._decisions[self._key(question, after)] = decision

    def _is_of(self, knowledge: Knowledge) -> bool:
        return self._knowledge is not None and self._knowledge() is knowledge

    def _key(self, question: str, after: str) -> bytes:
        # No id holds a line break, so that two pairs are never written alike.
        written = f"{after}\n{question}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(written, digest_size=_DIGEST_BYTES, key=self._salt).digest()
