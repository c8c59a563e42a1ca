"""The contact of a project's lead: whether an e-mail or a call could reach them.

The problems never quote it: they are shown and kept in more places than the file.
"""

import re
from collections.abc import Iterator

from knowledge.files.items import Item
from knowledge.files.problems import Problem, problem

CONTACT = "contact_chef_de_file"
_EMAIL = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[^\s@<>,;:.]{2,}")
_PHONE = re.compile(r"\+?[0-9 .()/-]+")
# From the shortest French number to the longest of E.164.
_DIGITS = range(9, 16)


def check_lead_contact(item: Item) -> Iterator[Problem]:
    """Find what keeps the lead of a project from being reached; nothing where none is given."""
    contact = item.raw.get(CONTACT)
    if item.list_key != "projets" or not isinstance(contact, dict):
        return
    if item.raw.get("chef_de_file") is None:
        yield problem("contact_without_lead", item.place(CONTACT))
    if not contact.keys() & {"courriel", "telephone"}:
        yield problem("contact_without_means", item.place(CONTACT))
    for key, is_right, code in (
        ("courriel", _is_email, "bad_lead_courriel"),
        ("telephone", _is_phone, "bad_lead_telephone"),
    ):
        text = item.text_at(CONTACT, key)
        if text is not None and text.strip() and not is_right(text.strip()):
            yield problem(code, item.place(CONTACT, key))
    if "\n" in (item.text_at(CONTACT, "nom") or "").strip():
        yield problem("several_lines", item.place(CONTACT, "nom"))


def _is_email(text: str) -> bool:
    return text.isascii() and _EMAIL.fullmatch(text) is not None


def _is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text) is not None and sum(map(str.isdigit, text)) in _DIGITS
