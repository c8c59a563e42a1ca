"""How people say who they are: "Je suis Samira Costa de Mécanique du Delta"."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from handlers.forms import contacts
from handlers.requests.moments import Span
from knowledge.text.normalise import normalise

_INTRODUCED = re.compile(
    r"\b(?:je\s+suis|je\s+m['\u2019]\s?appelle|moi\s+c['\u2019]est|mon\s+nom\s+est|ici"
    r"|i\s+am|i['\u2019]m|my\s+name\s+is|this\s+is)\s+(?:M\.|Mme|Mr\.?|Mrs\.?|Ms\.?)?\s*",
    re.IGNORECASE,
)
# A first name and a surname, and what may join the words of a firm's name.
_NAME = re.compile(r"[^\W\d_][\w'\u2019\-]*(?:[ \t]+[^\W\d_][\w'\u2019\-]*){0,2}")
_WORD = re.compile(r"[\w&'\u2019\-]+")
_JOINING = frozenset(
    {"de", "du", "des", "la", "le", "les", "et", "&", "d'", "en", "of", "and", "the"}
)
_OF = re.compile(
    r"\s*,?\s*(?:de\s+la|de\s+l['\u2019]|de\s+chez|chez|de|du|d['\u2019]|pour|from|at|of|with)\s*"
    r"(?:soci[^\W\d_]+t[^\W\d_]+|entreprise|company)?\s*|\s*,\s*",
    re.IGNORECASE,
)
_FIRM = re.compile(
    r"\b(?:soci[^\W\d_]t[^\W\d_]|entreprise|company)\s+(?=\S)|\b(?=(?:SARL|SAS|SASU|EURL|SCOP|SA)\s)"
)
_MOST_WORDS = 6
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class SelfIntroduction:
    """A name and a firm, empty where they are not said, and the parts of the text that say it."""

    name: str = ""
    company: str = ""
    spans: tuple[Span, ...] = ()


def read(text: str, places: Collection[str] = ()) -> SelfIntroduction:
    """Return who a text says that its writer is; ``places`` (normalised) are no firms."""
    for opening in _INTRODUCED.finditer(text):
        end = _capitals(text, opening.end())
        if end is None:
            continue
        name = text[opening.end() : end][:_LONGEST]
        company, last = _company(text, end, places)
        return SelfIntroduction(name, company, ((opening.start(), last),))
    for opening in _FIRM.finditer(text):
        company, last = _firm_at(text, opening.end())
        if company:
            return SelfIntroduction("", company, ((opening.start(), last),))
    return SelfIntroduction()


def _capitals(text: str, start: int) -> int | None:
    """Return the end of the words with capitals that stand here: at most three; None if none."""
    end = None
    match = _NAME.match(text, start)
    for word in _WORD.finditer(match.group()) if match else ():
        if not word.group()[0].isupper() or not contacts.says_something(word.group()):
            break
        end = start + word.end()
    return end


def _company(text: str, end: int, places: Collection[str]) -> tuple[str, int]:
    link = _OF.match(text, end)
    if link is None:
        return "", end
    company, last = _firm_at(text, link.end())
    return (company, last) if company and normalise(company) not in places else ("", end)


def _firm_at(text: str, start: int) -> tuple[str, int]:
    """Return the name of a firm that begins here, and its end; empty if no capital does."""
    end, position = start, start
    for _ in range(_MOST_WORDS):
        word = _WORD.match(text, position)
        if word is None:
            break
        is_capital = word.group()[0].isupper()
        if not is_capital and (end == start or word.group().lower() not in _JOINING):
            break
        if is_capital:
            end = word.end()
        position = word.end() + (text[word.end() : word.end() + 1] == " ")
    return (text[start:end], end) if end - start <= _LONGEST else ("", start)
