"""The short code of a project, which people copy by hand from a poster: ``P4821``.

It is a digest of the project's id, so it needs no register: whoever has the files has all codes,
and no code depends on the order of the file, on the title, or on the other projects. Four digits
are few enough to type and make two projects out of fifty agree once in eight times; a text that
names both is asked which one is meant, and ``check`` says so. A project whose file gives it a code
of its own (``P12``) keeps the computed one as well, because posters may bear it.
"""

import hashlib
import re
from dataclasses import dataclass

from knowledge.text.normalise import normalise

# Written codes have one to four digits; computed ones four, none of them a leading zero.
_FIRST, _COUNT = 1000, 9000
_YEARS = range(1900, 2100)
# Characters: a longer text says more than a code.
_LONGEST = 80
_OPENINGS = (
    r"je|j|veux|voudrais|aimerais|voir|cherche|montre|montrez|affichez|ouvre|ouvrez|donne|donnez"
    r"|moi|nous|bonjour|bonsoir|salut|hello|hi|c|est|sur|pour|le|la|les|l|the|show|me|open|see|i"
    r"|want|d|interesse|interessee|par|au|sujet|du"
)
_CLOSINGS = r"svp|stp|merci|s|il|vous|te|plait|please|thanks|thank|you|bonjour|d|avance"
_TYPED = re.compile(
    rf"(?:(?:{_OPENINGS}) )*"
    r"(?P<noun>(?:projets?|project|affiche|poster|code|fiche) )?(?:code )?"
    r"(?:(?:numero|num|number|n|no|nr) )?"
    rf"(?P<letter>p ?)?(?P<digits>[0-9]{{1,4}})(?: (?:{_CLOSINGS}))*"
)
_OF_PROJECTS = frozenset({"projet", "projets", "project"})


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code that a text names; ``is_sure``: it can hardly be anything else than a code.

    A number without its letter, "affiche 12" or "projet 2026", is a code only where a project has
    it.
    """

    code: str
    is_sure: bool


def code_of_id(project_id: str) -> str:
    """Return the code computed from an id: ``P1000`` to ``P9999``, the same for ever."""
    digest = hashlib.sha256(project_id.encode()).digest()
    return f"P{_FIRST + int.from_bytes(digest[:8]) % _COUNT}"


def written_code(value: str) -> str:
    """Return a code as it is shown, from how a file writes it: "12" and "p 12" are ``P12``."""
    digits = value.strip().lstrip("Pp ")
    return f"P{digits}" if digits else ""


def typed_code(text: str) -> TypedCode | None:
    """Return the code that a whole text names: "P12", "p 12", "projet 12 svp"; None for others.

    A number alone is none: it may be that of a list, of a request or a postal code.
    """
    if len(text) > _LONGEST:
        return None
    found = _TYPED.fullmatch(normalise(text))
    if found is None or not (found["letter"] or found["noun"]):
        return None
    number = int(found["digits"])
    names_project = (found["noun"] or "").strip() in _OF_PROJECTS
    is_sure = bool(found["letter"]) or (names_project and number not in _YEARS)
    return TypedCode(f"P{number}", is_sure)
