"""What the team reads when something fails: grouped, in plain words, behind requests."""

import ast
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, inside
from sqlalchemy import delete, select
from telegram import error as telegram_errors
from test_dialogue_interest import registers
from test_failures import Gate, gate, later  # noqa: F401 (a fixture)

from bot.outbox.refusals import RULES
from bot.preview.api_errors import ApiError
from bot.runtime.supervisor import LoopName
from handlers.core.alerts import summary
from storage.engine.schema import inbox, metadata, outbox
from storage.queues.alerts import Alert, AlertKind, CountedAlert
from storage.queues.outbox import Audience
from storage.subject import Kind

ROOT = Path(__file__).parent.parent


@pytest.fixture
def _failing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(type(stage.knowledge.matcher), "match", fail)


def counted(text: str) -> int:
    """Return how many failures a text tells of."""
    many = re.search(r"(\d+) erreurs techniques", text)
    return int(many[1]) if many else text.count("Erreur technique E-")


async def forget_aside(stage: Stage) -> None:
    async with stage.running.parts.database.begin() as work:
        await inside(work.inbox, "connection").execute(
            delete(inbox).where(inbox.c.state == "aside")
        )


@pytest.mark.usefixtures("_failing")
async def test_many_failing_updates_are_two_messages_and_none_is_lost(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    for number in range(20):
        await sme.says(f"comment financer {number} ?")
    # A restart loses none.
    await stage.stops()
    await stage.starts()
    for number in range(20):
        await other_sme.says(f"comment financer {number} ?")
    await later(stage, minutes=1)
    told = [m["text"] for m in administrator.messages()]
    assert len(told) == 2
    assert sum(map(counted, told)) == await stage.inbox_count("aside") == 40
    latest = other_sme.messages()[-1]["text"]
    assert re.findall(r"E-[0-9A-F]{6}", latest)[0] in told[-1]
    await forget_aside(stage)


@pytest.mark.usefixtures("_failing")
async def test_a_request_passes_the_alerts_that_wait(
    sme: Speaker,
    other_sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    gate: Gate,  # noqa: F811 (a fixture)
) -> None:
    gate.refusals[administrator.chat_id] = ApiError(400, "Bad Request: TOPIC_CLOSED")
    await sme.says("comment financer ?")
    number = await registers(other_sme, stage)
    gate.refusals.clear()
    await later(stage, minutes=5)
    request, alert = [m["text"] for m in administrator.messages()]
    assert f"Nouvelle demande {number}" in request
    assert counted(alert) == 1
    await forget_aside(stage)


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "Not Found"), (500, "Internal Server Error"), (400, "Bad Request: TOPIC_CLOSED")],
)
async def test_an_alert_that_is_refused_is_told_later(
    stage: Stage, administrator: Speaker, status: int, words: str
) -> None:
    stage.messenger.faults.next("sendMessage", status=status, description=words)
    async with stage.running.parts.database.begin() as work:
        await work.alerts.add(Audience.ADMINISTRATORS, Alert(AlertKind.FAILURE, "E-1"))
    await later(stage, seconds=0)
    assert administrator.messages() == []
    await later(stage, minutes=1)
    administrator.received("Erreur technique E-1")


SUBJECTS: dict[AlertKind, Sequence[str]] = {
    AlertKind.LOOP_FAILS: list(LoopName),
    AlertKind.LOOP_WORKS: list(LoopName),
    AlertKind.GROUP_CLOSED: [Audience.ADMINISTRATORS, Audience.FACILITATORS],
    AlertKind.GROUP_OPEN: [Audience.ADMINISTRATORS, Audience.FACILITATORS],
    AlertKind.UNDELIVERED: sorted(
        {rule.why for rule in RULES}
        | {"trouble", "refused", "fault", "mail_address", "mail_content", "mail_trouble"}
    ),
}
INTERNAL = {
    *metadata.tables,
    *Kind,
    *LoopName,
    *Audience,
    *(name for name in vars(telegram_errors) if name[0].isupper()),
    "sendMessage",
    "editMessageText",
    "sendDocument",
    "None",
} - {"inbox"}


def every_alert() -> list[CountedAlert]:
    reasons = {
        AlertKind.GROUP_CLOSED: "topic",
        AlertKind.MAIL_CLOSED: "mail_tls",
        AlertKind.UNDELIVERED: "la demande TI-2026-0001",
    }
    return [
        CountedAlert("name", kind, subject, count, ((f"E-{count}", reasons.get(kind, "")),) * count)
        for kind in AlertKind
        for subject, count in itertools.product(SUBJECTS.get(kind, [""]), (1, 3))
    ]


@pytest.mark.parametrize("alert", every_alert(), ids=lambda one: f"{one.kind}-{one.subject}")
def test_an_alert_has_plain_words_and_no_name_of_the_program(alert: CountedAlert) -> None:
    text, told = summary([alert])
    assert told == (alert,)
    words = set(re.findall(r"[\w]+", text))
    assert words & INTERNAL == set()
    assert not re.search(r"[a-z]_[a-z]|[a-z]+:\d|[a-z][A-Z]", text)


def test_what_another_version_counted_is_told_all_the_same() -> None:
    for kind in AlertKind:
        text, told = summary([CountedAlert("name", kind, "unheard_of", 1, (("E-1", "what"),))])
        assert len(told) == 1
        assert "unheard_of" not in text


def test_what_does_not_fit_in_one_message_is_told_in_the_next() -> None:
    everything = every_alert()
    text, told = summary(everything)
    assert len(text) < 4096
    assert 1 < len(told) < len(everything)
    assert told == tuple(everything[: len(told)])


def test_nothing_but_the_digest_is_sent_to_a_group_beside_the_alerts() -> None:
    """A message to a group from outside the handlers would pass the grouping."""
    found = {
        path.relative_to(ROOT / "bot").as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        if "preview" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Outgoing"
        and not ast.unparse(node.args[0]).endswith("PERSON")
    }
    # A message posted anew goes where it was meant to go.
    assert found == {"content/weekly_digest.py", "outbox/replacements.py"}


async def test_without_failures_nothing_is_told(stage: Stage, sme: Speaker) -> None:
    await sme.says("/aide")
    assert await stage.rows(select(outbox.c.id)) == []
