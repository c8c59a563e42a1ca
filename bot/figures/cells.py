"""The rows of an export: what each column of a request and of its history says."""

from datetime import datetime
from typing import TypeAlias

from handlers.messages import PARIS, Catalogue, named
from storage.records.request_pages import Stored

TEXT = Catalogue.of("figures")
# Times are those of Paris, without a time zone: spreadsheets know none.
Cell: TypeAlias = str | datetime | None

REQUEST_COLUMNS = (
    "number",
    "created_at",
    "status",
    "kind",
    "project_title",
    "project_lead",
    "role",
    "company",
    "contact_name",
    "contact_kind",
    "contact",
    "contact_note",
    "siret",
    "message",
    "owner_name",
    "taken_at",
    "introduced_at",
    "closed_at",
    "outcome",
    "reason",
    "helped",
    "updated_at",
)
EVENT_COLUMNS = (
    "number",
    "at",
    "event",
    "status",
    "outcome",
    "reason",
    "side",
    "actor",
    "note",
    "changes",
)
# A spreadsheet would run a text that begins so as a formula; the wide signs are those of Japanese
# keyboards, which some take for the others (OWASP, "CSV Injection").
_RUNS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NEUTRAL = "'"
# What a group does not read where contacts are told in private only; a note may repeat one.
_PRIVATE = frozenset({"contact_name", "contact", "contact_note", "siret", "message"})
_PRIVATE |= {"note", "changes"}
# What the columns of a changed answer are called, by the field's name.
_FIELDS = frozenset(REQUEST_COLUMNS)
# How a request ended is in the history too, in columns of its own.
_ENDS = frozenset({"outcome", "reason"})
# The answers that are one of our words; others are the person's, whatever they look like.
_CHOSEN = frozenset({"role", "contact_kind", "helped"})


def heads(columns: tuple[str, ...]) -> list[str]:
    """Return the words above these columns."""
    return [TEXT.label(f"column_{name}") for name in columns]


def request_cells(row: Stored, *, contacts: bool = True) -> list[Cell]:
    """Return the cells of a request, for `REQUEST_COLUMNS`; empty ones without ``contacts``."""
    is_erased = row["person_id"] is None
    said = dict(row) | {
        "status": named(row["status"], "status"),
        "kind": _said("value_kind", "interest" if row["project_id"] else row["role"] or "idea"),
        "role": named(row["role"], "role"),
        "company": TEXT.label("erased_firm") if is_erased else row["company"],
        "contact_kind": None if is_erased else named(row["contact_kind"], "contact_kind"),
        "outcome": named(row["outcome"], "outcome"),
        "reason": named(row["reason"], "reason"),
        "helped": _said("value_helped", row["helped"]),
    }
    return _cells(REQUEST_COLUMNS, said, contacts=contacts)


def event_cells(row: Stored, *, contacts: bool = True) -> list[Cell]:
    """Return the cells of a step of a request's history, for `EVENT_COLUMNS`."""
    ends = {field: after for field, _, after in row["changes"] if field in _ENDS}
    said = {
        "number": row["number"],
        "outcome": named(ends.get("outcome"), "outcome"),
        "reason": named(ends.get("reason"), "reason"),
        "at": row["at"],
        "event": _said("cell_event", row["kind"]),
        "status": named(row["status"], "status"),
        "side": _said("cell_side", row["side"]),
        "actor": row["actor_name"],
        "note": row["note"],
        "changes": "; ".join(_changed(*each) for each in row["changes"] if each[0] not in _ENDS),
    }
    return _cells(EVENT_COLUMNS, said, contacts=contacts)


def size_of(cells: list[Cell]) -> int:
    """Return about how many bytes a row takes, at most."""
    return sum(4 * len(cell) if isinstance(cell, str) else 20 for cell in cells) + 20 * len(cells)


def _cells(columns: tuple[str, ...], said: Stored, *, contacts: bool) -> list[Cell]:
    return [_cell(said[name]) if contacts or name not in _PRIVATE else None for name in columns]


def _cell(value: object) -> Cell:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.astimezone(PARIS).replace(tzinfo=None, microsecond=0)
    text = str(value)
    return f"{_NEUTRAL}{text}" if text[0] in _RUNS else text


def _said(kind: str, word: str | None) -> str | None:
    """Return one of our words in French; as it is, where this version does not know it."""
    if word is None:
        return None
    name = f"{kind}_{word}"
    return TEXT.label(name) if name in TEXT.names else word


def _changed(field: str, before: str | None, after: str | None) -> str:
    name = TEXT.label(f"column_{field}") if field in _FIELDS else field
    was, became = (
        named(value, field) if field in _CHOSEN else value or "" for value in (before, after)
    )
    return f"{name} : {was or '–'} → {became or '–'}"
