"""/sansreponse: what had no good answer, and what facilitators do about it; the digest."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import Message, Speaker, Stage, inside, tune, unfailing
from small_library import decides, library_of, small_folder, staged_library, works
from sqlalchemy import select, update

from bot.content.weekly_digest import WeeklyDigest, last_due
from bot.runtime.supervisor import LoopName
from handlers.core.paging import TEXT_ITEMS
from handlers.curation.unanswered import MOST_PEOPLE
from knowledge.curation.clusters import Likeness
from knowledge.knowledge import Knowledge
from knowledge.ranking.model_store import ModelStore
from storage.engine.schema import conversations, outbox, publications, questions
from storage.privacy.retention import Durations
from storage.queues.outbox import Priority
from storage.records.change_requests import ChangeState

MATCH = "Qui a gagné le match hier soir ?"
CLOCK = "Quelle heure est-il à Tokyo ?"


@pytest.fixture
async def stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    """A stage that leaves publications as they were asked for."""
    async with unfailing(shipped, tmp_path, blank_file, briefly=True) as stage:
        stage.running.parts.supervisor.tasks[LoopName.PUBLISHER].cancel()
        yield stage


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


@pytest.fixture
def second(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators, 1)


async def replies(speaker: Speaker, text: str, to: Message) -> None:
    speaker.mark()
    speaker.stage.messenger.says(
        speaker.user, text, chat=speaker.chat_id, reply_to=to["message_id"]
    )
    await speaker.stage.settles()


async def treated(stage: Stage) -> list[tuple[str | None, int | None]]:
    return [
        tuple(row)
        for row in await stage.rows(
            select(questions.c.treated_how, questions.c.treated_by).order_by(questions.c.id)
        )
    ]


async def ends(stage: Stage, state: ChangeState) -> None:
    """Bring the publications to their end, as their own loop does."""
    async with stage.running.parts.database.begin() as work:
        await inside(work.outbox, "connection").execute(update(publications).values(state=state))


async def test_alike_questions_are_one_subject_masked_and_most_frequent_first(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    # Kept before a number was an offer to call back.
    await keeps(stage, CLOCK + " Appelez le 06 12 34 56 78")
    await sme.says(MATCH)
    await other_sme.says("qui a gagne le match hier soir")
    await sme.says(stage.knowledge.entries[0].question)
    await facilitator.says("/sansreponse")
    facilitator.sees("2 sujets", "2 fois, par 2 personnes")
    assert facilitator.text.index("match") < facilitator.text.index("Tokyo")
    facilitator.sees("[téléphone]")
    assert "06 12" not in facilitator.text
    assert "place des PME" not in facilitator.text


async def test_an_unhelpful_answer_is_listed_with_what_was_shown(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    entry = stage.knowledge.entries[0]
    await sme.says(entry.question)
    await sme.taps("Non, pas vraiment")
    await facilitator.says("/sansreponse")
    facilitator.sees("peu utile : 1")
    await facilitator.taps("1.")
    facilitator.sees("Montré à la place", entry.title)


async def test_choices_that_were_refused_or_left_are_listed_but_not_those_one_was_chosen_from(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    visit = "pouvez vous venir visiter mon atelier a fos ce jeudi"
    await sme.says(visit)
    sme.sees("Je ne suis pas sûr")
    option = sme.labels[0]
    await other_sme.says("entreprise")
    await facilitator.says("/sansreponse")
    facilitator.sees("Aucune question en attente")
    await other_sme.taps("Aucune de ces réponses")
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet", "« entreprise »")
    stage.clock.passes(minutes=5)
    await facilitator.says("/sansreponse")
    facilitator.sees("2 sujets", visit)
    await sme.taps(option)
    sme.sees("Source :")
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet", "« entreprise »")


async def test_nothing_unanswered_is_said(facilitator: Speaker) -> None:
    await facilitator.says("/sansreponse")
    facilitator.sees("Aucune")
    assert facilitator.labels == []


async def test_pages_turn_and_an_old_page_number_is_brought_back(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    words = ("lundi", "tracteur", "piscine", "guitare", "chocolat", "volcan", "parapluie")
    async with stage.running.parts.database.begin() as work:
        person = await work.people.seen(sme.user.id)
        for number, word in enumerate(words):
            await work.questions.record(number, person.id, f"{word} ou jamais", "none", [])
    await facilitator.says("/sansreponse")
    facilitator.sees("7 sujets", "Page 1 sur 2")
    assert len([label for label in facilitator.labels if re.match(r"\d+\. ", label)]) == TEXT_ITEMS
    assert facilitator.labels[TEXT_ITEMS:] == ["Suivant ›"]
    await facilitator.taps("Suivant ›")
    facilitator.sees("6.", "Page 2 sur 2")
    assert facilitator.labels[len(words) - TEXT_ITEMS :] == ["‹ Précédent"]
    message = facilitator.messages()[-1]["message_id"]
    await facilitator.taps_data(message, "gl:-3")
    facilitator.sees("Page 1 sur 2")
    await facilitator.taps_data(message, "gl:99")
    facilitator.sees("Page 2 sur 2")


async def test_set_aside_and_put_back(
    sme: Speaker, facilitator: Speaker, second: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    message, data = facilitator.button("Mettre de côté")
    await facilitator.taps_data(message["message_id"], data)
    facilitator.sees("Mis de côté par", facilitator.user.name)
    assert await treated(stage) == [("aside", facilitator.user.id)]
    put_back = facilitator.button("Remettre dans la liste")[1]
    await second.taps_data(message["message_id"], data)
    assert "déjà traitées" in second.toast
    await second.taps_data(message["message_id"], put_back)
    assert "de nouveau dans la liste" in second.toast
    second.sees("1 sujet")
    assert await treated(stage) == [(None, None)]
    await second.taps_data(message["message_id"], put_back)
    assert "déjà traitées" in second.toast


async def test_a_question_becomes_a_phrasing_through_a_publication(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    await facilitator.taps("Ajouter à une réponse")
    facilitator.sees("À quelle réponse", "Qui a gagné le match hier soir ?")
    # It was said in one way only.
    assert "Suivant ›" not in facilitator.labels
    assert len(facilitator.labels) == 5
    await facilitator.taps("Toutes les réponses")
    await facilitator.taps("Suivant ›")
    entry = stage.knowledge.entries[-1]
    await facilitator.taps(entry.title[:40])
    facilitator.received("Je vérifie")
    rows = await stage.rows(
        select(publications.c.kind, publications.c.subject, publications.c.wording)
    )
    assert rows == [("phrasing", entry.id, MATCH)]
    await facilitator.says("/sansreponse")
    facilitator.sees("Aucune", "1 ajout attend")
    await ends(stage, ChangeState.PUBLISHED)
    await facilitator.says("/sansreponse")
    assert "attend" not in facilitator.text
    assert await treated(stage) == [("phrasing", facilitator.user.id)]


async def keeps(stage: Stage, *texts: str) -> None:
    """Keep questions that no answer was found for, the newest last."""
    async with stage.running.parts.database.begin() as work:
        person = await work.people.seen(9_000)
        for text in texts:
            await work.questions.record(None, person.id, text, "none", [])


async def test_the_wording_that_is_added_is_the_one_chosen_and_shown(
    facilitator: Speaker, stage: Stage
) -> None:
    named = "Date limite pour le dossier de Benali Usinage ?"
    plain = "Date limite pour le dossier ?"
    await keeps(stage, plain, named)
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet")
    await facilitator.taps("1.")
    await facilitator.taps("Ajouter à une réponse")
    facilitator.sees(f"« {named} »", "faq.yaml : aucun nom de personne ni d'entreprise")
    facilitator.sees("Formulation 1 sur 2")
    await facilitator.taps("Suivant ›")
    facilitator.sees(f"« {plain} »")
    # A newer wording takes the first place; what was chosen stays.
    await keeps(stage, "Pour le dossier, date limite ?")
    await facilitator.taps("Toutes les réponses")
    facilitator.sees(f"« {plain} »")
    await facilitator.taps(stage.knowledge.entries[0].title[:40])
    facilitator.sees(f"« {plain} »")
    assert await stage.rows(select(publications.c.wording)) == [(plain,)]
    assert [how for how, _ in await treated(stage)] == ["phrasing"] * 3


async def test_other_wordings_come_in_turn_without_those_that_are_masked(
    facilitator: Speaker, stage: Stage
) -> None:
    ways = [MATCH, "qui a gagne le match hier soir", "Hier soir, qui a gagné le match ?"]
    await keeps(stage, *ways, f"{MATCH} Appelez le 06 12 34 56 78")
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    await facilitator.taps("Ajouter à une réponse")
    seen = [way for way in ways if f"« {way} »" in facilitator.text]
    for _ in ways[1:]:
        await facilitator.taps("Suivant ›")
        seen += [way for way in ways if f"« {way} »" in facilitator.text]
    assert len(seen) == len(ways)
    assert set(seen) == set(ways)
    assert "Suivant ›" not in facilitator.labels
    await facilitator.taps("‹ Précédent")
    facilitator.sees(f"« {seen[1]} »")


async def test_a_publication_given_up_opens_the_questions_again(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    await facilitator.taps("Hors sujet")
    facilitator.received("Je vérifie")
    assert await stage.rows(select(publications.c.kind)) == [("out_of_scope",)]
    await ends(stage, ChangeState.ABANDONED)
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet", "match")
    assert await treated(stage) == [(None, None)]


async def test_from_the_list_to_the_file_one_line_is_added_and_it_answers(
    tmp_path: Path, models: ModelStore
) -> None:
    folder = small_folder(tmp_path / "knowledge")
    before = (folder / "faq.yaml").read_text("utf-8").splitlines()
    async with staged_library(library_of(folder, models), tmp_path / "bot.db") as stage:
        sme, facilitator = stage.person(), stage.member(stage.messenger.facilitators)
        await sme.says("dénicher une perle rare")
        await sme.taps("Aucune de ces réponses")
        await facilitator.says("/sansreponse")
        await facilitator.taps("1.")
        await facilitator.taps("Ajouter à une réponse")
        await decides(facilitator, "Trouver des salariés")
        facilitator.received(
            '- "dénicher une perle rare"',
            "1 ligne ajoutée",
            "Cet ajout restera dans faq.yaml : il ne doit contenir aucun nom",
        )
        await decides(facilitator, "Publier")
        after = (folder / "faq.yaml").read_text("utf-8").splitlines()
        assert [line for line in after if line not in before] == [
            '      - "dénicher une perle rare"'
        ]
        assert len(after) == len(before) + 1
        await works(stage)
        await sme.says("dénicher une perle rare")
        sme.sees("Avec les écoles.")
        await facilitator.says("/sansreponse")
        facilitator.sees("Aucune")
        assert "attend" not in facilitator.text


async def test_out_of_scope_becomes_an_example_of_the_facilitators_voice(
    tmp_path: Path, models: ModelStore
) -> None:
    folder = small_folder(tmp_path / "knowledge")
    async with staged_library(library_of(folder, models), tmp_path / "bot.db") as stage:
        sme, facilitator = stage.person(), stage.member(stage.messenger.facilitators)
        await sme.says("dénicher une perle rare")
        await sme.taps("Aucune de ces réponses")
        await facilitator.says("/sansreponse")
        await facilitator.taps("1.")
        await decides(facilitator, "Hors sujet")
        facilitator.received("Cet ajout restera dans formulations.yaml")
        await decides(facilitator, "Publier")
        assert "dénicher une perle rare" in (folder / "formulations.yaml").read_text("utf-8")
        await facilitator.says("/sansreponse")
        facilitator.sees("Aucune")


async def test_a_double_tap_asks_for_one_publication(
    sme: Speaker, facilitator: Speaker, second: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    message, data = facilitator.button("Hors sujet")
    await facilitator.taps_data(message["message_id"], data, times=2)
    await second.taps_data(message["message_id"], data)
    assert "déjà traitées" in second.toast
    assert len(await stage.rows(select(publications.c.id))) == 1


async def test_masked_words_never_reach_the_files(facilitator: Speaker, stage: Stage) -> None:
    await keeps(stage, CLOCK + " Appelez le 06 12 34 56 78")
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    for label in ("Ajouter à une réponse", "Hors sujet"):
        await facilitator.taps(label)
        assert "donnée masquée" in facilitator.toast
    assert await stage.rows(select(publications.c.id)) == []


async def test_an_entry_that_is_gone_is_said(sme: Speaker, facilitator: Speaker) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    message, data = facilitator.button("1.")
    question = data.split(":")[1]
    await facilitator.taps_data(message["message_id"], f"gp:{question}:no-such-entry")
    assert "n'existe plus" in facilitator.toast


async def test_those_who_asked_are_answered_in_a_conversation(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await other_sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    await facilitator.taps("Répondre à la personne", times=2)
    facilitator.received("2 échanges ouverts")
    assert await stage.rows(select(conversations.c.opened_by)) == [("facilitators",)] * 2
    card = next(m for m in facilitator.messages() if m["text"].startswith("Question Q-2026-0001"))
    await replies(facilitator, "Marseille, bien sûr.", card)
    texts = [speaker.messages()[-1]["text"] for speaker in (sme, other_sme)]
    assert sum("Marseille, bien sûr." in text for text in texts) == 1
    (told,) = [text for text in texts if "Marseille" in text]
    assert MATCH in told
    assert {how for how, _ in await treated(stage)} == {"answered"}


async def test_the_end_of_an_exchange_that_the_person_never_saw_is_not_told(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    await facilitator.taps("Répondre à la personne")
    told = len(sme.messages())
    await facilitator.taps("Clore")
    assert "La personne n'avait rien reçu" in facilitator.toast
    assert len(sme.messages()) == told
    await facilitator.taps("Rouvrir")
    card = next(m for m in facilitator.messages() if m["text"].startswith("Question Q-2026-0001"))
    await replies(facilitator, "Marseille, bien sûr.", card)
    await facilitator.taps("Clore")
    assert "Un message le dit à la personne" in facilitator.toast
    assert "clos l'échange sur votre question Q-2026-0001" in sme.messages()[-1]["text"]
    assert MATCH in sme.messages()[-1]["text"]


async def test_who_was_erased_is_not_answered(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    message, data = facilitator.button("Répondre à la personne")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await facilitator.taps_data(message["message_id"], data)
    assert "déjà traitées" in facilitator.toast
    assert await stage.rows(select(conversations.c.id)) == []
    await facilitator.says("/sansreponse")
    facilitator.sees("Aucune question en attente.")
    assert "traitées" not in facilitator.text


async def test_no_more_people_at_once_than_the_group_can_take(
    facilitator: Speaker, stage: Stage
) -> None:
    async with stage.running.parts.database.begin() as work:
        for number in range(MOST_PEOPLE + 2):
            person = await work.people.seen(9_000 + number)
            await work.questions.record(number, person.id, MATCH, "none", [])
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    await facilitator.taps("Répondre à la personne")
    facilitator.received(f"{MOST_PEOPLE} échanges ouverts", "Il reste 2 personnes")
    await facilitator.says("/sansreponse")
    facilitator.sees("2 fois")


async def test_others_see_and_change_nothing(
    sme: Speaker, administrator: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(MATCH)
    ((question,),) = await stage.rows(select(questions.c.id))
    for intruder in (sme, administrator):
        await intruder.says("/sansreponse")
        in_group = "se tape dans le groupe des facilitateurs"
        intruder.sees(in_group if intruder is administrator else "réservée")
        message = intruder.messages()[-1]["message_id"]
        taps = (
            "gl:0",
            *(f"{act}:{question}" for act in ("gs", "ga", "gr", "gd", "gb", "go")),
        )
        for data in (*taps, f"ge:{question}:0", f"gp:{question}:talents"):
            await intruder.taps_data(message, data)
            assert "réservée" in intruder.toast
    assert await treated(stage) == [(None, None)]
    assert facilitator.messages() == []


async def digest_of(stage: Stage) -> WeeklyDigest:
    parts = stage.running.parts
    return WeeklyDigest(parts.database, parts.services, parts.dispatcher.wake)


async def test_the_digest_comes_once_a_week_whoever_sends_it(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    digest, other = await digest_of(stage), await digest_of(stage)
    # Monday, 11:00 in Paris: the first start looks back on nothing.
    assert not await digest.send_if_due()
    stage.clock.passes(days=2)
    await sme.says(MATCH)
    await sme.says(stage.knowledge.entries[0].question)
    assert not await digest.send_if_due()
    stage.clock.passes(days=5)
    assert [await one.send_if_due() for one in (digest, other, digest)] == [True, False, False]
    assert await stage.rows(select(outbox.c.priority)) == [(Priority.BROADCAST,)]
    await stage.settles()
    facilitator.received(
        "du 23 novembre 2026 au 30 novembre 2026", "posées : 2", "1 (50 %)", MATCH, "/sansreponse"
    )
    await stage.stops()
    await stage.starts()
    assert not await (await digest_of(stage)).send_if_due()


async def test_a_week_without_questions_is_short(facilitator: Speaker, stage: Stage) -> None:
    digest = await digest_of(stage)
    await digest.send_if_due()
    stage.clock.passes(days=7)
    assert await digest.send_if_due()
    await stage.settles()
    facilitator.received("posées : 0")


async def test_the_digest_needs_a_group_and_can_be_switched_off(
    stage: Stage, facilitator: Speaker
) -> None:
    running = stage.running
    assert LoopName.WEEKLY_DIGEST in running.parts.supervisor.tasks
    running.parts.services.facilitator_chat_id = None
    stage.clock.passes(days=7)
    assert not await (await digest_of(stage)).send_if_due()
    await stage.stops()
    stage.overrides = {"weekly_digest": False}
    await stage.starts()
    assert LoopName.WEEKLY_DIGEST not in stage.running.parts.supervisor.tasks


def test_the_digest_is_due_on_mondays_at_nine_in_paris(stage: Stage) -> None:
    due = last_due(stage.clock())
    assert due.isoformat() == "2026-11-23T09:00:00+01:00"
    assert last_due(due) == due
    assert last_due(due.replace(hour=8)).isoformat() == "2026-11-16T09:00:00+01:00"
    # Over the end of summer time the hour on the wall stays.
    october = due.replace(year=2026, month=10, day=27, hour=12)
    assert last_due(october).isoformat() == "2026-10-26T09:00:00+01:00"


async def quotes_are_gone(stage: Stage, gone: str) -> bool:
    """Tell whether no message of the group quotes these words, in its text or on its buttons."""
    return gone not in str(stage.messenger.messages(stage.messenger.facilitators.id))


@pytest.mark.parametrize(
    "way",
    [
        ("/sansreponse",),
        ("/sansreponse", "2."),
        ("/sansreponse", "2.", "Ajouter à une réponse"),
        ("/sansreponse", "2.", "Ajouter à une réponse", "Toutes les réponses"),
        ("/sansreponse", "2.", "Mettre de côté"),
        ("/sansreponse", "2.", "Hors sujet"),
    ],
    ids="-".join,
)
async def test_no_sent_list_quotes_who_was_erased(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker, stage: Stage, way: tuple[str, ...]
) -> None:
    await sme.says(CLOCK)
    await other_sme.says(MATCH)
    await facilitator.says(way[0])
    for label in way[1:]:
        await facilitator.taps(label)
    assert not await quotes_are_gone(stage, "Tokyo")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert await quotes_are_gone(stage, "Tokyo")
    facilitator.received("la personne l'a demandé", "/sansreponse")
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet", MATCH)
    # The other person's list stays as it is.
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    facilitator.received(MATCH)


async def test_the_digest_does_not_quote_who_was_erased(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    digest = await digest_of(stage)
    await digest.send_if_due()
    stage.clock.passes(days=6)
    await sme.says(CLOCK)
    stage.clock.passes(days=1)
    assert await digest.send_if_due()
    await stage.settles()
    facilitator.received(CLOCK)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert await quotes_are_gone(stage, "Tokyo")


async def test_a_list_is_known_by_what_it_quotes_as_long_as_the_questions_are_kept(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(CLOCK)
    await facilitator.says("/sansreponse")
    durations = Durations()
    for days, left in ((durations.outbox_record.days + 1, 1), (durations.question.days, 0)):
        stage.clock.passes(days=days)
        async with stage.running.parts.database.begin() as work:
            await work.retention.apply(durations)
        assert len(await stage.rows(select(outbox.c.id))) == left


async def test_what_is_not_compared_in_time_is_said(
    facilitator: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, "handlers.curation.gaps", SECONDS=0.0)
    await keeps(stage, *(f"{letter * 5} {letter * 4}" for letter in "abcdefghijkl"))
    await facilitator.says("/sansreponse")
    facilitator.sees("12 sujets", "4 questions récentes ne sont pas encore rapprochées")
    await facilitator.says("/sansreponse")
    assert "rapprochée" not in facilitator.text


async def test_others_are_answered_while_questions_are_compared(
    sme: Speaker, facilitator: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    compare = Likeness.compare

    def waiting(self: Likeness, texts: dict[int, str], seconds: float) -> None:
        begun.set()
        assert may_end.wait(20)
        compare(self, texts, seconds)

    monkeypatch.setattr(Likeness, "compare", waiting)
    await keeps(stage, MATCH)
    stage.messenger.says(facilitator.user, "/sansreponse", chat=facilitator.chat_id)
    assert await asyncio.to_thread(begun.wait, 20)
    stage.messenger.says(sme.user, "/aide")
    async with asyncio.timeout(20):
        while "Ce que vous pouvez faire ici" not in str(sme.messages()):
            await stage.messenger.changed_or(0.01)
    assert facilitator.messages()[-1]["text"] == "/sansreponse"
    may_end.set()
    await stage.settles()
    facilitator.received("1 sujet")
