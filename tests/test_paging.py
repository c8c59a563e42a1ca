"""Lists by pages: no list outgrows a message, every item is met once, no button moves."""

import itertools
import random
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dialogue import Message, Speaker, Stage, buttons, staged
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.buttons import ListThemes, ShowEntry
from handlers.core.callback_data import CallbackData
from handlers.core.paging import BUTTON_ITEMS, TEXT_ITEMS, ListPage, StayOnPage, StepPlace
from handlers.projects.browse import ChooseFilter
from knowledge.knowledge import Knowledge
from knowledge.projects import Census
from knowledge.text.length import units
from storage.records.interest_values import ContactKind, NewInterest

# More than Telegram has buttons in a message, of three digits.
MANY = 105
WORDS = ["quelle", "date", "limite", "pour", "deposer", "notre", "dossier", "complet"]
BEFORE, AFTER = "‹ Précédent", "Suivant ›"


@dataclass(frozen=True)
class Turn(CallbackData, prefix="test"):
    page: int


@given(total=st.integers(0, 60), size=st.integers(1, 9), index=st.integers(-99, 99))
def test_any_index_gives_a_page_of_the_list(total: int, size: int, index: int) -> None:
    listed = range(total)
    page = ListPage.of(listed, index, size)
    assert 1 <= page.number <= page.count
    assert list(page.items) == [item for item in listed if item // size == page.number - 1]
    assert list(page.numbered()) == [(item + 1, item) for item in page.items]
    if 0 <= index < page.count:
        assert page.number == index + 1


def test_a_list_of_one_page_has_no_steps() -> None:
    assert ListPage.of(range(TEXT_ITEMS), 0, TEXT_ITEMS).steps(Turn) == []
    assert ListPage.of((), 3, TEXT_ITEMS).steps(Turn) == []


def long_title(number: int, length: int) -> str:
    """A title of the greatest length; what counts two where Telegram counts is in it."""
    return f"{number:03} 🏭 ".ljust(length - 1, "w")


def many_of(shipped: Knowledge) -> Knowledge:
    """As many entries, projects, territories and sectors."""
    entries = tuple(
        replace(shipped.entries[0], id=f"{n:03}".ljust(32, "e"), title=long_title(n, 40))
        for n in range(MANY)
    )
    open_one = next(one for one in shipped.projects if one.open_on(date(2026, 11, 23)))
    projects = tuple(
        replace(
            open_one,
            id=f"{n:03}".ljust(32, "p"),
            title=long_title(n, 60),
            territories=(long_title(n, 60),),
            sectors=(long_title(n, 60),),
        )
        for n in range(MANY)
    )
    return replace(shipped, entries=entries, projects=projects, census=Census(projects))


@pytest.fixture(name="stage")
async def stage_with_many(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> AsyncIterator[Stage]:
    shutil.copy(blank_file, tmp_path / "bot.db")
    (tmp_path / "history").mkdir()
    async with staged(
        many_of(shipped),
        tmp_path / "bot.db",
        knowledge_dir=tmp_path,
        messages_per_second=0,
        flood_limit=0,
    ) as stage:
        yield stage
        assert await stage.inbox_count("aside") == 0, "a handler failed"


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


async def declares_many(who: Speaker) -> None:
    async with who.stage.running.parts.database.begin() as work:
        person = await work.people.seen(who.user.id)
        for number in range(MANY):
            new = NewInterest(
                project_id=f"p{number}",
                project_title=long_title(number, 60),
                company="Mécanique du Delta",
                contact_name="Samira Costa",
                contact_kind=ContactKind.EMAIL,
                contact="samira@example.org",
                consent_at=who.stage.clock(),
            )
            await work.interests.register(person.id, new)


def subjects() -> list[str]:
    """As many questions that have nothing in common."""
    chance = random.Random(7)  # noqa: S311 - the same words each time
    return ["".join(chance.choices("abcdefghij", k=24)) for _ in range(MANY)]


def ways() -> list[str]:
    """As many ways to ask the same."""
    return [" ".join(way) for way in itertools.islice(itertools.permutations(WORDS), MANY)]


async def asks(stage: Stage, texts: list[str]) -> None:
    async with stage.running.parts.database.begin() as work:
        for number, text in enumerate(texts):
            # By many people: of one person's questions, not all are listed.
            person = await work.people.seen(9_000 + number % 10)
            await work.questions.record(None, person.id, text, "none", [])


def publishes_many(folder: Path) -> None:
    first = datetime(2026, 1, 1, 10, tzinfo=UTC)
    for number in range(MANY):
        at = (first + timedelta(days=number)).strftime("%Y-%m-%dT%H%M%S")
        (folder / "history" / f"{at}-faq.yaml").write_text(f"# {number}\n", "utf-8")


def rows_of(message: Message) -> list[list[dict[str, str]]]:
    found: list[list[dict[str, str]]] = message["reply_markup"]["inline_keyboard"]
    return found


def steps_of(message: Message) -> dict[str, str]:
    """Return the callback data of the buttons that turn pages: those that lead somewhere."""
    return {
        one["text"]: one["callback_data"]
        for one in buttons(message)
        if one["text"] in (BEFORE, AFTER)
    }


def fits(message: Message) -> None:
    """Assert Telegram's limits (Bot API, sendMessage and InlineKeyboardButton)."""
    assert units(message["text"]) <= 4096
    assert len(buttons(message)) <= 100
    assert all(1 <= len(one["callback_data"].encode()) <= 64 for one in buttons(message))


async def walks(who: Speaker, items: Callable[[Message], list[str]]) -> list[str]:
    """Turn all pages of the list shown last, and back once; return the items that were seen."""
    seen, steps = list[list[str]](), list[dict[str, str]]()
    message_id = who.messages()[-1]["message_id"]
    while True:
        message = who.messages()[-1]
        assert message["message_id"] == message_id
        fits(message)
        assert not any(one["callback_data"].startswith("pg:") for one in buttons(message))
        seen.append(items(message))
        steps.append(steps_of(message))
        if AFTER not in steps[-1]:
            break
        await who.taps_data(message_id, steps[-1][AFTER])
    assert [BEFORE in each for each in steps] == [False, *[True] * (len(steps) - 1)]
    # The step back from a page is the step on to the page before it, as from two pages before.
    assert [each[BEFORE] for each in steps[2:]] == [each[AFTER] for each in steps[:-2]]
    await who.taps_data(message_id, steps[1][BEFORE])
    assert items(who.messages()[-1]) == seen[0]
    return [item for page in seen for item in page]


def leading_to(prefix: str) -> Callable[[Message], list[str]]:
    """Return what gives the items of a page: the buttons of one sort."""
    return lambda message: [
        one["callback_data"]
        for one in buttons(message)
        if one["callback_data"].startswith(f"{prefix}:")
    ]


def wording(message: Message) -> list[str]:
    return [message["text"].split("« ")[1].split(" »")[0]]


async def test_all_projects_are_met_once(sme: Speaker) -> None:
    await sme.says("/projets")
    assert len(set(found := await walks(sme, leading_to("p")))) == len(found) == MANY


@pytest.mark.parametrize("label", ["Par territoire", "Par filière"])
async def test_all_filters_are_met_once(sme: Speaker, label: str) -> None:
    await sme.says("/projets")
    await sme.taps(label)
    found = await walks(sme, lambda message: leading_to("l")(message)[1:])
    assert len(set(found)) == len(found) == MANY
    await sme.taps_data(sme.messages()[-1]["message_id"], found[-1])
    sme.sees("1 projet", long_title(MANY - 1, 60))


@pytest.mark.parametrize("facet", ["t", "s"])
async def test_all_filters_are_met_once_beside_the_longest_others(sme: Speaker, facet: str) -> None:
    await sme.says("/projets")
    asked = ChooseFilter(facet, "f" * 8, "f" * 8, seeks_lead=True, words="x" * 30)
    await sme.taps_data(sme.messages()[-1]["message_id"], asked.pack())
    found = await walks(sme, lambda message: leading_to("l")(message)[1:])
    assert len(set(found)) == len(found) == MANY


@pytest.mark.parametrize("leads", [ListThemes(), ShowEntry("gone")])
async def test_all_themes_are_met_once(sme: Speaker, leads: CallbackData) -> None:
    await sme.says("/start")
    await sme.taps_data(sme.messages()[-1]["message_id"], leads.pack())
    assert len(set(found := await walks(sme, leading_to("e")))) == len(found) == MANY


async def test_all_requests_are_met_once_in_their_order(sme: Speaker) -> None:
    await declares_many(sme)
    await sme.says("/mesdemandes")
    found = await walks(sme, leading_to("r"))
    assert len(set(found)) == len(found) == MANY
    await sme.taps("Suivant ›")
    # The latest come first.
    sme.sees("page 2 sur 21", "6. TI-2026-0100")
    await sme.says("TI-2026-0105")
    sme.sees("Demande TI-2026-0105")


async def test_a_list_of_requests_that_grew_shorter_shows_its_last_page(sme: Speaker) -> None:
    await declares_many(sme)
    await sme.says("/mesdemandes")
    message = sme.messages()[-1]["message_id"]
    await sme.taps_data(message, "mp:99")
    sme.sees("page 21 sur 21", "105. TI-2026-0001")
    await sme.taps_data(message, "mp:-1")
    sme.sees("page 1 sur 21", "1. TI-2026-0105")


async def test_all_gaps_are_met_once(facilitator: Speaker, stage: Stage) -> None:
    await asks(stage, subjects())
    await facilitator.says("/sansreponse")
    found = await walks(facilitator, leading_to("gs"))
    assert len(set(found)) == len(found) == MANY


@pytest.mark.long
async def test_all_wordings_of_a_gap_and_all_entries_are_met_once(
    facilitator: Speaker, stage: Stage
) -> None:
    await asks(stage, ways())
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet,")
    await facilitator.taps("1.")
    fits(facilitator.messages()[-1])
    await facilitator.taps("Ajouter à une réponse")
    assert sorted(await walks(facilitator, wording)) == sorted(ways())
    await facilitator.taps("Toutes les réponses")
    found = await walks(facilitator, leading_to("gp"))
    assert len(set(found)) == len(found) == MANY


async def test_all_versions_are_met_once(facilitator: Speaker, tmp_path: Path) -> None:
    publishes_many(tmp_path)
    await facilitator.says("/historique")
    found = await walks(facilitator, leading_to("kv"))
    assert found == sorted(set(found), reverse=True)
    assert len(found) == MANY


async def test_the_place_in_the_list_is_told(sme: Speaker) -> None:
    await sme.says("/themes")
    pages = -(-MANY // BUTTON_ITEMS)
    sme.sees(f"page 1 sur {pages}")
    await sme.taps("Suivant ›")
    sme.sees(f"page 2 sur {pages}")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (StepPlace.BEFORE, "C'est le début de la liste."),
        (StepPlace.HERE, "Vous en êtes à 2 sur 9."),
        (StepPlace.AFTER, "C'est la fin de la liste."),
    ],
)
async def test_a_button_of_an_older_list_that_leads_nowhere_is_answered(
    sme: Speaker, place: StepPlace, told: str
) -> None:
    await sme.says("/themes")
    message_id = sme.messages()[-1]["message_id"]
    await sme.taps_data(message_id, StayOnPage(place, 2, 9).pack())
    assert sme.toast == told
    assert sme.new == []


@pytest.mark.parametrize("command", ["/themes", "/projets"])
async def test_numbers_go_on_from_page_to_page(sme: Speaker, command: str) -> None:
    await sme.says(command)
    size = BUTTON_ITEMS if command == "/themes" else TEXT_ITEMS
    await sme.taps("Suivant ›")
    sme.sees(f"{size + 1}. ")
    assert f"{size + 1}. " in "\n".join(sme.labels)
    await sme.says(str(size + 2))
    sme.sees(f"{size + 1:03} 🏭" if command == "/projets" else "Source")
    await sme.says(command)
    await sme.says(str(size + 2))
    sme.sees("n'est pas dans la liste", f"de 1 à {size}")
    await sme.says("1")
    assert "n'est pas dans la liste" not in sme.text
