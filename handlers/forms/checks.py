"""What a typed answer must be; well-kept libraries know e-mails, phone numbers and SIRETs."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import ValidationError
from stdnum.fr import siren
from stdnum.fr import siret as siret_number

from handlers.forms.steps import Answers, Check, RefusedError

_SIREN_DIGITS = 9


def words(key: str, *, longest: int, shortest: int = 2) -> Check:
    """Return a check for a line of words of a bounded length, in characters."""

    def check(text: str, _answers: Answers) -> dict[str, str]:
        line = " ".join(text.split())
        if sum(character.isalnum() for character in line) < shortest:
            raise RefusedError(f"bad_{key}")
        if len(line) > longest:
            raise RefusedError("too_long", length=len(line), longest=longest)
        return {key: line}

    return check


def passage(key: str, *, longest: int) -> Check:
    """Return a check for a text of several lines, kept as it was typed."""

    def check(text: str, answers: Answers) -> dict[str, str]:
        words(key, longest=longest, shortest=1)(text, answers)
        return {key: text.strip()}

    return check


def email(text: str) -> str:
    """Return the address in its normal form; RefusedError where it is none."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise RefusedError("bad_email") from error


def phone(text: str) -> str:
    """Return the number as ``+33 6 12 34 56 78``; RefusedError where nobody can be called."""
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException as error:
        raise RefusedError("bad_phone") from error
    if not phonenumbers.is_valid_number(number):
        raise RefusedError("bad_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def siret(text: str, _answers: Answers) -> dict[str, str]:
    """Accept a SIRET whose key is right; a SIREN is told apart, since people mix them up."""
    digits = siret_number.compact(text)
    try:
        return {"siret": siret_number.validate(digits)}
    except ValidationError as error:
        is_siren = len(digits) == _SIREN_DIGITS and siren.is_valid(digits)
        raise RefusedError("siren_given" if is_siren else "bad_siret") from error
