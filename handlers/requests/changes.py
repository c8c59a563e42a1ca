"""What a person changed in a request: each answer, what it was and what it is."""

import json
from collections.abc import Iterable, Mapping

from handlers.core.keyboards import shorten
from handlers.forms import consent
from handlers.forms.steps import Answers
from handlers.messages import Catalogue, named
from storage.masking.masking import mask
from storage.records.drafts import Draft
from storage.records.interests import Change, ContactKind

# What administrators see under "Détails" alone, as they do the contact itself.
_HIDDEN = frozenset({"contact_name", "contact", "siret"})
# Written freely: a phone number may stand in it.
_FREE = frozenset({"message", "contact_note"})
_CHOICES = frozenset({"role", "contact_kind", "helped"})
# A message lists many changes: of each answer it shows the beginning.
_LONGEST = 200
TEXT = Catalogue.of("changes")
# The value that a form carries beside its answers: those of the request as it stands.
STORED = "stored"


def lines(changes: Iterable[Change], *, is_open: bool = True) -> list[str]:
    """Return one line a change, as plain text; contacts are named alone unless ``is_open``."""
    return [_line(change, is_open=is_open) for change in changes]


def _line(change: Change, *, is_open: bool) -> str:
    name = named(change.field, "field")
    if change.field in _HIDDEN and not is_open:
        return TEXT.label("change_hidden", field=name)
    before, after = (
        _shown(change.field, value, is_open=is_open) for value in (change.before, change.after)
    )
    kind = "change" if before and after else "change_added" if after else "change_removed"
    return TEXT.label(kind, field=name, before=before, after=after)


def _shown(field: str, value: str | None, *, is_open: bool) -> str:
    if not value:
        return ""
    if field in _CHOICES:
        return named(value, field)
    if field == "contact" and value.startswith("tg://"):
        return TEXT.label("value_contact_account")
    return shorten(mask(value) if field in _FREE and not is_open else value, _LONGEST)


def stored(answers: Answers) -> dict[str, str]:
    """Return answers of a request to change, with a copy that the form carries."""
    return {**answers, STORED: json.dumps(dict(answers))}


def differing(draft: Draft) -> frozenset[str]:
    """Return the keys of the answers that differ from the request as it stands."""
    before = _read(draft.answers.get(STORED))
    if before is None:
        return frozenset()
    by_telegram = draft.answers.get("contact_kind") == ContactKind.TELEGRAM
    # The account is no answer: its name is read when the form is sent.
    keys = (
        (before.keys() | draft.answers.keys())
        - {STORED, consent.KEY}
        - ({"contact"} if by_telegram else set())
    )
    return frozenset(
        key for key in keys if (before.get(key) or "") != (draft.answers.get(key) or "")
    )


def _read(text: str | None) -> Mapping[str, str] | None:
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
