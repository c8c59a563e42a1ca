"""What a form may hold, whatever wrote the draft: an older version, a tap, an earlier request."""

from typing import Any

import phonenumbers
import pytest
from dialogue import inside
from offline import SENDER, chat, from_bot, handle, message, offline_bot, tap, texts  # noqa: F401
from sqlalchemy import text

from benchmarks.soak.offline_bot import FACILITATORS, OfflineBot
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.forms.soundness import row_of
from handlers.forms.steps import Form
from handlers.requests import interest
from handlers.table import AHEAD, FORMS
from knowledge.model import Project
from storage.records.drafts import Draft

COMPLETE = {
    "company": "Chaudronnerie Martin",
    "name": "Samira Costa",
    "contact_kind": "email",
    "contact": "samira.costa@exemple.fr",
    "role": "",
    "message": "",
    "siret": "",
}


def project(bot: OfflineBot, *, led: bool) -> Project:
    listed = bot.services.knowledge.census.listed(bot.services.today())
    return next(each for each in listed if (each.lead is not None) == led)


async def put(bot: OfflineBot, draft: dict[str, Any]) -> None:
    """Leave a form in progress, as anything may have written it."""
    async with bot.database.begin() as work:
        person = await work.people.seen(SENDER)
        subject = project(bot, led=False).id
        whole = {"form": "interest", "step": RECAP, "subject": subject, "answers": COMPLETE}
        work.drafts.save(Draft(person.id, **whole | draft))


async def says(bot: OfflineBot, typed: str) -> str:
    return "\n".join(texts(await handle(bot, message=message(typed))))


async def taps(bot: OfflineBot, data: str) -> tuple[str, str]:
    """Return what is said, and the toast."""
    handled = await handle(bot, **tap(data, from_bot("…", chat())))
    return "\n".join(texts(handled)), (handled.turn.toast_text or "").replace("\u00a0", " ")


def recorded(bot: OfflineBot) -> int:
    return len(bot.rows("SELECT id FROM interests"))


async def test_a_complete_form_is_submitted(offline: OfflineBot) -> None:
    await put(offline, {})
    # An older version kept no wording of the consent: it is shown, and agreed to, first.
    assert "Rien n'est encore envoyé" in await says(offline, "oui")
    assert recorded(offline) == 0
    assert "C'est enregistré" in await says(offline, "oui")
    assert recorded(offline) == 1


@pytest.mark.parametrize("missing", ["company", "name", "contact_kind", "contact", "role"])
@pytest.mark.parametrize("way", ["oui", "fv", "fk:recap"])
async def test_the_first_missing_step_is_asked(offline: OfflineBot, missing: str, way: str) -> None:
    answers = {key: value for key, value in COMPLETE.items() if key != missing}
    await put(offline, {"answers": answers})
    if way == "oui":
        said = await says(offline, way)
    else:
        data = f"fv:{project(offline, led=False).id}" if way == "fv" else way
        said, _ = await taps(offline, data)
    # The kind of contact is part of what is said of the contact.
    asked = {"contact_kind": "contact_kind"}.get(missing, missing)
    assert recorded(offline) == 0
    (kept,) = offline.rows("SELECT step, answers FROM drafts")
    assert kept["step"] == asked
    assert '"oui"' not in kept["answers"]
    assert "Récapitulatif" not in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("company", ""),
        ("company", "  "),
        ("company", "x" * 5000),
        ("company", 7),
        ("name", None),
        ("contact_kind", "pigeon"),
        ("contact", "personne"),
        ("contact", "06 12 34 56 78"),
        ("role", "king"),
        ("message", "x" * 5000),
        ("siret", "123"),
    ],
)
async def test_an_answer_that_its_step_refuses_is_asked_again(
    offline: OfflineBot, key: str, value: object
) -> None:
    await put(offline, {"answers": COMPLETE | {key: value}})
    await says(offline, "oui")
    assert recorded(offline) == 0
    assert offline.rows("SELECT step FROM drafts") == [{"step": key}]


async def test_a_choice_that_is_no_longer_offered_is_asked_again(offline: OfflineBot) -> None:
    led = {"subject": project(offline, led=True).id, "answers": COMPLETE | {"role": "lead"}}
    await put(offline, led)
    assert "Que souhaitez-vous" in await says(offline, "oui")
    assert recorded(offline) == 0


async def test_a_request_that_is_changed_keeps_such_a_choice(offline: OfflineBot) -> None:
    """The firm may be the one that leads the project since."""
    led = {"subject": project(offline, led=True).id, "answers": COMPLETE | {"role": "lead"}}
    await put(offline, led | {"changes": "TI-2026-0001"})
    await says(offline, "oui")
    await says(offline, "oui")
    assert offline.rows("SELECT role FROM interests") == [{"role": "lead"}]


