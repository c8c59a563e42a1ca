"""Dialogues with a bot that Telegram posts to; and what changes between fetching and posting."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from dialogue import Speaker, Stage, tune, unfailing
from pydantic import SecretStr
from telegram import WebhookInfo
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError
from test_dialogue_interest import registers

from bot.cli import main
from bot.inbox.polling import ALLOWED_UPDATES
from bot.inbox.webhook_registration import WebhookRegistration
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running
from bot.runtime.web_server import AddressTakenError
from knowledge.knowledge import Knowledge

ROOT = Path(__file__).parent.parent
WORD = "a-word_of-1"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


@pytest.fixture(name="stage")
async def posted_to(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    async with unfailing(shipped, tmp_path, blank_file, briefly=True) as stage:
        stage.messenger.webhook.first_pause = 0.01
        await stage.stops()
        port = free_port()
        stage.posted = True
        stage.overrides = {
            "webhook_url": f"http://127.0.0.1:{port}/telegram",
            "webhook_secret": SecretStr(WORD),
            "listen_port": port,
        }
        await stage.starts()
        yield stage


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def url(stage: Stage, path: str = "") -> str:
    return f"http://{stage.running.parts.update_source.listens_on}{path}"


async def test_a_question_is_answered(sme: Speaker) -> None:
    await sme.says("c'est quoi territoires d'industrie ?")
    sme.sees("Territoires d'industrie")


async def test_an_interest_reaches_the_administrators(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    administrator.received("Nouvelle demande", number)


async def test_telegram_knows_where_to_post_and_which_kinds(sme: Speaker, stage: Stage) -> None:
    await sme.says("/aide")
    info = stage.messenger.webhook.info()
    assert info["url"] == url(stage, "/telegram")
    assert "callback_query" in info["allowed_updates"]


async def test_a_worker_is_ready_once_telegram_is_met(sme: Speaker, stage: Stage) -> None:
    await sme.says("/aide")
    async with httpx.AsyncClient() as client:
        answer = await client.get(url(stage, "/readyz"))
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert (await client.get(url(stage, "/healthz"))).text == "ok"
        assert "bot_updates_handled_total" in (await client.get(url(stage, "/metrics"))).text


async def test_a_redelivery_does_nothing_twice(sme: Speaker, stage: Stage) -> None:
    await sme.says("/aide")
    before = len(sme.messages())
    async with httpx.AsyncClient(headers={SECRET_HEADER: WORD}) as client:
        for _ in range(3):
            answer = await client.post(url(stage, "/telegram"), json=stage.messenger.last_update())
            assert answer.status_code == 200
    await stage.settles()
    assert len(sme.messages()) == before


async def test_what_is_posted_during_a_stop_is_answered_after_it(
    sme: Speaker, stage: Stage
) -> None:
    await stage.stops()
    stage.messenger.says(sme.user, "/aide")
    await stage.starts()
    await stage.settles()
    sme.received("Ce que vous pouvez faire ici")


async def test_a_webhook_that_somebody_else_moved_is_registered_again(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await sme.says("/aide")
    await stage.stops()
    await stage.messenger.webhook.set("http://127.0.0.1:9/elsewhere")
    tune(monkeypatch, "bot.inbox.webhook_registration", CHECK_EVERY_SECONDS=0.01)
    await stage.starts()
    await sme.says("/aide")
    await stage.messenger.webhook.set("http://127.0.0.1:9/elsewhere")
    stage.messenger.says(sme.user, "/confidentialite")
    await stage.settles()
    sme.received("données")
    assert "registered again" in caplog.text


class Elsewhere:
    """Telegram, which posts to somebody else at every second look."""

    def __init__(self) -> None:
        self.registered = 0
        self.looks = 0

    async def set_webhook(self, *_: object, **__: object) -> None:
        self.registered += 1

    async def get_webhook_info(self) -> WebhookInfo:
        self.looks += 1
        address = "https://elsewhere" if self.looks % 2 == 0 else "https://here"
        return WebhookInfo(
            url=address,
            has_custom_certificate=False,
            pending_update_count=0,
            allowed_updates=list(ALLOWED_UPDATES),
        )


async def test_what_somebody_else_moved_is_taken_back_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            raise asyncio.CancelledError

    monkeypatch.setattr("bot.inbox.webhook_registration.asyncio", SimpleNamespace(sleep=pause))
    telegram: Any = Elsewhere()
    with pytest.raises(asyncio.CancelledError):
        await WebhookRegistration(telegram, "https://here", "word").keep()
    assert pauses == [60.0, 0.0, 60.0, 0.0]
    assert telegram.registered == 2


class Retelling:
    """A server that tells of a registration in its own way, from the second look on ``later``."""

    def __init__(self, url: str, kinds: list[str] | None, later: str | None = None) -> None:
        self.registered = 0
        self.looks = 0
        self.url, self.later, self.kinds = url, later, kinds

    async def set_webhook(self, *_: object, **__: object) -> None:
        self.registered += 1

    async def get_webhook_info(self) -> WebhookInfo:
        self.looks += 1
        told = self.later if self.later is not None and self.looks == 3 else self.url
        return WebhookInfo(told, False, 0, allowed_updates=self.kinds)  # noqa: FBT003 (as the Bot API orders them)


ALL_KINDS = list(map(str, ALLOWED_UPDATES))


@pytest.mark.parametrize(
    ("url", "kinds", "said"),
    [
        ("https://here/bot", None, ""),
        ("https://here/bot", [], ""),
        ("https://here/bot", ALL_KINDS[::-1], ""),
        ("https://here/bot", ["message"], "other kinds of updates (message)"),
        ("https://here/bot", [*ALL_KINDS, "poll"], "other kinds of updates"),
        ("https://HERE:443/bot/", None, "another address (on here)"),
        ("https://here/b%6ft", None, "another address (on here)"),
        ("", None, "no address"),
        ("https://elsewhere/secret", None, "another address (on elsewhere)"),
        ("https://here/secret", None, "another address (on here)"),
    ],
)
async def test_what_the_server_tells_otherwise_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    url: str,
    kinds: list[str] | None,
    said: str,
) -> None:
    telegram, pauses = await looked_at(monkeypatch, Retelling(url, kinds))
    if "secret" in url:
        # It is somebody else's: it is taken back, after growing pauses.
        assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    else:
        assert telegram.registered == 1
        assert pauses == [60.0] * 6
    told = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(told) == bool(said)
    assert said in "".join(told)
    assert "secret" not in caplog.text


async def test_an_address_that_changes_after_it_was_accepted_is_somebody_elses(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    telegram, pauses = await looked_at(
        monkeypatch, Retelling("https://here/bot/", None, "https://elsewhere")
    )
    assert telegram.registered == 2
    assert pauses == [60.0, 60.0, 0.0, 60.0, 60.0, 60.0]
    assert "another address (on elsewhere)" in caplog.text


class Blind(Retelling):
    """A server that registers, and tells of it only trouble."""

    def __init__(self, trouble: Exception, *, takes_none: bool = False) -> None:
        super().__init__("https://here/bot", None)
        self.trouble, self.takes_none = trouble, takes_none

    async def set_webhook(self, *_: object, **__: object) -> None:
        await super().set_webhook()
        if self.takes_none:
            raise self.trouble

    async def get_webhook_info(self) -> WebhookInfo:
        await super().get_webhook_info()
        raise self.trouble


@pytest.mark.parametrize(
    "trouble",
    [
        InvalidToken("Not Found"),
        BadRequest("no"),
        NetworkError("no"),
        Conflict("no"),
        KeyError("url"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("takes_none", [False, True])
async def test_what_cannot_be_looked_at_is_registered_once(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, *, takes_none: bool
) -> None:
    telegram = Blind(trouble, takes_none=takes_none)
    bot: Any = telegram
    registration = WebhookRegistration(bot, "https://here/bot", "word")
    pauses = await kept(monkeypatch, registration)
    assert telegram.registered == (6 if takes_none else 1)
    is_of_the_call = isinstance(trouble, InvalidToken | BadRequest)
    assert registration.is_refused == (takes_none and is_of_the_call)
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]


async def looked_at(
    monkeypatch: pytest.MonkeyPatch, telegram: Retelling
) -> tuple[Retelling, list[float]]:
    """Keep a webhook registered for six looks."""
    bot: Any = telegram
    registration = WebhookRegistration(bot, "https://here/bot", "word")
    return telegram, await kept(monkeypatch, registration)


async def kept(monkeypatch: pytest.MonkeyPatch, registration: WebhookRegistration) -> list[float]:
    """Keep it registered for six looks; return the pauses between them."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            raise asyncio.CancelledError

    monkeypatch.setattr("bot.inbox.webhook_registration.asyncio", SimpleNamespace(sleep=pause))
    with pytest.raises(asyncio.CancelledError):
        await registration.keep()
    return pauses


