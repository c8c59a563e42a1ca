"""Tells which messages say too little by themselves: what they follow says the rest."""

import re

from knowledge.text.word_lists import wording

# Words: a longer message says what it is about.
_LONGEST = 8
# "pour le trouver", "comment y participer", "je peux en faire partie".
_BEFORE_A_VERB = re.compile(
    r"\b(?:pour|comment|ou|qui|peux|peut|puis je|faut|veux|voudrais|dois|doit|va|vais)"
    r" (?:le|la|les|l|y|en|lui) \w+(?:er|ir|re)\b"
)


def is_elliptic(normalised: str) -> bool:
    """Tell whether a normalised message is plainly the rest of something said before.

    "et pour une boîte de 8 ?", "combien ?", "celui d'Istres", "c'est qui ?".
    """
    words, lists = tuple(normalised.split()), wording()
    if not words or len(words) > _LONGEST:
        return False
    if any(words[: len(start)] == start for start in lists.ellipses):
        return True
    asks = any(word in lists.asking for word in words)
    return asks and all(word in lists.asking or word in lists.empty for word in words)


def points_back(normalised: str) -> bool:
    """Tell whether a short message names what it is about by a pronoun alone ("le contacter")."""
    words = normalised.split()
    if len(words) > _LONGEST:
        return False
    return not wording().pronouns.isdisjoint(words) or bool(_BEFORE_A_VERB.search(normalised))
