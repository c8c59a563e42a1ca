"""What changed among the projects is told once, to those whom it concerns, by day."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
from dialogue import Speaker, Stage, inside
from sqlalchemy import delete, select, update
from test_dialogue_interest import registers

from bot.recurring.project_news import ProjectNewsTeller, compare
from handlers.core.kept import Kept
from knowledge.model import Project
from knowledge.model import Stage as ProjectStage
from knowledge.projects import Census
from storage.engine.schema import interests, known_projects, project_news, subscriptions
from storage.privacy.retention import Durations, months
from storage.records.project_news import KnownProject, NewsKind

TODAY = date(2026, 11, 24)
PROJECT = Project(
    id="hydrogen",
    title="Hydrogène vert",
    summary="",
    seeks="",
    lead=None,
    territories=("Istres",),
    sectors=("Énergie",),
    stage=ProjectStage.IDEA,
    deadline=None,
    updated_on=date(2026, 11, 20),
    withdrawn_on=None,
    keywords=(),
    fictitious=False,
)
KNOWN = KnownProject(
    "hydrogen", "Hydrogène vert", None, is_open=True, is_announced=True, seeks_lead=True
)


def told(
    before: Iterable[KnownProject], *projects: Project, hidden: Iterable[Project] = ()
) -> dict[NewsKind, list[str]]:
    changes = compare({each.project_id: each for each in before}, projects, TODAY, hidden)
    found: dict[NewsKind, list[str]] = {}
    for kind, ids in changes.news:
        found.setdefault(kind, []).extend(ids)
    return found


def test_what_stands_as_it_stood_is_no_news() -> None:
    assert told([KNOWN], PROJECT) == {}
    assert told([KNOWN], replace(PROJECT, summary="Mended", updated_on=TODAY)) == {}


def test_a_project_is_new_once_however_often_it_closes_and_opens() -> None:
    assert told([], PROJECT) == {NewsKind.OPENED: ["hydrogen"]}
    assert told([replace(KNOWN, is_open=False)], PROJECT) == {}


def test_a_project_that_was_only_prepared_is_new_when_it_opens() -> None:
    shut = replace(PROJECT, stage=ProjectStage.CLOSED)
    first = compare({}, [shut], TODAY)
    assert first.news == ()
    assert told(first.known, PROJECT) == {NewsKind.OPENED: ["hydrogen"]}


def test_another_id_with_the_same_title_is_the_same_project() -> None:
    assert told([KNOWN], replace(PROJECT, id="hydrogene-vert")) == {}


@pytest.mark.parametrize(
    "ended",
    [
        {"stage": ProjectStage.CLOSED},
        {"withdrawn_on": TODAY},
        {"deadline": date(2026, 11, 23)},
    ],
)
def test_a_project_that_ends_is_told_once(ended: dict[str, object]) -> None:
    project = replace(PROJECT, **ended)  # type: ignore[arg-type]  # the cases above fit the fields
    changes = compare({"hydrogen": KNOWN}, [project], TODAY)
    assert changes.news == ((NewsKind.CLOSED, ("hydrogen",)),)
    assert told(changes.known, project) == {}


def test_a_project_that_left_the_file_has_ended_and_is_not_new_when_it_returns() -> None:
    changes = compare({"hydrogen": KNOWN}, [], TODAY)
    assert changes.news == ((NewsKind.CLOSED, ("hydrogen",)),)
    assert told(changes.known) == {}
    assert told(changes.known, PROJECT) == {}


def test_a_lead_that_is_found_is_told_and_a_lead_that_changes_is_not() -> None:
    led = replace(PROJECT, lead="CCI")
    assert told([KNOWN], led) == {NewsKind.FOUND_LEAD: ["hydrogen"]}
    assert told([replace(KNOWN, lead="Another")], led) == {}


@pytest.mark.parametrize("id_", ["hydrogen", "hydrogene-vert"])
def test_a_project_that_is_hidden_has_not_ended_and_is_told_of_when_it_is_shown_again(
    id_: str,
) -> None:
    draft = replace(PROJECT, id=id_, lead="CCI")
    hidden = compare({"hydrogen": KNOWN}, [], TODAY, [draft])
    assert hidden.news == ()
    assert told(hidden.known, draft) == {NewsKind.FOUND_LEAD: [id_]}
    assert told(hidden.known, replace(draft, withdrawn_on=TODAY)) == {NewsKind.CLOSED: [id_]}
    assert told(hidden.known) == {NewsKind.CLOSED: [id_]}


def test_a_project_that_is_being_prepared_is_new_when_it_is_shown() -> None:
    prepared = compare({}, [], TODAY, [PROJECT])
    assert (prepared.news, prepared.known) == ((), ())
    assert told(prepared.known, PROJECT) == {NewsKind.OPENED: ["hydrogen"]}


def teller(stage: Stage) -> ProjectNewsTeller:
    parts = stage.running.parts
    return ProjectNewsTeller(parts.database, parts.services, parts.dispatcher.wake)


async def morning(stage: Stage) -> None:
    """Let a working day pass, and tell what is due; then everything is sent."""
    stage.clock.passes(days=1)
    await teller(stage).tell_if_due()
    await stage.settles()


async def changes(stage: Stage, statement: object) -> None:
    async with stage.running.parts.database.begin() as work:
        await inside(work.project_news, "connection").execute(statement)


async def begins(stage: Stage) -> None:
    """Let the bot know the census, as it does when it first runs."""
    await teller(stage).tell_if_due()


def open_projects(stage: Stage) -> tuple[Project, ...]:
    return stage.knowledge.census.listed(stage.running.parts.services.today())


async def subscribes(sme: Speaker) -> None:
    await sme.says("/alertes")
    await sme.taps("Oui, prévenez-moi")


async def test_nobody_is_told_of_what_was_there_at_first(sme: Speaker, stage: Stage) -> None:
    await begins(stage)
    await subscribes(sme)
    await morning(stage)
    sme.sees("C'est noté")
    assert len(await stage.rows(select(known_projects.c.project_id))) > 5


async def test_two_new_projects_are_one_message_told_once(sme: Speaker, stage: Stage) -> None:
    await begins(stage)
    await subscribes(sme)
    first, second, *_ = open_projects(stage)
    is_new = known_projects.c.project_id.in_([first.id, second.id])
    await changes(stage, delete(known_projects).where(is_new))
    sme.mark()
    await morning(stage)
    (message,) = sme.new
    assert "2 nouveaux projets sont ouverts" in message["text"]
    assert first.title in message["text"]
    assert second.title in message["text"]
    await teller(stage).tell_if_due()
    await morning(stage)
    assert len(sme.new) == 1
    assert await stage.rows(select(project_news)) == []
    await sme.taps(f"1. {first.title}")
    sme.sees(first.title, "Étape")


async def test_only_what_passes_the_filters_is_told(sme: Speaker, stage: Stage) -> None:
    await begins(stage)
    here = open_projects(stage)[0]
    place = here.territories[0]
    await sme.says("/alertes")
    await sme.taps("Un territoire")
    await sme.taps(next(label for label in sme.labels if label.endswith(f". {place}")))
    sme.sees(f"territoire {place}")
    await sme.taps("Oui, prévenez-moi")
    sme.sees(f"Territoire : {place}", "Filière : toutes")
    elsewhere = next(p for p in open_projects(stage) if place not in p.territories)
    await changes(stage, delete(known_projects).where(known_projects.c.project_id == elsewhere.id))
    sme.mark()
    await morning(stage)
    assert sme.new == []
    await changes(stage, delete(known_projects).where(known_projects.c.project_id == here.id))
    await morning(stage)
    sme.received("Un nouveau projet est ouvert", here.title)


async def test_one_tap_under_a_message_stops_them_all(sme: Speaker, stage: Stage) -> None:
    await begins(stage)
    await subscribes(sme)
    project = open_projects(stage)[0]
    is_new = known_projects.c.project_id == project.id
    await changes(stage, delete(known_projects).where(is_new))
    await morning(stage)
    await sme.taps("Ne plus être prévenu")
    sme.sees("C'est arrêté")
    assert await stage.rows(select(subscriptions)) == []
    await changes(stage, delete(known_projects).where(is_new))
    sme.mark()
    await morning(stage)
    assert sme.new == []


@pytest.mark.parametrize("typed", ["STOP", "ne plus recevoir", "Désabonnez-moi !"])
async def test_a_typed_stop_stops_where_there_is_something_to_stop(
    sme: Speaker, stage: Stage, typed: str
) -> None:
    await subscribes(sme)
    await sme.says(typed)
    sme.sees("C'est arrêté")
    await sme.says(typed)
    assert "C'est arrêté" not in sme.text


async def test_a_stop_that_declines_an_offer_leaves_the_news(sme: Speaker, stage: Stage) -> None:
    await subscribes(sme)
    await sme.says("/proposer")
    await sme.says("stop")
    assert "C'est arrêté" not in sme.text
    assert len(await stage.rows(select(subscriptions))) == 1


async def test_who_blocks_the_bot_is_dropped_and_is_told_nothing_old(
    sme: Speaker, stage: Stage
) -> None:
    await begins(stage)
    await subscribes(sme)
    stage.messenger.blocks(sme.user)
    await stage.settles()
    assert await stage.rows(select(subscriptions)) == []
    await changes(
        stage,
        delete(known_projects).where(known_projects.c.project_id == open_projects(stage)[0].id),
    )
    await morning(stage)
    stage.messenger.unblocks(sme.user)
    sme.mark()
    await morning(stage)
    assert sme.new == []


async def test_what_telling_was_interrupted_goes_on_without_telling_anybody_twice(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await begins(stage)
    await subscribes(sme)
    await subscribes(other_sme)
    project = open_projects(stage)[0]
    async with stage.running.parts.database.begin() as work:
        mine = (await work.subscriptions.after(0, 10))[0]
        await work.project_news.begin(NewsKind.OPENED, [project.id])
    (row,) = await stage.rows(select(project_news.c.id))
    await changes(stage, update(project_news).values(told_up_to=mine.id))
    sme.mark()
    other_sme.mark()
    await teller(stage).tell_if_due()
    await stage.settles()
    assert row.id == 1
    told_people = [len(someone.new) for someone in (sme, other_sme)]
    assert sorted(told_people) == [0, 1]


async def test_what_opened_on_two_days_is_one_message_where_the_first_was_cut_off(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await begins(stage)
    await subscribes(sme)
    await subscribes(other_sme)
    first, second, *_ = open_projects(stage)
    async with stage.running.parts.database.begin() as work:
        knows, _ = await work.subscriptions.after(0, 10)
        await work.project_news.begin(NewsKind.OPENED, [first.id])
        one = await work.people.get(knows.person_id)
    await changes(stage, update(project_news).values(told_up_to=knows.id))
    await changes(stage, delete(known_projects).where(known_projects.c.project_id == second.id))
    for speaker in (sme, other_sme):
        speaker.mark()
    await morning(stage)
    assert one is not None
    for speaker in (sme, other_sme):
        (message,) = speaker.new
        assert second.title in message["text"]
        assert (first.title in message["text"]) == (speaker.user.id != one.telegram_id)
    assert await stage.rows(select(project_news)) == []


async def test_nothing_is_told_at_night_nor_at_the_weekend(sme: Speaker, stage: Stage) -> None:
    await begins(stage)
    await subscribes(sme)
    await changes(
        stage,
        delete(known_projects).where(known_projects.c.project_id == open_projects(stage)[0].id),
    )
    sme.mark()
    stage.clock.passes(hours=14)
    await teller(stage).tell_if_due()
    stage.clock.passes(days=4, hours=10)
    await teller(stage).tell_if_due()
    await stage.settles()
    assert sme.new == []
    stage.clock.passes(days=2)
    await teller(stage).tell_if_due()
    await stage.settles()
    sme.received("Un nouveau projet est ouvert")


async def test_who_waited_for_a_project_that_closes_is_told_and_the_team_once(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await begins(stage)
    number = await registers(sme, stage)
    project = open_projects(stage)[0]
    async with stage.running.parts.database.begin() as work:
        await work.project_news.begin(NewsKind.CLOSED, [project.id])
    sme.mark()
    administrator.mark()
    await teller(stage).tell_if_due()
    await stage.settles()
    # The project is open, so that it closed is no longer so.
    assert not [m for m in sme.new if "n'est plus ouvert" in m["text"]]
    shut = next(
        p
        for p in stage.knowledge.census.projects
        if not p.open_on(stage.running.parts.services.today())
    )
    await changes_project(stage, number, shut.id)
    async with stage.running.parts.database.begin() as work:
        await work.project_news.begin(NewsKind.CLOSED, [shut.id])
    sme.mark()
    administrator.mark()
    await teller(stage).tell_if_due()
    await stage.settles()
    sme.received("n'est plus ouvert", number)
    administrator.received("Une entreprise attendait encore, et le sait", number)
    assert len(sme.new) == len(administrator.new) == 1


@pytest.mark.parametrize(("is_over", "count"), [(False, 0), (True, 1)])
async def test_who_waits_for_a_project_that_is_hidden_is_not_told_that_it_closed(
    sme: Speaker, other_sme: Speaker, stage: Stage, *, is_over: bool, count: int
) -> None:
    await begins(stage)
    number = await registers(sme, stage)
    project = open_projects(stage)[0]
    services = stage.running.parts.services
    rest = [each for each in services.knowledge.projects if each.id != project.id]
    draft = replace(project, withdrawn_on=date(2026, 11, 23)) if is_over else project
    services.knowledge = replace(
        services.knowledge,
        projects=tuple(rest),
        census=Census(rest),
        hidden_projects=(draft,),
    )
    async with stage.running.parts.database.begin() as work:
        # As was found before it was hidden.
        await work.project_news.begin(NewsKind.CLOSED, [project.id])
    await morning(stage)
    closed = [m for m in sme.messages() if "n'est plus ouvert" in m["text"]]
    assert len(closed) == count
    await sme.says(number)
    if "Suite…" in sme.labels:
        await sme.taps("Suite…")
    await sme.taps("Voir la fiche du projet")
    sme.sees("en cours de mise à jour", number)
    await other_sme.says(f"/start p_{project.id}")
    other_sme.sees("ne figure plus au recensement")


async def changes_project(stage: Stage, number: str, project_id: str) -> None:
    await changes(
        stage,
        update(interests).where(interests.c.number == number).values(project_id=project_id),
    )


def test_a_lead_named_where_none_was_sought_is_no_find() -> None:
    led = replace(PROJECT, lead="CCI")
    unsaid = replace(KNOWN, seeks_lead=False)
    assert told([unsaid], led) == {NewsKind.NAMED_LEAD: ["hydrogen"]}
    assert told([KNOWN], led) == {NewsKind.FOUND_LEAD: ["hydrogen"]}
    assert told([unsaid], replace(PROJECT, seeks_lead=True)) == {}


@pytest.mark.parametrize(
    ("is_sought", "firm", "team"),
    [
        (True, "a trouvé un chef de file", "a un chef de file"),
        (False, "dit maintenant qui le mène", "dit maintenant qui le mène"),
    ],
)
async def test_who_asked_is_told_of_the_lead_that_was_found_or_named(
    is_sought: bool, firm: str, team: str, sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await begins(stage)
    projects = open_projects(stage)
    led = next(number for number, project in enumerate(projects) if project.lead)
    number = await registers(sme, stage, led)
    await changes(
        stage,
        update(known_projects)
        .where(known_projects.c.project_id == projects[led].id)
        .values(lead=None, seeks_lead=is_sought),
    )
    sme.mark()
    administrator.mark()
    await morning(stage)
    sme.received(firm, str(projects[led].lead), number)
    administrator.received(team, number)
    await morning(stage)
    assert len(sme.new) == 1


async def test_who_is_silent_for_long_is_told_that_it_ends(sme: Speaker, stage: Stage) -> None:
    await begins(stage)
    await subscribes(sme)
    stage.clock.passes(days=361)
    sme.mark()
    await teller(stage).tell_if_due()
    await stage.settles()
    sme.received("depuis près de 12 mois", "cela s'arrête ici")
    assert await stage.rows(select(subscriptions)) == []
    await sme.taps("Être prévenu des nouveaux projets")
    sme.sees("Voulez-vous qu'un message vous prévienne")


async def test_who_is_silent_is_told_before_the_time_that_the_settings_say(
    sme: Speaker, stage: Stage
) -> None:
    services = stage.running.parts.services
    services.kept = Kept(Durations(person=months(7)))
    await begins(stage)
    await subscribes(sme)
    for days, left in ((209, 1), (2, 0)):
        stage.clock.passes(days=days)
        await teller(stage).tell_if_due()
        await stage.settles()
        assert len(await stage.rows(select(subscriptions))) == left
    sme.received("depuis près de 7 mois")
    assert await stage.rows(select(subscriptions)) == []


async def test_the_list_of_projects_offers_it_with_its_filters(sme: Speaker, stage: Stage) -> None:
    await sme.says("/projets")
    await sme.taps("Être prévenu des nouveaux projets")
    sme.sees("quels que soient son territoire et sa filière")
    await sme.taps("Une filière")
    await sme.taps("Quelle que soit la filière")
    await sme.taps("Oui, prévenez-moi")
    await sme.says("/alertes")
    sme.sees("Vous êtes prévenu", "Territoire : tous")
    await sme.taps("Changer de territoire ou de filière")
    sme.sees("Voulez-vous qu'un message")