class Reluctant(Elsewhere):
    """Telegram, which takes the address at the second try."""

    async def set_webhook(self, *_: object, **__: object) -> None:
        self.registered += 1
        if self.registered == 1:
            raise BadRequest("bad webhook")


async def test_a_refusal_is_known_until_the_webhook_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused: list[bool] = []

    async def pause(_seconds: float) -> None:
        refused.append(registration.is_refused)
        if len(refused) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr("bot.inbox.webhook_registration.asyncio", SimpleNamespace(sleep=pause))
    telegram: Any = Reluctant()
    registration = WebhookRegistration(telegram, "https://here", "word")
    with pytest.raises(asyncio.CancelledError):
        await registration.keep()
    assert refused == [True, False]


async def test_what_telegram_says_went_wrong_is_logged_once(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.stops()
    stage.messenger.webhook.first_pause = 0.2
    stage.messenger.says(sme.user, "/aide")
    while "last_error_message" not in stage.messenger.webhook.info():
        await stage.messenger.changed_or(0.01)
    failing = stage.messenger.webhook.info()
    await stage.starts()
    tune(monkeypatch, "bot.inbox.webhook_registration", CHECK_EVERY_SECONDS=0.01)
    monkeypatch.setattr(stage.messenger.webhook, "info", lambda: failing)
    while "Telegram could not post" not in caplog.text:
        await stage.messenger.changed_or(0.01)
    await stage.settles()
    assert caplog.text.count("Telegram could not post") == 1


async def test_fetching_again_takes_the_webhook_away_and_drops_nothing(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("/aide")
    await stage.stops()
    stage.messenger.says(sme.user, "/confidentialite")
    stage.posted = False
    await stage.starts()
    await stage.settles()
    assert stage.messenger.webhook.info()["url"] == ""
    sme.received("données")


async def test_a_webhook_that_telegram_refuses_is_told_and_tried_again(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.stops()
    await stage.messenger.webhook.set("")
    tune(monkeypatch, "bot.inbox.webhook_registration", FIRST_PAUSE=0.01)
    stage.messenger.faults.next("setWebhook", status=400, description="Bad Request: bad webhook")
    stage.messenger.faults.next("setWebhook", status=502)
    await stage.starts()
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    assert "Telegram refuses the webhook: Bad webhook" in caplog.text
    assert "cannot be looked at: NetworkError" in caplog.text


def test_serve_tells_in_words_what_it_needs(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_BOT_TOKEN", "WEBHOOK_URL", "WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    assert main(["serve"]) == 1
    told = capfd.readouterr().err
    assert all(name in told for name in ("TELEGRAM_BOT_TOKEN", "WEBHOOK_URL", "WEBHOOK_SECRET"))


async def test_a_port_that_is_taken_is_told(stage: Stage) -> None:
    taken = Stage(stage.server, stage.knowledge, stage.database.with_name("other.db"))
    taken.posted, taken.overrides = True, stage.overrides
    with pytest.raises(AddressTakenError):
        await taken.starts()
    await taken.stops()


class Worker:
    """``serve`` as a process of its own."""

    def __init__(self, server: PreviewServer, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._environment = os.environ | {
            "TELEGRAM_BOT_TOKEN": PREVIEW_TOKEN,
            "TELEGRAM_API_URL": server.url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
            "WEBHOOK_URL": f"http://127.0.0.1:{self.port}/telegram",
            "WEBHOOK_SECRET": WORD,
            "LISTEN_PORT": str(self.port),
            "SEMANTIC_MATCHING": "false",
            "LOG_FORMAT": "json",
            "PYTHONPATH": str(ROOT),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def starts(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"], cwd=self._folder, env=self._environment
        )

    async def ends(self, by: int) -> int:
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(by)
        # In a thread: this process is its Telegram, and it may have something left to say.
        return await asyncio.to_thread(self._process.wait, 30)


@pytest.mark.long
async def test_killed_under_posts_everything_is_answered_once(tmp_path: Path) -> None:
    async with running(PreviewServer()) as server:
        server.messenger.webhook.first_pause = 0.05
        worker, person = Worker(server, tmp_path), server.messenger.sme

        def answered() -> list[str]:
            messages = server.messenger.messages(person.id)
            texts = "\n".join(m["text"] for m in messages if m["from"]["is_bot"])
            return re.findall(r"/question(\d+)\.", texts)

        async def until(count: int) -> None:
            async with asyncio.timeout(40):
                while len(set(answered())) < count:
                    await server.messenger.changed_or(0.05)

        try:
            worker.starts()
            for number in range(10):
                server.messenger.says(person, f"/question{number}")
            await until(3)
            await worker.ends(signal.SIGKILL)
            worker.starts()
            await until(10)
            assert await worker.ends(signal.SIGTERM) == 0
        finally:
            await worker.ends(signal.SIGKILL)
        assert list(dict.fromkeys(answered())) == [str(number) for number in range(10)]
        # The one that was on its way when the worker died may have arrived twice.
        assert len(answered()) <= 11
