"""Where a request stands, in words and dates; its history, without the notes of the team."""

from datetime import UTC, datetime, timedelta

import pytest
from dialogue import Speaker, Stage
from requests_fixtures import ADMINISTRATOR, KINDS, declares, moves_by, request

from handlers.core.services import Identity, Services
from handlers.messages import ENGLISH, FRENCH, Catalogue, speaking
from handlers.requests import own_history, standing
from storage.records.interests import (
    FIRM,
    Change,
    Ending,
    Event,
    EventKind,
    Helped,
    Reason,
    Status,
)
from storage.records.lifecycle import MOVES, Particulars

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
TEXT = Catalogue.of("requests")
SERVICES = Services(None, Identity("l'équipe", "", "", "", ""), lambda: MONDAY)  # type: ignore[arg-type]  # nothing is asked of the knowledge


def event(kind: EventKind, status: Status, days: int = 0, **more: object) -> Event:
    by = ADMINISTRATOR if kind in MOVES and kind is not EventKind.DECLARE else FIRM
    return Event(kind, status, MONDAY + timedelta(days=days), by, **more)  # type: ignore[arg-type]  # the values of a test


DECLARED = event(EventKind.DECLARE, Status.RECEIVED)
TAKEN = event(EventKind.TAKE, Status.TAKEN, 1)
IN_TOUCH = event(EventKind.INTRODUCE, Status.INTRODUCED, 2)


def stands(request_: object, *events: Event, days: int = 0) -> standing.Standing:
    now = MONDAY + timedelta(days=days)
    return standing.of(SERVICES, request_, events, now)  # type: ignore[arg-type]  # a request


def test_what_comes_next_has_its_date_until_it_is_late() -> None:
    waiting = request()
    assert stands(waiting, DECLARED).next.endswith("attendue d'ici le lundi 30 novembre.")
    assert stands(waiting, DECLARED, days=7).next.endswith("attendue d'ici le lundi 30 novembre.")
    late = stands(waiting, DECLARED, days=8).next
    assert "était attendue d'ici le lundi 30 novembre" in late
    assert "j'en suis désolé" in late


def test_each_step_says_what_is_next() -> None:
    taken = request(status=Status.TAKEN, taken_at=TAKEN.at, touched_at=TAKEN.at)
    found = stands(taken, DECLARED, TAKEN)
    assert (found.state, found.since) == ("Prise en charge par l'équipe", TAKEN.at)
    assert "d'ici le mardi 1er décembre" in found.next
    touched = request(status=Status.TAKEN, touched_at=MONDAY + timedelta(days=3))
    assert "d'ici le jeudi 3 décembre" in stands(touched, DECLARED, TAKEN).next
    met = request(status=Status.INTRODUCED, introduced_at=IN_TOUCH.at)
    assert "Le mercredi 2 décembre" in stands(met, DECLARED, TAKEN, IN_TOUCH).next
    assert "a-t-il eu lieu" in stands(met, DECLARED, TAKEN, IN_TOUCH, days=20).next


@pytest.mark.parametrize("language", [FRENCH, ENGLISH])
@pytest.mark.parametrize("status", list(Status))
def test_each_state_has_words_in_both_languages(status: Status, language: str) -> None:
    ends = [
        request(status=status, outcome=outcome, reason=reason, closed_at=MONDAY)
        for outcome, reason in ((None, None), *((each, None) for each in Ending))
    ] + [request(status=status, reason=reason, closed_at=MONDAY) for reason in Reason]
    with speaking(language):
        for each in ends:
            found = stands(each, DECLARED)
            assert found.state
            assert bool(found.next) == (status in {"received", "taken", "introduced"})


def test_a_change_by_the_firm_does_not_change_since_when_it_stands_so() -> None:
    changed = event(EventKind.CHANGED, Status.RECEIVED, 3)
    moved = request(updated_at=MONDAY + timedelta(days=3))
    assert stands(moved, DECLARED, changed).since == MONDAY


