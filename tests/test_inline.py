"""`@bot words` in any chat: what is found, how it is written, and how little it costs the bot."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dialogue import Message, Speaker, Stage, choice_of, decides, inside, tune
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from telegram.error import BadRequest
from telegram.ext import ExtBot

from bot.inbox import inline_desk
from bot.inbox.inline_desk import InlineDesk
from bot.inbox.raw_updates import inline_query_in
from handlers.core.services import Services
from handlers.inline.pace import MOST, Pace
from handlers.inline.results import CACHE_SECONDS, PAGE
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Matcher, Outcome
from knowledge.text.project_codes import code_of_id
from storage.engine.schema import inbox, people, questions

NOTHING = Decision(Outcome.NONE, (), ())


def answer_of(entry_id: str) -> Decision:
    return Decision(Outcome.ANSWER, (entry_id,), ())


def ids(answer: Message) -> list[str]:
    return [result["id"] for result in answer["results"]]


def titles(answer: Message) -> list[str]:
    return [result["title"] for result in answer["results"]]


def use(stage: Stage, **changes: object) -> None:
    """Put another knowledge in service."""
    services = stage.running.parts.services
    services.knowledge = replace(services.knowledge, **changes)  # type: ignore[arg-type]  # fields by name


async def test_words_find_projects_and_answers_with_source_and_date(
    sme: Speaker, stage: Stage
) -> None:
    found = await sme.searches("hydrogène")
    project = next(one for one in found["results"] if one["id"].startswith("p_"))
    assert "fiche du" in project["description"]
    text = project["message"]["text"]
    assert project["title"] in text
    assert "Source : le recensement des projets" in text
    assert "Fiche mise à jour le" in text
    (link,) = project["message"]["reply_markup"]["inline_keyboard"][0]
    assert link["url"].endswith(f"?start={project['id']}_i")

    answers = await sme.searches("Comment financer un projet ?")
    first = answers["results"][0]
    assert first["id"].startswith("q_")
    entry = stage.knowledge.entry(first["id"].removeprefix("q_"))
    assert entry is not None
    assert (first["title"], entry.source in first["description"]) == (entry.title, True)
    assert f"Source : {entry.source}" in first["message"]["text"]
    assert "vous aide-t-elle" not in first["message"]["text"]


async def test_without_words_come_the_newest_projects_page_by_page(
    sme: Speaker, stage: Stage
) -> None:
    today = stage.running.parts.services.today()
    census = stage.knowledge.census.listed(today)
    seen: list[str] = []
    answer = await sme.searches("")
    while True:
        assert len(answer["results"]) <= PAGE
        seen += ids(answer)
        if not answer["next_offset"]:
            break
        answer = await sme.searches("", answer["next_offset"])
    assert seen == [f"p_{each.id}" for each in census]
    assert (answer["is_personal"], answer["cache_time"]) == (False, CACHE_SECONDS)


@pytest.mark.parametrize("offset", ["-1", "x", "9" * 64, "²", "1e3", "999999"])
async def test_a_forged_offset_is_the_beginning_or_an_empty_page(sme: Speaker, offset: str) -> None:
    answer = await sme.searches("", offset)
    assert answer["results"] == [] or ids(answer) == ids(await sme.searches(""))


async def test_closed_projects_come_last_and_say_so(sme: Speaker, stage: Stage) -> None:
    today = stage.running.parts.services.today()
    is_open = [each for each in stage.knowledge.projects if each.open_on(today)]
    closed = replace(is_open[0], withdrawn_on=today)
    census = type(stage.knowledge.census)
    projects = (closed, *is_open[1:])
    use(stage, projects=projects, census=census(projects))
    answer = await sme.searches(closed.title)
    place = ids(answer).index(f"p_{closed.id}")
    last, near = answer["results"][place], answer["results"][place + 1 :]
    # What only comes near is no reason to hide the one of that very title.
    assert all(each["description"].startswith("Peut-être") for each in near)
    alike = tuple(replace(each, keywords=("xyzbert",)) for each in (closed, is_open[1]))
    use(stage, projects=alike, census=census(alike))
    assert ids(await sme.searches("xyzbert")) == [f"p_{is_open[1].id}", f"p_{closed.id}"]
    assert last["title"].startswith("(clos)")
    assert "Il ne prend plus de nouvelle demande" in last["message"]["text"]


async def test_the_code_of_a_poster_finds_its_project_as_in_the_chat(
    sme: Speaker, stage: Stage
) -> None:
    first, second = stage.knowledge.projects[:2]
    projects = (replace(first, written_code="P12"), replace(second, written_code="P129"))
    use(stage, projects=projects, census=type(stage.knowledge.census)(projects))
    for typed in ("P12", "p 12", "projet 12 svp", code_of_id(first.id)):
        answer = await sme.searches(typed)
        assert ids(answer) == [f"p_{first.id}"], typed
        assert not answer["results"][0]["description"].startswith("Peut-être")
    # Half typed, or with a slip.
    for typed in ("P1", "P192"):
        found = (await sme.searches(typed))["results"]
        assert f"p_{second.id}" in [each["id"] for each in found], typed
        assert all(each["description"].startswith("Peut-être : Projet") for each in found)
    assert "Rien trouvé" in (await sme.searches("P8888"))["button"]["text"]


async def test_a_word_of_two_signs_with_a_digit_tells_a_project(sme: Speaker, stage: Stage) -> None:
    today = stage.running.parts.services.today()
    closed = replace(stage.knowledge.projects[0], title="Impression 4D", withdrawn_on=today)
    projects = (closed, *stage.knowledge.projects[1:])
    use(stage, projects=projects, census=type(stage.knowledge.census)(projects))
    answer = await sme.searches("impression 4D")
    assert (ids(answer)[0], titles(answer)[0]) == (f"p_{closed.id}", "(clos) Impression 4D")


async def test_what_only_comes_near_says_so_and_comes_last(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, other = stage.knowledge.entries[:2]
    decides(monkeypatch, {"xqzw": choice_of(entry.id), "wzqx": answer_of(other.id)})
    (near,) = (await sme.searches("xqzw"))["results"]
    assert near["description"].startswith("Peut-être : Réponse")
    (sure,) = (await sme.searches("wzqx"))["results"]
    assert sure["description"].startswith("Réponse")
    # One word of two is that of a project: it may be meant.
    project = stage.knowledge.census.listed(stage.running.parts.services.today())[0]
    known = replace(project, keywords=("xyzbert",))
    use(stage, projects=(known,), census=type(stage.knowledge.census)((known,)))
    decides(monkeypatch, dict.fromkeys(("xqzw xyzbert", "xyzbert"), NOTHING))
    (half,) = (await sme.searches("xqzw xyzbert"))["results"]
    (whole,) = (await sme.searches("xyzbert"))["results"]
    assert half["description"].startswith("Peut-être : Projet")
    assert whole["description"].startswith("Projet")


async def test_what_is_sent_to_others_says_who_answers(sme: Speaker, stage: Stage) -> None:
    initiative = replace(stage.knowledge.initiative, name="Filières & Co")
    use(stage, initiative=initiative)
    entry = next(each for each in stage.knowledge.entries if each.en)
    assert entry.en
    begins = {
        entry.question: "L'assistant automatique de l'initiative Filières & Co répond :\n\n",
        entry.en.question: "The automatic assistant of the Filières & Co initiative answers:\n\n",
        "": "L'assistant automatique de l'initiative Filières & Co répond :\n\n",
    }
    for words, beginning in begins.items():
        for each in (await sme.searches(words))["results"]:
            assert each["message"]["text"].startswith(beginning)
    use(stage, initiative=replace(initiative, name=""))
    (first, *_) = (await sme.searches(""))["results"]
    assert first["message"]["text"].startswith("Un assistant automatique répond :")


async def test_a_word_that_is_half_typed_finds_what_begins_with_it(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = next(p for p in stage.knowledge.projects if len(p.keywords[0]) > 6)
    answer = await sme.searches(project.keywords[0][:-2])
    assert f"p_{project.id}" in ids(answer)
    # What it begins comes before what may but come near.
    decides(monkeypatch, {"xyzb": choice_of(stage.knowledge.entries[0].id)})
    known = replace(project, keywords=("xyzbert",))
    use(stage, projects=(known,), census=type(stage.knowledge.census)((known,)))
    answer = await sme.searches("xyzb")
    assert ids(answer) == [f"p_{project.id}", f"q_{stage.knowledge.entries[0].id}"]


async def test_nothing_found_leads_into_the_bot(sme: Speaker) -> None:
    answer = await sme.searches("xqzw")
    assert answer["results"] == []
    assert answer["button"]["start_parameter"] == "h_i"
    assert "Rien trouvé" in answer["button"]["text"]


async def test_words_tell_the_language_and_only_the_apps_own_is_personal(
    sme: Speaker, stage: Stage
) -> None:
    entry = next(each for each in stage.knowledge.entries if each.en)
    assert entry.en
    english = await sme.searches(entry.en.question)
    assert english["is_personal"] is False
    assert "Ask the assistant" in english["button"]["text"]
    sme.user = replace(sme.user, language_code="en")
    sme.stage.messenger.chats.users[sme.user.id] = sme.user
    personal = await sme.searches("")
    assert personal["is_personal"] is True
    assert "Project" in personal["results"][0]["description"]
    assert (await sme.searches("quels sont les projets ouverts ?"))["is_personal"] is False


async def test_nothing_of_a_query_is_kept(sme: Speaker, stage: Stage) -> None:
    await sme.searches("mon secret")
    for table in (inbox, people, questions):
        assert await stage.rows(select(func.count()).select_from(table)) == [(0,)]


async def test_a_result_sent_in_a_group_is_no_word_to_the_bot(
    administrator: Speaker, stage: Stage
) -> None:
    for member in (administrator, stage.member(stage.messenger.facilitators)):
        answer = await member.searches("")
        sent = await member.chooses(ids(answer)[0])
        assert sent["via_bot"]["is_bot"]
        assert member.new == []


async def test_a_result_chosen_in_the_bots_own_chat_is_opened(sme: Speaker, stage: Stage) -> None:
    answer = await sme.searches("")
    await sme.chooses(ids(answer)[0])
    sme.sees(titles(answer)[0], "Lien de cette fiche")
    assert "Ça m'intéresse" in sme.labels
    # Not a question: nothing was asked.
    assert await stage.rows(select(func.count()).select_from(questions)) == [(0,)]


async def test_a_form_goes_on_after_a_result(sme: Speaker) -> None:
    await sme.says("/proposer")
    step = sme.text
    answer = await sme.searches("")
    await sme.chooses(ids(answer)[0])
    sme.sees(titles(answer)[0])
    await sme.says("/annuler")
    assert step
    assert "abandon" in sme.text.lower() or "annul" in sme.text.lower()


async def test_every_result_is_whole_whatever_is_in_the_files(sme: Speaker, stage: Stage) -> None:
    """The preview checks each result as Telegram does: one that is wrong takes all with it."""
    known = stage.knowledge
    long = replace(known.entries[0], answer="<b>mot</b> &amp; " * 150, title="t" * 40)
    wide = replace(known.projects[0], id="w" * 32, title="Long " * 24, summary="mot & " * 200)
    use(
        stage,
        entries=(long, *known.entries[1:]),
        projects=(wide,),
        census=type(known.census)([wide]),
    )
    answer = await sme.searches(long.question)
    assert ids(answer)
    assert all(result["message"]["text"] for result in answer["results"])
    assert ids(await sme.searches("")) == [f"p_{wide.id}"]


# The desk alone: a bot that keeps its calls, and a matcher that takes as long as it is told.


class Calls:
    """Stands for the bot: keeps the calls, and answers as it is told."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.error: Exception | None = None

    async def do_api_request(self, method: str, api_kwargs: dict[str, Any]) -> bool:
        assert method == "answerInlineQuery_"
        self.made.append(api_kwargs)
        if self.error is not None:
            raise self.error
        return True


