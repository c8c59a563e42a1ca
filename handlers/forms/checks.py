"""Checks of typed answers; libraries validate e-mails, phone numbers and SIRETs."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.fr import siren
from stdnum.fr import siret as siret_number

from handlers.forms import contacts
from handlers.forms.steps import Answers, Check, RefusedError
from storage.records.interests import ContactKind

_SIREN_DIGITS = 9


def words(key: str, *, longest: int, shortest: int = 2) -> Check:
    """Return a check for one line of text; lengths are in characters."""

    def check(text: str, _answers: Answers) -> dict[str, str]:
        line = " ".join(text.split())
        if sum(character.isalnum() for character in line) < shortest:
            raise RefusedError(f"bad_{key}")
        if len(line) > longest:
            raise RefusedError("too_long", length=len(line), longest=longest)
        return {key: line}

    return check


def passage(key: str, *, longest: int) -> Check:
    """Return a check for a text of several lines; its line breaks are kept."""

    def check(text: str, answers: Answers) -> dict[str, str]:
        words(key, longest=longest, shortest=1)(text, answers)
        return {key: text.strip()}

    return check


def email(text: str) -> str:
    """Return the address normalised; RefusedError says what is wrong with it."""
    address = text.strip()
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise RefusedError(_wrong_in(address)) from error


def _wrong_in(address: str) -> str:
    name, _, domain = address.rpartition("@")
    if "@" not in address:
        return "bad_email_sign"
    if " " in address:
        return "bad_email_space"
    if name and domain and "." not in domain:
        return "bad_email_ending"
    return "bad_email"


def phone(text: str) -> str:
    """Return the first number in a text as ``+33 6 12 34 56 78``; RefusedError if there is none."""
    for contact in contacts.find(text):
        if contact.kind is ContactKind.PHONE:
            return contact.value
    return contacts.written(_whole_number(text))


def _whole_number(text: str) -> phonenumbers.PhoneNumber:
    if not any(character.isdigit() for character in text):
        raise RefusedError("bad_phone_words")
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException as error:
        raise RefusedError("bad_phone") from error
    if not contacts.is_number(number):
        raise RefusedError("bad_phone")
    return number


def holds_siret(text: str) -> bool:
    """Tell whether a text holds a SIRET, whatever stands around it."""
    return contacts.siret_in(text) is not None


def siret(text: str, _answers: Answers) -> dict[str, str]:
    """Accept a SIRET with a valid key; a SIREN has its own message: people confuse the two."""
    number = siret_number.compact(text)
    try:
        return {"siret": siret_number.validate(number)}
    except InvalidChecksum as error:
        raise RefusedError("bad_siret_key") from error
    except ValidationError as error:
        digits = sum(character.isdigit() for character in number)
        is_siren = digits == len(number) == _SIREN_DIGITS and siren.is_valid(number)
        raise RefusedError("siren_given" if is_siren else "bad_siret", digits=digits) from error
