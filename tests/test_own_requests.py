"""What a person sent: requests and handed-over questions in one list, found by their numbers."""

import pytest
from dialogue import Speaker, Stage
from requests_fixtures import declares, moves_by
from test_dialogue_handoff import PLAIN, card, closes, hands_over, replies
from test_dialogue_interest import begins, registers
from test_prefetch import noted  # noqa: F401 (a fixture)

from storage.records.interests import EventKind

OFFERED = "Parler à une personne"


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


async def sends_both(sme: Speaker, stage: Stage) -> str:
    """Send a request on Monday, and hand a question over on Wednesday."""
    number = await registers(sme, stage)
    stage.clock.passes(days=2)
    await hands_over(sme)
    return number


async def test_both_are_listed_latest_first_and_numbered(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    number = await sends_both(sme, stage)
    await sme.says("/mesdemandes")
    sme.sees("1. Q-2026-0001, « Qui a gagné", "En attente de réponse", f"2. {number}, ")
    assert [label[:5] for label in sme.labels[:2]] == ["1. Q-", "2. TI"]
    assert sme.labels[-1] == OFFERED
    await replies(facilitator, "Personne", card(facilitator))
    await sme.says("/mesdemandes")
    sme.sees("Répondu le 25 novembre 2026")
    await sme.taps("1. Q-2026-0001")
    sme.sees("Question Q-2026-0001", PLAIN, "L'équipe a répondu", "Dernière réponse : « Personne »")
    assert sme.labels == ["Répondre", "Toutes mes demandes", OFFERED]
    await sme.taps("Répondre")
    sme.sees("Votre réponse ?")


async def test_the_question_of_a_closed_exchange_is_handed_over_again(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await sme.says("/mesdemandes")
    await sme.taps("1. Q-2026-0001")
    sme.sees("En attente de réponse")
    assert sme.labels[0] == "Ajouter un message"
    await closes(facilitator)
    await sme.says("/mesdemandes")
    sme.sees("Échange clos le 23 novembre 2026")
    await sme.taps("1. Q-2026-0001")
    sme.sees("Échange clos le")
    await sme.taps("Transmettre de nouveau")
    sme.sees("Transmettre cette question", PLAIN)
    await sme.taps("Oui, transmettre")
    assert PLAIN in card(facilitator, "Q-2026-0002")["text"]


async def test_the_list_has_pages_and_counts_on(sme: Speaker, stage: Stage) -> None:
    for number in range(5):
        stage.clock.passes(minutes=1)
        await hands_over(sme, f"{PLAIN} {number}")
    stage.clock.passes(minutes=1)
    await registers(sme, stage)
    await sme.says("/mesdemandes")
    sme.sees("page 1 sur 2", "1. TI-2026-0001", "5. Q-2026-0002")
    await sme.taps("Suivant")
    sme.sees("6. Q-2026-0001")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("où en est TI 2026 1 svp ?", "Demande TI-2026-0001"),
        ("et ma question q-2026-0001, des nouvelles ?", "Question Q-2026-0001"),
        ("bonjour, où en est ma demande de lundi ?", "Demande TI-2026-0001"),
        ("vous avez reçu ma question du 25 ?", "Question Q-2026-0001"),
        ("ma demande d'aujourd'hui", "Question Q-2026-0001"),
    ],
)
async def test_what_a_sentence_names_is_shown(
    sme: Speaker, stage: Stage, text: str, shown: str
) -> None:
    await sends_both(sme, stage)
    await sme.says(text)
    sme.sees(shown)
    assert len(sme.new) == 1


async def test_a_number_that_two_have_and_several_numbers(sme: Speaker, stage: Stage) -> None:
    number = await sends_both(sme, stage)
    await sme.says("où en est ma demande n° 1")
    sme.sees("Lesquelles ?", f"{number}", "1. Q-2026-0001")
    await sme.says(f"{number} et Q-2026-0001 et TI-2026-0099")
    sme.sees(f"Demande {number}", "Question Q-2026-0001", "pas de demande TI-2026-0099")


async def test_what_another_chat_sent_is_not_told_of(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    number = await sends_both(sme, stage)
    await other_sme.says(f"où en est {number} ?")
    theirs = other_sme.text
    await other_sme.says("où en est TI-2026-0077 ?")
    assert theirs.replace(number, "TI-2026-0077") == other_sme.text
    other_sme.sees("Je ne vois pas de demande TI-2026-0077 dans cette conversation")
    assert other_sme.labels == [OFFERED]
    await other_sme.says("Q-2026-0001")
    assert PLAIN not in other_sme.text
    await other_sme.says("ma demande d'avant-hier ?")
    other_sme.sees("rien d'envoyé ce jour-là")
    await other_sme.says("/mesdemandes")
    other_sme.sees("Il n'y en a pas encore dans cette conversation")
    assert OFFERED in other_sme.labels


async def test_a_number_in_a_form_is_answered_and_the_form_goes_on(
    sme: Speaker, stage: Stage
) -> None:
    number = await sends_both(sme, stage)
    await begins(sme, stage, 1)
    await sme.says(f"au fait, où en est {number}")
    sme.sees(f"Demande {number}")
    assert len(sme.new) == 2
    sme.sees("Que souhaitez-vous ?")
    await sme.says("/annuler")
    await sme.says("/proposer")
    await sme.says("commencer")
    await sme.says("1")
    await sme.says(f"où en est {number} ?")
    sme.sees(f"Demande {number}", "Décrivez votre idée")
    await sme.says(f"Suite de ma demande {number}, nous voulons une navette entre nos ateliers.")
    assert f"Demande {number}" not in sme.text


async def test_a_withdrawn_request_is_not_withdrawn_again(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    await sme.says(number)
    message, data = sme.button("Retirer ma demande")
    await sme.taps_data(message["message_id"], data)
    await sme.taps("Oui, retirer")
    await sme.taps_data(message["message_id"], data)
    sme.sees("est déjà retirée")
    assert "Modifier ma demande" not in sme.labels


async def test_the_list_costs_few_statements_however_long(
    sme: Speaker,
    stage: Stage,
    statements: list[str],
) -> None:
    for number in range(5):
        await hands_over(sme, f"{PLAIN} {number}")
    statements.clear()
    await sme.says("/mesdemandes")
    assert sum("FROM conversation" in one for one in statements) == 2


async def test_the_buttons_of_the_list_are_english_for_who_writes_english(sme: Speaker) -> None:
    await sme.says("please call me back on 06 39 98 00 11")
    await sme.taps("Yes, call me back")
    await sme.says("/mesdemandes")
    assert sme.labels[0] == "1. TI-2026-0001, to be called back"


@pytest.mark.parametrize(
    "moved", [(), (EventKind.TAKE,), (EventKind.TAKE, EventKind.INTRODUCE)], ids=len
)
async def test_a_card_shows_six_buttons_and_the_others_behind_one(
    sme: Speaker, stage: Stage, moved: tuple[EventKind, ...]
) -> None:
    number = await declares(sme, stage, "interest")
    if moved:
        await moves_by(stage, *moved)
    await sme.says(number)
    first = sme.labels
    assert len(first) == 6
    assert first[-2:] == ["Suite…", OFFERED]
    await sme.taps("Suite…")
    assert len(sme.labels) <= 6
    shown = {*first, *sme.labels}
    assert {"Relancer l'équipe", "Retirer ma demande", "Voir la fiche du projet"} <= shown
    assert {"Modifier ma demande", "Ajouter un mot", "Toutes mes demandes"} <= shown
    await sme.taps("‹ Retour à ma demande")
    assert sme.labels == first
