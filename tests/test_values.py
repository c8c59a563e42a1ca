"""Each stored value has its words, in French and, where people read them, in English."""

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum

import pytest

from handlers.messages import ENGLISH, FRENCH, Catalogue, named, speaking
from storage.records.interest_values import ContactKind, NewInterest, Role
from storage.records.lifecycle import Ending, Helped, Reason, Status

WORDS = Catalogue.of("values")
# What is in no message about a change: the project stays, and the agreement is asked anew.
UNCHANGED = {"project_id", "project_title", "project_lead", "consent_at", "consent_version"}
FIELDS = {field.name for field in fields(NewInterest)} - UNCHANGED
KINDS: dict[str, type[StrEnum] | Iterable[str]] = {
    "role": Role,
    "contact_kind": ContactKind,
    "status": Status,
    "own_status": Status,
    "outcome": Ending,
    "reason": Reason,
    "helped": Helped,
    "field": FIELDS | {"helped"},
}


def test_no_word_is_of_a_value_that_does_not_exist() -> None:
    assert {f"value_{kind}_{one}" for kind, values in KINDS.items() for one in values} == (
        WORDS.names
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "status"])
def test_a_value_is_named_in_the_language_of_its_reader(kind: str) -> None:
    for one in KINDS[kind]:
        with speaking(FRENCH):
            assert named(one, kind) == WORDS.label(f"value_{kind}_{one}")
        with speaking(ENGLISH):
            assert named(one, kind) == WORDS.label(f"value_{kind}_{one}")
    assert {f"value_{kind}_{one}" for one in KINDS[kind]} <= WORDS.in_english


def test_what_is_absent_has_no_words_and_what_is_unknown_stands_as_it_is() -> None:
    assert named(None, "role") == ""
    assert named("melted", "status") == "melted"


def test_a_message_names_a_value_in_its_own_language() -> None:
    """One that has no English is French through and through."""
    interest = {
        "number": "TI-2026-0042",
        "project_id": "hydrogen",
        "project_title": "Hydrog\u00e8ne",
        "company": "Delta",
        "role": Role.LEAD,
    }
    with speaking(ENGLISH):
        assert named(Role.LEAD, "role") == "to be the lead firm"
        said = Catalogue.of("team_mail").label("declared", interest=interest)
    assert "Souhait\u00a0: \u00eatre chef de file" in said
