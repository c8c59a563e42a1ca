"""Telephone numbers of France and its overseas parts, and of any country with its code.

Overseas numbers are typed in their national form, as in France: 0692 11 22 33. Abroad they have
codes of their own: +262 692 11 22 33. Which numbers are whose is for libphonenumber to say, whose
metadata follow the numbering plan of ARCEP (decision 2018-0881 and its changes).
"""

import functools
import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

from handlers.forms import digit_slips, sirets
from handlers.forms.steps import RefusedError

_FRANCE = 33
_FRENCH_DIGITS, _WRITTEN_DIGITS = 9, 10
# Their national numbers share one plan with those of metropolitan France. Saint-Barthélemy and
# Saint-Martin have the code of Guadeloupe.
_OVERSEAS = ("RE", "YT", "GP", "MQ", "GF", "PM")
_MIQUELON, _MIQUELON_DIGITS = 508, 6
# Numbers are given out by blocks; the metadata may not list the latest block of an area.
_AREA_SHARES, _AREAS, _ANY = 6, 1000, 1234
# 06 39 98 is kept for films and examples of metropolitan France (ARCEP), beside Mayotte's 0639.
_FICTION, _FICTION_SHARES = 63998, 4
# Special rates and numbers of no place are dialled alike everywhere.
_OF_A_PLACE = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
)
# Codes that people write without the sign before them.
_CODES = re.compile(r"(?:33|262|590|594|596|508|687|689|681)\d{6,9}")
# How far before a number stands what it is called.
_NEAR = 20
_RUN = re.compile(r"(?:\+\s?)?\d(?:(?:[^\w+]|_){0,3}\d)*")


def settled(number: PhoneNumber) -> PhoneNumber:
    """Return a number under the code of its country: overseas numbers are none of +33."""
    if number.country_code != _FRANCE:
        return number
    for region in _OVERSEAS:
        code = phonenumbers.country_code_for_region(region)
        national = _in_plan_of(code, _national(number))
        moved = PhoneNumber(country_code=code, national_number=national)
        if phonenumbers.is_valid_number_for_region(moved, region) and _is_of_a_place(moved):
            return moved
    return _by_area(number)


def _national(number: PhoneNumber) -> int:
    return number.national_number or 0


def _in_plan_of(code: int, national: int) -> int:
    """Return a national number without the code that Saint-Pierre-et-Miquelon puts before it."""
    area, rest = divmod(national, 10**_MIQUELON_DIGITS)
    return rest if code == area == _MIQUELON else national


def _by_area(number: PhoneNumber) -> PhoneNumber:
    """Move a number that is not listed, and whose first three digits are of an overseas part."""
    area = _national(number) // 10**_AREA_SHARES
    is_fiction = _national(number) // 10**_FICTION_SHARES == _FICTION
    code = _code_of(area) if area < _AREAS and not is_fiction else None
    if code is None:
        return number
    return PhoneNumber(country_code=code, national_number=number.national_number)


@functools.cache
def _code_of(area: int) -> int | None:
    """Return the code of the overseas part that an area such as 691 is of; None for any other.

    None also for an area that several share, as some new ones are.
    """
    having = [code for code in _codes_overseas() if any(map(_is_of_a_place, _samples(code, area)))]
    return having[0] if len(having) == 1 else None


def _samples(code: int, area: int) -> Iterator[PhoneNumber]:
    """Return a number of each block of an area, under a code."""
    for block in range(100):
        national = area * 10**_AREA_SHARES + block * 10**4 + _ANY
        yield PhoneNumber(country_code=code, national_number=national)


def _is_of_a_place(number: PhoneNumber) -> bool:
    return phonenumbers.number_type(number) in _OF_A_PLACE


