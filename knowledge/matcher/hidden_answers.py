"""Questions whose answer is hidden: known as such, so that none is given another's answer.

Nothing is learnt from a hidden answer, and nothing of it is shown. But the question that it was
written for is no surprise: it goes to the team, as any that has no answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from knowledge.model import Entry
from knowledge.ranking.corpus import Example
from knowledge.text.courtesies import without_courtesies, without_introduction
from knowledge.text.near_words import nearest
from knowledge.text.normalise import normalise

# A similarity from 0 to 100: a slip or two in a question of eight words, and no other word.
_LIKE = 92


class HiddenAnswers:
    """The phrasings of what is hidden; immutable once made."""

    def __init__(self, entries: Iterable[Entry] = (), examples: Iterable[Example] = ()) -> None:
        """Take the hidden entries, and the examples of all voices: those of others are left."""
        self._entries = {entry.id: entry for entry in entries}
        asked = [(text, entry.id) for entry in self._entries.values() for text in _english(entry)]
        asked += [(each.text, each.entry) for each in examples if each.entry in self._entries]
        ids: dict[str, str] = {}
        for text, entry in asked:
            for form in _forms(text):
                ids.setdefault(form, entry)
        self._ids: Mapping[str, str] = MappingProxyType(ids)

    def asked(self, normalised: str, served: str) -> Entry | None:
        """Return the hidden entry that a normalised question asks for.

        None where the most similar phrasing that is served, ``served``, is as near.
        """
        if not self._ids:
            return None
        bare = without_courtesies(normalised) or normalised
        found = self._ids.get(normalised) or self._ids.get(bare)
        if found is None:
            known = (normalise(served), *self._ids)
            found = self._ids.get(nearest(bare, known, _LIKE) or "")
        return self._entries[found] if found else None


def _english(entry: Entry) -> Iterator[str]:
    if entry.en:
        yield from (entry.en.question, entry.en.title)


def _forms(text: str) -> Iterator[str]:
    """Return a phrasing as it may reach the matcher: without what introduces it, and courtesies."""
    for form in (normalise(text), normalise(without_introduction(text))):
        yield from filter(None, (form, without_courtesies(form)))
