"""Telephone numbers and e-mail addresses anywhere in a text, and the words around them."""

import functools
import re
from dataclasses import dataclass

import phonenumbers

from handlers.forms import addresses, cleaning, countries, digit_slips, phones, sirets
from handlers.forms.steps import RefusedError
from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from knowledge.text.signs import plain_signs
from storage.records.interests import ContactKind

TEXT = Catalogue.of("remarks")
# Digits of the shortest number, that of Niue: texts with fewer are not searched.
_FEWEST_DIGITS = 7
# Some phones write the letter for the zero.
_LETTER_O = re.compile(r"(?<!\w)[oO](?=\W{0,3}[1-9](?:\W{0,3}\d){8}(?!\d))")
# Pairs of digits divided by signs that libphonenumber does not take for dividing ones.
_PAIRS = re.compile(r"(?<![\d_/,])0\d(?:([_/,\u00b7])\d\d)(?:\1\d\d){3}(?!\1?\d)")
_SIRET = re.compile(r"(?<!\d)\d(?:[\s.\-]{0,2}\d){13}(?!\d)")
# Between two numbers that only a space or a line break divides.
_BETWEEN = re.compile(r"(?<!\d)(0\d(?:[ .\-]?\d\d){4})\s(?=\s{0,3}(?:0\d|\+))")
# A line within a firm is told to whoever calls: it is no part of the number.
_LINE = re.compile(
    r"(?<=\d)[\s,;/(\-]{0,3}(?:poste|extension|ext|extn|interne|int|p)[\s.:=]{0,3}(\d{1,6})(?!\d)\)?"
    r"|(?<=\d)\s{0,2}[x#]\s?(\d{1,6})(?!\d)",
    re.IGNORECASE,
)
# A number where nobody answers: taken only where there is no other.
_FAX = re.compile(r"\b(?:t\u00e9l\u00e9copie|fax)\W{0,3}(?:n\W{0,2}|:)?\s{0,2}\(?$", re.IGNORECASE)
_REACH = 20
# What is left of a link or of brackets around an address that is written twice.
_REST_OF_LINK = re.compile(r"\W*(?:mailto|tel|callto)?\W*", re.IGNORECASE)
# A word that joined a contact to what stands before it.
_JOINING = re.compile(r"\s(?:et|ou|and|or)(?:\s(?:le|la|au|par))?\s*$", re.IGNORECASE)
# Links to write to a number; the number is the path, or a value.
_CHAT_LINK = re.compile(
    r"(?:https?://)?(?:wa\.me/|(?:api|web)\.whatsapp\.com/send/?\?phone=)\+?(\d{7,15})[^\s)>\]]*",
    re.IGNORECASE,
)
# Digits that are no part of a telephone number, though they may stand beside one: the time of day,
# a date, an amount of money, a link.
_OTHER_DIGITS = re.compile(
    r"(?<!\d)\d{1,2}(?:\s?h(?:eures?)?(?![a-z])(?:\s?\d\d)?|:\d\d|\s?[ap]m\b)(?!\d)"
    r"|(?<!\d)\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d\d(?!\d)"
    r"|(?<!\d)\d[\d\s.,]{0,20}(?:k\u20ac|\u20ac|euros?\b|millions?\b|\$)"
    r"|[a-z]{2,12}://\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A number as ``+33 6 12 34 56 78`` or an address, and where it stands in its text."""

    kind: ContactKind
    value: str
    start: int
    end: int


def find(text: str) -> tuple[Contact, ...]:
    """Return the telephone numbers and addresses of a text in plain signs, in their order."""
    found = [*_emails(text), *_phones(text)]
    return tuple(sorted(found, key=lambda contact: contact.start))


def meant(text: str, wanted: str | None = None) -> Contact | None:
    """Return the contact that a text is to give, where a contact is asked for; None if it has none.

    Of several it is the first of the ``wanted`` kind. Here addresses in words are read too, and
    numbers that are only typed alone: "33 6 12…", "06,12,34,56,78".
    """
    found = find(text)
    answered = [one for one in found if not _is_fax(text, one)]
    fitting = [one for one in answered if one.kind == wanted]
    if found:
        return (*fitting, *answered, *found)[0]
    if spelt := addresses.spelt(text):
        return Contact(ContactKind.EMAIL, spelt.value, spelt.start, spelt.end)
    whole = digit_slips.as_digits(without_others(text))
    number = phones.alone(whole) if "@" not in text else None
    return Contact(ContactKind.PHONE, number, *phones.place_of(whole)) if number else None


def as_typed(text: str) -> str:
    """Return a contact from a file as the forms read it; as it is where they read none.

    A French number keeps the form in which France dials it.
    """
    plain = plain_signs(text)
    found = meant(plain)
    # A line within a firm, or the hours, are told with the number.
    if found is None or beside(plain, found):
        return plain.strip()
    written = plain[found.start : found.end]
    is_dialled = written.lstrip(" (").startswith(("0", "+"))
    return written if is_dialled and found.value.startswith("+33 ") else found.value


def refusal(text: str) -> RefusedError:
    """Return why a text holds no contact: for the likelier kind."""
    if cleaning.points_elsewhere(text):
        return RefusedError("says_same", said=text.strip())
    if "@" in text:
        return addresses.refusal(text)
    number = without_others(text)
    abroad = countries.refusal(number[slice(*phones.place_of(number))])
    return addresses.refusal_of_words(text) or abroad or phones.refusal(number)


def doubt(text: str, contact: Contact) -> RefusedError | None:
    """Return what to ask about a contact that a text seems to hold; None where it is sure."""
    if not contact.value.startswith("+33 "):
        return None
    return countries.refusal(text[contact.start : contact.end])


def holds(text: str) -> bool:
    """Tell whether a text holds a telephone number or an address, whatever stands around it."""
    return bool(find(plain_signs(text)))


def beside(text: str, contact: Contact) -> str:
    """Return what a text says besides a contact; empty if that is only words that announce it."""
    line, end = line_after(text, contact)
    before = cleaning.without_last_label(_once(text[: contact.start], contact))
    after = _trimmed(_once(text[end:], contact))
    around = (_trimmed(before), ", ".join(filter(None, (line, after))))
    return " … ".join(part for part in around if says_something(part))


def _once(text: str, contact: Contact) -> str:
    """Return what stands at one side of a contact, without the same address written again."""
    same = [one for one in find(text) if one.value == contact.value]
    for one in reversed(same):
        text = f"{text[: one.start]}\n{text[one.end :]}"
    return "" if same and _REST_OF_LINK.fullmatch(text) else text


def _is_fax(text: str, contact: Contact) -> bool:
    return bool(_FAX.search(text[max(0, contact.start - _REACH) : contact.start]))


def is_split(text: str, contact: Contact) -> bool:
    """Tell whether an address is probably the end of one written with a space: "samira costa@…"."""
    before, after = text[: contact.start].strip(), text[contact.end :].strip()
    is_initial = len(before) == 1 and before.isascii()
    is_word = before.isalnum() and (is_initial or says_something(before))
    return contact.kind is ContactKind.EMAIL and is_word and not after


def says_something(text: str) -> bool:
    """Tell whether a text holds more than words such as "mon numéro est le", "svp", "merci"."""
    return any(word not in _fillers() for word in normalise(text).split())


def without_others_in(text: str) -> tuple[str, str]:
    """Return a text without the contacts that it holds, and these, as they are written."""
    found = find(text)
    rest = text
    for one in reversed(found):
        rest = f"{cleaning.without_last_label(rest[: one.start]).rstrip()} {rest[one.end :]}"
    others = ", ".join(text[one.start : one.end] for one in found)
    return (_JOINING.sub("", rest) if found else rest), others


def line_after(text: str, contact: Contact) -> tuple[str, int]:
    """Return the line within a firm named behind a number, as "poste 12", and where that ends.

    Empty, and the end of the contact, if none is.
    """
    found = _LINE.match(text, contact.end) if contact.kind is ContactKind.PHONE else None
    return (f"poste {found[1] or found[2]}", found.end()) if found else ("", contact.end)


def siret_in(text: str) -> tuple[str, str] | None:
    """Return a SIRET with a valid key, and what the text says besides; None if it holds none."""
    found = sirets.find(text)
    if found is None:
        return None
    whole = Contact(ContactKind.PHONE, found.value, found.start, found.end)
    return found.value, beside(text, whole)


@functools.cache
def _fillers() -> frozenset[str]:
    return frozenset(word for said in TEXT.labels("fillers") for word in normalise(said).split())


def _trimmed(text: str) -> str:
    # A closing mark belongs to the words before it, an opening one to those after it.
    return text.strip().lstrip(",;:.)>-–—/»? ").rstrip(",;:<(-–—/« ").strip()


def _emails(text: str) -> list[Contact]:
    return [
        Contact(ContactKind.EMAIL, each.value, each.start, each.end)
        for each in addresses.find(text)
    ]


def _phones(text: str) -> list[Contact]:
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS:
        return []
    linked = [found for match in _CHAT_LINK.finditer(text) if (found := _linked(match))]
    return linked + _searched(_searchable(text))


def without_others(text: str) -> str:
    """Return a text, as long as it was, without the digits of times, dates, amounts, lines, links.

    What is left of them are the digits of a telephone number, or what was to be one.
    """
    return _LINE.sub(_veiled, _OTHER_DIGITS.sub(_veiled, _CHAT_LINK.sub(_veiled, text)))


def _linked(match: re.Match[str]) -> Contact | None:
    value = phones.alone(f"+{match[1]}")
    return Contact(ContactKind.PHONE, value, match.start(), match.end()) if value else None


def _searchable(text: str) -> str:
    """Return the text, as long as it was, without digits that are no part of a number."""
    searched = without_others(_SIRET.sub(_veiled_siret, _LETTER_O.sub("0", text)))
    searched = _PAIRS.sub(lambda match: match.group().replace(match[1], " "), searched)
    # Brackets of this kind hide what they hold from the library.
    return _BETWEEN.sub(r"\1;", searched).translate({0x5B: " ", 0x5D: " "})


def _searched(text: str) -> list[Contact]:
    matcher = phonenumbers.PhoneNumberMatcher(text, "FR", leniency=phonenumbers.Leniency.POSSIBLE)
    return [
        Contact(
            ContactKind.PHONE,
            phones.written(phones.settled(match.number)),
            match.start,
            match.end,
        )
        for match in matcher
        if phones.is_number(match.number)
        and match.raw_string.lstrip("( ").startswith(("0", "+", "33"))
    ]


def _veiled(match: re.Match[str]) -> str:
    # No letter, which the library could take for the sign of an extension.
    return "\u00a4" * len(match.group())


def _veiled_siret(match: re.Match[str]) -> str:
    # Fourteen digits may also be a number with digits of something else behind it.
    return _veiled(match) if sirets.find(match.group()) else match.group()
