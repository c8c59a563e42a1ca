"""Catalogues of the bot's messages: YAML files of Jinja2 templates, one for each feature.

After ``TEXT = Catalogue.of("projects")``, ``TEXT("card", project=project)`` returns Telegram HTML,
and ``TEXT.label("page", number=2)`` returns plain text, for buttons and toasts.
"""

import functools
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import yaml
from babel.dates import format_date, format_time
from jinja2 import Environment, StrictUndefined
from jinja2.meta import find_undeclared_variables

Saying: TypeAlias = Callable[[Mapping[str, object]], str]

PARIS = ZoneInfo("Europe/Paris")
_AFTER_A_WORD = re.compile(" ([:;?!\u00bb])")


def day(value: date) -> str:
    """Return ``23 novembre 2026``; a time gives its day in Paris."""
    if isinstance(value, datetime):
        value = value.astimezone(PARIS).date()
    return _day(value)


# The same few days are formatted again and again, and formatting one takes longer than rendering
# the rest of a message.
@functools.lru_cache(maxsize=256)
def _day(value: date) -> str:
    return format_date(value, format="long", locale="fr")


def moment(value: datetime) -> str:
    """Return ``23 novembre 2026, 14:05``, in Paris time."""
    return f"{day(value)}, {format_time(value, 'short', tzinfo=PARIS, locale='fr')}"


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        autoescape=autoescape,  # noqa: S701 - labels are plain text, never markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(day=day, moment=moment)
    return environment


_HTML = _environment(autoescape=True)
_PLAIN = _environment(autoescape=False)


def _typeset(text: str) -> str:
    """Put no-break spaces before French punctuation, so that it stays on the line of its word."""
    return _AFTER_A_WORD.sub("\u00a0\\1", text).replace("\u00ab ", "\u00ab\u00a0")


def _saying(environment: Environment, source: str) -> Saying:
    """Compile a message; one without variables is rendered once."""
    template = environment.from_string(source)

    def say(values: Mapping[str, object]) -> str:
        return _typeset(template.render(values).strip())

    if find_undeclared_variables(environment.parse(source)):
        return say
    text = say({})
    return lambda _values: text


class Catalogue:
    """The messages of one feature, each compiled at its first use, so that the bot starts fast."""

    def __init__(self, *paths: Path) -> None:
        self._sources: dict[str, str] = {}
        for path in paths:
            self._sources |= yaml.safe_load(path.read_text("utf-8"))
        self._html: dict[str, Saying] = {}
        self._plain: dict[str, Saying] = {}

    @classmethod
    def of(cls, *features: str) -> "Catalogue":
        """Return one catalogue of several files beside this module."""
        return cls(*(Path(__file__).parent / f"{feature}.yaml" for feature in features))

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a message as Telegram HTML; what a person typed is escaped."""
        return self._compiled(self._html, _HTML, name)(values)

    def label(self, name: str, /, **values: object) -> str:
        """Return a message as plain text."""
        return self._compiled(self._plain, _PLAIN, name)(values)

    @property
    def names(self) -> frozenset[str]:
        """The names of all messages."""
        return frozenset(self._sources)

    def _compiled(self, compiled: dict[str, Saying], environment: Environment, name: str) -> Saying:
        if name not in compiled:
            compiled[name] = _saying(environment, self._sources[name])
        return compiled[name]
