"""A text typed at the recap of a call back that puts it right: another moment, whom to ask for."""

import re

from handlers.core import assent
from handlers.core.keyboards import shorten
from handlers.forms import contacts
from handlers.forms.remarks import joined
from handlers.requests import moments, self_introductions
from storage.records.drafts import Draft

LONGEST = 1500
LONGEST_MOMENT = 500
# In words: whoever writes more tells something else.
_MOST_WORDS = 40
# How what is put right begins, where it names no moment and no contact.
_OPENINGS = (
    r"ah|oh|non|nan|no|en fait|pardon|attendez|euh|et|mais|bon|ok|actually|sorry|wait|and|but"
)
_CORRECTING = re.compile(
    rf"(?:(?:{_OPENINGS})[\s,.]+)*(?:(?:vous )?(?:demande[zr]|demandera)"
    r"|c['\u2019 ]?est (?:pour|au sujet|\u00e0 propos|sur)|au sujet|\u00e0 propos|surtout"
    r"|r?ajoute[zr]?|pr\u00e9cise[zr]?|dites|notez|note|plut[\u00f4o]t|sauf|mon nom"
    r"|je m['\u2019]appelle|moi c['\u2019]est|ask for|tell (?:them|him|her)|please (?:add|note|ask)"
    r"|it['\u2019]s (?:about|for)|add|rather|my name)\b",
    re.IGNORECASE,
)
_CAPITAL = r"[A-Z\u00c0-\u00dd][\w'\u2019\-]+"
_ASKED_FOR = re.compile(
    r"\b(?i:demande[zr]|demandera|ask for)\s+(?i:(?:m|mme|monsieur|madame|mr|mrs|ms)\b\.?\s*)?"
    rf"({_CAPITAL}(?:\s+{_CAPITAL})?)"
)


def read(draft: Draft, text: str) -> dict[str, str]:
    """Return the answers that a text puts right; none for a yes, a no, a question, a number.

    A new moment takes the place of the former one; what else is said is added to the subject.
    """
    named = moments.spans(text)
    if not (named or _CORRECTING.match(text.strip())) or _is_something_else(text):
        return {}
    given = {"contact_note": shorten(moments.corrected(text), LONGEST_MOMENT)} if named else {}
    if name := self_introductions.read(text).name or _asked_for(text):
        given["name"] = name
    if moments.says_more(text, named):
        given["message"] = shorten(joined(draft.answers.get("message", ""), text.strip()), LONGEST)
    return given


def _is_something_else(text: str) -> bool:
    is_reply = assent.consents(text) or assent.is_no(text)
    is_asked = text.startswith("/") or text.rstrip().endswith("?")
    return is_reply or is_asked or contacts.holds(text) or len(text.split()) > _MOST_WORDS


def _asked_for(text: str) -> str:
    found = _ASKED_FOR.search(text)
    return found[1] if found else ""
