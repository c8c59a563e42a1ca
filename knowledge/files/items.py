"""The items of the files as they are written; reading them accepts values of any shape."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from knowledge.files.meant_dates import day_of
from knowledge.files.problems import Place
from knowledge.files.schema_check import place_of
from knowledge.files.yaml_reader import Document, Location

# What people of other habits write for "non", and for "oui" where nothing is left to say.
_NO = frozenset({"non", "no", "faux", "false", "0"})
YES = frozenset({"oui", "yes", "vrai", "true", "1", "x"})
_TO_FILL = re.compile(r"\[à compléter :[^\]]*\]?", re.IGNORECASE)
_LISTS = ("entrees", "projets", "actes", "voix", "questions")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry, project, act, voice or control question.

    A value of the wrong shape reads as absent.
    """

    document: Document
    location: Location
    raw: dict[str, Any]

    @property
    def list_key(self) -> str:
        """Return the key of the list that the item stands in ("entrees", "projets"...)."""
        return str(self.location[0])

    def text(self, key: str) -> str | None:
        """Return the text under a key; None if it is absent or no text."""
        return self.text_at(key)

    def text_at(self, *keys: str) -> str | None:
        """Return the text under nested keys; None if it is absent or no text."""
        value: Any = self.raw
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, str) else None

    def texts(self, *keys: str) -> Iterator[tuple[int, str]]:
        """Return the texts of the list under nested keys, each with its index."""
        value: Any = self.raw
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        for index, text in enumerate(value if isinstance(value, list) else ()):
            if isinstance(text, str):
                yield index, text

    def keys(self, key: str) -> Iterator[str]:
        """Return the keys of a mapping, as texts."""
        value = self.raw.get(key)
        return iter(
            [name for name in value if isinstance(name, str)] if isinstance(value, dict) else []
        )

    def day(self, key: str) -> date | None:
        """Return the date under a key; None if it is absent or no date."""
        return day_of(self.raw.get(key))

    def place(self, *inner: str | int) -> Place:
        """Return the place of the item, or of a value in it."""
        return place_of(self.document, (*self.location, *inner))


def items_of(document: Document) -> Iterator[Item]:
    """Return the items of a file, in order."""
    data = document.data if isinstance(document.data, dict) else {}
    for key in _LISTS:
        values = data.get(key)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, dict):
                yield Item(document, (key, index), value)


def is_draft(raw: Mapping[str, Any]) -> bool:
    """Tell whether an item as written waits: a draft is checked, and answers nobody.

    ``brouillon`` is "oui", or what remains to be done first; "non" puts the item in service.
    """
    note = raw.get("brouillon")
    return isinstance(note, str) and note.strip().lower() not in _NO


def is_to_fill(text: str) -> bool:
    """Tell whether a text has a place still to be filled in: a new folder marks them so."""
    return bool(places_to_fill(text))


def places_to_fill(text: str) -> list[str]:
    """Return what stands in a text where something is still to be written."""
    return _TO_FILL.findall(text)


def seeks_lead(raw: Mapping[str, Any]) -> bool:
    """Tell whether a project as written says that it seeks a lead; silence is no answer."""
    answer = raw.get("cherche_un_chef_de_file")
    return isinstance(answer, str) and answer.strip().lower() == "oui"
