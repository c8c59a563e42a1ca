"""What a change of the files would do, in words; and what is wrong with files that were saved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from handlers.core.keyboards import Keyboard, button, column
from handlers.core.turn import composed
from handlers.curation.publish_buttons import Abandon, Publish
from handlers.messages import Catalogue
from knowledge.curation.diff import Difference
from knowledge.curation.regression import Verdict
from knowledge.curation.versions import Candidate, Version
from knowledge.files.problems import Problem, Severity
from knowledge.text.length import units
from storage.queues.outbox import Audience, Outgoing

TEXT = Catalogue.of("publication")
# Bot API, sendMessage: 4096 after the markup is read; some is left for the last line.
_LONGEST = 3800
# How many of each sort are told, and how much of each text, until all fits in a message.
_SIZES = ((12, 400), (8, 200), (6, 120), (3, 80), (1, 60))
_CONTEXT = 60
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to facilitators; ``report`` is a text file that goes with it, ``file`` its name."""

    text: str
    keyboard: Keyboard | None = None
    report: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A question that was right and goes wrong; the titles of what is right, and of what is not."""

    question: str
    expected: tuple[str, ...]
    shown: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of an examination; ``lines`` are those added by the bot itself.

    ``stale`` is the version that the file seems to have been made from, where another came since.
    """

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    changes: tuple[Difference, ...]
    wrong: tuple[Wrong, ...]
    lines: tuple[str, ...] = ()
    stale: Version | None = None

    @property
    def needs_confirmation(self) -> bool:
        """Whether publishing breaks something that has to be read first."""
        return bool(self.wrong or self.stale)


def examined(
    candidate: Candidate,
    title: Callable[[str], str],
    *,
    lines: tuple[str, ...] = (),
    stale: Version | None = None,
) -> Examined:
    """Return what is to be told of a candidate; ``title`` names an entry by its id."""
    # What is wrong in the file that was sent comes first.
    problems = sorted(candidate.problems, key=lambda one: one.file != candidate.file)
    errors = tuple(one for one in problems if one.severity is Severity.ERROR)
    warnings = tuple(one for one in problems if one.severity is not Severity.ERROR)
    if errors:
        return Examined(errors, warnings, (), ())
    wrong = tuple(_wrong(one, title) for one in candidate.regressions)
    return Examined((), warnings, _telling(candidate.changes), wrong, lines, stale)


def outcome(publication_id: int, file: str, by: str, found: Examined) -> Notice:
    """Tell what was found, with the buttons that decide unless an error refuses it."""
    keyboard = None if found.errors else decision(publication_id)
    return _notice("examined", found, keyboard, file=file, by=by)


def decision(publication_id: int, *, confirmed: bool = False) -> Keyboard:
    """Return the buttons that publish or give up."""
    label = "button_publish_anyway" if confirmed else "button_publish"
    return column(
        [
            button(TEXT.label(label), Publish(publication_id, confirmed)),
            button(TEXT.label("button_abandon"), Abandon(publication_id)),
        ]
    )


def difference(version: Version, changes: Sequence[Difference], keyboard: Keyboard) -> Notice:
    """Tell what a return to a version would change."""
    found = Examined((), (), _telling(changes), ())
    return _notice("compared", found, keyboard, file=version.file, version=version)


def _telling(changes: Sequence[Difference]) -> tuple[Difference, ...]:
    """Leave out the phrasings of what comes or goes whole: they come and go with it."""
    wholes = {(one.kind, one.id) for one in changes if one.what in {"entry", "small_talk"}}
    return tuple(
        one for one in changes if one.what != "phrasing" or (one.kind, one.id) not in wholes
    )


def broken(problems: Sequence[Problem]) -> Notice:
    """Tell what keeps saved files from being put in service."""
    return _notice("broken", Examined(tuple(problems), (), (), ()), None, file="")


def mended() -> Notice:
    """Tell that the files are in service again."""
    return Notice(TEXT("mended"))


def owed(notice: Notice, chat_id: int | None = None) -> Iterator[Outgoing]:
    """Return the calls that send a notice, to the facilitators' group where no chat is given."""
    audience = Audience.FACILITATORS if chat_id is None else Audience.PERSON
    if notice.report:
        caption = {"caption": TEXT("report_caption"), "parse_mode": "HTML"}
        # With the mark that tells Windows' own editor that accents are UTF-8.
        body = notice.report.encode("utf-8-sig", "replace")
        yield Outgoing(audience, "sendDocument", caption, chat_id, body, notice.file)
    yield Outgoing(audience, "sendMessage", composed(notice.text, notice.keyboard), chat_id)


def _notice(name: str, found: Examined, keyboard: Keyboard | None, **values: object) -> Notice:
    for most, longest in _SIZES:
        told = _cut(found, longest)
        text = TEXT(name, found=told, most=most, cut=True, **values)
        if units(text) <= _LONGEST:
            break
    if told == found and most >= max(map(len, _lists(found))):
        return Notice(TEXT(name, found=told, most=most, cut=False, **values), keyboard)
    whole = TEXT.label("report", found=found, most=_ALL, cut=False, **values)
    return Notice(text, keyboard, whole, TEXT.label("report_name"))


def _lists(found: Examined) -> Iterator[Sequence[object]]:
    yield from (found.errors, found.warnings, found.changes, found.wrong, found.lines)


def _cut(found: Examined, longest: int) -> Examined:
    return replace(
        found,
        errors=tuple(_cut_problem(one, longest) for one in found.errors),
        warnings=tuple(_cut_problem(one, longest) for one in found.warnings),
        changes=tuple(_cut_change(one, longest) for one in found.changes),
        wrong=tuple(replace(one, question=_clip(one.question, longest)) for one in found.wrong),
        lines=tuple(_clip(one, longest) for one in found.lines),
    )


def _cut_problem(problem: Problem, longest: int) -> Problem:
    return replace(
        problem, message=_clip(problem.message, longest), remedy=_clip(problem.remedy, longest)
    )


def _cut_change(change: Difference, longest: int) -> Difference:
    """Cut long texts around where they begin to differ."""
    before, after = change.before, change.after
    start = 0
    if before is not None and after is not None and max(len(before), len(after)) > longest:
        same = next(
            (at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
            min(len(before), len(after)),
        )
        start = max(0, same - min(_CONTEXT, longest // 2))
    return replace(
        change,
        title=_clip(change.title, longest),
        before=None if before is None else _clip(before, longest, start),
        after=None if after is None else _clip(after, longest, start),
    )


def _clip(text: str, longest: int, start: int = 0) -> str:
    part = text[start : start + longest]
    head, tail = "…" if start else "", "…" if start + longest < len(text) else ""
    return f"{head}{part}{tail}"


def _wrong(verdict: Verdict, title: Callable[[str], str]) -> Wrong:
    expected = verdict.expectation
    known = [title(one) for one in {*expected.entries, *verdict.shown}]

    def titles(ids: Iterable[str]) -> tuple[str, ...]:
        # Two entries of one title, as after a new id, are told apart by their ids.
        named = ((title(one), one) for one in ids)
        return tuple(f"{name} ({one})" if known.count(name) > 1 else name for name, one in named)

    return Wrong(
        expected.question, titles(expected.entries), titles(verdict.shown), verdict.outcome.value
    )
