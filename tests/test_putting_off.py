"""What is answered later: an optional step is passed, another form of the same words waits."""

import json
from typing import Any

from offline import SENDER, handle, message, offline_bot, texts  # noqa: F401
from test_soundness import COMPLETE, project

from benchmarks.soak.offline_bot import OfflineBot
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.forms.steps import Form
from handlers.table import FORMS
from storage.records.drafts import Draft

LATER = (
    "plus tard",
    "je ne l'ai pas sous la main",
    "Plus tard, merci.",
    "J'ai pas ça sous la main désolé, je vous le donnerai plus tard",
    "pas maintenant",
    "later",
    "I don't have it at hand, sorry",
)
ANSWERS: dict[str, dict[str, str]] = {
    "interest": COMPLETE,
    "proposal": {
        "kind": "idea",
        "description": "Un four en commun.",
        **{key: COMPLETE[key] for key in ("company", "name", "contact_kind", "contact")},
        "contact_note": "",
    },
    "callback": {
        "contact": "+33 6 12 34 56 78",
        **dict.fromkeys(("contact_note", "message", "company", "name"), ""),
    },
    "handoff": {"text": "Une question ?"},
}
SPEAKING = [form for form in FORMS if form.confirms]
STEPS = [(form, step.key) for form in SPEAKING for step in form.steps]
OPTIONAL = [(form, key) for form, key in STEPS if form.by_key[key].optional]
OTHERS = [(form, key) for form, key in STEPS if not form.by_key[key].optional]


async def put(bot: OfflineBot, form: Form, step: str, **more: Any) -> None:
    """Leave a form at one of its steps, with all answers before it."""
    keys = [each.key for each in form.steps]
    before = set(keys[: keys.index(step)] if step in keys else keys) if step != NOTICE else set()
    answers = {key: value for key, value in ANSWERS[form.name].items() if key in before}
    subject = project(bot, led=False).id if form.name == "interest" else "new"
    async with bot.database.begin() as work:
        person = await work.people.seen(SENDER)
        draft = {"answers": answers} | more
        work.drafts.save(Draft(person.id, form.name, step, subject, **draft))


async def says(bot: OfflineBot, typed: str) -> str:
    said = "\n".join(texts(await handle(bot, message=message(typed))))
    return said.replace("\u00a0", " ")


def kept(bot: OfflineBot) -> dict[str, Any]:
    (row,) = bot.rows("SELECT step, answers, leaving FROM drafts")
    return row


def test_every_form_with_a_recap_has_answers_here() -> None:
    assert {form.name for form in SPEAKING} == ANSWERS.keys()
    assert all(
        form.by_key.keys() >= ANSWERS[form.name].keys() - {"contact_note"}
        for form in FORMS
        if form.confirms
    )


async def test_an_optional_step_is_passed_and_that_is_said(offline: OfflineBot) -> None:
    said = [(*at, typed) for at in OPTIONAL for typed in (LATER if at[1] == "siret" else LATER[:2])]
    for form, key, typed in said:
        await put(offline, form, key)
        assert "Étape passée." in await says(offline, typed), typed
        now = kept(offline)
        assert now["step"] != key
        assert not now["leaving"]
        assert json.loads(now["answers"])[key] == ""


async def test_anywhere_else_the_form_waits_and_says_how_it_is_resumed(
    offline: OfflineBot,
) -> None:
    between = [(form, place) for form in SPEAKING for place in (NOTICE, RECAP)]
    for form, key in (*OTHERS, *between):
        if key == NOTICE and "notice" not in form.text.names:
            continue
        for typed in (*(LATER if key == "contact" else LATER[:2]), "un instant, je cherche"):
            await put(offline, form, key)
            before = kept(offline)
            said = await says(offline, typed)
            assert "vous attend 48 heures, avec vos réponses" in said, (form.name, key, typed)
            assert kept(offline) == before
        assert "vous attend" not in await says(offline, "je reprends")
        assert kept(offline)["step"] == before["step"]


async def test_an_answer_that_is_there_stays(offline: OfflineBot) -> None:
    for form, key in OPTIONAL:
        there = {"role": "learn", "siret": "73282932000074"}.get(key, "Mardi matin")
        await put(offline, form, RECAP)
        answers = ANSWERS[form.name] | {key: there}
        await put(offline, form, key, answers=answers, editing=True)
        assert "Votre réponse reste comme elle est." in await says(offline, "plus tard")
        now = kept(offline)
        assert now["step"] == RECAP
        assert there in now["answers"]


async def test_words_that_say_more_are_an_answer(offline: OfflineBot) -> None:
    form = next(each for each in FORMS if each.name == "interest")
    for typed in ("Plus tard, je voudrais agrandir l'atelier", "en fin de journée", "Plus belle"):
        await put(offline, form, "message")
        await says(offline, typed)
        assert typed in kept(offline)["answers"]


async def test_a_moment_is_waited_for_where_a_number_is_looked_up(offline: OfflineBot) -> None:
    form = next(each for each in FORMS if each.name == "interest")
    await put(offline, form, "siret")
    assert "vous attend" in await says(offline, "attendez, je cherche")
    assert "Récapitulatif" in await says(offline, "732 829 320 00074")
