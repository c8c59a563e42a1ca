"""What a person types after a reply of the team, without quoting it."""

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import func, select
from test_dialogue_exchange import writes
from test_dialogue_handoff import NUMBER, PLAIN, card, edits, hands_over, replies
from test_dialogue_interest import registers

from handlers.core import caps
from storage.engine.schema import conversation_messages, conversations

OFFER = "Est-ce votre réponse à l'équipe"


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


async def is_answered(sme: Speaker, facilitator: Speaker, reply: str) -> None:
    """Hand a question over; the team replies a minute later."""
    await hands_over(sme)
    sme.stage.clock.passes(minutes=1)
    await replies(facilitator, reply, card(facilitator))
    sme.stage.clock.passes(minutes=1)


async def passed_on(stage: Stage) -> list[str]:
    found = await stage.rows(
        select(conversation_messages.c.text)
        .where(conversation_messages.c.side == "person")
        .order_by(conversation_messages.c.id)
    )
    return [row[0] for row in found]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Quelle commune ?", "Marseille"),
        ("Combien êtes-vous ?", "8 personnes, dont deux apprentis"),
        ("Souhaitez-vous être appelé ? Merci d'avance.", "Oui"),
        ("Avez-vous déjà un devis ?", "non"),
        ("Quand êtes-vous là ?", "mardi après 18 h"),
    ],
)
async def test_a_short_answer_to_a_question_of_the_team_is_passed_on_at_once(
    sme: Speaker, facilitator: Speaker, stage: Stage, asked: str, answer: str
) -> None:
    await is_answered(sme, facilitator, asked)
    await sme.says(answer)
    sme.sees(f"{NUMBER} : votre message « {answer} » est transmis à l'équipe")
    assert len(sme.new) == 1
    last = facilitator.messages()[-1]
    assert last["text"].startswith(f"{NUMBER}, la personne écrit")
    assert answer in last["text"]
    assert await passed_on(stage) == [answer]