@pytest.mark.parametrize("language", [FRENCH, ENGLISH])
@pytest.mark.parametrize("kind", list(EventKind))
def test_each_kind_of_event_has_words_for_the_firm_but_notes(
    kind: EventKind, language: str
) -> None:
    one = event(kind, Status.TAKEN, note="entre nous" if kind is EventKind.NOTE else None)
    with speaking(language):
        lines = own_history.lines(request(status=Status.TAKEN), [DECLARED, one])
    assert len(lines) == (1 if kind is EventKind.NOTE else 2)
    assert all(line.words for line in lines)
    assert "entre nous" not in str(lines)
    assert "Ada" not in str(lines)


def test_notes_that_go_with_moves_are_the_teams_but_a_reason_typed_for_the_firm() -> None:
    noted = event(EventKind.TAKE, Status.TAKEN, note="client difficile")
    refused = event(EventKind.REFUSE, Status.REFUSED, note="Pas de four ici.")
    other = request(status=Status.REFUSED, reason=Reason.OTHER, closed_at=MONDAY)
    lines = own_history.lines(other, [DECLARED, noted, refused])
    assert "difficile" not in str(lines)
    assert lines[-1].words == "non retenue\u00a0: Pas de four ici."
    listed = request(status=Status.REFUSED, reason=Reason.DUPLICATE, closed_at=MONDAY)
    assert "four" not in str(own_history.lines(listed, [DECLARED, refused]))


def test_the_end_is_told_with_what_it_gave_even_if_something_follows() -> None:
    closed = event(EventKind.CLOSE, Status.CLOSED, 3)
    said = event(
        EventKind.FEEDBACK, Status.CLOSED, 4, changes=(Change("helped", None, Helped.HELPED),)
    )
    ended = request(status=Status.CLOSED, outcome=Ending.SUCCESS, closed_at=closed.at)
    words = [line.words for line in own_history.lines(ended, [DECLARED, closed, said])]
    assert words[1] == "close\u00a0: elle a abouti"
    assert words[2].replace("\u00a0", " ") == "vous avez dit : « Oui, et cela m'a aidé »"


def test_a_long_history_shows_its_end_with_its_true_numbers() -> None:
    many = [DECLARED, *(event(EventKind.TO_FIRM, Status.TAKEN, note="x" * 900) for _ in range(40))]
    lines = own_history.lines(request(status=Status.TAKEN), many)
    assert [line.number for line in lines] == list(range(30, 42))
    assert sum(len(line.words) for line in lines) < 3000


@pytest.mark.parametrize("kind", KINDS)
async def test_the_receipt_says_by_when_and_the_list_says_it_too(
    sme: Speaker, stage: Stage, kind: str
) -> None:
    number = await declares(sme, stage, kind)
    sme.sees("d'ici le lundi 30 novembre", "à chaque étape", "/mesdemandes")
    await sme.says("/mesdemandes")
    sme.sees(number, "pas encore prise en charge", "d'ici le lundi 30 novembre")
    await moves_by(stage, EventKind.TAKE)
    await sme.says(number)
    sme.sees("Et ensuite ? Un signe de la personne", "2. ", "prise en charge par l'équipe")
    outcome = Particulars(outcome=Ending.SUCCESS)
    await moves_by(stage, EventKind.INTRODUCE, EventKind.CLOSE, particulars=outcome)
    await sme.says("/mesdemandes")
    sme.sees("Close : elle a abouti (le 23 novembre 2026)")


async def test_whoever_withdraws_after_the_contact_reads_what_that_means(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    await sme.taps("Voir ma demande")
    await sme.taps("Suite…")
    await sme.taps("Retirer ma demande")
    sme.sees("Vos coordonnées ont déjà été transmises le 23 novembre 2026")
    await sme.taps("Oui, retirer")
    sme.sees("si l'on vous contacte encore")
    administrator.received(
        "Ses coordonnées avaient été transmises le 23 novembre", "qu'elle se ret"
    )
