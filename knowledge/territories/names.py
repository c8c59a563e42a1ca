"""Names of communes in one form, however they are written."""

import re

from knowledge.territories.word_lists import town_words
from knowledge.text.normalise import normalise

_ARTICLE = re.compile(r"^(?:l|le|la|les) (?=\w)")
# "Fos s/mer"
_ABRIDGED_SUR = re.compile(r"\bs (?=mer\b|mar\b)")


def key_of(name: str) -> str:
    """Return the form under which a name is filed: "St-Mitre-les-R." and "saint mitre les r"."""
    short_forms = town_words().short_forms
    words = " ".join(short_forms.get(word, word) for word in normalise(name).split())
    return _ABRIDGED_SUR.sub("sur ", words)


def without_article(key: str) -> str:
    """Return a key without the article that it begins with: "au Havre" leaves only "havre"."""
    return _ARTICLE.sub("", key)


def department_of(insee: str) -> str:
    """Return the department of an INSEE code of a commune: "13", "2A", "974"."""
    return insee[:3] if insee.startswith(("97", "98")) else insee[:2]
