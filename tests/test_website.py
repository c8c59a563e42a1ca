"""Every public page, walked: valid HTML, links that lead somewhere, headings, languages, weight."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest
from justhtml import JustHTML, StrictModeError
from test_website_in_browser import LOOKED_AT, what_is_looked_at
from website_fixtures import FACTS, TODAY, every_kind, invented, on_disk, served

from handlers.messages import LANGUAGES, typeset
from knowledge.model import Stage
from knowledge.projects import Census
from knowledge.territories.town_list import TownList
from knowledge.territories.towns import Row, Towns
from website import accessibility, addresses, rendering
from website.answer_html import as_html
from website.pages import PageKind
from website.site import HTML, Site

# The issue's: what a page and its style sheet weigh together, in bytes, unpacked.
HEAVIEST = 60_000
GONE = ("projets/jamais.html", "en/projets/en-attente.html", "reponses/jamais.html", "nulle-part")
LANDMARKS = {"header": 1, "main": 1, "footer": 1}


class Walked(HTMLParser):
    """What the tests need to know of one page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.ids: list[str] = []
        self.title = ""
        self._is_in_title = False
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        self.tags.append((tag, own))
        self._is_in_title = tag == "title"
        self.ids += [own["id"]] if "id" in own else []

    def handle_endtag(self, _tag: str) -> None:
        self._is_in_title = False

    def handle_data(self, data: str) -> None:
        self.title += data if self._is_in_title else ""

    def links(self) -> Iterator[str]:
        """All that the page leads to or loads."""
        for _, own in self.tags:
            for name in ("href", "src", "action"):
                if own.get(name):
                    yield own[name]

    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.tags if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]


SITES = {"served": served, "on disk": on_disk}


@cache
def pages(name: str) -> dict[str, Walked]:
    """Every HTML page of a site by its address, those in place of missing ones too."""
    site = SITES[name]()
    files = {path: site.file(path) for path in site.addresses}
    files |= {path: site.gone(path) for path in GONE}
    if name == "served":
        for query in (
            "territoire=istres&filiere=mecanique&chef=",
            "etape=idee&chef=cherche&filiere=x",
        ):
            chosen = site.chosen(addresses.PROJECTS, query)
            assert chosen is not None
            files[f"{addresses.PROJECTS}?{query}"] = chosen[1]()
    return {
        path: Walked(file.content.decode())
        for path, file in files.items()
        if file and file.media == HTML
    }


def of(path: str, site: Site) -> str:
    file = site.file(path)
    assert file is not None, path
    return file.content.decode()


@pytest.mark.parametrize("name", SITES)
def test_every_page_is_valid_html(name: str) -> None:
    site = SITES[name]()
    for path in [*site.pages, *GONE]:
        file = site.file(path) or site.gone(path)
        try:
            JustHTML(file.content.decode(), strict=True)
        except StrictModeError as error:
            pytest.fail(f"{path}: {error}")


def test_the_validator_finds_faults() -> None:
    with pytest.raises(StrictModeError):
        JustHTML("<!doctype html><title>t</title><p><b>x</p></b>", strict=True)


@pytest.mark.parametrize("name", SITES)
def test_every_link_within_the_site_leads_somewhere(name: str) -> None:
    site = SITES[name]()
    for path, page in pages(name).items():
        start = path.partition("?")[0]
        for link in page.links():
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in {"https", "http", "mailto", "tel", "data"}, (path, link)
                continue
            if start == addresses.NOT_FOUND:
                # A host shows it at any address: its links begin at the root.
                assert parts.path.startswith("/") or link == "#contenu", link
                target = parts.path.lstrip("/") or start
            else:
                target = resolved(parts.path, start)
            assert target in site.addresses or target in GONE, (path, link)
            if parts.fragment:
                there = page if target == start else pages(name)[target]
                assert parts.fragment in there.ids, (path, link)


