"""Buttons tapped again when their moment has passed: they are gone, or say what became of it."""

import pytest
from dialogue import Message, Speaker, Stage, buttons
from test_dialogue_handoff import PLAIN, card, hands_over, replies
from test_dialogue_interest import registers


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


class Seen:
    """Every button that was ever under a message of a chat."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.found: dict[tuple[int, str], str] = {}

    def look(self) -> None:
        for message in self.speaker.messages():
            # A link is Telegram's: it never expires.
            for button in (each for each in buttons(message) if "callback_data" in each):
                place = (message["message_id"], button["callback_data"])
                self.found.setdefault(place, button["text"])


async def live(sme: Speaker, team: list[Speaker], stage: Stage, seen: list[Seen]) -> None:
    """Do everything that has buttons, look at them at each step, and come to the end of it."""

    async def taps(speaker: Speaker, *labels: str) -> None:
        for label in labels:
            for each in seen:
                each.look()
            stage.clock.passes(seconds=20)
            await speaker.taps(label)
        for each in seen:
            each.look()

    administrator, facilitator = team
    await sme.says(stage.knowledge.entries[0].question)
    await taps(sme, "Non, pas vraiment")
    await sme.says(PLAIN)
    await taps(sme, "Transmettre à un facilitateur", "Modifier une réponse")
    await sme.says(f"{PLAIN}, vraiment")
    await taps(sme, "Transmettre la question seule")
    await taps(facilitator, "Clore", "Non, laisser ouvert")
    await replies(facilitator, "Dites-nous où.", card(facilitator))
    await sme.says("Zone des Paluds, derrière la gare routière")
    await taps(sme, "Oui, transmettre")
    await taps(facilitator, "Clore")
    await registers(sme, stage)
    await taps(administrator, "Détails", "Masquer", "Pris en charge")
    await sme.says("/mesdemandes")
    await taps(sme, "1. TI-", "Modifier ma demande", "Le message", "Ne rien changer")
    await taps(sme, "Enregistrer mes changements", "Voir ma demande")
    await taps(sme, "Retirer ma demande", "Oui, retirer")
    await sme.says("/proposer")
    await taps(sme, "J'ai compris, commencer", "Une idée de projet", "Abandonner")
    await taps(sme, "Oui, abandonner")


async def silent(speaker: Speaker, seen: Seen) -> list[str]:
    """Return the labels of the buttons that, tapped again, say nothing or that they expired."""
    quiet = []
    for (message_id, data), label in seen.found.items():
        speaker.stage.clock.passes(minutes=1)
        speaker.mark()
        await speaker.taps_data(message_id, data)
        said = " ".join([speaker.toast, *(text_of(message) for message in speaker.new)])
        shown = next(m for m in speaker.messages() if m["message_id"] == message_id)
        stands = data in [each.get("callback_data") for each in buttons(shown)]
        if not said.strip() and not stands:
            quiet.append(label)
        elif "expiré" in said or "erreur" in said:
            quiet.append(f"{label}: {said}")
    return quiet


def text_of(message: Message) -> str:
    return str(message.get("text", ""))


async def test_no_button_is_silent_or_expired_when_its_moment_has_passed(
    sme: Speaker, administrator: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    seen = [Seen(one) for one in (sme, administrator, facilitator)]
    await live(sme, [administrator, facilitator], stage, seen)
    assert [len(each.found) for each in seen] > [25, 3, 3]
    assert {each.speaker.chat_id: await silent(each.speaker, each) for each in seen} == {
        each.speaker.chat_id: [] for each in seen
    }


async def test_the_buttons_of_what_is_done_say_so(
    sme: Speaker, administrator: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    seen = [Seen(one) for one in (sme, administrator, facilitator)]
    await live(sme, [administrator, facilitator], stage, seen)
    by_label: dict[str, tuple[int, str]] = {}
    for each in seen:
        for place, label in each.found.items():
            by_label.setdefault(label, place)

    async def says(speaker: Speaker, label: str) -> str:
        await speaker.taps_data(*by_label[label])
        return " ".join([speaker.toast, *(text_of(message) for message in speaker.new)])

    assert "Q-2026-0001" in await says(sme, "Oui, transmettre")
    assert "Q-2026-0001" in await says(sme, "Transmettre la question seule")
    assert "est clos" in await says(sme, "Répondre")
    assert "déjà transmis" in await says(sme, "Non, c'est une autre question")
    assert "TI-2026-0001" in await says(sme, "Enregistrer mes changements")
    assert "déjà retirée" in await says(sme, "Retirer ma demande")
    assert "n'est plus en cours" in await says(sme, "Une idée de projet")
    assert "retirée" in await says(administrator, "Pris en charge")
    assert "déjà clos" in await says(facilitator, "Clore")
    assert "déjà clos" in await says(facilitator, "Oui, clore quand même")


async def test_a_question_handed_over_long_ago_is_not_begun_anew(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    message, data = sme.button("Transmettre à un facilitateur")
    stage.clock.passes(days=30)
    await facilitator.taps("Clore")
    await facilitator.taps("Oui, clore")
    await sme.taps_data(message["message_id"], data)
    sme.sees("déjà été transmise", "l'échange est clos")
