"""Checks of typed answers; libraries validate e-mails, phone numbers and SIRETs."""

from handlers.forms import cleaning, sirets
from handlers.forms.steps import Answers, Check, RefusedError
from knowledge.text.signs import plain_signs


def words(key: str, *, longest: int, shortest: int = 2) -> Check:
    """Return a check for one line of text; lengths are in characters."""

    def check(text: str, _answers: Answers) -> dict[str, str]:
        line = cleaning.bare(text, key)
        if cleaning.names_nobody(line):
            raise RefusedError(f"bad_{key}")
        _refuse_unsaid(line, key, longest, shortest)
        return {key: line}

    return check


def passage(key: str, *, longest: int) -> Check:
    """Return a check for a text of several lines; its line breaks are kept."""

    def check(text: str, _answers: Answers) -> dict[str, str]:
        said = cleaning.bare_passage(text, key)
        _refuse_unsaid(said, key, longest, shortest=1)
        return {key: said}

    return check


def _refuse_unsaid(text: str, key: str, longest: int, shortest: int) -> None:
    if sum(character.isalnum() for character in text) < shortest:
        raise RefusedError(f"bad_{key}")
    cleaning.refuse_reference(text)
    if len(text) > longest:
        raise RefusedError("too_long", length=len(text), longest=longest)


def holds_siret(text: str) -> bool:
    """Tell whether a text holds a SIRET, whatever stands around it."""
    return sirets.find(plain_signs(text)) is not None


def siret(text: str, _answers: Answers) -> dict[str, str]:
    """Accept a SIRET with a valid key; a SIREN has its own message: people confuse the two."""
    plain = plain_signs(text)
    cleaning.refuse_reference(plain)
    found = sirets.find(plain)
    if found is None:
        raise sirets.refusal(plain)
    return {"siret": found.value}