def resolved(link: str, start: str) -> str:
    """Where a relative link leads; an absolute one would not work from a disk."""
    assert not link.startswith("/"), link
    if not link:
        return start
    folders = start.split("/")[:-1]
    parts = unquote(link).split("/")
    while parts[0] == "..":
        folders.pop()
        parts = parts[1:]
    return "/".join([*folders, *parts])


@pytest.mark.parametrize("name", SITES)
def test_every_page_can_be_read_in_order(name: str) -> None:
    for path, page in pages(name).items():
        headings = page.headings()
        assert headings.count(1) == 1, path
        assert headings[0] == 1, path
        steps = [after - before for before, after in pairwise(headings)]
        assert max(steps, default=0) <= 1, (path, headings)
        counted = Counter(tag for tag, _ in page.tags)
        assert {tag: counted[tag] for tag in LANDMARKS} == LANDMARKS, path
        labels = [own.get("aria-label") for tag, own in page.tags if tag == "nav"]
        assert all(labels), path
        assert len(set(labels)) == len(labels), path
        assert max(Counter(page.ids).values()) == 1, path
        # What is first reached by keyboard leads past the menu.
        first = next(own for tag, own in page.tags if tag == "a")
        assert (first["class"], first["href"]) == ("skip", "#contenu"), path


@pytest.mark.parametrize("name", SITES)
def test_every_page_says_its_language_and_has_a_title_of_its_own(name: str) -> None:
    titles: dict[str, str] = {}
    for path, page in pages(name).items():
        (language,) = [own["lang"] for tag, own in page.tags if tag == "html"]
        assert language == ("en" if path.startswith("en/") else "fr"), path
        assert page.title.strip(" -"), path
        key = f"{language} {page.title}"
        # Two filters read alike by their title; a page in place of another is that page's.
        if "?" not in path and path not in {*GONE, addresses.NOT_FOUND}:
            assert key not in titles, (path, titles.get(key))
            titles[key] = path


def test_every_page_tells_how_to_reach_the_team_without_telegram() -> None:
    for path, page in pages("served").items():
        links = list(page.links())
        assert f"mailto:{FACTS.email}" in links, path
        assert f"tel:{FACTS.dialled}" in links, path
    for path, page in pages("on disk").items():
        assert not [each for each in page.links() if each.startswith(("mailto:", "tel:"))], path


def test_the_areas_show_the_official_communes() -> None:
    known, page = every_kind(), addresses.AREAS
    text = of(page, served())
    towns = FACTS.towns.towns
    ours, *others = towns.territories
    named = [town.name for town in towns.in_territory(ours.id)]
    assert len(named) > 10
    assert all(escaped(name) in text for name in (ours.name, *named))
    # Of territories elsewhere, nothing is told.
    assert others
    assert not [each for each in others if escaped(each.name) in text]
    # A commune with projects leads to them; one without is named alone.
    assert '<li><a href="territoires/istres.html">Istres</a></li>' in text
    assert "<li>Miramas</li>" in text
    assert "Liste inventée" in text
    real = replace(FACTS.towns, is_example=False)
    assert "Liste officielle du 15 janvier 2026" in of(page, served(towns=real))
    # Before the first project, what is covered is known by the answer on it.
    empty = replace(known, projects=(), census=Census(()))
    assert "<li>Miramas</li>" in of(page, served(empty))
    # Where the files name no commune, none is told.
    assert "Miramas" not in of(page, served(replace(empty, entries=())))
    assert "Miramas" not in of(page, served(towns=TownList()))


def escaped(text: str) -> str:
    return str(rendering.TEMPLATES.filters["e"](text))


@pytest.mark.parametrize("name", SITES)
def test_no_page_runs_or_loads_anything_or_is_heavy(name: str) -> None:
    site = SITES[name]()
    style = len(rendering.STYLE.encode())
    assert "url(" not in rendering.STYLE
    assert "@import" not in rendering.STYLE
    for path, page in pages(name).items():
        for tag, own in page.tags:
            assert "style" not in own, path
            assert not [each for each in own if each.startswith("on")], path
            assert tag not in {"style", "iframe", "img", "object", "embed", "base"}, path
            assert tag != "script" or own == {"type": "application/ld+json"}, path
    for path in site.pages:
        assert len(of(path, site).encode()) + style < HEAVIEST, path


