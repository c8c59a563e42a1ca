"""Masks personal data in free text before the text is stored.

Masking rather takes too much than too little: stored questions serve to write better answers, and
losing an amount or a trade there costs less than keeping a telephone number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
from stdnum import iban
from stdnum.fr import siren

from storage.masking.names import NameLists, Names

_LISTS = NameLists.load(Path(__file__).with_name("masking.yaml"))
_MARK = _LISTS.marks
_NAMES = Names(_LISTS)

# The characters that may separate two digits or letters of one identifier.
_SEPARATOR = r"[\s.\-_/]"
_GAP = _SEPARATOR + "{0,2}"
# Characters of a mailbox (RFC 5322 `atext`) and of an internationalised domain. Possessive
# repetitions, tried only where such a run begins, keep long hostile texts linear.
_ATOM = r"""[^\s@<>()\[\],;:"\\\u00ab\u00bb\u201c\u201d]"""

# The rest of an address, without the punctuation that ends the sentence.
_REST = r"\S*[^\s.,;:!?)]"

_LINK = re.compile(r"(?<!\w)[a-z][a-z0-9+.\-]*://[^\s/@]++@" + _REST, re.IGNORECASE)
_MAILBOX = rf'(?:"[^"\n]{{1,64}}"|(?<!{_ATOM}){_ATOM}++)'
_EMAIL = re.compile(rf"{_MAILBOX}(?:@{_ATOM}++)+")
# Addresses written so that machines do not read them: "(at)", "arobase", "point".
_SPELT_EMAIL = re.compile(
    rf"{_MAILBOX}\s?(?:@|[(\[]at[)\]]|\barobase\b)\s?"
    rf"(?:[\w\-]++(?:\.[\w\-]++)+|[\w\-.]++(?:\spoint\s[\w\-]++)+)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"(?<![\w@])@[a-z]\w{3,31}|(?<!\w)t(?:elegram)?\.me/" + _REST, re.IGNORECASE)
_FRENCH_IBAN = re.compile(rf"(?<!\w)FR\d\d(?:{_GAP}[0-9A-Z]){{23}}(?!\w)", re.IGNORECASE)
_IBAN = re.compile(rf"(?<!\w)[A-Z]{{2}}\d\d(?:{_GAP}[0-9A-Z]){{11,30}}", re.IGNORECASE)
# The nine digits of a French number after its zero, however they are grouped. _FRENCH_PHONE also
# accepts the letter O as that zero: some phones write it.
_EIGHT_MORE = r"[1-9](?:[\W_]{0,3}\d){8}\d*"
_PHONE_FROM_ABROAD = re.compile(
    rf"(?:\+|(?<!\d)00)\W{{0,3}}33\W{{0,3}}(?:\(0\))?\W{{0,3}}0?{_EIGHT_MORE}"
)
_FOREIGN_PHONE = re.compile(r"(?:\+|(?<!\d)00)\d(?:[\s.()/\-]{0,2}\d){6,}")
_FRENCH_PHONE = re.compile(rf"(?:(?<!\d)0\W{{0,3}}|(?<!\w)o\W{{0,3}}){_EIGHT_MORE}", re.IGNORECASE)
# Before and after a number that is not part of a longer run: two numbers side by side are not one.
_ALONE = (rf"(?<!\d)(?<!\d{_SEPARATOR})(?<!\d{_SEPARATOR}{_SEPARATOR})", rf"(?!{_GAP}\d)")
_SIRET_ALONE = re.compile(rf"\d(?:{_GAP}\d){{13}}".join(_ALONE))
# The social security number, with or without its key.
_NIR_ALONE = re.compile(rf"[12](?:{_GAP}[\dAB]){{12}}(?:{_GAP}\d){{0,2}}".join(_ALONE))
_SIRET = re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{13}}(?!\d)")
_SIREN = re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{8}}(?!\d)")
# Digits of the shortest number, that of Niue: three for the country, four for the line.
_SHORTEST_PHONE = 7
_NUMBER = re.compile(rf"\d{{9,}}|\d(?:{_GAP}\d){{12,}}")


def mask(text: str) -> str:
    """Replace phone numbers, addresses, identifiers and names by marks; idempotent."""
    while (masked := _mask_once(text)) != text:
        text = masked
    return text


def has_marks(text: str) -> bool:
    """Tell whether something was masked in a text."""
    return any(mark in text for mark in _MARK.values())


def _mask_once(text: str) -> str:
    # Count once: masking only ever removes digits.
    digits = sum(map(str.isdigit, text))
    for step in _STEPS:
        if digits >= step.digits and step.sign in text:
            text = step.mask(text)
    return text


def _all(pattern: re.Pattern[str], mark: str) -> Callable[[str], str]:
    return lambda text: pattern.sub(mark, text)


def _valid_ibans(text: str) -> str:
    return _IBAN.sub(_shorten_to_iban, text)


def _shorten_to_iban(match: re.Match[str]) -> str:
    """Mask the longest valid IBAN at the start of a run; words after it may look like its end."""
    run = match.group()
    for end in range(len(run), 14, -1):
        if run[end - 1].isalnum() and iban.is_valid(re.sub(r"\W|_", "", run[:end])):
            return _MARK["iban"] + run[end:]
    return run


def _valid_phones(text: str) -> str:
    """Mask the numbers that phonenumbers recognises, as dialled from France."""
    for match in reversed(list(phonenumbers.PhoneNumberMatcher(text, "FR"))):
        text = text[: match.start] + _MARK["phone"] + text[match.end :]
    return text


def _valid_sirens(text: str) -> str:
    return _SIREN.sub(_siren_or_amount, text)


def _siren_or_amount(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return _MARK["siren"] if siren.is_valid(digits) else match.group()


@dataclass(frozen=True, slots=True)
class _Step:
    """One kind of data to mask, and the least digits and the sign of a text that can hold it.

    Most texts have neither: skipping the search spares most of the time that storing a question
    takes.
    """

    mask: Callable[[str], str]
    digits: int = 0
    sign: str = ""


# Longest identifiers first: a shorter pattern could match inside them.
_STEPS = (
    _Step(_all(_LINK, _MARK["link"]), sign="://"),
    _Step(_all(_EMAIL, _MARK["email"]), sign="@"),
    _Step(_all(_SPELT_EMAIL, _MARK["email"])),
    _Step(_all(_ACCOUNT, _MARK["account"])),
    _Step(_all(_FRENCH_IBAN, _MARK["iban"]), digits=2),
    _Step(_valid_ibans, digits=2),
    _Step(_all(_SIRET_ALONE, _MARK["siret"]), digits=14),
    _Step(_all(_NIR_ALONE, _MARK["number"]), digits=1),
    _Step(_all(_PHONE_FROM_ABROAD, _MARK["phone"]), digits=11),
    _Step(_all(_FOREIGN_PHONE, _MARK["phone"]), digits=7),
    _Step(_all(_FRENCH_PHONE, _MARK["phone"]), digits=9),
    _Step(_all(_SIRET, _MARK["siret"]), digits=14),
    _Step(_valid_phones, digits=_SHORTEST_PHONE),
    _Step(_valid_sirens, digits=9),
    _Step(_all(_NUMBER, _MARK["number"]), digits=9),
    _Step(_NAMES.mask),
)