class Desk:
    """A desk with a clock moved by hand."""

    def __init__(self, knowledge: Knowledge, flood_limit: int = 20) -> None:
        self.calls, self.now = Calls(), 0.0
        self.services = cast(Any, services_of(knowledge, flood_limit))
        bot = cast("ExtBot[None]", self.calls)
        self.desk = InlineDesk(bot, self.services, lambda: self.now)

    def asks(self, person: int, number: int, words: str = "") -> None:
        who = {"id": person, "is_bot": False, "first_name": "x"}
        query = {"id": str(number), "from": who, "query": words, "offset": ""}
        self.desk.take({"update_id": number, "inline_query": query})

    async def ends(self) -> list[str]:
        """Wait until nobody waits; return the queries that were answered."""
        while tasks := inside(self.desk, "tasks"):
            await asyncio.wait(set(tasks), timeout=20)
        return [call["inline_query_id"] for call in self.calls.made]


def services_of(knowledge: Knowledge, flood_limit: int) -> Services:
    identity = cast(Any, SimpleNamespace())
    day = datetime(2026, 11, 23, tzinfo=UTC)
    return Services(
        knowledge, identity, lambda: day, bot_username="ti_bot", flood_limit=flood_limit
    )


async def test_of_one_person_only_the_latest_words_are_answered(shipped: Knowledge) -> None:
    desk = Desk(shipped)
    for number, words in enumerate(["h", "hy", "hyd", "hydr"]):
        desk.asks(1, number, words)
    desk.asks(2, 9)
    # Nobody else's words replace them.
    assert sorted(await desk.ends()) == ["3", "9"]