async def test_a_request_that_is_changed_takes_no_such_choice_anew(offline: OfflineBot) -> None:
    led = {"subject": project(offline, led=True).id, "step": "role"}
    await put(offline, led | {"changes": "TI-2026-0001"})
    _, toast = await taps(offline, "fp:role:lead")
    assert "chef de file" in toast
    assert "lead" not in str(offline.rows("SELECT answers FROM drafts"))


async def test_a_project_that_closed_meanwhile_takes_nothing(offline: OfflineBot) -> None:
    await put(offline, {"subject": "retire-depuis"})
    assert "a cessé de prendre des demandes" in await says(offline, "oui")
    assert recorded(offline) == 0


async def test_a_reused_contact_that_is_not_right_is_asked(offline: OfflineBot) -> None:
    answers = {key: COMPLETE[key] for key in ("name", "contact_kind", "contact")}
    await put(offline, {"step": NOTICE, "answers": answers, "reuses": "TI-2026-0001"})
    assert "TI-2026-0001" not in await says(offline, "?")
    said, _ = await taps(offline, "fb")
    assert "nom de votre entreprise" in said


@pytest.mark.parametrize("data", ["fs:company", "fs:name", "fp:company:x", "fk:company"])
async def test_a_forged_tap_is_told_and_the_question_stays(offline: OfflineBot, data: str) -> None:
    await put(offline, {"step": data.split(":")[1], "answers": {"company": "Martin"}})
    if "company" in data:
        await put(offline, {"step": "company", "answers": {}})
    said, toast = await taps(offline, data)
    assert "n'est plus" in toast
    assert "Quel" in said


@pytest.mark.parametrize("data", ["fe:contact", "fe:siret", "fm", "fe:recap", "fe:notice"])
@pytest.mark.parametrize("step", [NOTICE, "company"])
async def test_no_question_is_asked_before_those_that_it_names(
    offline: OfflineBot, data: str, step: str
) -> None:
    await put(offline, {"step": step, "answers": {}})
    _, toast = await taps(offline, data)
    assert "n'est plus actif" in toast
    assert offline.rows("SELECT step FROM drafts") == [{"step": step}]


@pytest.mark.parametrize("answers", ["null", "5", "[]", '"x"', "true", "not json", "[" * 5000])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
async def test_a_draft_whose_answers_are_none_begins_anew(
    offline: OfflineBot, form: Form, answers: str
) -> None:
    async def spoil() -> None:
        await put(offline, {"form": form.name})
        async with offline.database.begin() as work:
            spoilt = text("UPDATE drafts SET answers = :answers")
            await inside(work.people, "connection").execute(spoilt, {"answers": answers})

    await spoil()
    assert await says(offline, "oui")
    (kept,) = offline.rows("SELECT step FROM drafts")
    assert kept["step"] == form.steps[0].key
    for data in ("fr", "fm", "fx:0", f"fs:{form.steps[0].key}"):
        await spoil()
        assert any(await taps(offline, data)), data
    await spoil()
    assert await says(offline, "/annuler")


@pytest.mark.parametrize("subject", ["x", "", "9" * 30, "-1", "\u0661", "404"])
async def test_a_change_of_a_request_that_is_gone_is_said(
    offline: OfflineBot, subject: str
) -> None:
    answers = COMPLETE | {"kind": "idea", "description": "Un banc d'essai"}
    await put(offline, {"form": "proposal", "subject": subject, "answers": answers})
    assert "n'est plus gardée" in await says(offline, "oui")


def test_only_a_number_names_a_row() -> None:
    named = {subject: row_of(Draft(1, "f", "s", subject)) for subject in ("7", "x", "\u0661", "-7")}
    assert named == {"7": 7, "x": 0, "\u0661": 0, "-7": 0}


def _contact(typed: str) -> str:
    """Return the contact that is kept of a typed text."""
    return interest.FORM.by_key["contact"].read(typed, {})["contact"]


@pytest.mark.parametrize(
    "typed",
    [
        "06 12 34 56 78",
        "0033612345678",
        "04 91 00 00 00 poste 12",
        "+44 20 7946 0958",
        "+39 06 698 12345",
        "+54 9 11 4321 0000",
        "+49 30 901820",
        "+1 212 555 0123 ext. 9",
        "Samira.Costa@Exemple.FR",
        "prénom@exemple.fr",
    ],
)
def test_a_contact_that_was_taken_is_taken_again(typed: str) -> None:
    """What a request holds must pass when it is changed a year later."""
    once = _contact(typed)
    assert _contact(once) == once


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_number_of_any_country_that_was_taken_is_taken_again(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number is not None
    once = _contact(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    assert _contact(once) == once


@pytest.mark.parametrize("prefix", sorted(name for name in AHEAD if not name.startswith("/")))
async def test_a_forged_tap_that_needs_work_beforehand_is_an_expired_button(
    offline: OfflineBot, prefix: str
) -> None:
    shown = from_bot("…", chat(FACILITATORS, "supergroup"))
    handled = await handle(offline, **tap(f"{prefix}:?", shown))
    assert "a expiré" in (handled.turn.toast_text or "")
