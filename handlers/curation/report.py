"""Notices to facilitators: what a change of the files would do, and what is wrong in them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.posting import composed, in_topic
from handlers.curation.publish_buttons import Abandon, AddReceived, Publish
from handlers.curation.received import ReceivedQuestion
from handlers.messages import Catalogue
from knowledge.curation.diff import Difference
from knowledge.curation.finding import Finding
from knowledge.curation.regression import Verdict
from knowledge.curation.told_changes import ToldChange, is_hiding, told, without_parts
from knowledge.curation.versions import Candidate, Version, VersionSet
from knowledge.files.problems import Problem, Severity
from knowledge.text.length import units
from storage.queues.outbox import Audience, Outgoing
from storage.records.change_requests import GROUP

TEXT = Catalogue.of("publication")
# Bot API, sendMessage: 4,096 UTF-16 units without the markup; the rest is room for the last line.
_LONGEST = 3800
# (items of each kind, length of each text) to try in turn until the notice fits in a message.
_SIZES = ((12, 400), (8, 200), (6, 120), (3, 80), (1, 60))
_ALL = 1_000_000
# Of each phrasing or question that is quoted: two lines on a phone.
_QUOTED = 80
# So many estimates are told, and of each so many examples out of scope; the others are warnings.
MOST_FOUND, MOST_OUTSIDE = 5, 4
_WHOLES = frozenset({"entry", "project", "act", "initiative"})


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to facilitators; ``report`` is an attached text file and ``file`` its name.

    ``quotes``: the questions whose words it repeats.
    """

    text: str
    keyboard: Keyboard | None = None
    report: str = ""
    file: str = ""
    quotes: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A question that a change breaks: the titles expected, and those shown instead."""

    question: str
    expected: tuple[str, ...]
    shown: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class Examined:
    """The result of an examination; ``lines`` are those that the bot itself added.

    ``warnings`` are those that the change brings, and ``stood`` the number of those that the files
    in service have too. ``stale`` is the version that a file seems to be based on, if a newer one
    exists. ``left_out`` are files sent before, which are wrong. ``named_in`` are answers whose text
    names what goes. ``findings`` tells how often the answers that change would be found, weakest
    first, and ``received`` holds questions that resemble the weak ones.
    """

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    changes: tuple[Difference, ...]
    wrong: tuple[Wrong, ...]
    lines: tuple[str, ...] = ()
    stale: Version | None = None
    left_out: tuple[str, ...] = ()
    named_in: tuple[str, ...] = ()
    stood: int = 0
    findings: tuple[Finding, ...] = ()
    received: tuple[ReceivedQuestion, ...] = ()

    @property
    def needs_confirmation(self) -> bool:
        """Whether publishing breaks questions or undoes a newer version: it must be confirmed."""
        return bool(self.wrong or self.stale)


def examined(
    candidate: Candidate,
    title: Callable[[str], str],
    *,
    lines: tuple[str, ...] = (),
    stale: Version | None = None,
    named_in: tuple[str, ...] = (),
) -> Examined:
    """Return the result for a candidate; ``title`` returns the title of an entry id."""
    # Problems of the files that were sent come first, then those of the other files.
    problems = sorted(candidate.problems, key=lambda each: each.file not in candidate.contents)
    errors = tuple(each for each in problems if each.severity is Severity.ERROR)
    stood = tuple(each for each in candidate.stood if each.severity is not Severity.ERROR)
    warnings = tuple(_brought(problems, candidate))
    if errors:
        return Examined(errors, warnings, (), (), stood=len(stood))
    wrong = tuple(_wrong(verdict, title) for verdict in candidate.regressions)
    changes = tuple(_titled(change, title) for change in candidate.changes)
    named = tuple(map(title, named_in))
    return Examined(
        (),
        warnings,
        changes,
        wrong,
        lines,
        stale,
        named_in=named,
        stood=len(stood),
        findings=candidate.findings,
    )


def _brought(problems: Iterable[Problem], candidate: Candidate) -> Iterator[Problem]:
    """Leave out the warnings there were, and those of what the notice tells anyway.

    That is: questions that go wrong, answers that become drafts, and examples out of scope that
    an answer that changes has.
    """
    stood = set(map(id, candidate.stood))
    aged = (one for each in candidate.findings[:MOST_FOUND] for one in each.outside[:MOST_OUTSIDE])
    told_of: set[tuple[str, str | int]] = {
        *(("aged_example", one.place.line) for one in aged),
        *(("wrong_question", verdict.expectation.line) for verdict in candidate.regressions),
        *(("draft", each.id) for each in candidate.changes if each.field == "brouillon"),
    }
    for each in problems:
        is_told = not told_of.isdisjoint({(each.code, each.line), (each.code, each.entry)})
        if each.severity is not Severity.ERROR and id(each) not in stood and not is_told:
            yield each


def outcome(publication_id: int, files: tuple[str, ...], by: str, result: Examined) -> Notice:
    """Return the notice of an examination; without errors, it has the buttons to decide."""
    keyboard = None if result.errors else decision(publication_id, received=result.received)
    notice = _notice("examined", result, keyboard, files=files, by=by)
    return replace(notice, quotes=frozenset(each.question_id for each in result.received))


def decision(
    publication_id: int, *, confirmed: bool = False, received: Sequence[ReceivedQuestion] = ()
) -> Keyboard:
    """Return the buttons to publish a change or to abandon it, and to add what was received."""
    label = "button_publish_anyway" if confirmed else "button_publish"
    return rows(
        *(
            [button(f"+ {number}. {each.text}", AddReceived(publication_id, each.question_id))]
            for number, each in enumerate(received, 1)
        ),
        [button(TEXT.label(label), Publish(publication_id, confirmed))],
        [button(TEXT.label("button_abandon"), Abandon(publication_id))],
    )


def difference(versions: VersionSet, changes: Sequence[Difference], keyboard: Keyboard) -> Notice:
    """Return the notice of what a return to a version would change."""
    result = Examined((), (), tuple(changes), ())
    return _notice("compared", result, keyboard, versions=versions)


def _titled(change: Difference, title: Callable[[str], str]) -> Difference:
    """Name the answer of a voice's phrasing by its title, which the voice's file does not hold."""
    is_of_voice = change.voice and change.what == "phrasing"
    return replace(change, title=title(change.id), voice="") if is_of_voice else change


def reviewed(problems: Sequence[Problem]) -> Notice:
    """Return the notice of everything that the check finds in the files in service."""
    return _notice("reviewed", Examined((), tuple(problems), (), ()), None)


def broken(problems: Sequence[Problem]) -> Notice:
    """Return the notice of the problems that keep saved files out of service."""
    return _notice("broken", Examined(tuple(problems), (), (), ()), None)


def mended() -> Notice:
    """Return the notice that the files are in service again."""
    return Notice(TEXT("mended"))


def in_service(changes: Sequence[Difference]) -> Notice:
    """Return the notice that what an editor saved is in service: how much of what changed."""
    main = without_parts(changes)
    each_once = dict.fromkeys(map(_counted, main))
    counts = Counter((change, what) for change, what, _ in each_once)
    titles = {each.id: each.title for each in main if each.what in _WHOLES}
    return Notice(TEXT("in_service", counts=counts, titles=tuple(titles.values())))


def _counted(change: Difference) -> tuple[str, str, str]:
    """Return how something changed, what it is, and what tells it from others of the kind."""
    own = change.id if change.what in _WHOLES else f"{change.id}: {change.after or change.before}"
    if change.field != "brouillon":
        return change.kind.value, change.what, own
    return "hidden" if is_hiding(change.after) else "shown", change.what, own


def owed(
    notice: Notice, chat_id: int | None = None, topic: int | None = None
) -> Iterator[Outgoing]:
    """Return the calls that send a notice, to the facilitators' group if no chat is given."""
    chat_id = None if chat_id == GROUP else chat_id
    audience = Audience.FACILITATORS if chat_id is None else Audience.PERSON
    if notice.report:
        caption = {"caption": TEXT("report_caption"), "parse_mode": "HTML"} | in_topic(topic)
        # The byte order mark lets Notepad on Windows read the accents as UTF-8.
        body = notice.report.encode("utf-8-sig", "replace")
        yield Outgoing(audience, "sendDocument", caption, chat_id, body, notice.file)
    content = composed(notice.text, notice.keyboard) | in_topic(topic)
    yield Outgoing(audience, "sendMessage", content, chat_id, quotes=notice.quotes)


