"""Checks of typed answers; libraries validate e-mails, phone numbers and SIRETs."""

from handlers.forms import cleaning, signatures, sirets
from handlers.forms.steps import Answers, Check, RefusedError
from knowledge.text.signs import plain_signs

# What stands beside one letter and makes no name of it.
_MARKS = " .,;:'\u2019\"!?-_()"


def words(key: str, *, longest: int, shortest: int = 2) -> Check:
    """Return a check for one line of text; lengths are in characters."""

    def check(text: str, answers: Answers) -> dict[str, str]:
        text = signatures.line_in(text, key, answers)
        line = cleaning.bare(text, key)
        # "C++" and "№1" are names; one letter alone is a slip.
        if len(line.strip(_MARKS)) < shortest:
            raise RefusedError(f"bad_{key}")
        _refuse_unsaid(line, key, longest)
        return {key: _name(line, key, is_quoted=cleaning.is_quoted(text))}

    return check


def _name(line: str, key: str, *, is_quoted: bool) -> str:
    """Return a name; one that reads as none, "idem", is kept in the quotes that make it one."""
    try:
        cleaning.refuse_no_name(line, key)
    except RefusedError:
        if not is_quoted:
            raise
        return f"\u00ab {line} \u00bb"
    return line


def passage(key: str, *, longest: int) -> Check:
    """Return a check for a text of several lines; its line breaks are kept."""

    def check(text: str, _answers: Answers) -> dict[str, str]:
        said = cleaning.bare_passage(text, key)
        cleaning.refuse_reference(said)
        _refuse_unsaid(said, key, longest)
        return {key: said}

    return check


def _refuse_unsaid(text: str, key: str, longest: int) -> None:
    if not any(map(str.isalnum, text)):
        raise RefusedError(f"bad_{key}")
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