def is_number(number: PhoneNumber) -> bool:
    """Tell whether a number exists, or could: French numbers are given out faster than listed."""
    if phonenumbers.is_valid_number(number):
        return True
    code, digits = number.country_code, str(number.national_number)
    is_french = code == _FRANCE or _code_of(_national(number) // 10**_AREA_SHARES) == code
    return is_french and len(digits) == _FRENCH_DIGITS


def has_listed_neighbours(number: PhoneNumber) -> bool:
    """Tell whether a French number is listed, or others with its first three digits are."""
    if phonenumbers.is_valid_number(number):
        return True
    area = _national(number) // 10**_AREA_SHARES
    codes = (_FRANCE, *_codes_overseas())
    return any(map(phonenumbers.is_valid_number, (s for c in codes for s in _samples(c, area))))


def written(number: PhoneNumber) -> str:
    """Return a number as it is kept: ``+33 6 12 34 56 78``."""
    bare = PhoneNumber(
        country_code=number.country_code,
        national_number=number.national_number,
        italian_leading_zero=number.italian_leading_zero,
        number_of_leading_zeros=number.number_of_leading_zeros,
    )
    return phonenumbers.format_number(bare, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def formerly(value: str) -> str | None:
    """Return how earlier versions kept a number: an overseas one, under the code of France.

    None for a number that was always kept as it is.
    """
    number = _parsed(value.replace(" ", "")) if value.startswith("+") else None
    if number is None or number.country_code not in _codes_overseas():
        return None
    national = _national(number)
    if number.country_code == _MIQUELON and national < 10**_MIQUELON_DIGITS:
        national += _MIQUELON * 10**_MIQUELON_DIGITS
    return written(PhoneNumber(country_code=_FRANCE, national_number=national))


@functools.cache
def _codes_overseas() -> frozenset[int]:
    return frozenset(map(phonenumbers.country_code_for_region, _OVERSEAS))


def digits_of(text: str) -> str:
    """Return the digits of the longest number in a text, with a plus sign that begins it."""
    start, end = place_of(text)
    return "".join(re.findall(r"[+\d]", text[start:end]))


def place_of(text: str) -> tuple[int, int]:
    """Return where the longest number of a text stands; (0, 0) if there is none."""
    runs = [match.span() for match in _RUN.finditer(text)]
    return max(runs, key=lambda span: sum(map(str.isdigit, text[slice(*span)])), default=(0, 0))


def alone(text: str) -> str | None:
    """Return the number that the digits of a text are, as it is kept; None if they are none."""
    digits = digits_of(text)
    coded = [f"+{digits}"] if _CODES.fullmatch(digits) else []
    for each in (digits, *coded):
        number = _parsed(each)
        if number and is_number(number) and each.startswith(("0", "+")):
            return written(settled(number))
    return None


def _parsed(digits: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, "FR")
    except phonenumbers.NumberParseException:
        return None


def refusal(text: str) -> RefusedError:
    """Return why a text holds no number: each reason is true of what was typed."""
    digits = digits_of(text)
    count = len(digits.lstrip("+"))
    if not digits:
        return RefusedError("bad_phone_words")
    if other := digit_slips.refusal(text) or _refusal_of_siret(text, digits):
        return other
    if digits.startswith(("+", "00")):
        return _refusal_abroad(digits, count)
    if count == _FRENCH_DIGITS and digits[0] != "0":
        return RefusedError("bad_phone_zero", digits=count)
    if count != _WRITTEN_DIGITS:
        return RefusedError("bad_phone_digits", digits=count, expected=_WRITTEN_DIGITS)
    return RefusedError("bad_phone_start", start=digits[0])


def _refusal_of_siret(text: str, digits: str) -> RefusedError | None:
    start, _end = place_of(text)
    if not (sirets.is_one(digits) or sirets.names_one(text[max(0, start - _NEAR) : start])):
        return None
    return RefusedError("bad_phone_siret", digits=len(digits.lstrip("+")))


def _refusal_abroad(digits: str, count: int) -> RefusedError:
    number = _parsed(digits)
    # Of a number with too many zeros before it, the library makes one of France.
    code = number.country_code if number else 0
    if (
        number is None
        or not code
        or not digits.lstrip("+").removeprefix("00").startswith(str(code))
    ):
        return RefusedError("bad_phone_code", digits=count)
    reasons = {
        ValidationResult.TOO_SHORT: "bad_phone_short",
        ValidationResult.TOO_LONG: "bad_phone_long",
    }
    reason = reasons.get(phonenumbers.is_possible_number_with_reason(number), "bad_phone")
    return RefusedError(reason, digits=count, code=code)
