"""Measuring how right the matcher is."""

import json
from pathlib import Path

import pytest

from bot.cli import main
from bot.commands.evaluation import evaluate
from bot.commands.labelled_questions import (
    EvaluationFileError,
    LabelledQuestion,
    read_questions,
)
from knowledge.matcher.matcher import Decision, Matcher, Outcome
from knowledge.ranking.ranker import Ranked


@pytest.fixture(autouse=True)
def _by_letters(_read_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is tried here would only wait for the encoder.
    monkeypatch.setenv("SEMANTIC_MATCHING", "false")


class Known(Matcher):
    """A matcher whose decisions are written down."""

    def __init__(self, decisions: dict[str, Decision]) -> None:
        self._decisions = decisions

    def match(self, question: str, *, after: str = "") -> Decision:  # noqa: ARG002
        return self._decisions[question]


def decision(outcome: Outcome, *ids: str, nearest: str = "") -> Decision:
    ranking = tuple(Ranked(one, 0.5) for one in ids)
    shown = {Outcome.ANSWER: ids[:1], Outcome.CHOICES: ids}.get(outcome, ())
    return Decision(outcome, shown, ranking, nearest=nearest)


def test_shares_are_counted_as_they_are_named() -> None:
    matcher = Known(
        {
            "right": decision(Outcome.ANSWER, "a"),
            "among": decision(Outcome.CHOICES, "b", "a"),
            "wrong": decision(Outcome.ANSWER, "b", nearest="fault"),
            "silent": decision(Outcome.NONE, "a"),
            "out answered": decision(Outcome.ANSWER, "a"),
            "out offered": decision(Outcome.CHOICES, "a", "b"),
        }
    )
    report = evaluate(
        matcher,
        [
            *(LabelledQuestion(q, ("a",), "s") for q in ("right", "among", "wrong", "silent")),
            *(LabelledQuestion(q, (), "") for q in ("out answered", "out offered")),
        ],
    )
    assert report["all"] == {
        "in_scope": 4,
        "out_of_scope": 2,
        "right_first": 0.5,
        "right_shown": 0.5,
        "wrong_direct": 0.25,
        "answered": 0.5,
        "out_of_scope_answered": 0.5,
        "out_of_scope_referred": 0.0,
        "out_of_scope_acts": 0.0,
        "out_of_scope_choices": 0.5,
    }
    assert report["styles"]["s"]["right_first"] == 0.5
    assert report["entries"]["-"]["out_of_scope_answered"] == 0.5
    assert report["matrix"] == {
        "names": ["a", "b", "-"],
        "counts": [[2, 1, 1], [0, 0, 0], [2, 0, 0]],
    }
    worst = report["confusions"][0]
    assert (worst["expected"], worst["found"], worst["count"]) == ("a", "b", 2)
    assert {"q": "wrong", "most_like": "fault"} in worst["cases"]


def test_the_command_prints_figures_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "q.jsonl"
    lines = [
        {"q": "comment financer un projet", "expect": ["financement"], "style": "simple"},
        {"q": "recette de la tarte aux pommes", "expect": []},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", "utf-8")
    assert main(["evaluate", str(file)]) == 0
    assert "Bonne réponse en premier       100,0 %" in capsys.readouterr().out.replace("\xa0", " ")
    assert main(["evaluate", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["right_first"] == 1


def test_the_page_shows_what_was_missed_and_escapes_what_was_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, page = tmp_path / "q.jsonl", tmp_path / "report.html"
    lines = [
        {"q": "comment financer un projet", "expect": ["financement"]},
        {"q": "<b>comment financer</b> un projet", "expect": ["talents"]},
    ]
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert main(["evaluate", str(file), "--html", str(page)]) == 0
    shown = page.read_text("utf-8")
    assert 'id="reponse-talents"' in shown
    assert "<strong>talents</strong>&nbsp;: 0 sur 1" in shown
    assert "<strong>financement</strong>&nbsp;: 1 sur 1" in shown
    assert "<strong>talents</strong> pris pour <strong>financement</strong>, 1 fois" in shown
    assert "&lt;b&gt;comment financer&lt;/b&gt;" in shown
    assert "<b>comment" not in shown
    assert main(["evaluate", str(file), "--html", str(tmp_path / "no" / "where.html")]) == 1
    assert "n'a pas pu être écrite" in capsys.readouterr().err


def test_an_entry_that_does_not_exist_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"q": "a", "expect": ["finansement"]}', "utf-8")
    assert main(["evaluate", str(file)]) == 1
    assert "finansement" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["x", "{}", '{"q": 1, "expect": []}', '{"q": "a", "expect": "b"}', "3"]
)
def test_a_bad_line_is_told_with_its_number(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"q": "a", "expect": []}\n' + line, "utf-8")
    with pytest.raises(EvaluationFileError) as bad:
        read_questions(file)
    assert bad.value.line == 2
    assert main(["evaluate", str(file)]) == 1
    assert "ligne 2" in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path / "none.jsonl")]) == 1
