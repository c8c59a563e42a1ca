"""Asking: an answer, choices, an honest no; votes, themes, small talk, and other things."""

import pytest
from dialogue import Speaker, Stage, buttons, choice_of, decides
from sqlalchemy import select

from handlers.core.paging import BUTTON_ITEMS
from storage.engine.schema import questions

# Words that no title holds, so that they are not taken for one that is in sight.
UNSURE = "cela même"


@pytest.fixture
def _unsure(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some words of which the matcher is never sure."""
    near = [entry.id for entry in stage.knowledge.entries[5:8]]
    decides(monkeypatch, {UNSURE: choice_of(*near)})


async def test_start_says_who_speaks_and_what_can_be_done(sme: Speaker) -> None:
    await sme.says("/start")
    sme.sees("assistant automatique", "/confidentialite")
    assert "Voir les projets ouverts" in sme.labels


async def test_a_curated_phrasing_gets_its_answer_with_source_and_date(
    sme: Speaker, stage: Stage
) -> None:
    entry = stage.knowledge.entries[4]
    await sme.says(entry.phrasings[0].upper() + " !!")
    sme.sees("Source :", "Vérifié le 23 novembre 2026", "Cette réponse vous aide-t-elle ?")
    related = stage.knowledge.entry(entry.see_also[0])
    assert related is not None
    assert related.title in sme.labels


async def test_every_entry_answers_its_canonical_question(sme: Speaker, stage: Stage) -> None:
    for entry in stage.knowledge.entries:
        await sme.says(entry.question)
        sme.sees("Cette réponse vous aide-t-elle ?")
        rows = await stage.rows(select(questions.c.shown).order_by(questions.c.id.desc()).limit(1))
        assert rows[0][0] == [entry.id]


async def test_a_helpful_vote_is_kept_and_the_buttons_go(sme: Speaker, stage: Stage) -> None:
    await sme.says(stage.knowledge.entries[0].question)
    await sme.taps("Oui, elle m'aide")
    sme.sees("oui, elle m'aide. Merci")
    assert "Oui, elle m'aide" not in sme.labels
    assert await stage.rows(select(questions.c.helpful)) == [(True,)]


async def test_an_unhelpful_vote_offers_a_person(sme: Speaker, stage: Stage) -> None:
    await sme.says(stage.knowledge.entries[0].question)
    await sme.taps("Non, pas vraiment")
    sme.sees("parler à une personne")
    await sme.taps("Parler à une personne")
    sme.sees("contact@exemple.fr")
    assert await stage.rows(select(questions.c.helpful)) == [(False,)]


async def test_a_double_tap_on_a_vote_counts_once(sme: Speaker, stage: Stage) -> None:
    await sme.says(stage.knowledge.entries[0].question)
    message, data = sme.button("Oui, elle m'aide")
    await sme.taps_data(message["message_id"], data, times=2)
    assert await stage.rows(select(questions.c.helpful)) == [(True,)]


async def test_a_related_question_is_answered_from_its_button(sme: Speaker, stage: Stage) -> None:
    entry = stage.knowledge.entries[0]
    related = stage.knowledge.entry(entry.see_also[0])
    assert related is not None
    await sme.says(entry.question)
    await sme.taps(related.title)
    sme.sees("Source :")


async def test_an_unknown_question_is_said_to_be_unknown_and_kept_masked(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("recette de la bouillabaisse pour le SIRET 732 829 320 00074")
    sme.sees("Je n'ai pas de réponse à cette question")
    assert "Choisir un thème" in sme.labels
    ((text, outcome),) = await stage.rows(select(questions.c.text, questions.c.outcome))
    assert outcome == "none"
    assert "732" not in text
    assert "bouillabaisse" in text


@pytest.mark.usefixtures("_unsure")
async def test_choices_then_the_chosen_answer_replaces_them(sme: Speaker, stage: Stage) -> None:
    await sme.says(UNSURE)
    sme.sees("Je ne suis pas sûr")
    *options, none, person = sme.labels
    assert 2 <= len(options) <= 3
    assert (none, person) == ("Aucune de ces réponses", "Parler à une personne")
    # Screen readers may skip the buttons: the text has the same numbers and titles.
    sme.sees("\n".join(options))
    count = len(sme.messages())
    await sme.taps(options[1])
    sme.sees("Source :")
    assert len(sme.messages()) == count
    ((chosen,),) = await stage.rows(select(questions.c.chosen))
    entry = stage.knowledge.entry(chosen)
    assert entry is not None
    assert f"2. {entry.title}" == options[1]


@pytest.mark.usefixtures("_unsure")
async def test_none_of_the_choices_leads_to_the_same_help_as_no_answer(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("recette de la bouillabaisse")
    sme.sees("Je n'ai pas de réponse")
    offered = sme.labels[-3:]
    await sme.says(UNSURE)
    count = len(sme.messages())
    await sme.taps("Aucune de ces réponses")
    sme.sees("je garde votre question")
    assert len(sme.messages()) == count
    assert sme.labels == offered
    assert offered[0] == "Transmettre à un facilitateur"
    await sme.taps("Choisir un thème")
    assert sme.labels[0] == f"1. {stage.knowledge.entries[0].title}"


@pytest.mark.usefixtures("_unsure")
async def test_a_question_that_was_erased_is_not_said_to_be_kept(sme: Speaker) -> None:
    await sme.says(UNSURE)
    message, data = sme.button("Aucune de ces réponses")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await sme.taps_data(message["message_id"], data)
    sme.sees("Aucune de ces réponses ne convenait. Une personne peut vous répondre")


@pytest.mark.usefixtures("_unsure")
async def test_a_new_question_while_choices_are_shown_is_a_new_question(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says(UNSURE)
    await sme.says(stage.knowledge.entries[0].question)
    sme.sees("Source :")


@pytest.mark.usefixtures("_unsure")
async def test_never_two_clarifications_in_a_row(sme: Speaker) -> None:
    await sme.says(UNSURE)
    sme.sees("Je ne suis pas sûr")
    await sme.says(UNSURE)
    sme.sees("Je n'ai pas de réponse")
    assert "Transmettre à un facilitateur" in sme.labels


async def test_an_act_is_answered_by_an_automatic_assistant(sme: Speaker) -> None:
    await sme.says("Bonjour")
    assert sme.text
    await sme.says("êtes-vous un robot ?")
    sme.sees("automatique")


async def test_themes_list_every_entry(sme: Speaker, stage: Stage) -> None:
    await sme.says("/themes")
    titles = [f"{n}. {entry.title}" for n, entry in enumerate(stage.knowledge.entries, 1)]
    shown = sme.labels[:BUTTON_ITEMS]
    await sme.taps("Suivant ›")
    shown = [*shown, *sme.labels][: len(titles)]
    assert shown == titles
    await sme.taps(titles[-2])
    sme.sees("Source :")


@pytest.mark.parametrize("text", ["   ", "\n", "👍", "…", "?!?", "‍\u200b"])
async def test_a_message_without_words_is_answered(sme: Speaker, text: str) -> None:
    await sme.says(text)
    sme.sees("Je n'ai pas vu de mots")


@pytest.mark.parametrize(
    "text", ["a" * 4096, "projet " * 585, "<b>gras</b> & <script>", "é" * 4000]
)
async def test_long_and_marked_up_texts_are_answered(sme: Speaker, text: str) -> None:
    await sme.says(text)
    assert sme.text


async def test_five_thousand_characters_from_a_server_without_limits(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("/start")
    stage.messenger.delivers(_text_update(sme, "comment financer un projet " * 200))
    await stage.settles()
    assert sme.messages()[-1]["from"]["is_bot"]


def _text_update(sme: Speaker, text: str) -> dict[str, object]:
    person = {"id": sme.user.id, "is_bot": False, "first_name": "Nadia"}
    chat = {"id": sme.chat_id, "type": "private", "first_name": "Nadia"}
    message = {"message_id": 900, "date": 1795428000, "chat": chat, "from": person, "text": text}
    return {"message": message}


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "document"])
async def test_other_things_than_text_get_a_polite_line(sme: Speaker, kind: str) -> None:
    await sme.sends(kind)
    sme.sees("je ne lis que le texte")


async def test_an_unknown_command_is_named(sme: Speaker) -> None:
    await sme.says("/meteo demain")
    sme.sees("Je ne connais pas la commande /meteo")


async def test_an_unknown_button_says_that_it_has_expired(sme: Speaker) -> None:
    await sme.says("/start")
    message = sme.messages()[-1]
    for data in ("zz:1", "v:1:presentation:1:9", "p", "::::", "é"):
        await sme.taps_data(message["message_id"], data)
        assert "expiré" in sme.toast


async def test_a_vanished_entry_is_said_to_be_replaced(sme: Speaker) -> None:
    await sme.says("/start")
    await sme.taps_data(sme.messages()[-1]["message_id"], "e:disparue")
    sme.sees("Cette réponse n'existe plus")


async def test_help_names_every_command(sme: Speaker) -> None:
    await sme.says("/aide")
    sme.sees("/projets", "/themes", "/mesdemandes", "/annuler", "/mesdonnees", "/supprimer")


async def test_a_command_of_a_person_typed_in_a_group_is_sent_to_private(
    administrator: Speaker,
) -> None:
    await administrator.says("/mesdemandes")
    administrator.sees("conversation privée")


async def test_the_group_s_own_talk_is_left_alone(administrator: Speaker) -> None:
    await administrator.says("Qui appelle la société Benali ?")
    assert administrator.new == []


async def test_answers_have_no_button_without_words(sme: Speaker, stage: Stage) -> None:
    await sme.says(stage.knowledge.entries[0].question)
    for message in sme.new:
        assert all(any(c.isalpha() for c in button["text"]) for button in buttons(message))
