"""What the pages speak of is done from them: acts as links, and words that can be read aloud."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest
from conftest import SHIPPED
from website_fixtures import FACTS, TODAY, every_kind, invented, on_disk, served

from bot.pages.page_forms import FORMS
from handlers.messages import LANGUAGES, typeset
from handlers.questions.action_buttons import action_button
from knowledge.model import Action
from website import addresses, rendering, ways
from website.answer_html import linked
from website.facts import Facts
from website.site import HTML, Site

ELSEWHERE = replace(FACTS, forms="https://bot.exemple.fr/", takes_questions=True, sends_links=True)
BESIDE = replace(ELSEWHERE, forms="")
FORM_PATHS = {f"formulaires/{slug}" for slug in FORMS} | {"formulaires/lien-perdu"}


def of(path: str, site: Site) -> str:
    file = site.file(path)
    assert file is not None, path
    return file.content.decode()


def with_forms() -> Site:
    """The site of a server that takes forms, and answers by e-mail."""
    return served(forms="", takes_questions=True, sends_links=True)


def html_pages(site: Site) -> Iterator[tuple[str, str]]:
    for path in site.addresses:
        file = site.file(path)
        if file and file.media == HTML:
            yield path, file.content.decode()


def acts_of(text: str) -> set[str]:
    """Where the links lead that stand out of a page, as acts do."""
    return set(re.findall(r'<a class="act" href="(?:\.\./)*([^"]+)"', text))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("facts", [Facts("l'équipe"), ELSEWHERE, BESIDE])
def test_what_a_button_of_the_chat_does_is_done_here(action: Action, facts: Facts) -> None:
    way = ways.of_action(action, facts)
    # The themes are the list of answers, to which each of their pages leads.
    assert (way is None) == (action_button(action) is None or action is Action.THEMES)
    if way is not None:
        assert not way.is_form or facts.forms is not None
        assert way.path.partition("#")[0] in (FORM_PATHS if way.is_form else served().addresses)
        assert way.words in rendering.TEXT.names


def test_an_answer_leads_to_the_act_that_it_calls_for() -> None:
    beside, elsewhere = with_forms(), Site(every_kind(), ELSEWHERE, TODAY)
    without = served()
    called = set()
    for entry in beside.knowledge.entries:
        called.add(entry.action)
        path = addresses.answer(entry.id)
        way = ways.of_action(entry.action, beside.facts)
        if way:
            assert way.path in acts_of(of(path, beside)), entry.id
            start = ELSEWHERE.forms if way.is_form else ""
            assert f"{start}{way.path}" in acts_of(of(path, elsewhere)), entry.id
        # A person of the team can be asked from each, beside Telegram.
        assert "formulaires/question" in acts_of(of(path, beside)), entry.id
        if re.search(r"\bproposez\b", f"{entry.answer} {entry.rest}", re.IGNORECASE):
            assert "formulaires/proposition" in acts_of(of(path, beside)), entry.id
        # Without forms, the same leads to where the ways to the team stand.
        assert "formulaires/" not in of(path, without), entry.id
        if way and way.is_form:
            assert "index.html#joindre" in acts_of(of(path, without)), entry.id
    assert {Action.PROJECTS, Action.PROPOSE, Action.CONTACT, Action.LEAD} <= called
    english = of("en/reponses/partenaires.html", elsewhere)
    assert 'href="https://bot.exemple.fr/en/formulaires/proposition"' in english


def test_who_cannot_be_asked_by_a_form_calls_back() -> None:
    site = served(forms="", takes_questions=False)
    text = of("reponses/intervenants.html", site)
    assert "formulaires/rappel" in acts_of(text)
    assert "formulaires/question" not in text


def test_lists_lead_to_the_forms_that_they_speak_of() -> None:
    for path, form in (
        ("territoires.html", "question"),
        ("projets.html", "proposition"),
        ("filieres/chimie.html", "proposition"),
    ):
        assert f"formulaires/{form}" in of(path, with_forms())
        assert "formulaires/" not in of(path, served())
        assert "index.html#joindre" in of(path, served())


def test_a_title_named_in_an_answer_leads_to_it() -> None:
    site = served()
    entries = site.knowledge.entries
    named = 0
    for entry in entries:
        text = of(addresses.answer(entry.id), site)
        for other in entries:
            title = typeset(other.title)
            if other is not entry and typeset(f"« {other.title} »") in typeset(
                f"{entry.answer} {entry.rest}"
            ):
                named += 1
                assert f'<a href="{other.id}.html">{escape(title)}</a>' in text
    assert named > 2
    titles = {"Un titre": "un.html"}
    assert linked("<p>« Un titre » “Un titre”</p>", titles).count('<a href="un.html">') == 2
    for kept in ("« Un autre »", '<a href="x">voir « Un titre »</a>', "« <b>Un titre</b> »"):
        assert linked(kept, titles) == kept


def test_only_an_answer_that_speaks_as_the_assistant_is_explained() -> None:
    knowledge = invented()
    first, second, third, *_ = knowledge.entries
    entries = (
        replace(first, answer="Écrivez-moi.", rest="", en=None),
        replace(second, answer="Voyez /projets pour 24 h/24 et/ou la suite.", rest="", en=None),
        replace(third, answer="Voyez https://exemple.fr/page et 24 h/24.", rest="", en=None),
    )
    site = served(replace(knowledge, entries=entries))
    said = [of(addresses.answer(each.id), site) for each in entries]
    assert ["y désignent l&#39;assistant" in text for text in said] == [True, False, False]
    assert ["s&#39;écrit dans Telegram" in text for text in said] == [False, True, False]


def test_the_privacy_page_tells_who_has_no_telegram_what_to_do() -> None:
    for start, lost, networks in (
        ("", "se redemande", "Aucune adresse de réseau"),
        ("en/", "asked for again", "No network address"),
    ):
        text = of(f"{start}confidentialite.html", with_forms())
        assert lost in text
        assert networks in text
        assert 'formulaires/lien-perdu"' in text
        mute = of(f"{start}confidentialite.html", served(forms="", sends_links=False))
        assert networks in mute
        assert "lien-perdu" not in mute
        assert networks not in of(f"{start}confidentialite.html", served())
    chat = served(privacy={"fr": "Lire : /mesdonnees", "en": "Read: /mesdonnees"})
    assert "s&#39;écrit dans Telegram" in of("confidentialite.html", chat)
    assert "s&#39;écrit dans Telegram" not in of("confidentialite.html", served())


def test_a_tag_does_not_run_into_what_follows() -> None:
    tags = 0
    for path, text in html_pages(served()):
        for tag in re.findall(r'<strong class="tag">(.*?)</strong>', text):
            tags += 1
            assert tag.endswith('<span class="unseen">.</span>'), path
    assert tags > 10


def test_a_form_of_the_list_says_all_in_the_gender_of_its_field() -> None:
    text = of("projets.html", served())
    for field, every in (("territory", "Tous"), ("sector", "Toutes"), ("stage", "Toutes")):
        assert re.search(rf'<select id="{field}"[^>]*>\s*<option value="">{every}</option>', text)


def test_the_code_is_named_and_its_address_written() -> None:
    for start in ("", "en/"):
        text = of(f"{start}index.html", served())
        (svg,) = re.findall(r"<svg [^>]*>", text)
        assert 'role="img"' in svg
        assert "QR" in svg.partition('aria-label="')[2].partition('"')[0]
        assert "aria-hidden" not in svg
        words = re.sub(r"<[^>]*>", "", text)
        assert "t.me/essai_bot" in words
        assert "QR" in words


def test_a_link_to_an_answer_says_the_title_of_its_page() -> None:
    for start in ("", "en/"):
        site = served()
        text = of(f"{start}reponses.html", site)
        links = re.findall(r'<li><a href="([^"]+)"[^>]*>(.*?)</a>', text)
        links = [each for each in links if "reponses/" in each[0]]
        assert len(links) == len(site.knowledge.entries)
        for path, words in links:
            target = path.removeprefix("../") if path.startswith("../") else f"{start}{path}"
            (heading,) = re.findall(r"<h1>(.*?)</h1>", of(target, site))
            assert words == heading


def test_no_link_says_only_it() -> None:
    """A list of links is read without what stands around them."""
    for path, text in html_pages(with_forms()):
        for words in re.findall(r"<a [^>]*>([^<]+)</a>", text):
            assert not re.match(r"(?:Le dire|Say so|Ici|Here|Cliquez)\b", words), (path, words)


@pytest.mark.parametrize("name", ["website", "bot/pages", "handlers/messages"])
def test_no_text_is_written_twice_in_a_file(name: str) -> None:
    """Of two texts with one name, the second would stand for both without a word."""
    files = list((SHIPPED.parent / name).rglob("*.yaml"))
    assert len(files) > 1
    for file in files:
        names = re.findall(r"^(\w+):", file.read_text("utf-8"), re.MULTILINE)
        assert sorted(names) == sorted(set(names)), file


class Outside(HTMLParser):
    """The words of a page that no ``lang="fr"`` stands around."""

    VOID = frozenset({"meta", "link", "br", "input", "path"})

    def __init__(self, content: str) -> None:
        super().__init__()
        self._french: list[bool] = []
        self.words: list[str] = []
        self.feed(content.partition("<body>")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self._french.append(dict(attrs).get("lang") == "fr")

    def handle_endtag(self, tag: str) -> None:
        if self._french and tag not in self.VOID:
            self._french.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._french):
            self.words.append(data)


def test_french_names_are_marked_on_english_pages() -> None:
    site = with_forms()
    knowledge = site.knowledge
    names = {FACTS.operator, FACTS.host, FACTS.postal_address, FACTS.licence.name}
    names |= {knowledge.initiative.name, "Défenseur des droits"}
    names |= {each.service for each in knowledge.entries if each.service}
    for project in knowledge.projects:
        names |= {project.title, *project.territories, *project.sectors}
    english = [path for path, (_, language) in site.pages.items() if language == LANGUAGES[1]]
    texts = {path: of(path, site) for path in english}
    chosen = site.chosen("en/projets.html", "territoire=istres")
    assert chosen is not None
    texts["chosen"] = chosen[1]().content.decode()
    seen = set()
    for path, text in texts.items():
        # What an answer says in English is the file's own.
        framed = re.sub(r'<div class="answer">.*?</div>', "", text, flags=re.DOTALL)
        words = " ".join(Outside(framed).words)
        for name in names:
            seen |= {name} if escape(name).replace("&#x27;", "&#39;") in framed else set()
            assert not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words), (path, name)
    assert len(seen) > len(names) / 2
    assert "" not in names
    assert 'lang="fr"' not in of("mentions-legales.html", on_disk()).partition("<main")[2]
