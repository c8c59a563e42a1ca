"""What one account may do: each limit says so once, ends, and is far from what a person meets."""

from dataclasses import replace
from pathlib import Path

import pytest
from dialogue import Message, Speaker, Stage
from sqlalchemy import func, select
from telegram import Update
from test_dialogue_handoff import NUMBER, PLAIN, card, closes, hands_over, replies
from test_dialogue_interest import registers

from bot.preview.personas import Group, bot_as_json
from handlers.core import caps
from handlers.core.turn import Turn
from handlers.handoff.threads import ReplyTo
from storage.engine.schema import allowances, conversation_messages, inbox, interests, outbox

OTHER_GROUP = -7007


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


@pytest.fixture
async def unhurried(stage: Stage) -> Stage:
    """A bot that lets people write as fast as these tests do."""
    await stage.stops()
    stage.overrides = {"flood_limit": 0}
    await stage.starts()
    return stage


def count_of(words: str, messages: list[Message]) -> int:
    return sum(words in m.get("text", "") for m in messages if m["from"]["is_bot"])


async def stored(stage: Stage, table: object) -> int:
    return int((await stage.rows(select(func.count()).select_from(table)))[0][0])  # type: ignore[arg-type]


def tries(stage: Stage, cap: caps.Cap, sme: Speaker, owner: int = 5) -> "Trying":
    return Trying(stage, cap, sme, owner)


class Trying:
    """Somebody who meets a limit again and again."""

    def __init__(self, stage: Stage, cap: caps.Cap, sme: Speaker, owner: int) -> None:
        self.stage, self.cap, self.sme, self.owner = stage, cap, sme, owner

    async def __call__(self) -> tuple[bool, int]:
        """Try once: whether it was allowed, and how much was said."""
        chat = self.stage.messenger.chats.as_json(self.sme.chat_id)
        raw = {
            "update_id": 1,
            "message": {"message_id": 1, "date": 1, "chat": chat, "from": self.sme.user.as_json()},
        }
        parts = self.stage.running.parts
        async with parts.database.begin() as work:
            turn = Turn(parts.services, work, Update.de_json(raw, None))
            allowed = await caps.allows(turn, self.cap, self.owner)
            return allowed, work.changes.owed


@pytest.mark.parametrize("cap", caps.ALL, ids=lambda cap: cap.name)
async def test_each_limit_tells_once_is_silent_then_ends(
    cap: caps.Cap, sme: Speaker, stage: Stage
) -> None:
    await sme.says("bonjour")
    # The number is read from the limit: a lower one is met by the same steps, and sooner.
    cap = replace(cap, most=min(cap.most, 5))
    once = tries(stage, cap, sme)
    for _ in range(cap.most):
        assert await once() == (True, 0)
    assert await once() == (False, 1)
    assert await once() == (False, 0)
    # Another person, exchange or group has a limit of its own.
    assert await tries(stage, cap, sme, owner=6)() == (True, 0)
    await stage.stops()
    await stage.starts()
    assert await once() == (False, 0)
    stage.clock.passes(seconds=cap.tell_again.total_seconds())
    if cap.tell_again < cap.within:
        assert await once() == (False, 1)
    stage.clock.passes(seconds=cap.within.total_seconds())
    assert await once() == (True, 0)


def test_each_limit_has_its_words_and_no_two_share_a_name() -> None:
    names = [cap.name for cap in caps.ALL]
    assert sorted(names) == sorted(set(names))
    assert {*names, "toast"} == caps.TEXT.names
    declared = {one.name for one in vars(caps).values() if isinstance(one, caps.Cap)}
    assert declared == set(names)


def buttons_of(message: Message) -> list[dict[str, str]]:
    return [each for row in message["reply_markup"]["inline_keyboard"] for each in row]