async def test_a_flood_of_one_person_is_not_answered_and_ends(shipped: Knowledge) -> None:
    desk = Desk(shipped)
    for number in range(MOST + 5):
        desk.asks(1, number)
        if number == MOST - 1:
            last = await desk.ends()
    assert await desk.ends() == last
    desk.asks(2, 1000)
    assert (await desk.ends())[-1] == "1000"
    desk.now += 30
    desk.asks(1, 2000)
    assert (await desk.ends())[-1] == "2000"


async def test_a_crowd_is_bounded(shipped: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, inline_desk, MOST_WAITING=3)
    desk = Desk(shipped)
    for person in range(50):
        desk.asks(person, person)
    assert await desk.ends() == ["0", "1", "2"]


async def test_what_waits_too_long_is_not_matched(
    shipped: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched: list[str] = []

    def match(_self: Matcher, question: str, **_: Any) -> Decision:
        matched.append(question)
        return Decision(Outcome.NONE, (), ())

    monkeypatch.setattr(Matcher, "match", match)
    desk = Desk(shipped)
    desk.asks(1, 1, "vieux")
    desk.now += 60
    desk.asks(2, 2, "neuf")
    assert await desk.ends() == ["2"]
    assert matched == ["neuf"]
    # The same words are matched once.
    desk.asks(3, 3, "neuf")
    await desk.ends()
    assert matched == ["neuf"]


@pytest.mark.parametrize("error", [BadRequest("query is too old"), RuntimeError("x")])
async def test_a_refusal_ends_one_query_and_no_other(shipped: Knowledge, error: Exception) -> None:
    desk = Desk(shipped)
    desk.calls.error = error
    desk.asks(1, 1)
    await desk.ends()
    desk.calls.error = None
    desk.asks(1, 2)
    assert await desk.ends() == ["1", "2"]


async def test_a_failure_is_logged_without_what_was_typed(
    shipped: Knowledge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_self: Matcher, question: str, **_: Any) -> Decision:
        raise ValueError(question)

    monkeypatch.setattr(Matcher, "match", fails)
    desk = Desk(shipped)
    desk.asks(1, 1, "secret")
    assert await desk.ends() == []
    assert "an inline query failed: ValueError" in caplog.text
    assert "secret" not in caplog.text


async def test_closing_gives_up_what_is_under_way(shipped: Knowledge) -> None:
    desk = Desk(shipped)
    desk.asks(1, 1, "hydrogène")
    await desk.desk.close()
    assert desk.desk.is_idle


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "from", "query", "offset"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_whatever_comes_as_a_query_is_taken_or_left(content: object) -> None:
    held = inside(inline_desk, "asked")(content)
    if held is not None:
        person_id, query_id, query = held
        assert isinstance(person_id, int)
        assert query_id
        assert query.words == query.words.strip()


def test_only_an_inline_query_passes_by_the_inbox() -> None:
    query = {"id": "1", "from": {"id": 1}, "query": "x", "offset": ""}
    assert inline_query_in(json.dumps({"update_id": 1, "inline_query": query}).encode())
    typed = {"update_id": 1, "message": {"text': ": 1, "text": '{"inline_query": 1}'}}
    assert inline_query_in(json.dumps(typed).encode()) is None
    assert inline_query_in(b'{"inline_query": ') is None
    assert inline_query_in(b'["inline_query"]') is None


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 20)), max_size=60))
def test_nobody_is_answered_more_often_than_the_pace(asked: list[tuple[int, float]]) -> None:
    now = 0.0
    pace = Pace(5, lambda: now)
    began: dict[int, float] = {}
    allowed: dict[int, int] = {}
    for person, passed in asked:
        now += passed
        if now - began.get(person, -99) >= 30:
            began[person], allowed[person] = now, 0
        is_allowed = pace.allows(person)
        assert is_allowed == (allowed[person] < 5)
        allowed[person] += is_allowed