@cache
def a_thousand(places: int, sectors: int) -> Site:
    """A census of a thousand projects, whose texts are long."""
    knowledge = invented()
    model = replace(knowledge.projects[3], title="Un titre assez long pour un projet d'ici " * 3)
    many = tuple(
        replace(
            model,
            id=f"projet-{n}",
            territories=(
                f"Lieu-dit d'en haut {n % places}",
                f"Lieu-dit d'en haut {n * 7 % places}",
            ),
            sectors=(f"Filière de l'industrie {n % sectors}",),
        )
        for n in range(1000)
    )
    return served(replace(knowledge, projects=many, census=Census(many)))


def is_page_of(first: str, path: str) -> bool:
    """Whether an address is one of the pages of a list; ``first`` is that of the first one."""
    return path == first or path.startswith(f"{first.removesuffix('.html')}/page/")


def led_to(path: str, site: Site) -> set[str]:
    """The addresses within the site that a page leads to."""
    links = [each.partition("#")[0] for each in Walked(of(path, site)).links()]
    return {resolved(each, path) for each in links if each and ":" not in each}


def hrefs(text: str, pattern: str) -> set[str]:
    return set(re.findall(rf'href="(?:\.\./)*({pattern})"', text))


@pytest.mark.parametrize(("places", "sectors"), [(1, 1), (60, 40), (250, 150), (900, 1000)])
def test_a_census_of_a_thousand_projects_stays_light(places: int, sectors: int) -> None:
    site = a_thousand(places, sectors)
    listed = [path for path in site.addresses if re.fullmatch(r"projets(/page/\d+)?\.html", path)]
    texts = {path: of(path, site) for path in listed}
    for path in ("en/projets.html", "territoires/lieu-dit-d-en-haut-0.html", addresses.SECTORS):
        texts[path] = of(path, site)
    every = {
        first: [each for each in site.addresses if is_page_of(first, each)]
        for first in (addresses.AREAS, addresses.SECTORS)
    }
    for paths in every.values():
        texts |= {path: of(f"{start}{path}", site) for path in paths for start in ("en/", "")}
    style = len(rendering.STYLE.encode())
    for path, text in texts.items():
        assert len(text.encode()) + style < HEAVIEST, path
    shown = {id_ for path in listed for id_ in hrefs(texts[path], r"(?:projets/)?projet-\d+\.html")}
    assert len({each.rpartition("/")[2] for each in shown}) == 1000
    # Every list can be come to, though few of them stand beside the projects.
    for folder, path in (("territoires", addresses.AREAS), ("filieres", addresses.SECTORS)):
        lists = {each for each in site.addresses if re.fullmatch(rf"{folder}/[^/]+\.html", each)}
        leads = {to for each in every[path] for to in led_to(each, site)}
        assert lists <= leads
        beside = hrefs(texts["projets.html"], rf"{folder}/[^/]+\.html")
        assert len(beside) == min(len(lists), 30)
        assert (path in hrefs(texts["projets.html"].partition("<main")[2], path)) == (
            len(lists) > 30
        )


