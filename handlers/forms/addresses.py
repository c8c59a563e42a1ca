"""E-mail addresses in a text, as people write them: also with spaces, in words, with a comma."""

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from handlers.forms.steps import RefusedError

_ATOM = r"""[^\s@<>()\[\],;:"\u00ab\u00bb\u201c\u201d]"""
# Possessive, and tried only where such a run begins: long hostile texts stay linear.
_CANDIDATE = re.compile(rf"(?<!{_ATOM}){_ATOM}++@{_ATOM}++")
_ENDS_SENTENCE = ".!?'\u2019\u2026*_`|"
# What may stand before an address without a space: a mark of quotation, a label.
_BEFORE = re.compile(
    r"(?:['\u2018\u2019`*|~\u2022]+|(?:e-?mail|mail|courriel|m\u00e9l|adresse)=)+", re.IGNORECASE
)
# The mark of slanted letters stands on both sides: before an address alone, it is a part of it.
_SLANTED = re.compile(r"(_{1,3})(?=\S+?\1[*`~|.!?]*$)")
# Two addresses with only such a sign between them.
_BETWEEN = re.compile(rf"(@[^\s@/|&+]{{1,190}})[/|&+](?={_ATOM}{{1,64}}@)")
# What a link to write to somebody says besides the address.
_SUBJECT = re.compile(r"\?\w+=.*", re.DOTALL)
_SPACED = re.compile(
    rf"(?<!{_ATOM})(?P<name>{_ATOM}{{1,64}})\s{{0,3}}@\s{{0,3}}(?P<domain>{_ATOM}{{1,190}}"
    rf"(?:(?:\s\.\s?|,|\s(?:point|dot)\s)[a-z]{{2,24}}(?!\w))?)",
    re.IGNORECASE,
)
# In words, as where signs are not to be found: only at the step that asks for an address.
_AT = (
    r"(?:\s*[(\[{]\s*(?:at|arobase|arobas|a)\s*[)\]}]\s*|\s+(?:at|arobase|arobas|arrobase|arob)\s+)"
)
_DOT = r"(?:\s*[(\[{]\s*(?:dot|point)\s*[)\]}]\s*|\s+(?:dot|point)\s+)"
_SPELT = re.compile(
    rf"(?<!{_ATOM})(?P<name>{_ATOM}{{1,64}}?(?:{_DOT}{_ATOM}{{1,64}}?){{0,3}}){_AT}"
    rf"(?P<domain>{_ATOM}{{1,190}}?(?:{_DOT}{_ATOM}{{1,63}}?){{0,3}})(?=[\s,;:)>\]]|$)",
    re.IGNORECASE,
)
_AT_WORD = re.compile(r"\sat\s", re.IGNORECASE)
_DOTS = re.compile(_DOT, re.IGNORECASE)
_COMMA = re.compile(r"\s*[.,]\s*")
# No ending of a domain is one letter, or holds a digit but in the code of a foreign script.
_ENDING = re.compile(r"(?:xn--[a-z0-9\-]+|[^\W\d_]{2,63})", re.IGNORECASE)
# What is written instead of an address: one whose sign is missing, or that of a page.
_WITHOUT_SIGN = re.compile(r"\w[\w.+\-#]{0,63}\.[a-z]{2,10}", re.IGNORECASE)
_PAGE = re.compile(
    r"(?:https?://|www\.)\S+|(?:t\.me|linkedin\.com|facebook\.com)/\S+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address, normalised, and where it stands in its text."""

    value: str
    start: int
    end: int


def find(text: str) -> list[Address]:
    """Return the addresses that a text holds, written as addresses are."""
    if "@" not in text:
        return []
    found = []
    text = _BETWEEN.sub(r"\1 ", text)
    for match in _CANDIDATE.finditer(text):
        start = match.start() + _marks_before(match.group())
        written = _SUBJECT.sub("", text[start : match.end()]).rstrip(_ENDS_SENTENCE)
        if value := normalised(written):
            # The subject of a link is no words of the person: it goes with the address.
            is_link = "?" in text[start : match.end()].rstrip("?")
            end = match.end() if is_link else start + len(written)
            found.append(Address(value, start, end))
    return found


def _marks_before(candidate: str) -> int:
    """Return how many signs before an address are no part of it."""
    before = _BEFORE.match(candidate)
    start = before.end() if before else 0
    slanted = _SLANTED.match(candidate, start)
    return slanted.end() if slanted else start


def spelt(text: str) -> Address | None:
    """Return the address that a text most probably means, where it is written otherwise.

    With spaces around its sign, a comma for its dot, or in words.
    """
    for pattern in (_SPACED, _SPELT):
        for match in pattern.finditer(text):
            if _is_a_sentence(match):
                continue
            name = _DOTS.sub(".", match["name"]).strip("'\u2019\u2018")
            domain = _COMMA.sub(".", _DOTS.sub(".", match["domain"]).rstrip(_ENDS_SENTENCE))
            if value := normalised(f"{name}@{domain}"):
                return Address(value, match.start(), match.end())
    return None


def _is_a_sentence(match: re.Match[str]) -> bool:
    """Tell whether "at" is only a word: "call me at delta.com"."""
    is_word = _AT_WORD.search(match.group()) and not _DOTS.search(match.group())
    before = match.string[: match.start()].rstrip()
    return bool(is_word and before and not before.endswith((":", "=")))


def normalised(address: str) -> str | None:
    """Return an address with its domain in small letters; None if it is none."""
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    is_ended = _ENDING.fullmatch(valid.ascii_domain.rpartition(".")[2])
    return valid.normalized if is_ended else None


def refusal_of_words(text: str) -> RefusedError | None:
    """Return why a text without "@" and digits is no address; None where it was not to be one."""
    if _PAGE.fullmatch(text.strip()):
        return RefusedError("bad_contact_page")
    return RefusedError("bad_email_sign") if _WITHOUT_SIGN.fullmatch(text.strip()) else None


def refusal(text: str) -> RefusedError:
    """Return why a text holds no address: each reason is true of what was typed."""
    name, sign, rest = text.partition("@")
    if not sign:
        return RefusedError("bad_email_sign")
    before, after = name.rstrip(" "), rest.lstrip(" ")
    # The word before the sign, and the one behind it.
    name = "" if before[-1:].isspace() else re.split(r"[\s<>();:,]", before)[-1]
    domain = re.split(r"[\s<>();:,]", after)[0].rstrip(_ENDS_SENTENCE) if after else ""
    if not name and domain and "." not in domain:
        return RefusedError("bad_email_account", account=domain)
    if not name or not domain:
        return RefusedError("bad_email_part")
    if domain.endswith("-") and "\n" in rest:
        return RefusedError("bad_email_lines")
    return _refusal_of_domain(domain)


def _refusal_of_domain(domain: str) -> RefusedError:
    if "@" in domain:
        return RefusedError("bad_email_signs")
    if "." not in domain:
        return RefusedError("bad_email_ending")
    ending = domain.rpartition(".")[2]
    if ending and not _ENDING.fullmatch(ending):
        return RefusedError("bad_email_no_ending", ending=ending)
    return RefusedError("bad_email")
