"""The command line, as people and programs call it."""

import io
import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from small_library import small_folder

import bot
import knowledge
from bot.cli import main
from bot.commands import ask_and_check
from knowledge.knowledge import Knowledge

SHIPPED = Path(knowledge.__file__).parent
ROOT = Path(bot.__file__).parent.parent


def spoilt(folder: Path, *changes: str) -> Path:
    """Write a small folder, with the first of these words replaced by the second, and so on."""
    faq = small_folder(folder) / "faq.yaml"
    (folder / "questions.yaml").unlink()
    text = faq.read_text("utf-8")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    faq.write_text(text, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def _elsewhere(_read_once: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    # Most would only wait for the encoder.
    monkeypatch.setenv("SEMANTIC_MATCHING", "false")


@pytest.fixture
def _by_meaning(understood: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what only the encoder gets right; its model is learnt once a run."""
    monkeypatch.setenv("SEMANTIC_MATCHING", "true")


def test_the_module_and_the_help_work(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bot", "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("run", "preview", "check", "ask"):
        assert command in told.stdout


def test_who_thinks_better_of_it_while_it_starts_sees_no_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupted:
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "bot.cli", Interrupted())
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("bot", run_name="__main__")
    assert ended.value.code == 130


@pytest.mark.long
@pytest.mark.usefixtures("_by_meaning")
def test_check_names_what_waits_in_right_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "aucune erreur. 23 réponses" in said
    assert "apesa" in said
    assert "est un brouillon" in said
    assert "hors sujet, alors que" not in said


def test_check_lists_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = spoilt(tmp_path / "k", "titre:", "titres:")
    assert main(["check", str(folder)]) == 1
    assert "faq.yaml, ligne" in capsys.readouterr().out
    assert main(["ask", "bonjour", "--knowledge", str(folder)]) == 1
    assert "titres" in capsys.readouterr().err


def test_check_ends_with_how_often_each_answer_is_found_the_weakest_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phrasings = "".join(f'      - "embaucher {word}"\n' for word in ("un tourneur", "six soudeurs"))
    added = '      - "recruter un soudeur"\n'
    folder = spoilt(tmp_path / "k", added, added + phrasings)
    assert main(["check", str(folder)]) == 0
    said = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    _, _, table = said.partition("Combien de questions sur 10, à peu près, trouvent")
    lines = [line.strip() for line in table.splitlines() if " sur 10 : " in line]
    assert lines[-1] == "7 sur 10 : talents (5 façons de demander ; avec 8, jusqu'à 8)"
    assert [line[0] for line in lines] == sorted(line[0] for line in lines)
    assert len(lines) == 3
    assert "avertissement" not in table


def test_check_tells_programs_each_problem_with_its_place_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = spoilt(tmp_path / "k", "Oui, entre", "Oui, <b>entre", "Avec les", "À la ZAC, les")
    assert main(["check", str(folder), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(one["severity"], one["code"], one["file"], one["entry"]) for one in told] == [
        ("error", "bad_html", "faq.yaml", "mutualisation"),
        ("warning", "acronym", "faq.yaml", "talents"),
    ]
    assert set(told[0]) == {"severity", "code", "file", "line", "entry", "message", "remedy"}
    assert all(one["line"] > 1 and one["message"] and one["remedy"] for one in told)


def test_check_tells_errors_and_warnings_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = spoilt(tmp_path / "k", "Oui, entre", "Oui, <b>entre", "Avec les", "À la ZAC, les")
    assert main(["check", str(folder)]) == 1
    errors, _, warnings = capsys.readouterr().out.partition("1 avertissement")
    assert "1 erreur empêche" in errors
    assert ("<b>" in errors, "ZAC" in errors, "ZAC" in warnings) == (True, False, True)


def test_a_warning_does_not_fail_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    date = "    verifie_le:"
    folder = spoilt(tmp_path / "k", date, f"    valable_jusqu_au: 2020-01-01\n{date}")
    assert main(["check", str(folder)]) == 0
    assert "2020-01-01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("comment financer un projet", "fruit de la visibilit"),
        ("bonjour", "assistant"),
        ("entreprise", "Plusieurs sujets possibles"),
        ("?!", "Aucune réponse"),
    ],
)
def test_ask_answers_people(question: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", question]) == 0
    told = capsys.readouterr().out
    assert words in told
    assert "<b>" not in told


def test_ask_answers_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "comment financer un projet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outcome"] == "answer"
    assert told["shown"] == ["financement"]
    assert next(one["id"] for one in told["ranking"]) == "financement"
    assert len(told["ranking"]) == 5
    assert set(told) == {"q", "outcome", "shown", "ranking"}


def test_ask_needs_a_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask"]) == 1
    assert "--jsonl" in capsys.readouterr().err


def test_an_input_that_is_closed_has_no_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["ask", "--jsonl"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    # A slow machine is told that work goes on.
    assert not [line for line in printed.err.splitlines() if not line.startswith("J'apprends ")]


def test_lines_are_answered_in_order() -> None:
    questions = ["bonjour", "comment financer un projet", "", "entreprise"]
    lines = "".join(json.dumps({"q": q}) + "\n" for q in questions) + "\n"
    output = io.StringIO()
    assert ask_and_check.answer_lines(SHIPPED, io.StringIO(lines), output) == 0
    told = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [one["q"] for one in told] == questions
    assert [one["outcome"] for one in told] == ["act", "answer", "none", "choices"]


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"q": 3}', "null"])
def test_a_bad_line_is_told_with_its_number(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = io.StringIO('{"q": "bonjour"}\n' + line + "\n")
    assert ask_and_check.answer_lines(SHIPPED, lines, io.StringIO()) == 1
    assert "ligne 2" in capsys.readouterr().err


def test_bad_settings_are_told_not_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ADMIN_CHAT_ID", "12")
    monkeypatch.setenv("PREVIEW_PORT", "x")
    assert main(["run"]) == 1
    told = capsys.readouterr().err
    assert "ADMIN_CHAT_ID" in told
    assert "PREVIEW_PORT" in told


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["preview", "--port", str(port)]) == 1
    assert f"Le port {port} est déjà pris" in capsys.readouterr().err


def test_a_folder_that_cannot_be_used_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KNOWLEDGE_DIR", str(tmp_path))
    assert main(["preview", "--port", "0"]) == 1
    assert "faq.yaml" in capsys.readouterr().err
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    assert main(["run"]) == 1
    assert "faq.yaml" in capsys.readouterr().err


def test_a_reader_who_has_read_enough_is_no_error(tmp_path: Path) -> None:
    program = "import sys; from bot.cli import main; sys.exit(main(['ask', 'bonjour']))"
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        # A slow machine is told that work goes on.
        lines = process.stderr.read().splitlines()
        assert not [line for line in lines if not line.startswith("J'apprends ")]
        assert process.wait() == 0


def test_an_answer_is_shown_then_removed_or_hidden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_folder(tmp_path / "k")
    before = (folder / "faq.yaml").read_text("utf-8")
    place = ["--knowledge", str(folder)]
    monkeypatch.setattr("sys.stdin", None)
    assert main(["remove", "talents", *place]) == 1
    told = capsys.readouterr()
    assert "- id: talents" in told.out
    assert "2 lignes retirées" in told.out
    assert "Rien n'est changé" in told.err
    assert (folder / "faq.yaml").read_text("utf-8") == before
    assert main(["hide", "talents", "--yes", *place]) == 0
    assert "brouillon: oui" in (folder / "faq.yaml").read_text("utf-8")
    assert main(["hide", "talents", "--undo", "--yes", *place]) == 0
    assert (folder / "faq.yaml").read_text("utf-8") == before
    assert main(["remove", "talents", "--yes", *place]) == 0
    assert "talents" not in "".join(path.read_text("utf-8") for path in folder.glob("*.yaml"))
    assert main(["remove", "talents", "--yes", *place]) == 1
    assert "aucun fichier ne parle de" in capsys.readouterr().err


def test_what_was_removed_by_hand_is_finished_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_folder(tmp_path / "k")
    faq = (folder / "faq.yaml").read_text("utf-8")
    (folder / "faq.yaml").write_text(faq[: faq.index("  - id: talents")], "utf-8")
    assert main(["remove", "talents", "--yes", "--knowledge", str(folder)]) == 0
    assert "talents" not in (folder / "questions.yaml").read_text("utf-8")
    assert "questions.yaml" in capsys.readouterr().out.partition("C'est écrit")[2]