def test_many_answers_and_a_whole_country_of_communes_stay_light() -> None:
    known = invented()
    many = [replace(known.entries[n % len(known.entries)], id=f"reponse-{n}") for n in range(600)]
    crowd = [
        Row(f"{n:05}", f"Commune-sur-Rivière {n}", (13000,), "ti-1", "Territoire d'essai")
        for n in range(3000)
    ]
    here = Row("13047", "Istres", (13800,), "ti-1", "Territoire d'essai")
    towns = replace(FACTS.towns, towns=Towns([here, *crowd]))
    site = served(replace(known, entries=tuple(many)), towns=towns)
    for first, wanted in (
        (addresses.ANSWERS, {f"reponses/{each.id}.html" for each in many}),
        (addresses.AREAS, {each for each in site.addresses if each.startswith("territoires/i")}),
    ):
        paths = [each for each in site.addresses if is_page_of(first, each)]
        assert len(paths) > 1
        assert wanted <= {to for path in paths for to in led_to(path, site)}
        for path in [*paths, *(f"en/{each}" for each in paths)]:
            assert len(of(path, site).encode()) + len(rendering.STYLE.encode()) < HEAVIEST, path
        # Each leads to the next one.
        for path, after in pairwise(paths):
            assert after in led_to(path, site)
    areas = [of(each, site) for each in site.addresses if is_page_of(addresses.AREAS, each)]
    # Nobody is told that a commune is not in the list before its last page.
    told = ["n&#39;est pas dans la liste" in each for each in areas]
    assert told == [False] * (len(areas) - 1) + [True]
    shown = "".join(areas)
    assert all(shown.count(f">Commune-sur-Rivière {n}<") == 1 for n in range(3000))


def test_a_long_choice_is_read_page_by_page() -> None:
    site = a_thousand(1, 1)
    sector, seen, number = "filiere=filiere-de-l-industrie-0", set[str](), 1
    query = f"{sector}&chef="
    while True:
        chosen = site.chosen(addresses.PROJECTS, f"{query}&page={number}")
        assert chosen is not None
        content = chosen[1]().content
        assert len(content) + len(rendering.STYLE.encode()) < HEAVIEST
        seen |= hrefs(content.decode(), r"projets/projet-\d+\.html")
        if f"projets.html?{sector}&amp;page={number + 1}" not in content.decode():
            break
        number += 1
    assert len(seen) == 1000
    last = site.chosen(addresses.PROJECTS, f"{query}&page={number}")
    for typed, same in ((number + 1, last), (99999, None), ("0", None), ("-1", None), ("x", None)):
        other = site.chosen(addresses.PROJECTS, f"{query}&page={typed}")
        assert other is not None
        first = site.chosen(addresses.PROJECTS, query)
        assert first is not None
        assert other[0] == (same or first)[0]


def test_all_that_the_files_say_of_a_project_is_on_its_page() -> None:
    site = served()
    for project in site.knowledge.projects:
        for language in LANGUAGES:
            text = of(addresses.in_language(addresses.project(project.id), language), site)
            for said in (project.title, project.summary, project.seeks, project.lead or ""):
                assert str(rendering.TEMPLATES.filters["e"](typeset(said))) in text
            for label in (*project.territories, *project.sectors):
                assert str(rendering.TEMPLATES.filters["e"](label)) in text
            assert ("t.me/essai_bot?start=p_" in text) == project.open_on(TODAY)
            contact = project.lead_contact
            for secret in (contact.name, contact.email) if contact else ():
                assert not secret or secret not in text


def test_projects_that_ended_say_so_and_stay() -> None:
    site = served()
    ended = [each for each in site.knowledge.projects if not each.open_on(TODAY)]
    assert len(ended) == 3
    said = " ".join(of(addresses.project(each.id), site) for each in ended)
    for words in (
        "retiré du recensement le 2 novembre 2026",
        "est clos",
        "passée depuis le 30 septembre 2026",
    ):
        assert words in said
    listed = of("etapes/clos.html", site)
    assert all(f"projets/{each.id}.html" in listed for each in ended)
    assert not [each for each in ended if f"{each.id}.html" in of("projets.html", site)]


def test_the_day_alone_ends_a_project() -> None:
    knowledge = invented()
    (project,) = [each for each in knowledge.projects if each.id == "fictif-usinage-aero-istres"]
    assert project.deadline is not None
    for days, is_open in ((0, True), (1, False)):
        site = Site(knowledge, FACTS, project.deadline + timedelta(days=days))
        assert (f"projets/{project.id}.html" in of("projets.html", site)) == is_open


