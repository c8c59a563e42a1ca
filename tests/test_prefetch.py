"""What is read ahead for updates handled together costs few statements, and changes no answer."""

import asyncio
from collections.abc import Collection, Iterator, Sequence

import pytest
from dialogue import Speaker, Stage, inside, tune
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from test_dialogue_interest import begins
from test_flood import LIMIT, TOLD, answered
from test_worker import answers, crowd, noted_units, write_at_once  # noqa: F401 (a fixture)

import bot.inbox.worker
from bot.inbox.worker import InboxWorker
from bot.runtime.lanes import Lanes
from handlers.core.services import Services
from handlers.general.privacy import Erase
from handlers.prefetch import UpcomingText, match_ahead
from knowledge.matcher.matcher import Matcher
from storage.engine.schema import people as remembered
from storage.queues.inbox import WaitingUpdate


@pytest.fixture(name="statements")
def noted() -> Iterator[list[str]]:
    """What any database is asked."""
    found: list[str] = []

    def note(*given: object) -> None:
        found.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


async def test_questions_asked_at_once_share_what_they_read(
    stage: Stage, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.inbox.worker, TOGETHER_SECONDS=3600.0)
    people = crowd(stage)
    await write_at_once(stage, people, lambda _: "merci")
    statements.clear()
    await write_at_once(stage, people, lambda _: "c'est quoi territoires d'industrie ?")
    assert [len(answers(person)) for person in people] == [2] * len(people)
    # All of them come in one answer of Telegram's, and the inbox may be looked into meanwhile.
    assert 1 <= sum("UPDATE people" in one for one in statements) <= len(people) // 3
    assert 1 <= sum("FROM drafts" in one for one in statements) <= len(people) // 3
    assert 1 <= sum("INTO questions" in one for one in statements) <= len(people) // 3
    # What each was shown is read and written with that of the others.
    assert 1 <= sum("FROM contexts" in one for one in statements) <= len(people) // 3
    assert 1 <= sum("INTO contexts" in one for one in statements) <= len(people) // 3