@pytest.mark.usefixtures("low_limits")
async def test_an_exchange_takes_so_many_messages_until_the_team_answers(
    sme: Speaker, facilitator: Speaker, unhurried: Stage
) -> None:
    stage = unhurried
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    question = sme.messages()[-1]
    for number in range(2 * caps.MESSAGES_TO_TEAM.most):
        stage.messenger.says(sme.user, f"Mot {number}", reply_to=question["message_id"])
    await stage.settles()
    most = caps.UNANSWERED_MESSAGES.most
    assert count_of("la personne écrit", facilitator.messages()) == most
    assert count_of("ne sont pas transmis", sme.messages()) == 1
    sme.received("contact@exemple.fr")
    # No text is asked for that would not be passed on.
    said = next(b for b in buttons_of(question) if b["callback_data"].startswith(ReplyTo.PREFIX))
    await sme.taps_data(question["message_id"], said["callback_data"])
    assert "de nouveau possible" in (sme.toast or "")
    assert sme.new == []
    await replies(facilitator, "Lequel, au juste ?", card(facilitator))
    await replies(sme, "Le blanc", question)
    facilitator.received("Le blanc")


@pytest.mark.usefixtures("low_limits")
async def test_all_exchanges_together_have_a_limit_too(
    sme: Speaker, facilitator: Speaker, unhurried: Stage
) -> None:
    stage = unhurried
    for number in range(5):
        await hands_over(sme, f"{PLAIN} {number}")
    questions = [m for m in sme.messages() if "porte le numéro" in m.get("text", "")]
    assert len(questions) == 5
    for question in questions:
        for number in range(caps.UNANSWERED_MESSAGES.most):
            stage.messenger.says(sme.user, f"Mot {number}", reply_to=question["message_id"])
        await stage.settles()
    assert await stored(stage, conversation_messages) == caps.MESSAGES_TO_TEAM.most
    await replies(facilitator, "Lequel ?", card(facilitator))
    await replies(sme, "Le blanc", sme.messages()[-1])
    sme.sees("votre message est transmis")


@pytest.mark.usefixtures("low_limits")
async def test_questions_handed_over_and_closed_in_a_loop(
    sme: Speaker, facilitator: Speaker, unhurried: Stage
) -> None:
    for number in range(caps.HANDOVERS.most):
        await hands_over(sme, f"{PLAIN} {number}")
        await closes(facilitator)
    count = len(facilitator.messages())
    await hands_over(sme, f"{PLAIN} de trop")
    sme.sees("n'est pas transmise", "elle est gardée")
    assert len(facilitator.messages()) == count
    unhurried.clock.passes(days=1)
    await sme.taps("Oui, transmettre")
    assert "de trop" in facilitator.messages()[-1]["text"]


async def proposes(sme: Speaker, number: int, *, first: bool) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.taps("Une idée")
    await sme.says(f"Une idée de projet numéro {number}")
    if first:
        for answer in ("Chaudronnerie Martin", "Jeanne Martin", "jeanne@exemple.fr"):
            await sme.says(answer)
    await sme.taps("Oui")


@pytest.mark.usefixtures("low_limits")
async def test_proposals_in_a_row_reach_the_team_up_to_the_limit_and_none_is_lost(
    sme: Speaker, administrator: Speaker, unhurried: Stage
) -> None:
    for number in range(caps.PROPOSALS.most):
        await proposes(sme, number, first=not number)
    assert await stored(unhurried, interests) == caps.PROPOSALS.most
    count = len(administrator.messages())
    await proposes(sme, 99, first=False)
    sme.sees("n'est pas transmise", "réponses sont gardées", "contact@exemple.fr")
    await sme.taps("Oui")
    assert len(administrator.messages()) == count
    unhurried.clock.passes(days=1)
    await sme.taps("Oui")
    assert await stored(unhurried, interests) == caps.PROPOSALS.most + 1
    administrator.received(f"TI-2026-000{caps.PROPOSALS.most + 1}")


