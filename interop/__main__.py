"""Drive other people's libraries against the preview: ``make interop``.

Each program of ``programs/`` is a small bot on one library. For each, a preview is served, a person
begins, taps, and says stop; the library meets a refusal with a wait in between. What the messenger
holds at the end tells whether the preview was a Telegram to it.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable
from pathlib import Path

from bot.preview.messenger import Messenger
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running

_HERE = Path(__file__).parent
_PROGRAMS = sorted((_HERE / "programs").glob("*_bot.py")) + sorted(
    path for path in (_HERE / "programs").glob("*.mjs") if path.stem != "script"
)
# Of a step that waits; the longest wait on purpose is the refused call's second.
_PATIENCE_SECONDS = 30.0
_NOTES = "été".encode()


class UnlikeTelegramError(Exception):
    """What a library did not get from the preview as from Telegram."""


async def _until(messenger: Messenger, what: str, holds: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not holds():
                await messenger.changed_or(0.05)
    except TimeoutError:
        raise UnlikeTelegramError(f"never came: {what}") from None


async def _play(messenger: Messenger) -> None:
    person = messenger.sme
    await _until(messenger, "a poll", lambda: messenger.updates.polls > 0)
    start = messenger.says(person, "/start")

    def own() -> list[dict[str, object]]:
        return [each for each in messenger.messages(person.id) if each["from"]["is_bot"]]

    await _until(messenger, "the answer to /start", lambda: len(own()) == 1)
    ready = messenger.messages(person.id)[-1]
    if ready.get("reply_to_message", {}).get("message_id") != start["message_id"]:
        raise UnlikeTelegramError("the answer quotes nothing")
    messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 1})
    query = messenger.taps(person, person.id, ready["message_id"], "go")
    await _until(messenger, "the answer to the tap", lambda: query in messenger.answers)
    await _until(messenger, "the message after the wait", lambda: len(own()) == 3)  # noqa: PLR2004
    _check(messenger, query)
    messenger.says(person, "stop")


def _check(messenger: Messenger, query: str) -> None:
    ready, document, late = messenger.messages(messenger.sme.id)[1:]
    found = {
        "answer": messenger.answers[query]["text"],
        "edited": ready["text"],
        "bold": [each["type"] for each in ready["entities"]],
        "file": (document["document"]["file_name"], document["caption"]),
        "content": messenger.file(document["document"]["file_id"]),
        "late": late["text"],
        "commands": [each["command"] for each in messenger.menus.get({}, "")],
        "asked who it is": "getMe" in {method for method, _ in messenger.calls},
    }
    expected = {
        "answer": "Gone",
        "edited": "Done",
        "bold": ["bold"],
        "file": ("notes.txt", "File"),
        "content": _NOTES,
        "late": "Late",
        "commands": ["start"],
        "asked who it is": True,
    }
    if wrong := {name: each for name, each in found.items() if each != expected[name]}:
        raise UnlikeTelegramError(f"otherwise than expected: {wrong}")


def _command(program: Path, python: str) -> tuple[str, ...]:
    return (python if program.suffix == ".py" else "node", str(program))


async def _run(program: Path, python: str, modules: Path) -> str:
    """Return what went wrong with one program; empty if nothing did."""
    async with running(PreviewServer()) as server:
        environment = os.environ | {"API_ROOT": server.url, "BOT_TOKEN": PREVIEW_TOKEN}
        process = await asyncio.create_subprocess_exec(
            *_command(modules / program.name, python), env=environment, stdout=PIPE, stderr=STDOUT
        )
        output = asyncio.create_task(process.communicate())
        try:
            await _play(server.messenger)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await output
        except (UnlikeTelegramError, TimeoutError) as error:
            return f"{error or 'it does not stop'}\n{await _ended(process, output)}"
        said = output.result()[0].decode("utf-8", "replace")
        return f"it failed ({process.returncode})\n{said}" if process.returncode else ""


async def _ended(process: Process, output: "asyncio.Task[tuple[bytes, bytes]]") -> str:
    if process.returncode is None:
        process.kill()
    await asyncio.wait([output])
    return output.result()[0].decode("utf-8", "replace") if not output.cancelled() else ""


async def main(python: str, modules: Path) -> int:
    """Run all programs; return the exit code."""
    failures = 0
    for program in _PROGRAMS:
        wrong = await _run(program, python, modules)
        failures += bool(wrong)
        print(f"{program.stem}: {wrong or 'ok'}", flush=True)
    print(f"{len(_PROGRAMS) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]))))