async def test_what_may_be_for_the_team_is_offered_and_a_double_tap_sends_it_once(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Dites-nous où se trouve l'atelier.")
    await sme.says("Zone des Paluds, derrière la gare routière")
    sme.sees(OFFER, NUMBER)
    assert sme.labels == ["Oui, transmettre", "Non, c'est une autre question"]
    assert await passed_on(stage) == []
    message, data = sme.button("Oui, transmettre")
    await sme.taps_data(message["message_id"], data, times=2)
    assert await passed_on(stage) == ["Zone des Paluds, derrière la gare routière"]
    assert "déjà transmis" in sme.toast
    assert await stage.rows(select(conversations.c.offered)) == [(None,)]


async def test_an_offer_is_answered_by_a_typed_yes(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Dites-nous où se trouve l'atelier.")
    await sme.says("Zone des Paluds")
    sme.sees(OFFER)
    await sme.says("oui")
    sme.sees("« Zone des Paluds » est transmis")
    assert await passed_on(stage) == ["Zone des Paluds"]


@pytest.mark.parametrize("by_tap", [True, False])
async def test_what_is_not_for_the_team_is_answered_like_any_text(
    sme: Speaker, facilitator: Speaker, stage: Stage, *, by_tap: bool
) -> None:
    await is_answered(sme, facilitator, "Dites-nous où se trouve l'atelier.")
    await sme.says("Quelle heure est-il à Tokyo ?")
    sme.sees(OFFER)
    if by_tap:
        await sme.taps("Non, c'est une autre question")
    else:
        await sme.says("non")
    sme.sees("n'est pas transmis")
    assert "Transmettre à un facilitateur" in sme.labels
    assert await passed_on(stage) == []
    # It was asked once, with its own words.
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("Quelle heure est-il à Tokyo ?")


async def test_a_question_that_has_an_answer_is_answered(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Quelle commune ?")
    await sme.says(stage.knowledge.entries[0].question)
    assert OFFER not in sme.text
    assert "est transmis" not in sme.text
    # Something came between: what follows is asked about, not sent.
    stage.clock.passes(seconds=5)
    await sme.says("Marseille")
    sme.sees(OFFER)
    assert await passed_on(stage) == []


async def test_what_follows_an_answer_is_offered_for_some_minutes(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Quelle commune ?")
    await sme.says("Marseille")
    stage.clock.passes(minutes=2)
    await sme.says("treizième arrondissement, vers la Rose")
    sme.sees(OFFER)
    stage.clock.passes(minutes=30)
    await sme.says("treizième arrondissement, vers la Rose")
    assert OFFER not in sme.text


async def test_a_reply_of_the_day_before_is_no_longer_answered_without_quoting(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Quelle commune ?")
    stage.clock.passes(hours=24)
    await sme.says("Marseille")
    assert OFFER not in sme.text
    assert await passed_on(stage) == []


async def test_a_form_under_way_comes_first(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Quelle commune ?")
    await sme.says("/proposer")
    await sme.says("commencer")
    await sme.says("1")
    await sme.says("Une navette entre nos ateliers de Marseille")
    assert OFFER not in sme.text
    assert await passed_on(stage) == []


async def test_an_offer_of_a_closed_exchange_or_without_its_text_says_so(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Dites-nous où se trouve l'atelier.")
    await sme.says("Zone des Paluds")
    message, data = sme.button("Oui, transmettre")
    await facilitator.taps("Clore")
    await sme.taps_data(message["message_id"], data)
    sme.sees("est clos", "n'a pas été transmis")
    assert await passed_on(stage) == []


async def test_the_edit_of_what_was_passed_on_is_relayed_and_of_what_was_offered_offered_anew(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Quelle commune ?")
    said = stage.messenger.says(sme.user, "Marseile")
    await stage.settles()
    await edits(sme, said, "Marseille")
    assert "Marseille" in facilitator.messages()[-1]["text"]
    stage.clock.passes(minutes=1)
    said = stage.messenger.says(sme.user, "dans le treizieme")
    await stage.settles()
    await edits(sme, said, "dans le treizième")
    await sme.taps("Oui, transmettre")
    assert await passed_on(stage) == ["Marseille", "dans le treizième"]


@pytest.mark.usefixtures("low_limits")
async def test_the_team_is_not_flooded(sme: Speaker, facilitator: Speaker, stage: Stage) -> None:
    await is_answered(sme, facilitator, "Dites-nous où se trouve l'atelier.")
    most = caps.UNANSWERED_MESSAGES.most
    for number in range(most + 3):
        await sme.says(f"Zone des Paluds, travée {number}")
        await sme.says("oui")
        stage.clock.passes(seconds=40)
    assert len(await passed_on(stage)) == most
    found = await stage.rows(select(func.count()).select_from(conversation_messages))
    assert found[0][0] == most + 1


async def test_somebody_else_cannot_pass_anything_on(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Dites-nous où se trouve l'atelier.")
    await sme.says("Zone des Paluds")
    for label in ("Oui, transmettre", "Non, c'est une autre question"):
        _, data = sme.button(label)
        await other_sme.says("bonjour")
        await other_sme.taps_data(other_sme.messages()[-1]["message_id"], data)
        assert "n'est plus gardée" in other_sme.toast
    assert PLAIN not in str(other_sme.messages())
    assert await passed_on(stage) == []


async def test_of_two_that_wait_for_an_answer_the_person_says_which(
    sme: Speaker, facilitator: Speaker, administrator: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    await is_answered(sme, facilitator, "Combien êtes-vous ?")
    await writes(administrator, "Quand passer vous voir ?")
    await sme.says("nous sommes douze et on ferme le lundi")
    sme.sees(OFFER, f"1. {number}", f"2. {NUMBER}, « {PLAIN} »")
    assert sme.labels == [
        f"1. Transmettre pour {number}",
        f"2. Transmettre pour {NUMBER}",
        "Non, c'est une autre question",
    ]
    # A yes does not say which.
    await sme.says("oui")
    sme.sees(OFFER, f"2. {NUMBER}")
    assert await passed_on(stage) == []
    await sme.says("2")
    sme.sees(f"{NUMBER} : votre message « nous sommes douze et on ferme le lundi » est transmis")
    assert await passed_on(stage) == ["nous sommes douze et on ferme le lundi"]
    assert "douze" in facilitator.messages()[-1]["text"]
    assert set(await stage.rows(select(conversations.c.offered))) == {(None,)}
    assert "douze" not in administrator.messages()[-1]["text"]


async def test_a_question_after_the_answer_is_no_addition_to_it(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await is_answered(sme, facilitator, "Quelle commune ?")
    await sme.says("Marseille")
    await sme.says("Quelle heure est-il à Tokyo ?")
    assert OFFER not in sme.text
    assert await passed_on(stage) == ["Marseille"]