@pytest.mark.usefixtures("low_limits")
async def test_an_erasure_does_not_begin_the_counts_anew(
    sme: Speaker, administrator: Speaker, unhurried: Stage
) -> None:
    for number in range(caps.PROPOSALS.most):
        await proposes(sme, number, first=not number)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await proposes(sme, 99, first=True)
    sme.sees("n'est pas transmise")


async def test_a_request_withdrawn_and_declared_again_in_a_loop(
    sme: Speaker, administrator: Speaker, unhurried: Stage
) -> None:
    await registers(sme, unhurried)
    change = tries(unhurried, caps.CHANGES, sme, sme.user.id)
    for _ in range(caps.CHANGES.most):
        await change()
    count = len(administrator.messages())
    await sme.says("/mesdemandes")
    await sme.taps("1. TI-")
    await sme.taps("Retirer")
    await sme.taps("Oui, retirer")
    sme.sees("n'est pas fait", "contact@exemple.fr")
    assert len(administrator.messages()) == count
    assert await unhurried.rows(select(interests.c.status)) == [("received",)]


async def test_commands_in_a_group_of_others_leave_nothing_behind(
    sme: Speaker, unhurried: Stage
) -> None:
    stage, group = unhurried, foreign_group(unhurried)
    for number in range(200):
        stage.messenger.says(group.members[0], "/aide" if number % 2 else "/projets", chat=group.id)
    await stage.settles()
    most = caps.OTHER_GROUP.most
    answers = [m for m in stage.messenger.messages(group.id) if m["from"]["is_bot"]]
    assert len(answers) == most + 1
    assert count_of("En conversation privée, je réponds toujours", answers) == 1
    assert await stored(stage, inbox) == most
    assert await stored(stage, outbox) == 0
    assert await stored(stage, allowances) == 1
    stage.clock.passes(hours=1)
    stage.messenger.says(group.members[0], "/aide", chat=group.id)
    await stage.settles()
    assert len(stage.messenger.messages(group.id)) == 200 + most + 3


async def test_edits_among_others_are_not_answered(unhurried: Stage) -> None:
    stage, group = unhurried, foreign_group(unhurried)
    stage.messenger.privacy = False
    said = stage.messenger.says(group.members[0], "Bonjour", chat=group.id)
    for number in range(caps.OTHER_GROUP.most + 2):
        stage.messenger.edits(group.members[0], said["message_id"], f"{number}", chat=group.id)
    await stage.settles()
    assert len(stage.messenger.messages(group.id)) == 1
    assert await stored(stage, allowances) == 0


async def test_a_bot_added_and_removed_in_a_loop_greets_a_few_times(unhurried: Stage) -> None:
    stage, group = unhurried, foreign_group(unhurried)
    stage.messenger.says(group.members[0], "Bonjour", chat=group.id)
    for _ in range(40):
        for old, new in (("left", "member"), ("member", "left")):
            joins(stage, group, old, new)
    await stage.settles()
    greeted = count_of("Identifiant de ce groupe", stage.messenger.messages(group.id))
    assert 0 < greeted <= caps.OTHER_GROUP.most
    assert await stored(stage, inbox) <= caps.OTHER_GROUP.most


@pytest.mark.usefixtures("low_limits")
async def test_one_member_of_the_team_cannot_fill_its_group(
    facilitator: Speaker, unhurried: Stage
) -> None:
    second = unhurried.member(unhurried.messenger.facilitators, 1)
    for _ in range(caps.TEAM_MEMBER.most + 20):
        unhurried.messenger.says(facilitator.user, "/signature", chat=facilitator.chat_id)
    await unhurried.settles()
    assert count_of("Je ne traite pas ce message", facilitator.messages()) == 1
    said = [m for m in facilitator.messages() if m["from"]["is_bot"]]
    assert len(said) == caps.TEAM_MEMBER.most + 1
    await second.says("/aide")
    second.sees("celui des facilitateurs")