def test_what_is_gone_says_so_and_leads_on() -> None:
    site = served()
    for path, words, to in (
        ("projets/jamais.html", "ne figure plus au recensement", "projets.html"),
        ("projets/en-attente.html", "en cours de mise à jour", "projets.html"),
        ("reponses/jamais.html", "n&#39;existe plus", "reponses.html"),
        ("nulle/part.html", "Cette page n&#39;existe pas", "index.html"),
        ("en/projets/jamais.html", "no longer in the census", "en/projets.html"),
    ):
        text = site.missing(path, "/site/").content.decode()
        assert words in text
        assert f'href="/site/{to}"' in text
        assert '<meta name="robots" content="noindex">' in text
    # Nobody learns which projects are being prepared.
    assert site.missing("projets/en-attente.html") is site.missing("projets/jamais.html")


def test_filters_by_place_sector_stage_and_lead_have_their_projects() -> None:
    site = served()
    listed = [each for each in site.knowledge.projects if each.open_on(TODAY)]
    for path, has in (
        ("territoires/istres.html", lambda p: "Istres" in p.territories),
        ("filieres/chimie.html", lambda p: {"Chimie", "Toutes filières"} & set(p.sectors)),
        ("etapes/en-montage.html", lambda p: p.stage is Stage.SETUP),
        ("chef-de-file.html", lambda p: p.seeks_lead),
    ):
        text = of(path, site)
        assert {p.id for p in listed if f"projets/{p.id}.html" in text} == {
            p.id for p in listed if has(p)
        }


def test_several_criteria_at_once() -> None:
    site = served()

    def found(query: str) -> tuple[set[str], str]:
        chosen = site.chosen("projets.html", query)
        assert chosen is not None, query
        text = chosen[1]().content.decode()
        return {p.id for p in site.knowledge.projects if f"projets/{p.id}.html" in text}, text

    assert found("territoire=fos-sur-mer&filiere=logistique-portuaire&chef=cherche")[0] == {
        "fictif-conteneurs-fos"
    }
    ids, text = found("territoire=istres&filiere=jadis")
    assert "laissé de côté" in text
    assert "fictif-usinage-aero-istres" in ids
    assert '<option value="istres" selected>' in text
    assert site.chosen("projets.html", "v=3") is None
    assert site.chosen("projets.html", "territoire=" + "x" * 600) is None
    assert site.chosen("reponses.html", "territoire=istres") is None
    assert on_disk().chosen("projets.html", "territoire=istres") is None
    # The same choice is one list, however it is written.
    first, second = (
        site.chosen("projets.html", each)
        for each in ("etape=idee&chef=cherche", "chef=cherche&etape=idee&x=1")
    )
    assert first is not None
    assert second is not None
    assert first[0] == second[0]


def test_answers_say_where_they_come_from() -> None:
    site = served()
    for entry in site.knowledge.entries:
        text = of(addresses.answer(entry.id), site)
        assert entry.source.split("(")[0].strip().replace("'", "&#39;") in text
        assert f'<time datetime="{entry.verified_on.isoformat()}">' in text
        assert ("Un autre service s&#39;en occupe" in text) == bool(entry.service)
    first, second = site.knowledge.entries[:2]
    assert "valable jusqu&#39;au 1er novembre 2026" in of(addresses.answer(first.id), site)
    assert "ld+json" not in of(addresses.answer(first.id), site)
    assert f"en/reponses/{second.id}.html" not in site.addresses
    assert "(in French)" in of("en/reponses.html", site)


def test_what_a_search_engine_reads_of_an_answer_is_the_answer() -> None:
    site = served()
    entry = site.knowledge.entries[4]
    text = of(addresses.answer(entry.id), site)
    data = json.loads(
        text.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    )
    assert data["@type"] == "FAQPage"
    (question,) = data["mainEntity"]
    assert question["name"] == entry.question
    assert as_html(entry.answer) in question["acceptedAnswer"]["text"]


