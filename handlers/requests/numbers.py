"""Numbers and dates by which people name what they sent, anywhere in a sentence."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from knowledge.text.signs import plain_signs

# As printed, or as people copy it: TI-2026-0001, ti 2026 1, Q20260003, TI/2026/42.
_FULL = re.compile(r"(?<![a-z0-9])(ti|q)[\s\-_./:n°]{0,4}(20\d\d)[\s\-_./]{0,3}(\d{1,6})(?!\d)")
# Without its year, a number is one only with the zeros that are printed.
_YEARLESS = re.compile(r"(?<![a-z0-9])(ti|q)[\s\-_./]{0,3}(0\d{1,5})(?!\d)")
_THINGS = "demandes?|dossiers?|questions?|propositions?|requetes?|requests?|proposals?"
_MARK = r"(?:n\s?[°º]|no\.?(?=\s?\d)|n\.|numero|number|#)"
_THING_AND_NUMBER = re.compile(
    rf"\b(?:ma|mon|mes|la|le|notre|votre|cette|ce|my|the|our)\s+(?:{_THINGS})"
    rf"\s*,?\s*(?:{_MARK}\s*|(?!(?:19|20)\d\d\b))0*(\d{{1,6}})(?!\s?[\d/])"
)
_MARKED = re.compile(rf"{_MARK}\s*0*(\d{{1,6}})(?![\d/])")
_SPEAKS_OF_THINGS = re.compile(rf"\b(?:{_THINGS}|suivi)\b")
# The whole text is a number: such a small one may be that of a choice just shown.
_ALONE = re.compile(rf"\W*(?:et\s+)?(?:la|le|{_MARK})\s*{_MARK}?\s*0*(\d{{1,6}})\W*")
_SMALL = 20
# Four digits with a zero before them are the end of one of ours: no part of a telephone number.
_END = re.compile(r"(?<![\d.,+/-])(?<!\d\s)0\d{3}(?![\d/])(?!\s\d)")
_FEW_WORDS = 9
_LONGEST_ASKING = 12
_OWN_NUMBER = re.compile(
    rf"\b(?:reference|ref|numero|number)\b.{{0,20}}\b(?:ma|mon|mes|my)\s+(?:{_THINGS}|rappel|call)\b"
    r"|\b(?:ma|my)\s+(?:reference|ref)\b|\bmon numero de (?:demande|suivi|dossier|rappel)\b"
)
_SENT = re.compile(
    r"\b(?:c'est|c'etait|ca a ete|est-ce|was it|is it)\s+(?:bien\s+)?(?:parti|envoye|transmis"
    r"|enregistre|recu|passe|sent|received|recorded)e?s?\b.{0,12}(?:\?|ou pas|ou non|or not)"
)

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = [
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
]
_OWN_THING = (
    rf"\b(?:(?:ma|mes|mon|notre|nos|my|our)\s+(?:{_THINGS}|message)\b"
    rf"|(?:la|le|the)\s+(?:{_THINGS}|message)\s+(?=qu[e']|i\b|we\b|faite|envoyee|sent))"
)
_WHEN = re.compile(
    _OWN_THING
    + r"(?:[^.?!;\d]{0,30}?\b)??(?:\s|d'|l')"
    + r"(?:(?P<ago>avant-hier|hier|aujourd'hui|ce matin|yesterday|today|this morning)"
    + rf"|(?P<day>{'|'.join(_DAYS + _ENGLISH_DAYS)})"
    + r"|(?:du|le)\s+(?P<date>\d{1,2})(?:er)?"
    + rf"(?:\s+(?P<month>{'|'.join(_MONTHS)})|/(?P<mm>\d{{1,2}}))?)\b"
)
_AGO = {
    "avant-hier": 2,
    "hier": 1,
    "yesterday": 1,
    "aujourd'hui": 0,
    "ce matin": 0,
    "today": 0,
    "this morning": 0,
}
_TWO_WEEKS = 14
# "Le 12" is the last twelfth; an older request is named by its month.
_LATELY = 60
_A_YEAR = 366


@dataclass(frozen=True, slots=True)
class Named:
    """How a text names something sent: ``number`` as printed, or its end; or possible days.

    ``days`` are the latest first.
    """

    number: str = ""
    end: int | None = None
    days: tuple[date, ...] = ()

    def fits(self, number: str, day: date) -> bool:
        """Tell whether this names what has this number, and was sent on this day."""
        if self.number:
            return number == self.number
        if self.end is not None:
            end = number.rpartition("-")[2]
            return end.isdecimal() and int(end) == self.end
        return day in self.days


def printed_in(text: str) -> tuple[Named, ...]:
    """Return the numbers in a text that are surely ours: with TI or Q before them."""
    folded = fold(text)
    full = [
        Named(f"{kind.upper()}-{year}-{int(end):04d}")
        for kind, year, end in _FULL.findall(folded)
        # "TI 2023-2027" is the time of the programme.
        if not (len(end) == 4 and end.startswith("20"))  # noqa: PLR2004 (a year)
    ]
    yearless = [Named(end=int(end)) for _, end in _YEARLESS.findall(folded)]
    return tuple(dict.fromkeys(full or yearless))


def named_in(text: str, today: date) -> tuple[Named, ...]:
    """Return what a text names by the number alone, "ma demande n° 42", or by its date."""
    folded = fold(text)
    ends = [int(end) for end in _THING_AND_NUMBER.findall(folded)]
    if not ends and _SPEAKS_OF_THINGS.search(folded):
        ends = [int(end) for end in _MARKED.findall(folded)]
    if ends:
        return tuple(Named(end=end) for end in dict.fromkeys(ends))
    found = _WHEN.search(folded)
    days = _days(found, today) if found else ()
    return (Named(days=days),) if days else ()


def asks_for_own(text: str) -> bool:
    """Tell whether a text asks for the number of what was sent, or whether it was sent."""
    folded = fold(text)
    is_short = len(folded.split()) <= _LONGEST_ASKING
    return is_short and bool(_OWN_NUMBER.search(folded) or _SENT.search(folded))


def end_in(text: str) -> tuple[Named, ...]:
    """Return what a short text names by the end of a number, with its printed zeros: "0932"."""
    found = _END.search(fold(text)) if len(text.split()) <= _FEW_WORDS else None
    return (Named(end=int(found[0])),) if found else ()


def alone_in(text: str) -> Named | None:
    """Return the number that is all of a text, as in "la 42" or "n° 42"."""
    found = _ALONE.fullmatch(fold(text))
    return Named(end=int(found[1])) if found else None


def may_be_a_choice(named: Named) -> bool:
    """Tell whether a number alone is so small that it may be that of a choice."""
    return named.end is not None and named.end <= _SMALL


def fold(text: str) -> str:
    """Return a text in lower case, without accents, with plain dashes and apostrophes."""
    # Of "№", two letters are made, as people without that key write.
    plain = plain_signs(text).casefold().replace("\u2019", "'").replace("\u2116", "n\u00b0")
    plain = plain.replace("\u2013", "-").replace("\u2014", "-")
    return "".join(
        each for each in unicodedata.normalize("NFD", plain) if not unicodedata.combining(each)
    )


def _days(found: re.Match[str], today: date) -> tuple[date, ...]:
    if ago := found["ago"]:
        return (today - timedelta(days=_AGO[ago]),)
    lately = [today - timedelta(days=back) for back in range(_TWO_WEEKS + 1)]
    if day := found["day"]:
        names = _DAYS if day in _DAYS else _ENGLISH_DAYS
        return tuple(each for each in lately if each.weekday() == names.index(day))
    month = _MONTHS.index(found["month"]) + 1 if found["month"] else int(found["mm"] or 0)
    back = _A_YEAR if month else _LATELY
    days = (today - timedelta(days=ago) for ago in range(back + 1))
    number = int(found["date"])
    fitting = (each for each in days if each.day == number and month in (0, each.month))
    return tuple(fitting)[:1]