@pytest.mark.usefixtures("low_limits")
async def test_an_exchange_closed_and_reopened_in_a_loop_tells_the_person_a_few_times(
    sme: Speaker, facilitator: Speaker, unhurried: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Je regarde", card(facilitator))
    for _ in range(caps.ENDS.most + 3):
        await facilitator.taps("Clore")
        if "Rouvrir" in str(card(facilitator)):
            await facilitator.taps("Rouvrir")
    assert count_of("clos l'échange", sme.messages()) == caps.ENDS.most
    assert count_of("Cet échange a déjà été clos", facilitator.messages()) == 1


@pytest.mark.usefixtures("low_limits")
async def test_a_lively_exchange_meets_no_limit(
    sme: Speaker, facilitator: Speaker, unhurried: Stage
) -> None:
    await hands_over(sme)
    for number in range(caps.MESSAGES_TO_TEAM.most + 1):
        await replies(facilitator, f"Question {number} ?", card(facilitator))
        await replies(sme, f"Réponse {number}", sme.messages()[-1])
        assert f"{NUMBER} : votre message est transmis" in sme.text
        unhurried.clock.passes(seconds=20)


def foreign_group(stage: Stage) -> Group:
    """Another group that somebody added the bot to."""
    members = stage.messenger.facilitators.members
    group = Group(OTHER_GROUP, "Ailleurs", members)
    stage.messenger.chats.groups = (*stage.messenger.chats.groups, group)
    return group


def joins(stage: Stage, group: Group, old: str, new: str) -> None:
    bot = bot_as_json()
    stage.messenger.delivers(
        {
            "my_chat_member": {
                "chat": stage.messenger.chats.as_json(group.id),
                "from": group.members[0].as_json(),
                "date": 1,
                "old_chat_member": {"status": old, "user": bot},
                "new_chat_member": {"status": new, "user": bot},
            }
        }
    )


def test_the_guide_of_operators_tells_every_limit() -> None:
    guide = (Path(__file__).parent.parent / "docs/exploitation.md").read_text("utf-8")
    told = {
        f"aux facilitateurs | {caps.HANDOVERS.most} par jour |": [caps.HANDOVERS],
        f"{caps.UNANSWERED_MESSAGES.most} dans un échange, {caps.MESSAGES_TO_TEAM.most} en tout": [
            caps.UNANSWERED_MESSAGES,
            caps.MESSAGES_TO_TEAM,
        ],
        f"{caps.INTERESTS.most} ; {caps.PROPOSALS.most} ; {caps.CHANGES.most} par jour": [
            caps.INTERESTS,
            caps.PROPOSALS,
            caps.CHANGES,
        ],
        f"demandes d'être rappelé | {caps.CALL_BACKS.most} par jour |": [caps.CALL_BACKS],
        f"{caps.PAGE_FORMS.most} par jour d'un réseau, {caps.PAGE_FORMS_IN_ALL.most} par jour": [
            caps.PAGE_FORMS,
            caps.PAGE_FORMS_IN_ALL,
        ],
        f"{caps.PAGE_LETTERS.most} e-mails par jour à une adresse": [caps.PAGE_LETTERS],
        f"messages modifiés | {caps.EDITS.most} par heure": [caps.EDITS],
        f"{caps.REPLIES.most} réponses par jour dans un échange": [caps.REPLIES],
        f"{caps.NOTES.most} notes par jour sur une demande": [caps.NOTES],
        f"{caps.ENDS.most} clôtures d'un échange et {caps.MOVES.most} prises": [
            caps.ENDS,
            caps.MOVES,
        ],
        f"{caps.EXAMINATIONS.most} vérifications des fichiers et {caps.POSTERS.most} affiches": [
            caps.EXAMINATIONS,
            caps.POSTERS,
        ],
        f"{caps.TEAM_MEMBER.most} messages d'un même membre": [caps.TEAM_MEMBER],
        f"répond {caps.OTHER_GROUP.most} fois par heure": [caps.OTHER_GROUP],
    }
    assert [words for words in told if words not in guide] == []
    assert {cap.name for each in told.values() for cap in each} == {cap.name for cap in caps.ALL}