def _notice(name: str, result: Examined, keyboard: Keyboard | None, **values: object) -> Notice:
    would = name == "compared"
    whole = told(result.changes, would=would)
    for most, longest in _SIZES:
        shortened, changes = _cut(result, longest), told(result.changes, longest, would=would)
        text = TEXT(name, found=shortened, changes=changes, most=most, cut=True, **values)
        if units(text) <= _LONGEST:
            break
    is_whole = (shortened, changes) == (_cut(result, _ALL), whole)
    if is_whole and most >= max(map(len, _lists(result, changes))):
        text = TEXT(name, found=shortened, changes=changes, most=most, cut=False, **values)
        return Notice(text, keyboard)
    report = TEXT.label("report", found=result, changes=whole)
    return Notice(text, keyboard, report, TEXT.label("report_name"))


def _lists(result: Examined, changes: Sequence[ToldChange]) -> Iterator[Sequence[object]]:
    yield from (result.errors, result.warnings, changes, result.wrong, result.lines)


def _cut(result: Examined, longest: int) -> Examined:
    return replace(
        result,
        errors=tuple(_cut_problem(problem, longest) for problem in result.errors),
        warnings=tuple(_cut_problem(problem, longest) for problem in result.warnings),
        wrong=tuple(replace(w, question=_clip(w.question, longest)) for w in result.wrong),
        lines=tuple(_clip(line, longest) for line in result.lines),
        findings=tuple(_cut_finding(each) for each in result.findings),
        received=tuple(replace(r, text=_clip(r.text, _QUOTED)) for r in result.received),
    )


def _cut_finding(finding: Finding) -> Finding:
    """Cut what is quoted short, however much room there is: the files hold the whole."""
    outside = tuple(replace(each, text=_clip(each.text, _QUOTED)) for each in finding.outside)
    neighbours = tuple(replace(n, text=_clip(n.text, _QUOTED)) for n in finding.neighbours)
    return replace(finding, neighbours=neighbours, outside=outside)


def _cut_problem(problem: Problem, longest: int) -> Problem:
    return replace(
        problem, message=_clip(problem.message, longest), remedy=_clip(problem.remedy, longest)
    )


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _wrong(verdict: Verdict, title: Callable[[str], str]) -> Wrong:
    expected = verdict.expectation
    all_titles = [title(entry) for entry in {*expected.entries, *verdict.shown}]

    def titles(ids: Iterable[str]) -> tuple[str, ...]:
        # Two entries may have one title, for instance after an entry got a new id: add the ids.
        named = ((title(entry), entry) for entry in ids)
        return tuple(f"{name} ({e})" if all_titles.count(name) > 1 else name for name, e in named)

    return Wrong(
        expected.question, titles(expected.entries), titles(verdict.shown), verdict.outcome.value
    )
