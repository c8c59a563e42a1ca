"""Where each page stands: paths from the root of the site, which are never changed or used anew."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from handlers.messages import FRENCH
from knowledge.text.normalise import normalise

HOME = "index.html"
PROJECTS = "projets.html"
SEEKING_LEAD = "chef-de-file.html"
ANSWERS = "reponses.html"
AREAS = "territoires.html"
SECTORS = "filieres.html"
DATA = "donnees.html"
PRIVACY = "confidentialite.html"
ACCESSIBILITY = "accessibilite.html"
LEGAL = "mentions-legales.html"
NOT_FOUND = "404.html"
STYLE = "style.css"
FEED = "projets.atom"
PROJECTS_JSON = "projets.json"
PROJECTS_CSV = "projets.csv"
PROJECTS_SCHEMA = "schema-projets.json"
ANSWERS_JSON = "faq.json"
SITE_MAP = "sitemap.xml"
ROBOTS = "robots.txt"
# Whose pages depend on what the files have: one may be gone the next day.
_CHANGING = ("projets", "reponses", "territoires", "filieres", "etapes")
FOLDERS = tuple(start + each for start in ("", "en/") for each in _CHANGING)
# The pages of codes (`of_code`), below the root and below the folder of a language.
CODES = ("p[0-9]*.html", "en/p[0-9]*.html")
_NOT_PLAIN = re.compile("[^a-z0-9]+")


def project(project_id: str) -> str:
    """Return where the page of a project stands."""
    return f"projets/{project_id}.html"


def answer(entry_id: str) -> str:
    """Return where the page of an answer stands."""
    return f"reponses/{entry_id}.html"


def of_code(code: str) -> str:
    """Return where the page of a code stands, such as a poster bears: ``P12``."""
    return f"{code.lower()}.html"


def in_folder(folder: str, slug: str) -> str:
    """Return where a list of projects by one of their properties stands."""
    return f"{folder}/{slug}.html"


def numbered(path: str, number: int) -> str:
    """Return where a further page of a list stands; the first one is the list itself."""
    return path if number == 1 else f"{path.removesuffix('.html')}/page/{number}.html"


def in_language(path: str, language: str) -> str:
    """Return where the same page stands in a language: French at the root, others in a folder."""
    return path if language == FRENCH else f"{language}/{path}"


def relative(path: str, start: str) -> str:
    """Return the link from one page to another; a disk and a server both understand it."""
    folders, parts = start.split("/")[:-1], path.split("/")
    shared = 0
    while shared < min(len(folders), len(parts) - 1) and folders[shared] == parts[shared]:
        shared += 1
    return "../" * (len(folders) - shared) + "/".join(parts[shared:])


def absolute(path: str, site: str) -> str:
    """Return the whole address of a page, of a site whose address ends with a slash."""
    return site + path.removesuffix(HOME)


def slugs(names: Iterable[str]) -> Mapping[str, str]:
    """Return how each name is written in an address.

    Where two would be the same, or nothing is left of one, a digest of the name is added.
    """
    plain = {name: _NOT_PLAIN.sub("-", normalise(name)).strip("-") for name in dict.fromkeys(names)}
    times = Counter(plain.values())
    return {
        name: slug if slug and times[slug] == 1 else f"{slug}-{_digest(name)}".lstrip("-")
        for name, slug in plain.items()
    }


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
