"""What people want done: each act leads to what it asks for, and its words are plain and short."""

import pytest
from dialogue import Speaker, Stage, buttons, decides
from sqlalchemy import select

from handlers.core.buttons import ListProjects, Propose, person_button
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Act, Action
from storage.engine.schema import drafts, questions

# In words: a reply stands above buttons, or above a whole screen.
LONGEST_REPLY = 45


def act_for(knowledge: Knowledge, action: Action) -> Act:
    return next(act for act in knowledge.acts if act.action is action)


async def asks(sme: Speaker, act_id: str) -> None:
    """Say the first phrasing of an act."""
    act = sme.stage.knowledge.act(act_id)
    assert act is not None
    await sme.says(act.phrasings[0])


def test_every_reply_is_short_and_is_in_english_too(shipped: Knowledge) -> None:
    for act in shipped.acts:
        for said in (act.said_in("fr"), act.said_in("en")):
            assert len(said.reply.split()) <= LONGEST_REPLY, act.id
            assert "\n" not in said.reply, act.id
            assert len(said.title or "") <= 40, act.id
        assert act.en is not None, act.id


# No act shows the themes at present.
@pytest.mark.parametrize("action", [each for each in Action if each is not Action.THEMES])
async def test_each_action_answers_with_the_words_of_its_act(
    sme: Speaker, stage: Stage, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = act_for(stage.knowledge, action)
    decides(monkeypatch, {"faites cela": Decision(Outcome.ACT, (act.id,), ())})
    await sme.says("faites cela")
    assert sme.new, act.id
    rows = await stage.rows(select(questions.c.outcome, questions.c.shown))
    assert rows == [("act", [act.id])]


async def test_a_person_is_reached_from_here_and_without_telegram(sme: Speaker) -> None:
    await asks(sme, "humain")
    sme.sees("contact@exemple.fr")
    assert sme.labels == ["Transmettre à un facilitateur", "Être rappelé"]


async def test_what_tells_more_than_the_wish_for_a_person_is_handed_over_as_it_was_typed(
    sme: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "personne ne me répond depuis trois semaines pour mon dossier de séchoir commun"
    decides(monkeypatch, {words: Decision(Outcome.ACT, ("reclamation",), ())})
    await sme.says(words)
    sme.sees("Je suis désolé")
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("Transmettre cette question", words)


async def test_a_wish_for_a_person_in_few_words_asks_what_to_hand_over(sme: Speaker) -> None:
    await asks(sme, "humain")
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("Quelle est votre question ?")


async def test_the_number_of_the_team_is_in_the_sentence(sme: Speaker, stage: Stage) -> None:
    await stage.stops()
    stage.overrides = {"contact_phone": "04 00 00 00 00"}
    await stage.starts()
    await asks(sme, "telephone")
    sme.sees("L'équipe se joint au 04 00 00 00 00")
    assert "Être rappelé" in sme.labels


async def test_without_a_number_the_other_ways_are_said(sme: Speaker, stage: Stage) -> None:
    await stage.stops()
    stage.overrides = {"contact_phone": "", "contact_email": "a@exemple.fr"}
    await stage.starts()
    await asks(sme, "telephone")
    sme.sees("n'a pas indiqué de numéro", "a@exemple.fr")
    assert "Être rappelé" in sme.labels


@pytest.mark.parametrize(
    ("act_id", "label", "heading"),
    [
        ("partager", "Proposer une ressource", "Décrivez la ressource"),
        ("mener", "Proposer d'être chef de file", "Dites sur quel sujet"),
        ("proposer", "Proposer une idée ou une ressource", "Que proposez-vous ?"),
    ],
)
async def test_a_form_is_one_tap_away_with_its_kind_chosen(
    sme: Speaker, stage: Stage, act_id: str, label: str, heading: str
) -> None:
    await asks(sme, act_id)
    assert await stage.rows(select(drafts.c.form)) == []
    await sme.taps(label)
    await sme.taps("J'ai compris, commencer")
    sme.sees(heading)


async def test_the_kind_chosen_is_kept_where_the_contact_is_known_already(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.taps("Une idée")
    for typed in ("Trier nos chutes ensemble", "Mécanique du Delta", "Sam Costa"):
        await sme.says(typed)
    await sme.taps("Par téléphone")
    await sme.says("06 12 34 56 78")
    await sme.says("oui")
    await asks(sme, "partager")
    await sme.taps("Proposer une ressource")
    sme.sees("Il reste une question", "Mécanique du Delta")


async def test_nothing_is_erased_before_it_is_confirmed(sme: Speaker, stage: Stage) -> None:
    await asks(sme, "effacer")
    assert {"Oui, tout effacer"} < set(sme.labels)
    assert len(await stage.rows(select(questions.c.id))) == 1


async def test_data_can_be_received_or_erased_by_a_tap(sme: Speaker) -> None:
    await asks(sme, "donnees")
    assert sme.labels == ["Recevoir mes données", "Tout effacer", "Parler à une personne"]
    await sme.taps("Recevoir mes données")
    assert any("document" in message for message in sme.new)
    await sme.taps("Tout effacer")
    assert "Oui, tout effacer" in sme.labels


async def test_what_can_be_stopped_is_offered(sme: Speaker) -> None:
    await asks(sme, "arreter")
    sme.sees("rien d'autre ne viendra")
    assert sme.labels == ["Voir mes demandes", "Tout effacer", "Parler à une personne"]


async def test_requests_projects_and_help_are_shown_at_once(sme: Speaker) -> None:
    await asks(sme, "suivi")
    sme.sees("je ne vois aucune demande", "contact@exemple.fr")
    await asks(sme, "projets")
    sme.sees("Projets ouverts")
    await asks(sme, "capacites")
    sme.sees("/mesdemandes")


@pytest.mark.parametrize("act_id", ["detresse", "colere", "insulte", "reclamation"])
async def test_who_is_upset_gets_human_words_and_a_person_and_no_menu(
    sme: Speaker, act_id: str
) -> None:
    await asks(sme, act_id)
    assert sme.text.startswith("Je suis désolé")
    assert "Être rappelé" in sme.labels
    menu = {"t", ListProjects().pack(), Propose().pack()}
    shown = {one["callback_data"] for message in sme.new for one in buttons(message)}
    assert not menu & shown
    assert "/themes" not in sme.text


async def test_distress_also_leads_to_whoever_helps_firms_in_difficulty(
    sme: Speaker, stage: Stage
) -> None:
    await asks(sme, "detresse")
    entry = stage.knowledge.entry("entreprise-en-difficulte")
    assert entry is not None
    await sme.taps(entry.title)
    sme.sees("Source :")


async def test_thanks_are_answered_in_a_few_words(sme: Speaker) -> None:
    for thanks in ("merci", "merci beaucoup", "super merci"):
        await sme.says(thanks)
        assert len(sme.text.split()) <= 20
        assert "compris" not in sme.text


@pytest.mark.parametrize("act_id", ["oui", "non"])
async def test_yes_and_no_to_nothing_say_what_can_be_done(sme: Speaker, act_id: str) -> None:
    await asks(sme, act_id)
    assert person_button()["text"] in sme.labels


async def test_an_act_in_a_form_is_done_and_the_form_goes_on(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.taps("Une idée")
    await sme.says("Trier nos chutes ensemble")
    await sme.says("êtes-vous un robot ?")
    sme.sees("automatique", "Quel est le nom de votre entreprise")