def test_the_code_of_a_poster_leads_to_its_project() -> None:
    site = served()
    project = replace(site.knowledge.projects[0], written_code="P12")
    others = site.knowledge.projects[1:]
    site = served(
        replace(site.knowledge, projects=(project, *others), census=Census((project, *others)))
    )
    for typed in ("p12", "P12", "p 12"):
        assert site.named(typed) == addresses.project(project.id)
    assert f"projets/{project.id}.html" in of("p12.html", site)
    assert "<dd>P12</dd>" in of(addresses.project(project.id), site)
    assert site.named("projets") == "projets.html"
    assert site.named("P9") is None


def test_names_that_are_written_alike_have_addresses_of_their_own() -> None:
    names = ["Étang de Berre", "Etang-de-Berre", "Fos", "***", "漢字"]
    slugs = addresses.slugs(names)
    assert slugs["Fos"] == "fos"
    assert len(set(slugs.values())) == len(names)
    assert all(slug.isascii() and slug for slug in slugs.values())
    assert addresses.slugs(["Fos", "Fos-sur-Mer"])["Fos"] == "fos"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("un <b>deux</b>", "<p>un <strong>deux</strong></p>"),
        ("un\n\ndeux", "<p>un</p>\n<p>deux</p>"),
        ("<b>un\n\ndeux</b> x", "<p><strong>un</strong></p>\n<p><strong>deux</strong> x</p>"),
        ("liste :\n- a\n- b\n\nfin", "<p>liste :</p>\n<ul><li>a</li><li>b</li></ul>\n<p>fin</p>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("a &amp; b &lt;c&gt; d & e", "<p>a &amp; b &lt;c&gt; d &amp; e</p>"),
        (
            '<a href="https://x.fr/?a=1&amp;b=2">x</a>',
            '<p><a href="https://x.fr/?a=1&amp;b=2">x</a></p>',
        ),
        ('<a href="javascript:alert(1)">x</a>', "<p>x</p>"),
        ("<script>alert(1)</script>", "<p>alert(1)</p>"),
        ("<img src=x onerror=alert(1)>", ""),
        ('<b onclick="x">y</b>', "<p><strong>y</strong></p>"),
        ("<b>a <i>b</b> c</i>", "<p><strong>a <em>b</em></strong> c</p>"),
        (
            "voir https://x.fr/a. Ou a@x.fr",
            (
                '<p>voir <a href="https://x.fr/a">https://x.fr/a</a>. '
                'Ou <a href="mailto:a@x.fr">a@x.fr</a></p>'
            ),
        ),
    ],
)
def test_answers_become_html_and_nothing_else(written: str, shown: str) -> None:
    assert as_html(written) == shown


def test_every_kind_of_page_is_walked() -> None:
    site = served()
    kinds = {page.kind for page, _ in site.pages.values()}
    kinds |= {PageKind.GONE_PROJECT, PageKind.GONE_ANSWER, PageKind.NOT_FOUND}
    assert kinds == set(PageKind) - {PageKind.FORM}


def test_the_browser_looks_at_every_kind_of_page() -> None:
    assert set(LOOKED_AT) == set(PageKind) - {PageKind.FORM}


def test_the_statement_says_what_was_tested() -> None:
    tested = accessibility.tested()
    said = {
        "tool": tested.tool,
        "rules": list(tested.rules),
        "kinds": list(tested.kinds),
        "state": tested.state,
    }
    # After a change of a template or of the style sheet, the day is no longer true.
    assert said == what_is_looked_at(), (
        "look again: REWRITE=1 python -m pytest tests/test_{website,visitors}_in_browser.py"
    )


def test_every_text_of_the_pages_has_its_english() -> None:
    assert rendering.TEXT.names == rendering.TEXT.in_english


def test_a_folder_without_anything_has_pages_that_say_so() -> None:
    bare = replace(invented(), projects=(), entries=(), census=Census(()))
    site = on_disk(bare)
    for path in site.addresses:
        assert site.file(path) is not None
    assert "Aucun projet n&#39;est ouvert" in of("projets.html", site)
    assert "L&#39;équipe n&#39;a pas encore indiqué" in of("index.html", site)
    assert "Non indiqué" in of("mentions-legales.html", site)
    assert addresses.FEED not in site.addresses
    assert date(2026, 11, 28) == TODAY
