"""Whether a text is a yes or a no: the whole of it, with whatever politeness stands around it.

A yes or a no inside a longer sentence, or a question, is none: "is it yes or no?" begins nothing.
"""

import functools
import re
from collections.abc import Collection

from handlers.core.showing import phrases
from knowledge.text.normalise import normalise

Words = tuple[str, ...]
# Nobody needs more words for a yes.
_LONGEST = 9
_YES_OR_NO = re.compile(
    r"\b(?:oui|ouais|si|yes)\b.{0,20}\b(?:ou|or)\b.{0,12}\b(?:non|nan|pas|no|not)\b"
)


def is_yes(text: str) -> bool:
    """Tell whether a text is a yes, not merely an "all right"."""
    return _is_made_of(text, _listed("yes_words"), _listed("consent_words"))


def consents(text: str) -> bool:
    """Tell whether a text agrees, be it by a yes or by an "all right"."""
    return _is_made_of(text, _listed("yes_words") | _listed("consent_words"), frozenset())


def is_no(text: str) -> bool:
    """Tell whether a text declines: a no, a "later", a "wait"."""
    declining = _listed("no_words") | _listed("decline_words") | _listed("waiting_words")
    return _is_made_of(text, declining, _listed("softening_words"))


def is_plain_no(text: str) -> bool:
    """Tell whether a text says no to a question, rather than "later" to an offer."""
    typed = normalise(text)
    return typed in phrases("no_words")


def asks_yes_or_no(text: str) -> bool:
    """Tell whether a text asks for a plain yes or no to what was just answered."""
    typed = normalise(text)
    return len(typed.split()) <= _LONGEST and bool(_YES_OR_NO.search(typed))


def may_be_assent(text: str) -> bool:
    """Tell whether a text is short enough, and no question: what was learnt may then read it."""
    words = normalise(text).split()
    asks = "?" in text or not phrases("asking_words").isdisjoint(words)
    return not asks and len(words) <= _LONGEST and not asks_yes_or_no(text)


def _is_made_of(text: str, needed: Collection[Words], more: Collection[Words]) -> bool:
    """Tell whether a text is one of the needed phrases, with others and courtesies around it."""
    words = tuple(normalise(text).split())
    if "?" in text or len(words) > _LONGEST:
        return False
    around = {*more, *_listed("assent_fillers")}
    has_needed = False
    while words:
        size = _at_start(words, needed)
        has_needed = has_needed or bool(size)
        size = size or _at_start(words, around)
        if not size:
            return False
        words = words[size:]
    return has_needed


def _at_start(words: Words, listed: Collection[Words]) -> int:
    sizes = range(min(len(words), _LONGEST), 0, -1)
    return next((size for size in sizes if words[:size] in listed), 0)


@functools.cache
def _listed(name: str) -> frozenset[Words]:
    return frozenset(tuple(each.split()) for each in phrases(name) if each)
