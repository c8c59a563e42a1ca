"""The SIRET of an establishment in a text: 14 digits with a key, however they are grouped."""

import re
from dataclasses import dataclass

from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from handlers.forms.steps import RefusedError

_SIREN_DIGITS, _SIRET_DIGITS = 9, 14
_SEP = r"[\s.,:\-_/'\u2019\u00b7\u2013\u2014]{0,3}"
# Looked at from each beginning: digits of something else may stand before, a space away.
_SIRET = re.compile(rf"(?<!\d)(?=(\d(?:{_SEP}\d){{13}})(?!\d))")
# Both parts under their names: "SIREN 732 829 320 NIC 00074".
_PARTS = re.compile(rf"(?<!\d)(\d(?:{_SEP}\d){{8}})(?!\d)\D{{1,20}}(?<!\d)(\d{{5}})(?!\d)")
_RUN = re.compile(rf"\d(?:{_SEP}\d)*")
_VAT = re.compile(rf"\bFR{_SEP}\w\w{_SEP}(\d(?:{_SEP}\d){{8}})(?!\d)", re.IGNORECASE)
# Some copy the letter for the zero.
_LETTER_O = re.compile(r"(?<=\d)([\s.]?)[oO](?=[\doO\s.]|$)")
_NO_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Siret:
    """A SIRET whose key is right, and where it stands in its text."""

    value: str
    start: int
    end: int


def find(text: str) -> Siret | None:
    """Return the first SIRET of a text whose key is right; La Poste has a key of its own."""
    digits = _with_zeros(text)
    for match in _SIRET.finditer(digits):
        number = _NO_DIGIT.sub("", match[1])
        if siret_number.is_valid(number):
            return Siret(number, match.start(1), match.end(1))
    for match in _PARTS.finditer(digits):
        number = _NO_DIGIT.sub("", match[1]) + match[2]
        if siret_number.is_valid(number):
            return Siret(number, match.start(), match.end())
    return None


def _with_zeros(text: str) -> str:
    """Return the text, as long as it was, with zeros for the letters that stand among digits."""
    while (digits := _LETTER_O.sub(r"\g<1>0", text)) != text:
        text = digits
    return text


def refusal(text: str) -> RefusedError:
    """Return why a text holds no SIRET: each reason is true of what was typed."""
    vat = _VAT.search(text)
    if vat and siren_number.is_valid(siren := _NO_DIGIT.sub("", vat[1])):
        return RefusedError("vat_given", siren=_grouped(siren))
    runs = [_NO_DIGIT.sub("", run) for run in _RUN.findall(text)]
    number = max(runs, key=len, default="")
    if len(number) == _SIRET_DIGITS:
        return RefusedError("bad_siret_key")
    is_siren = len(number) == _SIREN_DIGITS and siren_number.is_valid(number)
    return RefusedError("siren_given" if is_siren else "bad_siret", digits=len(number))


def _grouped(siren: str) -> str:
    return f"{siren[:3]} {siren[3:6]} {siren[6:]}"
