"""Telephone numbers and e-mail addresses anywhere in a text, and the words around them."""

import functools
import re
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.fr import siret as siret_number

from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from storage.records.interests import ContactKind

TEXT = Catalogue.of("remarks")
_FRANCE = 33
_FRENCH_DIGITS = 9
# Digits of the shortest number, that of Niue: texts with fewer are not searched.
_FEWEST_DIGITS = 7
_ATOM = r"""[^\s@<>()\[\],;:"\u00ab\u00bb\u201c\u201d]"""
# Possessive, and tried only where such a run begins: long hostile texts stay linear.
_CANDIDATE = re.compile(rf"(?<!{_ATOM}){_ATOM}++@{_ATOM}++")
_ENDS_SENTENCE = ".!?'\u2019\u00bb\u201d"
# Some phones write the letter for the zero.
_LETTER_O = re.compile(r"(?<!\w)[oO](?=\W{0,3}[1-9](?:\W{0,3}\d){8}(?!\d))")
_SIRET = re.compile(r"(?<!\d)\d(?:[\s.\-]{0,2}\d){13}(?!\d)")
# Between two numbers that only a space or a line break divides.
_BETWEEN = re.compile(r"(?<!\d)(0\d(?:[ .\-]?\d\d){4})\s(?=\s{0,3}(?:0\d|\+))")
# Digits that are no part of a telephone number, though they may stand beside one: the time of day,
# a date, an amount of money, a link.
_OTHER_DIGITS = re.compile(
    r"(?<!\d)\d{1,2}(?:\s?h(?:eures?)?(?![a-z])(?:\s?\d\d)?|:\d\d|\s?[ap]m\b)(?!\d)"
    r"|(?<!\d)\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d\d(?!\d)"
    r"|(?<!\d)\d[\d\s.,]{0,20}(?:k\u20ac|\u20ac|euros?\b|millions?\b|\$)"
    r"|[a-z]+://\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A number as ``+33 6 12 34 56 78`` or an address, and where it stands in its text."""

    kind: ContactKind
    value: str
    start: int
    end: int


def find(text: str) -> tuple[Contact, ...]:
    """Return the telephone numbers and addresses of a text, in their order."""
    found = [*_emails(text), *_phones(text)]
    return tuple(sorted(found, key=lambda contact: contact.start))


def holds(text: str) -> bool:
    """Tell whether a text holds a telephone number or an address, whatever stands around it."""
    return bool(find(text))


def beside(text: str, contact: Contact) -> str:
    """Return what a text says besides a contact; empty if that is only words that announce it."""
    around = (_trimmed(text[: contact.start]), _trimmed(text[contact.end :]))
    return " … ".join(part for part in around if says_something(part))


def is_split(text: str, contact: Contact) -> bool:
    """Tell whether an address is probably the end of one written with a space: "samira costa@…"."""
    before, after = text[: contact.start].strip(), text[contact.end :].strip()
    is_initial = len(before) == 1 and before.isascii()
    is_word = before.isalnum() and (is_initial or says_something(before))
    return contact.kind is ContactKind.EMAIL and is_word and not after


def says_something(text: str) -> bool:
    """Tell whether a text holds more than words such as "mon numéro est le", "svp", "merci"."""
    return any(word not in _fillers() for word in normalise(text).split())


def siret_in(text: str) -> tuple[str, str] | None:
    """Return a SIRET with a valid key, and what the text says besides; None if it holds none."""
    for match in _SIRET.finditer(text):
        number = siret_number.compact(match.group().replace("-", ""))
        if siret_number.is_valid(number):
            whole = Contact(ContactKind.PHONE, number, match.start(), match.end())
            return number, beside(text, whole)
    return None


@functools.cache
def _fillers() -> frozenset[str]:
    return frozenset(word for said in TEXT.labels("fillers") for word in normalise(said).split())


def _trimmed(text: str) -> str:
    # A closing mark belongs to the words before it, an opening one to those after it.
    return text.strip().lstrip(",;:.)>-–—/»? ").rstrip(",;:<(-–—/« ").strip()


def _emails(text: str) -> list[Contact]:
    if "@" not in text:
        return []
    found = []
    for match in _CANDIDATE.finditer(text):
        address = match.group().rstrip(_ENDS_SENTENCE)
        try:
            value = validate_email(address, check_deliverability=False).normalized
        except EmailNotValidError:
            continue
        end = match.start() + len(address)
        found.append(Contact(ContactKind.EMAIL, value, match.start(), end))
    return found


def _phones(text: str) -> list[Contact]:
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS:
        return []
    searched = _SIRET.sub(_veiled_siret, _LETTER_O.sub("0", text))
    searched = _BETWEEN.sub(r"\1;", _OTHER_DIGITS.sub(_veiled, searched))
    matcher = phonenumbers.PhoneNumberMatcher(
        searched, "FR", leniency=phonenumbers.Leniency.POSSIBLE
    )
    return [
        Contact(ContactKind.PHONE, written(match.number), match.start, match.end)
        for match in matcher
        if is_number(match.number) and match.raw_string.lstrip("( ").startswith(("0", "+", "33"))
    ]


def _veiled(match: re.Match[str]) -> str:
    return "x" * len(match.group())


def _veiled_siret(match: re.Match[str]) -> str:
    # Fourteen digits may also be a number with digits of something else behind it.
    is_siret = siret_number.is_valid(siret_number.compact(match.group().replace("-", "")))
    return _veiled(match) if is_siret else match.group()


def is_number(number: phonenumbers.PhoneNumber) -> bool:
    """Tell whether a number exists, or could: French numbers are given out faster than listed."""
    digits = str(number.national_number)
    is_french = number.country_code == _FRANCE and len(digits) == _FRENCH_DIGITS
    return is_french or phonenumbers.is_valid_number(number)


def written(number: phonenumbers.PhoneNumber) -> str:
    """Return a number as it is kept: ``+33 6 12 34 56 78``."""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
