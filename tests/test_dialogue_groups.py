"""What the groups of the team are told when they ask for help, or write to the bot."""

from textwrap import wrap

import pytest
from dialogue import Speaker, Stage
from test_dialogue_handoff import card, hands_over, replies
from test_dialogue_interest import registers

from bot.preview.personas import Group


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


@pytest.mark.parametrize("command", ["/aide", "/help", "/start"])
async def test_each_group_gets_its_own_help(
    administrator: Speaker, facilitator: Speaker, command: str
) -> None:
    await administrator.says(command)
    administrator.sees("reçoit les demandes", "« Détails »", "« Pris en charge »", "pas transmis")
    await facilitator.says(command)
    facilitator.sees("celui des facilitateurs", "« Répondre »", "/sansreponse", "/signature")
    for group in (administrator, facilitator):
        assert "conversation privée" not in group.text
        assert "Identifiant" not in group.text
    assert "/sansreponse" not in administrator.text
    assert "demandes des entreprises" not in facilitator.text


async def test_a_group_that_is_both_gets_both_helps(stage: Stage, administrator: Speaker) -> None:
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": administrator.chat_id}
    await stage.starts()
    await administrator.says("/aide")
    administrator.sees("reçoit les demandes", "celui des facilitateurs")


async def test_in_a_group_that_is_both_a_reply_is_told_what_it_answers(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": administrator.chat_id}
    await stage.starts()
    await registers(sme, stage)
    await replies(administrator, "Bonjour Samira !", administrator.messages()[-1])
    administrator.sees("note pour l'équipe, ou message à l'entreprise ?")
    await administrator.says("/sansreponse")
    await replies(administrator, "Rien ?", administrator.new[-1])
    administrator.sees("n'est celui d'aucun échange")
    assert "à l'entreprise" not in administrator.text


async def test_a_group_that_became_a_supergroup_keeps_its_help(
    stage: Stage, administrator: Speaker
) -> None:
    administrator.chat_id = stage.messenger.upgrades(stage.messenger.administrators)
    await stage.settles()
    await administrator.says("/aide")
    administrator.sees("reçoit les demandes")


async def test_another_group_is_sent_to_private_and_left_alone(
    stage: Stage, administrator: Speaker
) -> None:
    await administrator.says("/aide")
    answer = administrator.new[-1]
    await stage.stops()
    stage.overrides = {"admin_chat_id": -404}
    await stage.starts()
    for command in ("/aide", "/start"):
        await administrator.says(command)
        administrator.sees("conversation privée")
    await replies(administrator, "Bonjour", answer)
    assert administrator.new == []


async def test_a_reply_to_what_is_about_no_request_is_said_to_go_nowhere(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    told = len(sme.messages())
    await administrator.says("/aide")
    said = await replies(administrator, "Bonjour Samira !", administrator.messages()[-1])
    administrator.sees("n'est celui d'aucune demande", "n'est transmise à personne")
    assert administrator.new[-1]["reply_to_message"]["message_id"] == said["message_id"]
    assert len(administrator.new) == 1
    assert len(sme.messages()) == told


@pytest.mark.parametrize("group", ["administrators", "facilitators"])
async def test_replies_among_colleagues_are_left_alone(stage: Stage, group: str) -> None:
    team: Group = getattr(stage.messenger, group)
    first, second = stage.member(team), stage.member(team, 1)
    await first.says("Qui appelle la société Benali ?")
    await replies(second, "Moi", second.messages()[-1])
    assert second.new == []


async def test_a_reply_to_the_bot_outside_an_exchange_is_said_to_go_nowhere(
    sme: Speaker, facilitator: Speaker
) -> None:
    await facilitator.says("/aide")
    said = await replies(facilitator, "Merci", facilitator.messages()[-1])
    facilitator.sees("n'est celui d'aucun échange", "remise à personne")
    assert facilitator.new[-1]["reply_to_message"]["message_id"] == said["message_id"]
    await hands_over(sme)
    await replies(facilitator, "Marseille", card(facilitator))
    facilitator.sees("réponse remise")
    sme.received("Marseille")


async def test_the_help_of_the_administrators_fits_a_phone(administrator: Speaker) -> None:
    await administrator.says("/aide")
    lines = [part for line in administrator.text.split("\n") for part in wrap(line, 36) or [""]]
    # What a screen of 390 by 844 pixels shows at once.
    assert len(lines) <= 26, lines
    administrator.sees("/demandes", "/demande 42", "/chefs", "/stats", "/export")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/dmeandes", "/demandes"),
        ("/exprot", "/export"),
        ("/chef", "/chefs"),
        ("/Demnades", "/dem"),
    ],
)
async def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(
    administrator: Speaker, typed: str, meant: str
) -> None:
    await administrator.says(typed)
    administrator.sees(f"Vouliez-vous dire {meant}")


async def test_a_command_like_none_is_guessed_at_by_nobody(administrator: Speaker) -> None:
    await administrator.says("/sansreponse")
    await administrator.says("/quoi")
    assert "Vouliez-vous dire" not in str(administrator.messages())


async def test_unknown_commands_are_no_flood(stage: Stage, administrator: Speaker) -> None:
    for _ in range(8):
        await administrator.says("/meteo")
    own = [each["text"] for each in administrator.messages() if each["from"]["is_bot"]]
    assert ["/meteo" in text for text in own] == [True] * 5
    # A command that there is is obeyed all the same, and the next ten minutes begin anew.
    await administrator.says("/stats")
    assert administrator.new
    stage.clock.passes(minutes=11)
    await administrator.says("/meteo")
    administrator.sees("Je n'ai pas de commande /meteo")


async def test_elsewhere_only_a_command_that_names_the_bot_is_answered(
    stage: Stage, administrator: Speaker
) -> None:
    await stage.stops()
    stage.overrides = {"admin_chat_id": -404}
    await stage.starts()
    for silent in ("/meteo", "/meteo@un_autre_bot"):
        await administrator.says(silent)
        assert administrator.new == []
    await administrator.says("/meteo@territoires_industrie_bot")
    administrator.sees("Je n'ai pas de commande", "/aide")
    assert len(administrator.new) == 1
