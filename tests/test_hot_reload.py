"""Saved files are live at once; broken ones change nothing, and are told of once."""

import asyncio
import gc
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from weakref import ref

import pytest
from dialogue import Speaker, Stage, inside, tune
from small_library import (  # noqa: F401 (some are fixtures)
    BROKEN,
    CHANGED,
    FAQ,
    decides,
    first_facilitator,
    folder_of_a_test,
    library_of,
    sends_back,
    small_folder,
    stage_of_a_test,
    staged_library,
    until,
)

import bot.content.hot_reload
import bot.content.in_service
import bot.runtime.supervisor
from bot.content.library import Library, Served
from knowledge.knowledge import Knowledge
from knowledge.ranking.former_ranker import PreviousRanker
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.ranker import Ranked, Ranker, Ranking, TrainedRanker

BROKEN_OTHERWISE = FAQ.replace("reponse: ", "respond: ")


@pytest.fixture(autouse=True)
def _without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are told of, and texts learnt, at once; what they wait for has its own tests."""
    monkeypatch.setattr(bot.content.hot_reload, "GRACE_SECONDS", 0.0)
    tune(monkeypatch, bot.content.hot_reload, FIRST_ANSWERS_SECONDS=0.0)


def in_service(stage: Stage) -> Knowledge:
    return stage.running.parts.services.knowledge


def answer(stage: Stage, entry_id: str = "mutualisation") -> str:
    entry = in_service(stage).entry(entry_id)
    return entry.answer if entry else ""


async def is_live(stage: Stage, text: str) -> None:
    await until(stage, lambda: answer(stage) == text)


def save(folder: Path, text: str, name: str = "faq.yaml") -> None:
    (folder / name).write_text(text, "utf-8")


def told(facilitator: Speaker, words: str) -> int:
    """Count the messages that hold these words."""
    return sum(words in message.get("text", "") for message in facilitator.messages())


async def test_a_saved_file_is_live(stage: Stage, folder: Path, sme: Speaker) -> None:
    save(folder, CHANGED)
    await is_live(stage, "Oui, et sans frais.")
    await sme.says("mutualiser un équipement")
    sme.sees("Oui, et sans frais.")


async def test_editors_save_in_many_ways(stage: Stage, folder: Path, tmp_path: Path) -> None:
    target = folder / "faq.yaml"

    def by_renaming(text: str) -> None:
        save(folder, text, ".faq.yaml.swp")
        (folder / ".faq.yaml.swp").replace(target)

    def through_a_backup(text: str) -> None:
        target.replace(folder / "faq.yaml~")
        save(folder, text)

    def by_deleting(text: str) -> None:
        target.unlink()
        save(folder, text)

    def from_elsewhere(text: str) -> None:
        save(tmp_path, text)
        shutil.copy2(tmp_path / "faq.yaml", target)

    def in_parts(text: str) -> None:
        with target.open("w", encoding="utf-8") as file:
            for line in text.splitlines(keepends=True):
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    ways = (by_renaming, through_a_backup, by_deleting, from_elsewhere, in_parts)
    for number, way in enumerate(ways):
        way(FAQ.replace("Oui, entre voisins.", f"Réponse {number}."))
        await is_live(stage, f"Réponse {number}.")


async def test_a_file_that_is_away_for_a_moment_is_no_fault(
    stage: Stage, folder: Path, facilitator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.content.hot_reload, "GRACE_SECONDS", 3600.0)
    hot_reload = stage.running.parts.hot_reload
    (folder / "faq.yaml").unlink()
    await hot_reload.refresh()
    assert answer(stage) == "Oui, entre voisins."
    save(folder, CHANGED)
    await is_live(stage, "Oui, et sans frais.")
    await stage.settles()
    assert told(facilitator, "ne peuvent pas être mis en service") == 0
    assert told(facilitator, "de nouveau justes") == 0


async def test_a_folder_of_links_is_swapped_as_kubernetes_does(
    tmp_path: Path, models: ModelStore
) -> None:
    volume = tmp_path / "volume"
    first = small_folder(volume / "..2026_11_23")
    second = shutil.copytree(first, volume / "..2026_11_24")
    save(second, CHANGED)
    (volume / "..data").symlink_to("..2026_11_23")
    for name in ("faq", "projets", "actes"):
        (volume / f"{name}.yaml").symlink_to(f"..data/{name}.yaml")
    async with staged_library(library_of(volume, models), tmp_path / "bot.db") as stage:
        (volume / "..data_tmp").symlink_to("..2026_11_24")
        (volume / "..data_tmp").replace(volume / "..data")
        await is_live(stage, "Oui, et sans frais.")
        # What is written behind the new link counts too.
        save(second, CHANGED.replace("sans frais", "vite"))
        await is_live(stage, "Oui, et vite.")


async def test_the_folder_itself_may_be_a_link(tmp_path: Path, models: ModelStore) -> None:
    first, second = small_folder(tmp_path / "one"), small_folder(tmp_path / "two")
    save(second, CHANGED)
    link = tmp_path / "current"
    link.symlink_to(first)
    async with staged_library(library_of(link, models), tmp_path / "bot.db") as stage:
        (tmp_path / "next").symlink_to(second)
        (tmp_path / "next").replace(link)
        await is_live(stage, "Oui, et sans frais.")


async def test_a_broken_file_leaves_what_was_and_is_told_of_once(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    said = "ne peuvent pas être mis en service"
    save(folder, BROKEN)
    await until(stage, lambda: told(facilitator, said) == 1)
    facilitator.received("faq.yaml, ligne 5", "tire")
    assert answer(stage) == "Oui, entre voisins."
    # The same fault, some lines further down: saved again, and no news.
    save(folder, "# Une remarque.\n" + BROKEN)
    await stage.running.parts.hot_reload.refresh()
    save(folder, BROKEN_OTHERWISE)
    await until(stage, lambda: told(facilitator, said) == 2)
    facilitator.received("respond")
    save(folder, CHANGED)
    await until(stage, lambda: told(facilitator, "de nouveau justes") == 1)
    assert answer(stage) == "Oui, et sans frais."
    assert told(facilitator, said) == 2


async def test_faults_without_end_are_told_of_a_few_times_then_the_latest(
    stage: Stage, folder: Path, facilitator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, reload = "ne peuvent pas être mis en service", stage.running.parts.hot_reload
    for number in range(5):
        save(folder, BROKEN_OTHERWISE.replace("respond: ", f"respond{number}: "))
        await reload.refresh()
    await stage.settles()
    assert told(facilitator, said) == 3
    tune(monkeypatch, bot.content.hot_reload, TOLD_SECONDS=0.0)
    await until(stage, lambda: told(facilitator, said) == 4)
    facilitator.received("respond4")
    assert "respond3" not in str(facilitator.messages())


async def test_a_restart_says_that_files_were_mended(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    save(folder, BROKEN)
    await until(stage, lambda: told(facilitator, "ne peuvent pas") == 1)
    await stage.stops()
    save(folder, FAQ)
    await stage.starts()
    await until(stage, lambda: told(facilitator, "de nouveau justes") == 1)


async def test_our_own_publication_is_told_of_once(
    stage: Stage, facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    before = len(facilitator.messages())
    served = in_service(stage)
    await stage.running.parts.hot_reload.refresh()
    os.utime(folder / "faq.yaml")
    await stage.running.parts.hot_reload.refresh()
    await stage.settles()
    assert len(facilitator.messages()) == before
    assert in_service(stage) is served


async def test_a_watch_that_fails_begins_again(
    stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.runtime.supervisor, FIRST_PAUSE=0.01)
    hot_reload = stage.running.parts.hot_reload
    failures = 0
    load = inside(hot_reload, "load")

    async def fails_twice() -> None:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise RuntimeError("the disk is away")
        await load()

    tune(monkeypatch, hot_reload, load=fails_twice)
    save(folder, CHANGED)
    await is_live(stage, "Oui, et sans frais.")
    assert failures == 3


async def test_new_texts_do_not_wait_for_what_is_to_be_learnt(folder: Path) -> None:
    library = library_of(folder)
    former = library.load()
    added = FAQ.replace(
        '- "recruter un soudeur"', '- "recruter un soudeur"\n      - "il me manque des bras"'
    )
    save(folder, added.replace("Avec les écoles.", "Avec le lycée."))
    served = library.at_once(library.read(), former)
    assert not served.is_learnt
    decision = served.knowledge.matcher.match("il me manque des bras")
    assert (decision.outcome.value, decision.shown) == ("answer", ("talents",))
    assert served.knowledge.entries[2].answer == "Avec le lycée."
    assert served.knowledge.version == library.load().version


async def test_of_entries_that_are_gone_none_is_answered(folder: Path) -> None:
    library = library_of(folder)
    former = library.load()
    save(folder, FAQ[: FAQ.index("  - id: talents")])
    served = library.at_once(library.read(), former)
    for question in ("embaucher des apprentis", "comment recruter", "un soudeur qualifié"):
        decision = served.knowledge.matcher.match(question)
        assert "talents" not in decision.shown
        assert "talents" not in {one.id for one in decision.ranking}


class Fixed(Ranker):
    """A ranker that always says the same."""

    def rank(self, question: str, written: str = "") -> Ranking:
        del question, written
        return Ranking((Ranked("a", 0.9), Ranked("b", 0.5)), 0.9, 0.95, "near")


def test_the_former_ranker_is_sure_only_of_what_is_left() -> None:
    assert PreviousRanker(Fixed(), ["a", "b", "c"]).rank("x") == Fixed().rank("x")
    assert PreviousRanker(Fixed(), ["b"]).rank("x") == Ranking(
        (Ranked("b", 0.5),), 0.0, 0.95, "near"
    )
    assert PreviousRanker(PreviousRanker(Fixed(), ["b"]), ["a"]).rank("x").entries[0].id == "a"
    assert not PreviousRanker(Fixed(), ["c"]).knows_any()


class Slow(Library):
    """Learns when it is told to."""

    def __init__(self, folder: Path) -> None:
        ready = library_of(folder)
        super().__init__(folder, fictitious=False, compiling=ready.compiling)
        self.may_learn: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.learnt: list[str] = []

    def learn(self, documents: object) -> Knowledge:
        if self.may_learn is not None and self.loop is not None:
            asyncio.run_coroutine_threadsafe(self.may_learn.wait(), self.loop).result()
        knowledge = super().learn(documents)  # type: ignore[arg-type]  # as it is called
        self.learnt.append(knowledge.version)
        return knowledge


async def test_what_is_saved_last_is_what_is_learnt_last(folder: Path, tmp_path: Path) -> None:
    library = Slow(folder)
    async with staged_library(library, tmp_path / "bot.db") as stage:
        library.learnt.clear()
        library.loop, library.may_learn = asyncio.get_running_loop(), asyncio.Event()
        phrasing = '      - "prêter un banc d\'essai"\n'
        for number in range(3):
            text = FAQ.replace("Oui, entre voisins.", f"Réponse {number}.")
            save(folder, text.replace(phrasing, phrasing + f'      - "presse numéro {number}"\n'))
            await is_live(stage, f"Réponse {number}.")
        assert isinstance(in_service(stage).ranker, PreviousRanker)
        library.may_learn.set()
        await until(stage, lambda: not isinstance(in_service(stage).ranker, PreviousRanker))
        assert answer(stage) == "Réponse 2."
        # One in between was never learnt: it was no longer wanted.
        assert len(library.learnt) == 2
        assert library.learnt[-1] == in_service(stage).version


def with_phrasing(number: int) -> str:
    """Return files that were never learnt, and whose answer tells them."""
    text = FAQ.replace("Oui, entre voisins.", f"Réponse {number}.")
    phrasing = '      - "prêter un banc d\'essai"\n'
    return text.replace(phrasing, phrasing + f'      - "emprunter la presse {number}"\n')


def parts(knowledge: Knowledge) -> Iterator[object]:
    """Give what a knowledge is made of, the large parts above all."""
    ranker = knowledge.ranker
    yield from (knowledge, knowledge.matcher, knowledge.census, ranker)
    learnt = ranker.learnt if isinstance(ranker, PreviousRanker) else ranker
    assert isinstance(learnt, TrainedRanker)
    yield from (
        learnt,
        inside(learnt, "similarity"),
        inside(inside(learnt, "similarity"), "letters"),
    )


async def test_of_what_was_in_service_nothing_stays(stage: Stage, folder: Path) -> None:
    frozen = gc.get_freeze_count()
    made: list[ref[object]] = []
    for number in range(6):
        save(folder, with_phrasing(number))
        await is_live(stage, f"Réponse {number}.")
        made += map(ref, parts(in_service(stage)))
        await until(stage, lambda: not stage.running.parts.hot_reload.is_learning)
        made += map(ref, parts(in_service(stage)))
    gc.collect()
    # The stage itself keeps what it was started with.
    first = set(map(id, parts(stage.knowledge)))
    alive = {id(one()) for one in made if one()} - first
    assert alive == set(map(id, parts(in_service(stage))))
    # What is frozen and ends in a circle is never freed.
    assert gc.get_freeze_count() <= frozen


async def test_while_one_is_learnt_one_former_ranker_stands_in(
    folder: Path, tmp_path: Path
) -> None:
    library = Slow(folder)
    async with staged_library(library, tmp_path / "bot.db") as stage:
        library.loop, library.may_learn = asyncio.get_running_loop(), asyncio.Event()
        learnt = in_service(stage).ranker
        made: list[ref[object]] = []
        for number in range(6):
            save(folder, with_phrasing(number))
            await is_live(stage, f"Réponse {number}.")
            made += map(ref, parts(in_service(stage)))
        gc.collect()
        assert {id(one()) for one in made if one()} == set(map(id, parts(in_service(stage))))
        ranker = in_service(stage).ranker
        assert isinstance(ranker, PreviousRanker)
        assert ranker.learnt is learnt
        library.may_learn.set()
        await until(stage, lambda: not isinstance(in_service(stage).ranker, PreviousRanker))


async def test_two_hundred_broken_files_under_a_stream_of_questions(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    chance = random.Random(5)  # noqa: S311 - the same spoilt files each time
    people = [stage.messenger.sme, stage.messenger.second_sme]
    asked = 0
    for number in range(200):
        save(folder, _spoilt(FAQ, chance))
        if number % 4 == 0:
            stage.messenger.says(people[number % 8 // 4], "mutualiser un équipement")
            asked += 1
        await asyncio.sleep(0)
        if number % 20 == 0:
            await stage.running.parts.hot_reload.refresh()
    await stage.settles()
    answers = [
        message["text"]
        for person in people
        for message in stage.messenger.messages(person.id)
        if message["from"]["is_bot"]
    ]
    assert len(answers) == asked
    assert all("Oui, entre voisins." in text for text in answers)
    save(folder, CHANGED)
    await is_live(stage, "Oui, et sans frais.")


def _spoilt(text: str, chance: random.Random) -> str:
    """Return a variant that no reader of these files takes."""
    at = chance.randrange(text.index("entrees"), len(text))
    return chance.choice(
        [
            text[:at] + "\t\0" + text[at:],
            text.replace("entrees:", "entree:"),
            text.replace("id: talents", "id: definition"),
            text.replace("reponse:", f"reponse{at}:"),
            text[: text.index("variantes") + 9] + ": [",
            "",
        ]
    )


async def test_files_swapped_under_load_lose_no_question(stage: Stage, folder: Path) -> None:
    people = [stage.messenger.sme, stage.messenger.second_sme]
    for number in range(40):
        save(folder, FAQ.replace("Oui, entre voisins.", f"Réponse {number}."))
        stage.messenger.says(people[number % 2], "mutualiser un équipement")
        await stage.messenger.changed_or(0.01)
        await stage.running.parts.hot_reload.refresh()
    await stage.settles()
    for person in people:
        messages = stage.messenger.messages(person.id)
        answers = [one["text"] for one in messages if one["from"]["is_bot"]]
        assert len(answers) == 20
        assert all("Réponse" in text or "Oui, entre voisins." in text for text in answers)


def test_what_is_served_says_whether_it_was_learnt(folder: Path, tmp_path: Path) -> None:
    library = library_of(folder, ModelStore(tmp_path / "models"))
    former = library.load()
    # No question is found by where its answer comes from.
    save(folder, FAQ.replace("source: ", "source: relu, "))
    served = library.at_once(library.read(), former)
    assert isinstance(served, Served)
    assert served.is_learnt


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here waits until an editor has stopped."""
    tune(monkeypatch, bot.content.in_service, QUIET_SECONDS=0.0)


