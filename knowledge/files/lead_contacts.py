"""The lead of a project, named, sought or not known; and whether a named one could be reached.

The problems never quote a contact: they are shown and kept in more places than the file.
"""

import re
from collections.abc import Iterator

from knowledge.files.items import Item, seeks_lead
from knowledge.files.problems import Problem, problem
from knowledge.text.normalise import normalise
from knowledge.text.signs import plain_signs

CONTACT = "contact_chef_de_file"
_AT, _CALL = "courriel", "telephone"
_MISPLACED = frozenset({"phone_as_courriel", "courriel_as_phone"})
_LEAD, _SOUGHT, _NEEDS = "chef_de_file", "cherche_un_chef_de_file", "recherche"
_LEAD_IN_WORDS = "chef de file"
_EMAIL = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[^\s@<>,;:.]{2,}")
_PHONE = re.compile(r"\+?[0-9 .()/-]+")
# What stands around a copied contact; the forms' own reading takes it away before it is used.
_AROUND = re.compile(r"^(?:[^\W\d]{2,12}\.?(?:\s?[:=]\s*|\.?\s+(?=[+\d(])))?<?|>?\.?$")
# A number of France or with the code of its country; French codes are also read without a sign.
_BEGUN = re.compile(r"[(\s]*(?:[+0]|(?:33|262|590|594|596|508|687|689|681)(?:\D*\d){6,9}$)")
# From the shortest French number to the longest of E.164.
_DIGITS = range(9, 16)


def check_lead(item: Item) -> Iterator[Problem]:
    """Find what a file leaves unclear about who leads a project; silence means: not known."""
    if item.list_key != "projets":
        return
    lead, is_sought = item.raw.get(_LEAD), seeks_lead(item.raw)
    if lead is not None and is_sought:
        yield problem("lead_and_sought", item.place(_SOUGHT))
    if lead is not None or _SOUGHT in item.raw:
        return
    # Older files said "null" for a lead that is sought, and may have meant "not known".
    if _LEAD in item.raw:
        yield problem("blank_lead", item.place(_LEAD))
    elif _LEAD_IN_WORDS in normalise(item.text(_NEEDS) or ""):
        yield problem("lead_among_needs", item.place(_NEEDS))


def check_lead_contact(item: Item) -> Iterator[Problem]:
    """Find what keeps the lead of a project from being reached; nothing where none is given."""
    contact = item.raw.get(CONTACT)
    if item.list_key != "projets" or not isinstance(contact, dict):
        return
    if item.raw.get("chef_de_file") is None:
        yield problem("contact_without_lead", item.place(CONTACT))
    if not contact.keys() & {_AT, _CALL}:
        yield problem("contact_without_means", item.place(CONTACT))
    yield from _means(item)
    if "\n" in (item.text_at(CONTACT, "nom") or "").strip():
        yield problem("several_lines", item.place(CONTACT, "nom"))


def _means(item: Item) -> Iterator[Problem]:
    """Find an address or a number that is none, or that stands under the other's key."""
    email, phone = (_bare(item.text_at(CONTACT, key) or "") for key in (_AT, _CALL))
    codes = {_AT: _fault_of_email(email), _CALL: _fault_of_phone(phone)}
    if all(code in _MISPLACED for code in codes.values()):
        yield problem("swapped_lead_contact", item.place(CONTACT, _AT))
        return
    for key, code in codes.items():
        if code:
            yield problem(code, item.place(CONTACT, key))


def _fault_of_email(text: str) -> str:
    if not text or _is_email(text):
        return ""
    return "phone_as_courriel" if _is_phone(text) else "bad_lead_courriel"


def _fault_of_phone(text: str) -> str:
    if not text:
        return ""
    if _is_phone(text):
        return "" if _BEGUN.match(text) else "lead_phone_cut"
    return "courriel_as_phone" if _is_email(text) else "bad_lead_telephone"


def _bare(text: str) -> str:
    """Return a contact without what a copy leaves around it: a label, "mailto:", brackets."""
    return _AROUND.sub("", plain_signs(text).strip()).strip()


def _is_email(text: str) -> bool:
    return text.isascii() and _EMAIL.fullmatch(text) is not None


def _is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text) is not None and sum(map(str.isdigit, text)) in _DIGITS
