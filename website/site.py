"""The whole site of one knowledge on one day: every file of it, made when it is first read."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from handlers.messages import FRENCH, LANGUAGES
from knowledge.knowledge import Knowledge
from knowledge.text.project_codes import typed_code
from website import (
    addresses,
    answer_pages,
    choosing,
    open_data,
    plain_pages,
    project_pages,
    rendering,
)
from website.facts import Facts
from website.pages import Page

HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
CSV = "text/csv; charset=utf-8; header=present"
ATOM = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class File:
    """What stands at an address: its bytes, and what they are."""

    content: bytes
    media: str


class Site:
    """Every file by its address, without a slash before it; nothing here is ever changed."""

    def __init__(self, knowledge: Knowledge, facts: Facts, today: date) -> None:
        self.knowledge = knowledge
        self.facts = facts
        self.today = today
        self._project_lists = project_pages.ProjectLists(knowledge.census, today)
        self.pages: Mapping[str, tuple[Page, str]] = {
            page.address(language): (page, language)
            for page in self._every_page()
            for language in page.languages
        }
        self._made: dict[str, File] = {}
        self._makers: dict[str, Callable[[], File]] = {
            path: partial(self._html, page, language)
            for path, (page, language) in self.pages.items()
        }
        self._makers |= dict(self._other_files())

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of all files."""
        return tuple(self._makers)

    def file(self, path: str) -> File | None:
        """Return what stands at an address; None where nothing does."""
        made = self._made.get(path)
        if made is None and (make := self._makers.get(path)):
            made = self._made[path] = make()
        return made

    def missing(self, path: str, root: str | None = None) -> File:
        """Return what says that nothing stands at an address: something gone, or a slip.

        Links in it begin at ``root``, which has slashes around it; by default at the site's own.
        """
        page, spoken = self._in_place_of(path)
        root = self.facts.root if root is None else root
        key = f"{page.kind}/{page.template}/{spoken}/{root}"
        if key not in self._made:
            self._made[key] = File(self._written(page, spoken, root), HTML)
        return self._made[key]

    def gone(self, path: str) -> File:
        """Return the same for a file that stands there, with relative links."""
        page, spoken = self._in_place_of(path)
        return File(self._written(page, spoken), HTML)

    def _in_place_of(self, path: str) -> tuple[Page, str]:
        spoken, _, rest = path.partition("/")
        if spoken not in LANGUAGES:
            spoken, rest = FRENCH, path
        return plain_pages.missing(rest), spoken

    def has_filters(self, path: str) -> bool:
        """Tell whether a query chooses what stands at an address."""
        page, _ = self.pages.get(path, (None, FRENCH))
        return page is not None and page.path == addresses.PROJECTS and self.facts.is_served

    def chosen(self, path: str, query: str) -> tuple[Hashable, Callable[[], File]] | None:
        """Return a list of projects that a query asks for: what tells it from others, its maker.

        None where the query asks for nothing, and the file at this address is right.
        """
        if not self.has_filters(path):
            return None
        _, language = self.pages[path]
        choice = choosing.choice_of(query, self._project_lists)
        if choice is None:
            return None
        return (choice, language), lambda: self._html(
            choosing.page(choice, self._project_lists), language
        )

    def named(self, path: str) -> str | None:
        """Return the address that was meant by what somebody typed; None if there is none.

        The end of an address may be missing, or stand in capitals, or a folder may be meant for its
        list; and ``P12``, the code of a poster, is its project.
        """
        asked = path.lower().removesuffix(addresses.HOME).rstrip("/").removesuffix(".html")
        if (typed := typed_code(asked)) and typed.is_sure:
            coded = self.knowledge.projects_coded(typed.code)
            if len(coded) == 1:
                return addresses.project(coded[0].id)
        if asked in LANGUAGES and asked != FRENCH:
            return f"{asked}/"
        whole = f"{asked}.html" if asked else addresses.HOME
        return whole if whole in self._makers else None

    def _every_page(self) -> Iterator[Page]:
        yield from plain_pages.pages(self.knowledge, self.facts, self._project_lists)
        yield from project_pages.pages(self._project_lists, self.facts)
        yield from answer_pages.pages(self.knowledge, self.facts, self.today)

    def _other_files(self) -> Iterator[tuple[str, Callable[[], File]]]:
        yield addresses.STYLE, lambda: File(rendering.STYLE.encode(), CSS)
        yield addresses.NOT_FOUND, lambda: self.missing("")
        yield from self._data()
        yield addresses.ROBOTS, lambda: File(self._robots(), TEXT)
        if self.facts.domain:
            yield addresses.SITE_MAP, lambda: File(self._site_map(), "application/xml")

    def _data(self) -> Iterator[tuple[str, Callable[[], File]]]:
        known, facts, today = self.knowledge, self.facts, self.today
        makers: dict[str, tuple[str, Callable[[], bytes]]] = {
            addresses.PROJECTS_JSON: (JSON, lambda: open_data.projects_json(known, facts, today)),
            addresses.PROJECTS_CSV: (CSV, lambda: open_data.projects_csv(known, facts, today)),
            addresses.PROJECTS_SCHEMA: (JSON, lambda: open_data.schema(known, facts)),
            addresses.ANSWERS_JSON: (JSON, lambda: open_data.answers_json(known, facts)),
        }
        if facts.domain:
            # Its ids and links are made of the address.
            makers[addresses.FEED] = (ATOM, lambda: open_data.feed(known, facts, today))
        for path, (media, make) in makers.items():
            yield path, partial(_file, make, media)

    def _site_map(self) -> bytes:
        places = [
            (addresses.absolute(path, self.facts.address), page.changed)
            for path, (page, _) in self.pages.items()
            if page.listed
        ]
        return rendering.TEMPLATES.get_template("sitemap.xml").render(places=places).encode()

    def _robots(self) -> bytes:
        lines = ["User-agent: *", f"Disallow: {self.facts.root}demande/"]
        if self.facts.domain:
            lines += ["", f"Sitemap: {self.facts.address}{addresses.SITE_MAP}"]
        return ("\n".join(lines) + "\n").encode()

    def _html(self, page: Page, language: str) -> File:
        return File(self._written(page, language), HTML)

    def _written(self, page: Page, language: str, root: str | None = None) -> bytes:
        name = self.knowledge.initiative.name
        return rendering.written(page, language, self.facts, name, root=root)


def _file(make: Callable[[], bytes], media: str) -> File:
    return File(make(), media)