async def catches_up(stage: Stage) -> None:
    """Have the files read, and what is due told."""
    await stage.running.parts.hot_reload.refresh()
    await stage.settles()


@pytest.mark.usefixtures("_at_once")
async def test_what_an_editor_saved_is_told_once_a_minute(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    await catches_up(stage)
    save(folder, CHANGED)
    await catches_up(stage)
    await until(stage, lambda: told(facilitator, "1 réponse modifiée") == 1)
    for number in range(10):
        save(folder, FAQ.replace("Oui, entre voisins.", f"Réponse {number}."))
        await catches_up(stage)
    save(folder, FAQ.replace("Avec les écoles.", "Avec les lycées."))
    await catches_up(stage)
    assert told(facilitator, "En service") == 1
    stage.clock.passes(seconds=61)
    await catches_up(stage)
    await until(stage, lambda: told(facilitator, "En service") == 2)
    facilitator.sees("2 réponses modifiées", "« Partager une machine »", "« Trouver des salariés »")
    stage.clock.passes(seconds=61)
    await catches_up(stage)
    assert told(facilitator, "En service") == 2


@pytest.mark.usefixtures("_at_once")
async def test_what_was_undone_within_the_minute_is_not_told(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    await catches_up(stage)
    save(folder, CHANGED)
    await catches_up(stage)
    await until(stage, lambda: told(facilitator, "En service") == 1)
    save(folder, FAQ)
    await catches_up(stage)
    save(folder, CHANGED)
    await catches_up(stage)
    stage.clock.passes(seconds=61)
    await catches_up(stage)
    assert told(facilitator, "En service") == 1


@pytest.mark.usefixtures("_at_once")
async def test_what_was_published_from_telegram_is_not_told_again(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    await catches_up(stage)
    save(folder, CHANGED.replace("Avec les écoles.", "Avec les lycées."))
    await catches_up(stage)
    await until(stage, lambda: told(facilitator, "1 réponse modifiée") == 1)
    facilitator.sees("« Trouver des salariés »")


@pytest.mark.usefixtures("_at_once")
async def test_what_an_editor_puts_back_is_told_though_it_was_published_once(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    await catches_up(stage)
    for number, text in enumerate((FAQ, CHANGED), 1):
        stage.clock.passes(seconds=61)
        save(folder, text)
        await catches_up(stage)
        assert told(facilitator, "En service : 1 réponse modifiée") == number


async def test_an_editor_who_goes_on_saving_is_waited_for(
    stage: Stage, folder: Path, facilitator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.content.in_service, QUIET_SECONDS=1000.0)
    await catches_up(stage)
    save(folder, CHANGED)
    await is_live(stage, "Oui, et sans frais.")
    await catches_up(stage)
    assert told(facilitator, "En service") == 0
    tune(monkeypatch, bot.content.in_service, QUIET_SECONDS=0.0)
    await catches_up(stage)
    assert told(facilitator, "En service") == 1


@pytest.mark.usefixtures("_at_once")
async def test_what_is_hidden_in_an_editor_is_said_to_be(
    stage: Stage, folder: Path, facilitator: Speaker
) -> None:
    await catches_up(stage)
    save(folder, FAQ.replace("  - id: talents\n", "  - id: talents\n    brouillon: oui\n"))
    await catches_up(stage)
    await until(stage, lambda: told(facilitator, "1 réponse masquée") == 1)
