"""Subcommands on the knowledge: check the files, ask questions. No network, no database."""

import html
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TextIO

from bot.commands import territories
from bot.commands.console import dumped, fail, patience, say
from bot.commands.evaluation import as_page, evaluate, in_words
from bot.commands.labelled_questions import EvaluationFileError, read_questions, with_ids
from bot.commands.output import write_output
from bot.content.compiler import compiling, warm_up
from bot.messages import TEXT
from bot.settings import Settings
from knowledge.curation.check import CheckResult, check_whole
from knowledge.curation.check import check as find_problems
from knowledge.files.problems import KnowledgeError, Problem, Severity
from knowledge.knowledge import Knowledge
from knowledge.loading import Parsed, load
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Act
from knowledge.territories.town_list import ReadList, aged
from knowledge.text.normalise import normalise

_MARKUP = re.compile(r"<[^>]+>")


def check(directory: Path, *, as_json: bool) -> int:
    """Print everything wrong with the files, for people or programs; return 1 for an error."""
    today = date.today()  # noqa: DTZ011 - the editor's own day
    how = compiling(Settings.read())
    parsed: dict[str, Parsed] = {}
    with patience(partial(_at_work, "check")):
        checked = check_whole(
            directory, today=today, compiling=how, despite_errors=True, parsed=parsed
        )
        # The invented projects are checked apart, because they must not be compiled with the rest.
        invented = find_problems(directory, today=today, parsed=parsed)
    towns = territories.list_in(directory)
    problems = tuple(
        dict.fromkeys((*checked.problems, *invented, *towns.problems, *aged(towns, today)))
    )
    report = partial(_report, directory, problems, checked, towns)
    say(_listed(problems) if as_json else report())
    return 1 if _errors(problems) else 0


def _at_work(work: str, seconds: int) -> str:
    return TEXT.label("at_work", work=work, seconds=seconds)


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _listed(problems: Iterable[Problem]) -> str:
    listed = [
        {
            "severity": problem.severity.name.lower(),
            "code": problem.code,
            "file": problem.file,
            "line": problem.line,
            "entry": problem.entry,
            "message": problem.message,
            "remedy": problem.remedy,
        }
        for problem in problems
    ]
    return dumped(listed, indent=2)


def _report(
    directory: Path, problems: Sequence[Problem], checked: CheckResult, towns: ReadList
) -> str:
    errors, knowledge = _errors(problems), checked.knowledge
    return TEXT.label(
        "check_report",
        directory=directory,
        errors=errors,
        warnings=[problem for problem in problems if problem not in errors],
        knowledge=knowledge,
        findings=checked.findings,
        town_list=territories.in_words(towns) if towns.list else "",
        phrasings=sum(len(entry.phrasings) for entry in knowledge.entries) if knowledge else 0,
    )


def answer_one(directory: Path, question: str, *, as_json: bool) -> int:
    """Print the outcome of one question, for a person or for a program."""
    knowledge = _load(directory)
    if knowledge is None:
        return 1
    decision = knowledge.matcher.match(question)
    say(dumped(_as_json(question, decision)) if as_json else _in_words(knowledge, decision))
    return 0


def answer_lines(directory: Path, lines: TextIO, output: TextIO) -> int:
    """Answer one JSON object a line, as the lines arrive; stop at a line that is not valid."""
    knowledge = _load(directory)
    if knowledge is None:
        return 1
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            # Windows' programs put a mark before the text.
            if not line.strip("\ufeff \t\r\n"):
                continue
            question = _question(line.removeprefix("\ufeff"))
            if question is None:
                return fail(TEXT.label("ask_bad_line", line=number))
            answer = _as_json(question, knowledge.matcher.match(question))
            output.write(dumped(answer, output) + "\n")
            output.flush()
    except UnicodeDecodeError:
        return fail(TEXT.label("ask_bad_encoding", line=number + 1))
    return 0


def _question(line: str) -> str | None:
    try:
        question = json.loads(line)["q"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return question if isinstance(question, str) else None


def evaluate_file(directory: Path, path: Path, *, as_json: bool, page: Path | None) -> int:
    """Print how right the matcher is on a file of questions; ``page`` is also written, if given."""
    try:
        read = read_questions(path)
        knowledge = _load(directory)
        if knowledge is None:
            return 1
        questions = with_ids(read, *_names(knowledge))
    except EvaluationFileError as error:
        name = f"evaluate_{error.reason}"
        return fail(TEXT.label(name, file=path, line=error.line, found=error.found))
    except OSError:
        return fail(TEXT.label("evaluate_no_file", file=path))
    with patience(partial(_at_work, "match")):
        report = evaluate(knowledge.matcher, questions)
    if page is not None:
        try:
            write_output(page, as_page(report, path.name).encode())
        except OSError as error:
            return fail(TEXT.label("evaluate_no_page", file=page, reason=error.strerror))
    say(dumped(report, indent=2) if as_json else in_words(report))
    return 0


def _names(knowledge: Knowledge) -> tuple[list[str], dict[str, str]]:
    """Return the ids of all entries and acts, and the ids by what people call them."""
    ids = [*(entry.id for entry in knowledge.entries), *(act.id for act in knowledge.acts)]
    titles = {normalise(act.title): act.id for act in knowledge.acts if act.title}
    for entry in knowledge.entries:
        titles |= {normalise(name): entry.id for name in (entry.question, entry.title)}
    return ids, titles


def _load(directory: Path) -> Knowledge | None:
    understanding = compiling(Settings.read())
    warm_up(understanding.encoder)
    try:
        with patience(partial(_at_work, "learn")):
            return load(directory, compiling=understanding)
    except KnowledgeError as error:
        fail(TEXT.label("knowledge_wrong", problems=error.problems, directory=directory))
        return None


def _as_json(question: str, decision: Decision) -> dict[str, object]:
    told: dict[str, object] = {
        "q": question,
        "outcome": decision.outcome.value,
        "shown": list(decision.shown),
        "ranking": [{"id": entry.id, "score": round(entry.score, 4)} for entry in decision.ranking],
    }
    if decision.outcome is Outcome.PROJECTS:
        told["projects"] = list(decision.projects)
    if decision.outcome is Outcome.SEVERAL:
        told["parts"] = [_as_json(part.text, part.decision) for part in decision.parts]
    return told


def _in_words(knowledge: Knowledge, decision: Decision) -> str:
    if decision.outcome is Outcome.SEVERAL:
        parts = [(part.text, _in_words(knowledge, part.decision)) for part in decision.parts]
        return "\n".join(TEXT.label("ask_part", text=text, answer=said) for text, said in parts)
    if decision.outcome is Outcome.PROJECTS:
        projects = [each for each in map(knowledge.project, decision.projects) if each]
        return TEXT.label("ask_projects", projects=projects)
    # Choices mix entries and acts; an act among them has a title.
    shown = [knowledge.entry(each) or knowledge.act(each) for each in decision.shown]
    if decision.outcome is Outcome.CHOICES:
        return TEXT.label("ask_choices", entries=shown)
    if isinstance(found := shown[0] if shown else None, Act):
        return _plain(found.reply)
    if decision.outcome is Outcome.NONE or found is None:
        return TEXT.label("ask_none")
    text = _plain(f"{found.answer}\n\n{found.rest}")
    return TEXT.label("ask_answer", entry=found, text=text)


def _plain(markup: str) -> str:
    return html.unescape(_MARKUP.sub("", markup)).strip()
