"""Each move of the table has its words, in both languages where firms read; the diagram is it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

import handlers
from bot.command_menus import ADMINISTRATORS_COMMANDS
from handlers.administration.recipients import Recipient
from handlers.administration.request_history import words_of
from handlers.core.services import Identity, Services
from handlers.messages import ENGLISH, FRENCH, Catalogue, speaking
from handlers.requests import standing, telling
from handlers.requests.request_buttons import first_buttons, more_buttons, tap_of
from handlers.table import TAPS
from storage.records.deadlines import Deadline, DeadlineKind
from storage.records.interest_values import Change, ContactKind, Event, Interest, Role
from storage.records.introductions import NamedPerson
from storage.records.lifecycle import (
    MOVES,
    Actor,
    Ending,
    EventKind,
    Helped,
    Move,
    Particulars,
    Party,
    Reason,
    Status,
    moves_from,
)
from storage.records.lifecycle_diagram import diagram

TEXT, INTRODUCTION = Catalogue.of("administration"), Catalogue.of("introduction")
DOCS = Path(handlers.__file__).parent.parent / "docs"
ARCHITECTURE, GUIDE = DOCS / "architecture.md", DOCS / "guide-administrateur.md"
OF_THE_TEAM = [move for move in MOVES.values() if Party.ADMINISTRATOR in move.by]
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
        assert "TI-2026-0042" in TEXT.label(
            f"done_{move.kind}", interest=interest, by_id=2, reach="chat"
        )
        said = TEXT.label(
            f"too_late_{move.kind}", interest=interest, standing=standing, handed=False
        )
        assert said.startswith("TI-2026-0042")
        assert len(said) <= 200
    assert 0 < len(TEXT.label(f"slip_{move.kind}")) <= 200


@pytest.mark.parametrize("kind", EventKind)
def test_each_event_of_a_history_has_its_words(kind: EventKind) -> None:
    words = words_of(Event(kind, Status.TAKEN, AT, Actor(Party.ADMINISTRATOR, 1, "Claire")))
    assert words
    of_the_team = kind in MOVES and Party.ADMINISTRATOR in MOVES[kind].by
    written = kind in (EventKind.NOTE, EventKind.TO_FIRM, EventKind.FROM_FIRM)
    assert ("Claire" in words) == (of_the_team or written)


@pytest.mark.parametrize("move", [m for m in MOVES.values() if m.tells_firm], ids=lambda m: m.kind)
def test_what_a_firm_is_told_of_a_move_is_in_both_languages(move: Move) -> None:
    told = {}
    for spoken in (FRENCH, ENGLISH):
        with speaking(spoken):
            particulars = Particulars(note="n", outcome=Ending.NOTHING, reason=Reason.OTHER)
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
    offered = {tap_of(move, interest).pack() for move in moves_from(status, Party.ADMINISTRATOR)}
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


OUTCOMES: tuple[Ending | None, ...] = (*Ending, None)
REASONS: tuple[Reason | None, ...] = (*Reason, None)
# Values that are French words too.
_FRENCH = {"close", "note"}
_RAW = re.compile(
    r"\b(?:{})\b".format(
        "|".join(
            sorted(
                {
                    str(value)
                    for values in (Status, Ending, Reason, Helped, EventKind, DeadlineKind, Role)
                    for value in values
                }
                - _FRENCH
            )
        )
    )
)


def says_it_in_words(said: str) -> bool:
    return bool(said.strip()) and not _RAW.search(said) and "None" not in said


def each_end() -> Iterator[Interest]:
    """Yield a request as it may stand: every status, role, outcome and reason."""
    for status in Status:
        for role in (*Role, None):
            yield replace(request(status), role=role)
    for outcome in OUTCOMES:
        yield replace(request(Status.CLOSED), outcome=outcome)
    for reason in REASONS:
        yield replace(request(Status.REFUSED), reason=reason)


@pytest.mark.parametrize("kind", DeadlineKind)
def test_the_notification_shows_no_value_of_the_code(kind: DeadlineKind) -> None:
    due = (Deadline(1, 1, kind, AT),)
    event = Event(EventKind.CLOSE, Status.CLOSED, AT, Actor(Party.ADMINISTRATOR, 1, "Claire"))
    for interest in each_end():
        ended = event if interest.status in (Status.CLOSED, Status.REFUSED) else None
        for shown in (True, False):
            said = TEXT(
                "notification",
                interest=interest,
                details=shown,
                has_contact=shown,
                changed=[],
                ended=ended,
                handed=None,
                reach="chat",
                due=due,
            )
            assert says_it_in_words(said), said
            assert "rappel, le" not in said


@pytest.mark.parametrize("side", Party)
@pytest.mark.parametrize("kind", EventKind)
def test_the_history_shows_no_value_of_the_code(kind: EventKind, side: Party) -> None:
    event = Event(kind, Status.TAKEN, AT, Actor(side))
    if kind is EventKind.FEEDBACK:
        for helped in Helped:
            told = words_of(replace(event, changes=(Change("helped", None, helped),)))
            assert says_it_in_words(told), told
            assert told != words_of(replace(event, changes=()))
        return
    for interest in each_end():
        assert says_it_in_words(words_of(event, interest))


def test_the_history_says_how_a_request_ended_and_with_whom_it_was_put_in_touch() -> None:
    claire = Actor(Party.ADMINISTRATOR, 1, "Claire")
    said = {
        words_of(
            Event(EventKind.CLOSE, Status.CLOSED, AT, claire),
            replace(request(Status.CLOSED), outcome=outcome),
        )
        for outcome in OUTCOMES
    } | {
        words_of(
            Event(EventKind.REFUSE, Status.REFUSED, AT, claire),
            replace(request(Status.REFUSED), reason=reason),
        )
        for reason in REASONS
    }
    assert len(said) == len(OUTCOMES) + len(REASONS)
    met = Event(EventKind.INTRODUCE, Status.INTRODUCED, AT, claire, "Arc et Mistral")
    assert words_of(met) == "mise en relation avec Arc et Mistral, par Claire"


@pytest.mark.parametrize("status", Status)
def test_what_a_tap_answers_shows_no_value_of_the_code(status: Status) -> None:
    last = Event(EventKind.HAND_OVER, status, AT, Actor(Party.ADMINISTRATOR, 1, "Claire"))
    interest = request(status)
    standing_words = TEXT.label("standing", interest=interest, last=last)
    for move in OF_THE_TEAM:
        name = f"too_late_{move.kind}"
        said = TEXT.label(name, interest=interest, standing=standing_words, handed=True)
        assert says_it_in_words(said), said
    assert says_it_in_words(INTRODUCTION.label("over", interest=interest))


@pytest.mark.parametrize("role", [*Role, None])
def test_what_is_said_to_put_in_touch_shows_no_value_of_the_code(role: Role | None) -> None:
    interest = replace(request(Status.TAKEN), role=role)
    named = NamedPerson("Arc et Mistral")
    recipient = Recipient(named, AT, None, None)
    said = [
        INTRODUCTION("question", interest=interest, named=named, project=None),
        INTRODUCTION("nobody", interest=interest, project=None, is_hidden=False),
        INTRODUCTION("nobody", interest=interest, project=None, is_hidden=True),
        INTRODUCTION(
            "lead_message", interest=interest, recipient=recipient, identity=SERVICES.identity
        ),
    ]
    for words in said:
        assert says_it_in_words(words), words
    # Who signs begins a line.
    assert "\nL'équipe, demande" in unescape(said[-1])


def test_the_guide_names_the_buttons_and_the_commands_as_they_are() -> None:
    guide = GUIDE.read_text("utf-8")
    moves = [TEXT.label(f"move_{move.kind}") for move in OF_THE_TEAM]
    others = [TEXT.label(name) for name in ("details", "hide_details", "more", "back")]
    asked = ("called_back", "choose_somebody", "somebody_else", "confirm")
    met = [INTRODUCTION.label(name) for name in asked]
    history = TEXT.label("history_button")
    write = Catalogue.of("replies").label("write_to_firm")
    missing = [
        each
        for each in (*moves, *others, *met, history, write)
        if f"**{each}**".replace("\u00a0", " ") not in guide
    ]
    assert missing == []
    assert [each for each in ADMINISTRATORS_COMMANDS if f"/{each}" not in guide] == []
