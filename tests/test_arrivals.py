"""Where people come from: each link leads where it says, and is counted without saying who."""

from datetime import date, timedelta
from itertools import product

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select

from knowledge.model import Project
from knowledge.projects import code_of
from knowledge.start_links import LinkKind, Source, parameter_of
from storage.engine.schema import arrivals
from storage.records.arrivals import Opened
from storage.records.arrivals import Source as Counted
from storage.records.days import Days

TODAY = date(2026, 11, 23)


def opened(stage: Stage) -> Project:
    services = stage.running.parts.services
    return stage.knowledge.census.listed(services.today())[0]


async def counts(stage: Stage) -> dict[tuple[str, str], int]:
    rows = await stage.rows(select(arrivals))
    assert {row.day for row in rows} <= {TODAY}
    return {(row.source, row.opened): row.count for row in rows}


async def test_a_typed_code_comes_from_a_poster(sme: Speaker, stage: Stage) -> None:
    await sme.says(code_of(opened(stage)))
    await sme.says("P0")
    assert await counts(stage) == {(str(Counted.POSTER), str(Opened.PROJECT)): 1}


async def test_every_link_leads_where_it_says_and_is_counted(sme: Speaker, stage: Stage) -> None:
    project, entry = opened(stage), stage.knowledge.entries[0]
    seen = {
        LinkKind.PROJECT: project.title,
        LinkKind.ANSWER: entry.title,
        LinkKind.HOME: "assistant",
    }
    ids = {LinkKind.PROJECT: project.id, LinkKind.ANSWER: entry.id, LinkKind.HOME: ""}
    for kind, source in product(LinkKind, Source):
        await sme.says(f"/start {parameter_of(kind, ids[kind], source)}".strip())
        sme.sees(seen[kind])
    came = {source: Counted[source.name] for source in Source}
    expected = {
        (str(came[source]), str(Opened[kind.name])): 1 for kind, source in product(LinkKind, Source)
    }
    # The welcome without a link has a name of its own.
    expected[Counted.NONE, Opened.HOME] = expected.pop((Counted.LINK, Opened.HOME))
    assert await counts(stage) == expected


@pytest.mark.parametrize("forged", ["bonjour", "p_", "q_a_a_a", "p_H1", "x" * 64, "q_../../a", "é"])
async def test_a_forged_link_is_a_welcome_and_counts_as_none(
    sme: Speaker, stage: Stage, forged: str
) -> None:
    await sme.says(f"/start {forged}")
    sme.sees("assistant automatique")
    assert await counts(stage) == {("none", "home"): 1}


async def test_a_source_that_is_not_known_is_a_plain_link(sme: Speaker, stage: Stage) -> None:
    project = opened(stage)
    await sme.says(f"/start p_{project.id}_z")
    sme.sees(project.title)
    assert await counts(stage) == {("link", "project"): 1}


async def test_a_group_counts_nobody(administrator: Speaker, stage: Stage) -> None:
    await administrator.says("/start p_x_a")
    assert await counts(stage) == {}


async def test_the_figures_add_up_the_days_of_the_period(sme: Speaker, stage: Stage) -> None:
    project = opened(stage)
    for days in (0, 1, 1):
        stage.clock.passes(days=days)
        await sme.says(f"/start p_{project.id}_a")
        await sme.says("/start h_w")
    async with stage.running.parts.database.begin() as work:
        both = await work.arrivals.read(Days(TODAY, TODAY + timedelta(days=2)))
        later = await work.figures.read(Days(TODAY + timedelta(days=3), TODAY + timedelta(days=9)))
    assert both.sources == {Counted.POSTER: 2, Counted.PAGE: 2}
    assert both.opened == {Opened.PROJECT: 2, Opened.HOME: 2}
    assert list(both.sources) == [Counted.POSTER, Counted.PAGE]
    assert (both.total, later.arrivals.total, later.is_empty) == (4, 0, True)


async def test_the_team_reads_where_people_come_from(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await sme.says(f"/start p_{opened(stage).id}_a")
    await sme.says("/start")
    await administrator.says("/stats")
    administrator.sees("D'où l'on vient : 2 ouvertures", "affiche : 1", "sans lien", "un projet 1")