async def test_a_form_is_heard_among_the_questions_of_others(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    people = [sme, *crowd(stage)]
    texts = ["Chaudronnerie Martin", *["qui peut participer ?"] * len(people)]
    await write_at_once(stage, people, texts.__getitem__)
    assert "prénom et nom" in answers(sme)[-1]
    assert [len(answers(person)) for person in people[1:]] == [1] * (len(people) - 1)


async def test_who_fills_in_a_form_is_not_held_up_by_questions(
    sme: Speaker, stage: Stage, units: list[list[int]]
) -> None:
    await begins(sme, stage)
    people = [sme, *crowd(stage)]
    texts = ["Chaudronnerie Martin", *(f"qui peut participer, cas {n} ?" for n in range(40))]
    units.clear()
    await write_at_once(stage, people, texts.__getitem__)
    # The form goes first, by itself: nothing waits for the matching but what must be matched.
    assert len(units[0]) == 1
    assert "prénom et nom" in answers(sme)[-1]


async def test_the_form_is_named_among_others_only_where_something_came_between(
    sme: Speaker, stage: Stage, statements: list[str]
) -> None:
    await begins(sme, stage)
    people = [sme, *crowd(stage)]
    stage.clock.passes(seconds=1)
    statements.clear()
    await write_at_once(stage, people, lambda n: "/aide" if n else "Chaudronnerie Martin")
    # That nothing came between is known without asking for this person alone.
    assert not any("SELECT EXISTS" in one for one in statements)
    assert "Pour votre demande sur" not in answers(sme)[-1]
    stage.clock.passes(seconds=1)
    await sme.taps("Voir les projets ouverts")
    stage.clock.passes(seconds=1)
    await write_at_once(stage, people, lambda n: "/aide" if n else "Samira Costa")
    assert "Pour votre demande sur" in answers(sme)[-1]
    # By the order in which things came, whatever the clock says.
    stage.clock.passes(seconds=-20)
    await sme.taps("Par territoire")
    await write_at_once(stage, people, lambda n: "/aide" if n else "1")
    assert "Pour votre demande sur" in answers(sme)[-1]


async def test_where_nobody_asks_no_number_is_taken(stage: Stage, statements: list[str]) -> None:
    people = crowd(stage)
    await write_at_once(stage, people, lambda _: "/mesdemandes")
    statements.clear()
    await write_at_once(stage, people, lambda _: "/mesdemandes")
    assert not any("sqlite_sequence" in one for one in statements)
    assert 1 <= sum("FROM interests" in one for one in statements) <= len(people) // 3
    assert 1 <= sum("UPDATE people" in one for one in statements) <= len(people) // 3
    assert not any("INTO people" in one for one in statements)


async def test_commands_at_once_share_the_look_for_forms_to_remind_of(
    sme: Speaker, stage: Stage, statements: list[str]
) -> None:
    await begins(sme, stage)
    people = [sme, *crowd(stage)]
    await write_at_once(stage, people, lambda _: "/aide")
    assert "Pour votre demande sur" in answers(sme)[-1]
    assert [len(answers(person)) for person in people[1:]] == [1] * (len(people) - 1)
    statements.clear()
    await write_at_once(stage, people[1:], lambda _: "/aide")
    assert 1 <= sum("JOIN drafts" in one for one in statements) <= len(people) // 3


@pytest.mark.parametrize("fails", [False, True])
async def test_questions_of_several_groups_are_matched_together(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    start, match_all = inside(Lanes, "start"), inside(InboxWorker, "match_all")
    people, matched = crowd(stage), list[int]()
    come, all_have_come = set[int](), asyncio.Event()

    def in_fours(self: Lanes[WaitingUpdate, int], items: Sequence[WaitingUpdate]) -> None:
        for first in range(0, len(items), 4):
            start(self, items[first : first + 4])

    async def noting_who_comes(self: InboxWorker, numbers: Collection[int]) -> None:
        come.update(numbers)
        if len(come) == len(people):
            all_have_come.set()
        await match_all(self, numbers)

    async def once_all_have_come(services: Services, asked: Sequence[UpcomingText]) -> int:
        matched.append(len(asked))
        async with asyncio.timeout(20):
            await all_have_come.wait()
        if fails and len(matched) == 2:
            raise RuntimeError("on purpose")
        return await match_ahead(services, asked)

    tune(monkeypatch, InboxWorker, start=in_fours)
    tune(monkeypatch, InboxWorker, match_all=noting_who_comes)
    monkeypatch.setattr(bot.inbox.worker, "match_ahead", once_all_have_come)
    await write_at_once(stage, people, lambda n: f"comment financer un projet, cas {n} ?")
    assert [len(answers(person)) for person in people] == [1] * len(people)
    # Those whose matching failed together were each matched by themselves.
    assert matched == [4, len(people) - 4, *([1] * (len(people) - 4) if fails else [])]


async def test_who_floods_among_others_is_held_and_they_are_not(sme: Speaker, stage: Stage) -> None:
    people = crowd(stage)
    writers = [sme] * (LIMIT + 5) + people
    texts = [f"/inconnue{number}" for number in range(LIMIT + 5)] + ["/aide"] * len(people)
    await write_at_once(stage, writers, texts.__getitem__)
    assert answered(sme) == [*map(str, range(LIMIT)), TOLD]
    assert [len(answers(person)) for person in people] == [1] * len(people)


async def test_who_floods_is_not_matched_for_nothing(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched: list[str] = []
    match = Matcher.match

    def noted(self: Matcher, question: str, *, after: str = "") -> object:
        matched.append(question)
        return match(self, question, after=after)

    monkeypatch.setattr(Matcher, "match", noted)
    people = crowd(stage)
    texts = [f"la question numéro {number}" for number in range(LIMIT + 40)]
    writers = [sme] * len(texts) + people
    await write_at_once(stage, writers, [*texts, *["et le calendrier"] * len(people)].__getitem__)
    assert len(matched) <= LIMIT + 2
    assert [len(answers(person)) for person in people] == [1] * len(people)


async def test_nobody_is_remembered_for_what_is_read_ahead(stage: Stage) -> None:
    people = crowd(stage)
    await stage.stops()
    kept = Erase(sure=False).pack()
    keyboard = {"inline_keyboard": [[{"text": "Non, garder", "callback_data": kept}]]}
    for person in people:
        message = stage.messenger.chats.add(
            person.chat_id, person.user.as_json(), {"text": "x", "reply_markup": keyboard}, None
        )
        stage.messenger.taps(person.user, person.chat_id, message["message_id"], kept)
    await stage.starts()
    await stage.settles()
    assert [len(answers(person)) for person in people] == [1] * len(people)
    async with stage.running.parts.database.begin() as work:
        found = await inside(work.people, "connection").execute(select(remembered.c.id))
    assert found.all() == []
