"""Catalogues of the bot's messages: YAML files of Jinja2 templates, one for each feature.

After ``TEXT = Catalogue.of("projects")``, ``TEXT("card", project=project)`` returns Telegram HTML,
and ``TEXT.label("page", number=2)`` returns plain text, for buttons and toasts.

The French of ``projects.yaml`` has its English under the same names in ``en/projects.yaml``. What
has no English there is said in French to everybody: so is all that the team's groups read.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

import yaml
from babel.dates import format_date, format_time
from jinja2 import Environment, StrictUndefined
from jinja2.meta import find_undeclared_variables

Saying: TypeAlias = Callable[[Mapping[str, object]], str]

FRENCH, ENGLISH = "fr", "en"
LANGUAGES = (FRENCH, ENGLISH)
# How babel writes dates and times; English as in Britain, where the day comes first as in France.
_LOCALES = {FRENCH: "fr", ENGLISH: "en_GB"}
_SPOKEN: ContextVar[str] = ContextVar("language", default=FRENCH)
_HAS_CHAT: ContextVar[bool] = ContextVar("has_chat", default=True)

PARIS = ZoneInfo("Europe/Paris")
_FIRST = re.compile(r"\b1\b")
_AFTER_A_WORD = re.compile(" ([:;?!\u00bb])")


def language() -> str:
    """Return the language in which messages are said here and now: ``fr`` or ``en``."""
    return _SPOKEN.get()


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Say messages in this language, ``fr`` or ``en``, within the block."""
    before = _SPOKEN.set(name)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


@contextmanager
def without_chat() -> Iterator[None]:
    """Say messages to who reads a page or a letter: they can tap nothing, and type no command.

    A message that speaks of that asks ``has_chat()``, and says it otherwise.
    """
    before = _HAS_CHAT.set(False)
    try:
        yield
    finally:
        _HAS_CHAT.reset(before)


def day(value: date, spoken: str = FRENCH) -> str:
    """Return ``23 novembre 2026``; a time gives its day in Paris."""
    if isinstance(value, datetime):
        value = value.astimezone(PARIS).date()
    return written_day(value, "long", spoken)


# The same few days are formatted again and again, and formatting one takes longer than rendering
# the rest of a message.
@functools.lru_cache(maxsize=256)
def written_day(value: date, pattern: str, spoken: str = FRENCH) -> str:
    """Return a day as it is read, by a pattern of babel's: ``1er mars 2026``, ``1 March 2026``.

    Every date that a person reads goes through here: babel writes ``1 mars``.
    """
    written = format_date(value, format=pattern, locale=_LOCALES[spoken])
    is_first = spoken == FRENCH and value.day == 1
    return _FIRST.sub("1er", written, count=1) if is_first else written


def weekday(value: date, spoken: str = FRENCH) -> str:
    """Return ``mardi 8 décembre``: a day that is near; a time gives its day in Paris."""
    if isinstance(value, datetime):
        value = value.astimezone(PARIS).date()
    return written_day(value, "EEEE d MMMM", spoken)


def moment(value: datetime, spoken: str = FRENCH) -> str:
    """Return ``23 novembre 2026, 14:05``, in Paris time."""
    time = format_time(value, "short", tzinfo=PARIS, locale=_LOCALES[spoken])
    return f"{day(value, spoken)}, {time}"


def named(value: str | None, kind: str, spoken: str | None = None) -> str:
    """Return the words of a stored value, as ``values.yaml`` has them under this kind.

    Nothing for None; the value as it is, where another version wrote it.
    """
    if value is None:
        return ""
    words, name = Catalogue.of("values"), f"value_{kind}_{value}"
    if name not in words.names:
        return value
    with speaking(spoken or language()):
        return words.label(name)


def _environment(spoken: str, *, autoescape: bool) -> Environment:
    environment = Environment(
        autoescape=autoescape,  # noqa: S701 - labels are plain text, never markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["has_chat"] = _HAS_CHAT.get
    # By the language of the message, which is French where there is no English of it.
    environment.filters.update(
        day=functools.partial(day, spoken=spoken),
        moment=functools.partial(moment, spoken=spoken),
        weekday=functools.partial(weekday, spoken=spoken),
        named=functools.partial(named, spoken=spoken),
    )
    return environment


_HTML = {spoken: _environment(spoken, autoescape=True) for spoken in LANGUAGES}
_PLAIN = {spoken: _environment(spoken, autoescape=False) for spoken in LANGUAGES}


def typeset(text: str) -> str:
    """Put no-break spaces before French punctuation, so that it stays on the line of its word."""
    return _AFTER_A_WORD.sub("\u00a0\\1", text).replace("\u00ab ", "\u00ab\u00a0")


def _saying(environments: Mapping[str, Environment], source: str, spoken: str) -> Saying:
    """Compile a message; one without variables is rendered once."""
    environment = environments[spoken]
    template = environment.from_string(source)

    def say(values: Mapping[str, object]) -> str:
        text = template.render(values).strip()
        return typeset(text) if spoken == FRENCH else text

    if find_undeclared_variables(environment.parse(source)):
        return say
    text = say({})
    return lambda _values: text


# Most files are in several catalogues, and reading one takes longer than all else that is said.
@functools.cache
def _read(path: Path) -> Mapping[str, str]:
    # By libyaml where it is there: Python takes fourteen times longer, at each start.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw: dict[str, str] = yaml.load(path.read_text("utf-8"), loader) or {}  # noqa: S506 - both are safe
    return MappingProxyType(raw)


class Catalogue:
    """The messages of one feature, each compiled at its first use, so that the bot starts fast."""

    def __init__(self, *paths: Path) -> None:
        self._sources: dict[str, str] = {}
        self._english: dict[str, str] = {}
        for path in paths:
            self._sources |= _read(path)
            english = path.parent / ENGLISH / path.name
            if english.exists():
                self._english |= _read(english)
        self._html: dict[tuple[str, str], Saying] = {}
        self._plain: dict[tuple[str, str], Saying] = {}

    @classmethod
    @functools.cache
    def of(cls, *features: str) -> "Catalogue":
        """Return one catalogue of several files beside this module, the same each time."""
        return cls(*(Path(__file__).parent / f"{feature}.yaml" for feature in features))

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a message as Telegram HTML; what a person typed is escaped."""
        return self._compiled(self._html, _HTML, name)(values)

    def label(self, name: str, /, **values: object) -> str:
        """Return a message as plain text."""
        return self._compiled(self._plain, _PLAIN, name)(values)

    def labels(self, name: str, /, **values: object) -> tuple[str, ...]:
        """Return a message as plain text in each language: what is typed may be in any of them."""
        said = []
        for spoken in LANGUAGES:
            with speaking(spoken):
                said.append(self.label(name, **values))
        return tuple(said)

    @property
    def names(self) -> frozenset[str]:
        """The names of all messages."""
        return frozenset(self._sources)

    @property
    def in_english(self) -> frozenset[str]:
        """The names of the messages that are in English too."""
        return frozenset(self._english)

    def _compiled(
        self,
        compiled: dict[tuple[str, str], Saying],
        environments: Mapping[str, Environment],
        name: str,
    ) -> Saying:
        is_english = language() == ENGLISH and name in self._english
        spoken = ENGLISH if is_english else FRENCH
        if (name, spoken) not in compiled:
            source = (self._english if is_english else self._sources)[name]
            compiled[name, spoken] = _saying(environments, source, spoken)
        return compiled[name, spoken]
