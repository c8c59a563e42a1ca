"""When people say they can be reached, in French or English: kept in their own words."""

import re
import unicodedata
from typing import TypeAlias

from handlers.forms import contacts

Span: TypeAlias = tuple[int, int]

_DAY = (
    r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)s?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)"
)
_MONTH = (
    r"(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|january|february|march|april|may|june|july|august|september|october|november|december)"
)
_PART = (
    r"(?:matin|matinee|midi|apres[\s\-]midi|aprem|soir|soiree|journee|nuit"
    r"|morning|noon|lunchtime|afternoon|evening|night)"
)
_HOUR = (
    r"(?:\d{1,2}\s?(?:h(?![a-z])|heures?\b)(?:\s?\d\d)?|\d{1,2}:\d\d(?:\s?[ap]m)?"
    r"|\d{1,2}\s?[ap]m\b|midi|minuit|noon)"
)
_OPEN = (
    r"(?:apres|avant|avt|vers|des|a partir de|jusqu'a|au plus tot|a"
    r"|after|before|around|from|until|by|at)"
)
_FROM = r"(?:entre|de|between|from)"
_FROM_DAY = (
    r"(?:apres le|avant le|avt le|a partir du|jusqu'au|des le"
    r"|after the|before the|from the|until the)"
)
_SOME = r"(?:une?|deux|trois|quelques|an?|two|three|a few|\d+)"
_WITHIN = r"(?:journee|matinee|apres[\s\-]midi|soiree|semaine|mois)"
_ATOMS = (
    rf"{_FROM} {_HOUR} (?:et|a|and|to) (?:deux|two|\d{{1,2}}\b(?!\s?h)|{_HOUR})",
    rf"{_HOUR}\s?[-–/]\s?{_HOUR}",
    rf"{_OPEN} (?:{_HOUR}|\d{{1,2}}\b(?=\s*$))",
    rf"(?:en |au )?(?:debut|fin|milieu) (?:de |d'|de l'|de la )(?:{_WITHIN}|{_PART})",
    r"(?:at |by )?the (?:end|beginning|start) of the (?:day|week|month|morning|afternoon)",
    rf"{_DAY}(?: prochains?)?(?: (?:au |le |en )?{_PART})?",
    rf"(?:demain|apres[\s\-]demain|aujourd'hui|tomorrow|today)(?: {_PART})?",
    rf"(?:ce|cet|cette|this) (?:{_PART}|semaine|week)|tonight",
    rf"(?:le|les|chaque|tous les|l'|in the|every) ?{_PART}s?|on (?:weekdays|weekends)",
    r"(?:le |en |les |at the )?week[\s\-]?ends?",
    rf"dans (?:la|le|l') ?{_WITHIN}|during the (?:day|week|morning|afternoon)",
    r"(?:la )?semaine prochaine|(?:le )?mois prochain|next (?:week|month)",
    rf"(?:dans|d'ici|in) {_SOME} (?:heures?|minutes?|jours?|semaines?|hours?|days?|weeks?)",
    r"(?:pendant|a l'heure du|a la|during) (?:la )?(?:pause|dejeuner|lunch)(?: dejeuner| break)?",
    rf"(?:le |on |the ){{0,2}}\d{{1,2}}(?:er|st|nd|rd|th)? {_MONTH}|(?:le |on )\d{{1,2}}/\d{{1,2}}",
    rf"{_FROM_DAY} \d{{1,2}}(?:er|st|nd|rd|th)?(?!\s?(?:\d|h\b|%|e\b|eme|euros?|ans|personnes))",
    r"des que possible|(?:le plus tot|au plus vite|au plus tot)(?: possible)?|as soon as possible",
    r"asap|quand vous (?:voulez|pouvez|pourrez|etes libre)|n'importe quand|a tout moment",
    r"toute la (?:journee|semaine|matinee)|all day|any ?time|whenever you (?:want|can|like)",
    _HOUR,
)
_LEAD = (
    r"(?:(?:plutot|si possible|de preference|pas|sauf|surtout|uniquement|seulement|jamais|mais"
    r"|not|except|only|rather|preferably|but) |(?:le|les|on|des|avant|apres|a partir de|jusqu'a"
    r"|tous les|chaque|every|before|after|from|until) ){0,4}"
)
_TAIL = r"(?: (?:si possible|de preference|plutot|au plus tard|if possible))?"
_MOMENT = re.compile(rf"(?<![\w@]){_LEAD}(?:{'|'.join(_ATOMS)}){_TAIL}(?!\w)")
_JOINED = re.compile(r"\s*(?:[,;/&-]|et|ou|mais|puis|sinon|and|or|but|then)?\s*")
_LONGEST_GAP = 12
# What says that a moment does not suit: another one is then named beside it.
_REFUSED = re.compile(
    r"\b(?:j?e? ?(?:peux|suis|serai|pourrai) (?:pas|plus)|jpeux pas|impossible"
    r"|pas (?:possible|dispo\w*|libre|la)|ne (?:me )?convient pas|ca ne va pas|absent\w*|ferme\w*"
    r"|can ?'?t|cannot|won't"
    r"|not (?:free|available|possible))\b"
)
_CLAUSES = re.compile(r"[.;,!\n]+|\b(?:mais|plutot|but|rather)\b")
# At the recap, a longer text that names a moment says more than that.
_MOST_WORDS = 12


def spans(text: str) -> list[Span]:
    """Return where a text names moments: (start, end), those that belong together as one."""
    joined: list[Span] = []
    for match in _MOMENT.finditer(_folded(text)):
        start, end = match.span()
        gap = text[joined[-1][1] : start] if joined else ""
        if joined and len(gap) <= _LONGEST_GAP and _JOINED.fullmatch(_folded(gap)):
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


def said(text: str) -> str:
    """Return the moments that a text names, in its own words; empty if it names none."""
    return ", ".join(text[start:end].strip() for start, end in spans(text))


def corrected(text: str) -> str:
    """Return the moments that a text puts in place of others; all its moments if none is left.

    "demain je peux pas, jeudi après 17h plutôt" is Thursday.
    """
    starts = [0, *(match.start() for match in _CLAUSES.finditer(_folded(text)))]
    ends = [*starts[1:], len(text)]
    clauses = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    kept = [said(each) for each in clauses if not _REFUSED.search(_folded(each))]
    return ", ".join(filter(None, kept)) or text.strip()


def holds(text: str) -> bool:
    """Tell whether a text is a moment rather than a question or a story."""
    is_short = len(text.split()) <= _MOST_WORDS
    return is_short and not text.rstrip().endswith("?") and bool(spans(text)) and not left(text)


def left(text: str) -> bool:
    """Tell whether a text says more than its moments."""
    return contacts.says_something(without(text, spans(text)))


def says_more(text: str, taken: list[Span]) -> bool:
    """Tell whether a text says more than these parts of it, and than courtesies."""
    return contacts.says_something(without(text, taken))


def without(text: str, taken: list[Span]) -> str:
    """Return a text without these parts, which may overlap."""
    for start, end in sorted(taken, reverse=True):
        text = f"{text[:start]} {text[max(start, end) :]}"
    return text


def _folded(text: str) -> str:
    """Return lower-case letters without accents, each in the place of its original."""
    plain = (unicodedata.normalize("NFD", character)[0].lower()[:1] for character in text)
    return "".join(plain).translate({0x2019: "'", 0xA0: " ", 0x202F: " "})
