"""Secrets: whatever is wrong with whatever setting, no command shows it, nor a traceback."""

import io
import logging
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from small_library import small_folder

import bot
from bot.cli import main
from bot.runtime import logs
from bot.settings import Settings

ROOT = Path(bot.__file__).parent.parent
MARK = "hunter2"
URL = "postgresql+asyncpg://bot"
# Each is put where a value stands; the mark stands for the secret.
FORMS = [
    f"{MARK}",
    f"{MARK}@",
    f"x{MARK}/:#%?[]@",
    f"[{MARK}",
    f"{MARK}]:x",
    f" {MARK} ",
    f"{MARK}\n{MARK}",
    f"\t{MARK}\r\n",
    f"'{MARK}'",
    f'"{MARK}',
    f"é{MARK}😀",
    f"%zz{MARK}%",
    f"{MARK}\udcff",
    f"http://{MARK}",
    f"https://[{MARK}",
    f"https://u:{MARK}@h:99999/",
    f"-{MARK}",
    f"1:{MARK}/../x",
]
ADDRESSES = [
    f"{URL}:{MARK}@@127.0.0.1:1/bot",
    f"{URL}:{MARK}/x@127.0.0.1:1/bot",
    f"{URL}:{MARK}:x@127.0.0.1:1/bot",
    f"{URL}:{MARK}#x@127.0.0.1:1/bot",
    f"{URL}:{MARK}%x@127.0.0.1:1/bot",
    f"{URL}:{MARK}?x@127.0.0.1:1/bot",
    f"{URL}:{MARK}[x]@127.0.0.1:1/bot",
    f"{URL}:@{MARK}@127.0.0.1:1/bot",
    f"{URL}:a@{MARK}:b@127.0.0.1:1/bot",
    f"{URL}:a@b:{MARK}@127.0.0.1:1/bot",
    f"{URL}:a@b/{MARK}@127.0.0.1:1/bot",
    f"{URL}:a@b?{MARK}@127.0.0.1:1/bot",
    f"{URL}:a@b?sslmode={MARK}@127.0.0.1:1/bot",
    f"{URL}:{MARK}@127.0.0.1:port/bot",
    f"{URL}:{MARK}@127.0.0.1:99999/bot",
    f"{URL}:{MARK}@[::1:1/bot",
    f"{URL}:{MARK}@[zz]:1/bot",
    f"{URL}:{MARK}@a..b:1/bot",
    f"{URL}:{MARK}@{'x' * 70}.b:1/bot",
    f"{URL}:{MARK}@127.0.0.1:1/bot?unknown={MARK}",
    f"{URL}:{MARK}@127.0.0.1:1/bot?sslmode={MARK}",
    f"{URL}:{MARK}@127.0.0.1:1/bot?sslrootcert={MARK}",
    f"{URL}:{MARK}@127.0.0.1:1/bot?sslmode=require&sslpassword={MARK}",
    f"{URL}@127.0.0.1:1/bot?password={MARK}",
    f"{URL}:{MARK}@127.0.0.1:1/bot",
    f"{URL}:é{MARK}😀@127.0.0.1:1/bot",
    f"{URL}:{MARK} x@127.0.0.1:1/bot",
    f"{URL}:{MARK}\n@127.0.0.1:1/bot",
    f"'{URL}:{MARK}@127.0.0.1:1/bot'",
    f"postgres://bot:{MARK}@127.0.0.1:1/bot",
    f"mysql://bot:{MARK}@127.0.0.1:1/bot",
    f"{URL}:{MARK}@/bot?host=/nowhere",
    f"sqlite+aiosqlite://{MARK}",
]
COMMANDS = [
    ["run"],
    ["serve"],
    ["preview", "--port", "0"],
    ["check"],
    ["ask", "bonjour"],
    ["evaluate", "questions"],
    ["doctor"],
    ["backup", "copy.db"],
    ["restore", "copy.db"],
    ["copy-db", "sqlite+aiosqlite:///here.db", "URL"],
    ["copy-db", "URL", "sqlite+aiosqlite:///there.db"],
]
SETTINGS = [name.upper() for name in Settings.model_fields]
# Settings that are words to be shown, or places that a message must name.
SHOWN = {"KNOWLEDGE_DIR"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEMANTIC_MATCHING", "false")
    monkeypatch.setenv("KNOWLEDGE_DIR", str(small_folder(tmp_path / "k")))
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:1")
    Path("questions").write_text('{"q": "bonjour", "expect": []}\n', "utf-8")
    Path("here.db").touch()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what would begin to serve end at once."""

    async def serve(*_: object, **__: object) -> int:
        return 0

    monkeypatch.setattr("bot.preview_mode.serve", serve)


def told(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command; return all that it printed and logged."""
    main(command)
    printed = capsys.readouterr()
    return printed.out + printed.err


def assert_discreet(text: str) -> None:
    assert MARK not in text
    assert "Traceback" not in text
    assert "inattendue" not in text


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_command_shows_any_part_of_an_address(
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    for command in COMMANDS:
        if command[0] == "preview":
            continue
        said = told([address if word == "URL" else word for word in command], capsys)
        assert_discreet(said)
        assert said
    assert MARK not in caplog.text


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "DATABASE_URL"])
def test_no_command_shows_a_setting_that_is_wrong(
    setting: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Each command meets one form that is wrong: all print no more than what is said of each here.
    commands = ["check", "doctor", "run"]
    for form in FORMS:
        monkeypatch.setenv(setting, form)
        try:
            Settings.read()
        except bot.settings.SettingsError as error:
            assert_discreet(str(error) if setting not in SHOWN else "")
            if commands:
                assert_discreet(told([commands.pop()], capsys))


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_says_what_it_must_be(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(setting, "\udcff")
    with pytest.raises(bot.settings.SettingsError, match=setting):
        Settings.read()


def test_a_repr_of_the_settings_has_no_secret() -> None:
    settings = Settings.read(
        database_url=f"{URL}:{MARK}@h/bot",
        telegram_bot_token=f"1:{MARK}",
        webhook_secret=MARK,
    )
    assert MARK not in repr(settings)
    assert MARK not in str(settings)


def test_logs_hide_each_way_that_a_secret_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.run_modes import set_up_logs  # noqa: PLC0415 - it imports Telegram's library

    given = Settings.read(
        database_url=f"{URL}:{MARK}%2F%40@h/bot?sslpassword=key{MARK}",
        telegram_bot_token=f"1:{MARK}",
        webhook_secret=f"word{MARK}",
    )
    set_up_logs(given)
    log = logging.getLogger("bot.test")
    for secret in (f"{MARK}/@", f"{MARK}%2F%40", f"key{MARK}", f"1:{MARK}", f"word{MARK}"):
        log.error("it is %s", secret)
    said = capsys.readouterr().err
    assert said.count("<secret>") == 5
    assert MARK not in said


def run(
    command: list[str], folder: Path, stdin: bytes, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a process of its own; it must end by itself."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "bot", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


TEXTS = {
    "utf-8": "OPERATOR_NAME=Métropole\n",
    "utf-8-sig": "OPERATOR_NAME=Métropole\n",
    "utf-16": "OPERATOR_NAME=Métropole\r\n",
    "utf-16-le": "OPERATOR_NAME=Métropole\r\n",
    "cp1252": "# d’un éditeur\r\nOPERATOR_NAME=Métropole\r\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_settings_file_may_come_from_notepad(encoding: str) -> None:
    Path(".env").write_bytes(TEXTS[encoding].encode(encoding))
    assert Settings.read().operator_name == "Métropole"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x81\x8d=\x8f", b"\0\0\0\0", b"A=\xff\0"])
def test_a_settings_file_of_no_encoding_is_no_traceback(
    content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_bytes(content)
    assert_discreet(told(["check"], capsys))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_any_terminal_can_be_written_to(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, content in written.items():
        # Strict, as Python opens them: it is the command that lets them take any text.
        monkeypatch.setattr(sys, name, io.TextIOWrapper(content, encoding, write_through=True))
    main(["doctor"])
    said = written["stdout"].getvalue()
    assert b"Traceback" not in said + written["stderr"].getvalue()
    assert "A surveiller" in said.decode(encoding).replace("À", "A")
    assert main(["ask", "bonjour 😀", "--json"]) == 0
    answer = written["stdout"].getvalue()[len(said) :]
    assert re.search(r"😀|\\ud83d\\ude00", answer.decode(encoding))


def test_a_terminal_of_ascii_is_written_to_by_a_process(tmp_path: Path) -> None:
    environment = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    said = run(["doctor"], tmp_path, b"", **environment)
    assert b"Traceback" not in said.stdout + said.stderr
    assert "A surveiller" in said.stdout.decode("ascii").replace("À", "A")


def test_lines_from_windows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run(["ask", "--jsonl"], tmp_path, b'\xef\xbb\xbf{"q": "bonjour"}\r\n')
    assert (said.returncode, said.stderr.count(b"Traceback")) == (0, 0)
    # Without a process each: to start one takes longer than to read a line.
    for content in ('{"q": "été"}'.encode("cp1252"), '{"q": "x"}'.encode("utf-16"), b"\xff"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
        assert main(["ask", "--jsonl"]) == 1
        told_here = capsys.readouterr().err
        assert "ligne 1" in told_here
        assert "Traceback" not in told_here
    (tmp_path / "bom").write_bytes(b'\xef\xbb\xbf{"q": "bonjour", "expect": []}\n')
    assert main(["evaluate", "bom"]) == 0
    (tmp_path / "wide").write_text('{"q": "bonjour", "expect": []}\n', "utf-16")
    # What Windows calls Unicode is read as well.
    assert main(["evaluate", "wide"]) == 0


def test_a_python_without_the_packages_says_which_to_use(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-m", "bot", "doctor"]
    said = subprocess.run(  # noqa: S603
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert ".venv/bin/python -m bot" in said.stderr
    assert "Traceback" not in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_a_python_that_is_too_old_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import runpy  # noqa: PLC0415

    class Old(tuple[int, ...]):
        __slots__ = ()

    monkeypatch.setattr(sys, "version_info", Old((3, 9, 2)))
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("bot", run_name="__main__")
    assert ended.value.code == 1
    assert "3.11" in capsys.readouterr().err


WRONG: list[list[str]] = [
    ["preview", "--port", "99999"],
    ["preview", "--port", "x"],
    ["preview", "--port", "-1"],
    ["check", "/nowhere"],
    ["check", "/dev/null"],
    ["check", "x" * 300],
    ["ask", "bonjour", "--knowledge", "/dev/null"],
    ["ask", ""],
    ["ask", "\udcff"],
    ["evaluate", "/nowhere"],
    ["evaluate", "."],
    ["evaluate", "/dev/null"],
    ["evaluate", "x" * 300],
    ["evaluate", "questions", "--html", "/nowhere/x.html"],
    ["evaluate", "questions", "--html", "/dev/full"],
    ["evaluate", "questions", "--html", "."],
    ["backup", "/dev/full"],
    ["backup", "/dev/full/x"],
    ["backup", "."],
    ["backup", "x" * 300],
    ["backup", "\udcff"],
    ["restore", "/nowhere"],
    ["restore", "."],
    ["restore", "x" * 300],
    ["restore", "/dev/null"],
    ["copy-db", "x", "y"],
    ["copy-db", "sqlite+aiosqlite:///x", "sqlite+aiosqlite:////proc/x/y"],
    ["copy-db", f"sqlite+aiosqlite:///{'x' * 300}", "sqlite+aiosqlite:///y"],
    ["copy-db", "sqlite+aiosqlite:///here.db", "sqlite+aiosqlite:///k"],
    ["copy-db", "sqlite+aiosqlite:///k", "sqlite+aiosqlite:///here.db"],
]
PLACES = ["k", "/proc/x.db", "questions/x.db", "/dev/null", "/dev/full", "x" * 300, "questions"]


@pytest.mark.parametrize("command", WRONG, ids=lambda command: " ".join(command)[:60])
def test_no_wrong_word_is_a_traceback(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    codes = []
    with suppress(SystemExit):
        codes.append(main(command))
    printed = capsys.readouterr()
    # Only the parser of the command line ends the process, for wrong words.
    assert codes or printed.err.startswith("usage")
    assert_discreet(printed.out + printed.err)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:20])
def test_no_place_of_a_database_is_a_traceback(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{place}")
    for command in (["doctor"], ["backup", "copy.db"], ["restore", "here.db"], ["run"]):
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x" if command == ["run"] else "")
        said = told(command, capsys)
        assert_discreet(said)
        assert said
    assert not list(Path("/dev").glob("*.lock")), "nothing is written beside a device"


def test_an_output_that_takes_nothing_is_no_traceback(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", "doctor"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 1
    assert b"Traceback" not in ended.stderr
    assert b"Exception ignored" not in ended.stderr


def test_what_nobody_foresaw_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(MARK)

    monkeypatch.setattr("bot.commands.ask_and_check.check_whole", fails)
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert "Une erreur inattendue" in said
    assert "RuntimeError" in said
    assert MARK not in said

    def lacks(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(MARK, name="alembic.config")

    monkeypatch.setattr("bot.commands.ask_and_check.check_whole", lacks)
    assert main(["check"]) == 1
    assert "il manque alembic.config" in capsys.readouterr().err
    monkeypatch.setattr("bot.commands.ask_and_check.check_whole", fails)
    # Where logs are set up, they tell it in their own form.
    logs.set_up("INFO")
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert "CRITICAL" in said
    assert MARK not in said
