"""The SIRET of an establishment in a text: 14 digits with a key, however they are grouped."""

import re
from dataclasses import dataclass

from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from handlers.forms import digit_slips
from handlers.forms.steps import RefusedError

_SIREN_DIGITS, _SIRET_DIGITS = 9, 14
# Whatever stands between groups of digits, but signs that divide two numbers of their own.
_SEP = r"(?:[^\w;+()]|_){0,3}"
# Looked at from each beginning: digits of something else may stand before, a space away.
_SIRET = re.compile(rf"(?<!\d)(?=(\d(?:{_SEP}\d){{13}})(?!\d))")
# Both parts under their names: "SIREN 732 829 320 NIC 00074".
_PARTS = re.compile(rf"(?<!\d)(\d(?:{_SEP}\d){{8}})(?!\d)\D{{1,20}}(?<!\d)(\d{{5}})(?!\d)")
_RUN = re.compile(rf"\d(?:{_SEP}\d)*")
_VAT = re.compile(rf"\bFR{_SEP}\w\w{_SEP}(\d(?:{_SEP}\d){{8}})(?!\d)", re.IGNORECASE)
# A spreadsheet adds decimals of its own.
_DECIMALS = re.compile(r"[.,]0{1,2}(?![\d\w])")
# What a number is called that other registers give; the names stand in no word of a firm's own.
_OTHER = re.compile(r"\b(ridet|rna|n\W{0,2}\s?tahiti|num[\u00e9e]ro tahiti)\b", re.IGNORECASE)
_NAMED = re.compile(r"\bsire[nt]\b", re.IGNORECASE)
_NO_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Siret:
    """A SIRET whose key is right, and where it stands in its text."""

    value: str
    start: int
    end: int


def find(text: str) -> Siret | None:
    """Return the first SIRET of a text whose key is right; La Poste has a key of its own."""
    digits = digit_slips.as_digits(text)
    for match in _SIRET.finditer(digits):
        number = _NO_DIGIT.sub("", match[1])
        if is_one(number):
            decimals = _DECIMALS.match(digits, match.end(1))
            return Siret(number, match.start(1), decimals.end() if decimals else match.end(1))
    for match in _PARTS.finditer(digits):
        number = _NO_DIGIT.sub("", match[1]) + match[2]
        if is_one(number):
            return Siret(number, match.start(), match.end())
    return None


def is_one(number: str) -> bool:
    """Tell whether digits are a SIRET; noughts alone have a right key, and are nobody's."""
    return siret_number.is_valid(number) and bool(number.strip("0"))


def names_one(text: str) -> bool:
    """Tell whether a text calls a number a SIREN or a SIRET."""
    return bool(_NAMED.search(text))


def refusal(text: str) -> RefusedError:
    """Return why a text holds no SIRET: each reason is true of what was typed."""
    vat = _VAT.search(text)
    if vat and siren_number.is_valid(siren := _NO_DIGIT.sub("", vat[1])):
        return RefusedError("vat_given", siren=_grouped(siren))
    if other := _OTHER.search(text):
        return RefusedError("bad_siret_other", register=other[1])
    if odd := digit_slips.refusal(text):
        return odd
    # A letter that was read as a digit counts as one: whoever typed it counts so too.
    runs = [_NO_DIGIT.sub("", run) for run in _RUN.findall(digit_slips.as_digits(text))]
    number = max(runs, key=len, default="")
    if len(number) == _SIRET_DIGITS:
        return RefusedError("bad_siret_key" if number.strip("0") else "bad_siret_zeros")
    is_siren = len(number) == _SIREN_DIGITS and siren_number.is_valid(number)
    is_siren = is_siren and bool(number.strip("0"))
    return RefusedError("siren_given" if is_siren else "bad_siret", digits=len(number))


def _grouped(siren: str) -> str:
    return f"{siren[:3]} {siren[3:6]} {siren[6:]}"
