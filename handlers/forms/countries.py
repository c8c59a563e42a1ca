"""A number of another country typed without its code: asked about, never kept as a French one.

How the digits are grouped tells where a number was written: 079 123 45 67 is no way of France.
"""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from handlers.forms import phones
from handlers.forms.steps import RefusedError
from handlers.messages import Catalogue

TEXT = Catalogue.of("contact")
_FRANCE = "FR"
# Whose firms are next door. Monaco groups its digits as France does.
NEIGHBOURS = ("CH", "BE", "LU", "DE", "IT", "ES", "AD")
_PAIR = 2
_GROUPS = re.compile(r"\d+")


def refusal(written: str) -> RefusedError | None:
    """Return what to ask about a number as it is written; None where it is surely French.

    It may be of a neighbour by its groups, or of a range that France has not given out. With its
    code any number is taken as it is.
    """
    if "+" in written or written.lstrip(" (").startswith("00"):
        return None
    french = _read(written, _FRANCE)
    options = _elsewhere(written)
    if options:
        return RefusedError("bad_phone_country", options=[*options, *_in_france(french)])
    if french is not None and _is_not_given_out(french):
        return RefusedError("bad_phone_unassigned", number=phones.written(french))
    return None


def _elsewhere(written: str) -> list[tuple[str, str]]:
    """Return the neighbours that write a number so, by name, with the number under their code."""
    groups = _GROUPS.findall(written)
    # One group says nothing of a country, and pairs are the way of France.
    if len(groups) == 1 or all(len(group) == _PAIR for group in groups):
        return []
    found = ((region, _read(written, region)) for region in NEIGHBOURS)
    return [
        (TEXT.label(f"country_{region.lower()}"), phones.written(number))
        for region, number in found
        if number is not None
        and phonenumbers.is_valid_number_for_region(number, region)
        and groups == _grouped(number)
        and groups != _grouped(_read(written, _FRANCE))
    ]


def _grouped(number: PhoneNumber | None) -> list[str]:
    if number is None:
        return []
    national = phonenumbers.format_number(phones.settled(number), PhoneNumberFormat.NATIONAL)
    return _GROUPS.findall(national)


def _in_france(number: PhoneNumber | None) -> list[tuple[str, str]]:
    if number is None or not phonenumbers.is_valid_number(number):
        return []
    return [(TEXT.label("country_fr"), phones.written(number))]


def _is_not_given_out(number: PhoneNumber) -> bool:
    settled = phones.settled(number)
    is_french = settled.country_code == number.country_code and phones.is_number(settled)
    return is_french and not phones.has_listed_neighbours(settled)


def _read(written: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
