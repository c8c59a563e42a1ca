"""Each move of the table has its words, in both languages where firms read; the diagram is it."""

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

import handlers
from handlers.core.services import Identity, Services
from handlers.messages import ENGLISH, FRENCH, Catalogue, speaking
from handlers.requests import standing, telling
from handlers.requests.request_buttons import first_buttons, more_buttons, tap_of
from handlers.table import TAPS
from storage.records.interest_values import ContactKind, Interest, Role
from storage.records.lifecycle import (
    MOVES,
    EventKind,
    Move,
    Outcome,
    Particulars,
    Reason,
    Side,
    Status,
    moves_from,
)
from storage.records.lifecycle_diagram import diagram

TEXT = Catalogue.of("administration")
ARCHITECTURE = Path(handlers.__file__).parent.parent / "docs" / "architecture.md"
OF_THE_TEAM = [move for move in MOVES.values() if Side.ADMINISTRATOR in move.by]
# As many buttons as a phone shows below a notification without scrolling.
MOST_BUTTONS = 5
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
# Nothing is asked of the knowledge.
SERVICES = Services(None, Identity("l'équipe", "", "", "", ""), lambda: AT)  # type: ignore[arg-type]


def request(status: Status) -> Interest:
    return Interest(
        id=1,
        number="TI-2026-0042",
        person_id=7,
        project_id="hydrogen",
        project_title="Hydrogène",
        project_lead=None,
        company="Delta",
        contact_name="Samira",
        contact_kind=ContactKind.EMAIL,
        contact="samira@example.fr",
        contact_note=None,
        role=Role.PARTICIPATE,
        message=None,
        siret=None,
        consent_at=AT,
        status=status,
        created_at=AT,
        updated_at=AT,
        closed_at=None,
        owner_id=2101,
        owner_name="Claire",
        taken_at=AT,
    )


def test_the_diagram_of_the_guide_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in ARCHITECTURE.read_text("utf-8")


@pytest.mark.parametrize("move", OF_THE_TEAM, ids=lambda move: move.kind)
def test_a_move_of_the_team_has_its_words(move: Move) -> None:
    assert TEXT.label(f"move_{move.kind}")
    for status in Status:
        interest = request(status)
        standing = TEXT.label("standing", interest=interest, last=None)
        assert "TI-2026-0042" in TEXT.label(f"done_{move.kind}", interest=interest)
        said = TEXT.label(f"too_late_{move.kind}", interest=interest, standing=standing)
        assert said.startswith("TI-2026-0042")
        assert len(said) <= 200
    assert 0 < len(TEXT.label(f"slip_{move.kind}")) <= 200


@pytest.mark.parametrize("kind", EventKind)
def test_each_event_of_a_history_has_its_words(kind: EventKind) -> None:
    words = TEXT.label(f"event_{kind}", who="Claire", side="administrator", note="", lines=["a"])
    assert words
    of_the_team = kind in MOVES and Side.ADMINISTRATOR in MOVES[kind].by
    assert ("Claire" in words) == (of_the_team or kind in (EventKind.NOTE, EventKind.TO_FIRM))


@pytest.mark.parametrize("move", [m for m in MOVES.values() if m.tells_firm], ids=lambda m: m.kind)
def test_what_a_firm_is_told_of_a_move_is_in_both_languages(move: Move) -> None:
    told = {}
    for spoken in (FRENCH, ENGLISH):
        with speaking(spoken):
            particulars = Particulars(note="n", outcome=Outcome.NOTHING, reason=Reason.OTHER)
            told[spoken] = telling.text(
                SERVICES, request(move.leads_to(Status.TAKEN)), move.kind, particulars
            )
    assert told[FRENCH] != told[ENGLISH]
    # Who of the team it was is not for the firm.
    assert all("TI-2026-0042" in words and "Claire" not in words for words in told.values())


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.OTHER])
def test_a_reason_of_the_list_is_told_in_both_languages(reason: Reason) -> None:
    for spoken in (FRENCH, ENGLISH):
        with speaking(spoken):
            particulars = Particulars(reason=reason)
            refused = replace(request(Status.REFUSED), reason=reason)
            why = standing.why(refused)
            told = telling.text(SERVICES, refused, EventKind.REFUSE, particulars)
            assert why in unescape(told)
    assert TEXT.label(f"reason_{reason}") != why


@pytest.mark.parametrize("status", Status)
def test_the_buttons_of_a_request_are_the_moves_of_the_table(status: Status) -> None:
    interest = request(status)
    offered = {tap_of(move, interest).pack() for move in moves_from(status, Side.ADMINISTRATOR)}
    first = first_buttons(interest, details=False)
    if status is Status.WITHDRAWN:
        assert first is None
        assert offered == set()
        return
    assert first is not None
    faces = (first, more_buttons(interest, details=False))
    shown = [row[0]["callback_data"] for face in faces for row in face["inline_keyboard"]]
    assert offered <= set(shown)
    assert len(shown) == len(set(shown))
    for face in faces:
        assert len(face["inline_keyboard"]) <= MOST_BUTTONS + (face is faces[1])
    for data in shown:
        assert data.partition(":")[0] in TAPS
